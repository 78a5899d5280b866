# 07-spectral: left the bound of Theorem 4.3 along a training, right both sides of the repaired theorem.
# Columns: updates error spectral bound constant whitened sum attraction repulsion penalty push plain. The
# last row is another, given model, drawn at the right edge.
width = 1120; height = 420
load 'figures/style.gp'

stats table using "updates" nooutput
last = STATS_records - 1
# Updates double from point to point, from 0: the place of each is its row.
at(row) = row < last ? row : row + 0.5
trained(row) = row < last ? row : NaN
given(row) = row == last ? row + 0.5 : NaN
set xrange [-0.3:last + 0.8]
set xlabel "updates (doubling)"
set xtics ()
do for [i = 0:last - 1] {
    stats table using (column("updates")) every ::i::i nooutput
    if (i % 2 == 0) { set xtics add (sprintf("%.0f", STATS_min) i) }
}
set xtics add ("given" last + 0.5)
set multiplot
set tmargin at screen 0.91
set bmargin at screen strip + 0.15

set lmargin at screen 0.07
set rmargin at screen 0.36
set title "Theorem 4.3's bound"
set logscale y
set format y "10^{%L}"
set ylabel "mean over images (no unit)"
set key at screen 0.365, screen 0.91 left top reverse Left noautotitle samplen 1.5
plot table using (trained(column(0))):"bound" with linespoints linetype 3 title "C |M - N|²", \
     table using (trained(column(0))):"error" with linespoints linetype 1 title "|M - N|²", \
     table using (trained(column(0))):"spectral" with linespoints linetype 2 title "L_spec", \
     table using (at(column(0))):"constant" with lines linetype 20 title "L_spec, constant", \
     table using (given(column(0))):"bound" with points linetype 3, \
     table using (given(column(0))):"error" with points linetype 1, \
     table using (given(column(0))):"spectral" with points linetype 2

unset label 999
set format y "%g"
set lmargin at screen 0.555
set rmargin at screen 0.835
set title "the repaired theorem"
set ylabel "mean over tokens or pairs (no unit)"
set key at screen 0.84, screen 0.91
plot table using (trained(column(0))):"whitened" with lines linetype 1 linewidth 4 title "whitened loss", \
     table using (trained(column(0))):"sum" with points linetype 7 title "q + contrastive", \
     table using (trained(column(0))):(-column("attraction")) with linespoints linetype 3 title "attraction", \
     table using (trained(column(0))):"repulsion" with linespoints linetype 2 title "repulsion", \
     table using (given(column(0))):"sum" with points linetype 7, \
     table using (given(column(0))):(-column("attraction")) with points linetype 3, \
     table using (given(column(0))):"repulsion" with points linetype 2
unset multiplot
