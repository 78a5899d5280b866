# The ledger as a picture: a bar for each part of the paper, as long as its number of claims, by verdict; filled
# colours decide at full strength, pale ones less.
# Columns: row part claims, then one for each verdict, counts: REPRODUCED REPRODUCED-SCALED TREND-ONLY
# INCONCLUSIVE NOT-REPRODUCED REFUTED NOT-RUN STALE ERROR.
set datafile separator "\t"
set datafile columnheaders
stats table using "row" nooutput
rows = int(STATS_max)
width = 860; height = 80 + (rows < 7 ? 210 : 30 * rows)
load 'figures/style.gp'

verdicts = "REPRODUCED REPRODUCED-SCALED TREND-ONLY INCONCLUSIVE NOT-REPRODUCED REFUTED NOT-RUN STALE ERROR"
array colours[9] = ["#0072B2", "#56B4E9", "#A8D8F0", "#F0E442", "#E69F00", "#D55E00", "#D8D8D8", "#B0B0B0", "#000000"]
set lmargin at screen 0.20
set rmargin at screen 0.74
set bmargin at screen strip + 50. / total
set tmargin at screen 1 - 14. / total
set yrange [rows + 0.6:0.4]
set xrange [0:*]
set xlabel "claims"
set ytics scale 0
set grid noy
set border 1
set key at screen 0.75, screen 1 - 14. / total left top reverse Left noautotitle
# Where the bar of verdict v begins: after those before it.
before(v) = v == 1 ? 0 : sum [u = 1:v - 1] column(word(verdicts, u))
plot for [v = 1:9] table using (before(v)):"row":(before(v)):(before(v) + column(word(verdicts, v))):(column("row") - 0.36):(column("row") + 0.36):yticlabels(strcol("part")) \
         with boxxyerror fillstyle solid 1 border linecolor rgb "#FFFFFF" linewidth 0.5 fillcolor rgb colours[v], \
     for [v = 1:9] keyentry with boxes fillstyle solid 1 noborder fillcolor rgb colours[v] title word(verdicts, v)
