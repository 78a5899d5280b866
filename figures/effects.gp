# Effects: what the paper prints next to what was measured, a row a claim.
# Columns: row id printed reference reference_low reference_high yours yours_low yours_high.
set datafile separator "\t"
set datafile columnheaders
stats table using "row" nooutput
rows = int(STATS_max)
stats table using (strcol("yours") eq "nan" ? 0 : 1) nooutput
yours = STATS_max > 0 ? ", keyentry with points linetype 4 title 'yours', table using 'yours':(column('row') + 0.16):'yours_low':'yours_high' with xerrorbars linetype 4" : ""
width = 760; height = 64 + 44 * rows
load 'figures/style.gp'

set lmargin at screen 0.27
set rmargin at screen 0.97
set bmargin at screen strip + 52. / total
set tmargin at screen 1 - 26. / total
set yrange [rows + 0.6:0.4]
set xlabel "points of accuracy"
unset ytics; set ytics scale 0
set grid noy
set border 1
set key at screen 0.97, screen 1 - 6. / total right top horizontal noautotitle maxrows 1
set arrow 1 from 0, graph 0 to 0, graph 1 nohead linewidth 0.8 linecolor rgb "#404040"
plot table using (0):"row":"printed":(0):yticlabels(strcol("id")) with vectors nohead linewidth 1 linecolor rgb "#8A8A8A", \
     table using (column("printed") / 2):(column("row") - 0.14):(0):(0.28) with vectors nohead linewidth 1.6 linecolor rgb "#8A8A8A", \
     table using "printed":"row" with points pointtype 4 pointsize 1.1 linewidth 1.6 linecolor rgb "#000000", \
     table using "reference":(column("row") - 0.16):"reference_low":"reference_high" with xerrorbars linetype 1, \
     keyentry with points pointtype 4 pointsize 1.1 linewidth 1.6 linecolor rgb "#000000" title "printed", \
     keyentry with points linetype 1 title "reference" @yours
