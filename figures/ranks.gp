# 06-low-rank: left the median rank of hidden patches and of their reconstructions for every threshold,
# right how the i-th singular vectors of both overlap.
# Columns: panel x truth learned linear random; panel 0: x a threshold, 1: x the component i.
width = 1040; height = 400
load 'figures/style.gp'

in(p) = (column("panel") == p ? column("x") : NaN)
set multiplot
set tmargin at screen 0.91
set bmargin at screen strip + 0.15

set lmargin at screen 0.075
set rmargin at screen 0.405
set title "numerical rank"
set logscale x
unset mxtics
set format x "10^{%L}"
set xrange [3e-1:3e-8] reverse
set xlabel "threshold, share of the largest singular value"
set ylabel "median rank (dimensions)"
set yrange [0:*]
unset key
plot table using (in(0)):"truth" with linespoints linetype 7, \
     table using (in(0)):"learned" with linespoints linetype 1, \
     table using (in(0)):"linear" with linespoints linetype 12, \
     table using (in(0)):"random" with linespoints linetype 13

unset label 999
unset logscale x
unset mxtics
set format x "%g"
set lmargin at screen 0.485
set rmargin at screen 0.80
set title "overlap of the i-th singular vectors"
set xrange [0.7:8.3]
set xtics 1
set yrange [0:1]
set xlabel "component i"
set ylabel "mean |u_i·u'_i| |v_i·v'_i| (no unit)"
set key at screen 0.812, screen 0.91 left top reverse Left noautotitle
plot table using (in(1)):"learned" with linespoints linetype 1 title "trained model", \
     table using (in(1)):"linear" with linespoints linetype 12 title "best linear predictor", \
     table using (in(1)):"random" with linespoints linetype 13 title "random weights", \
     keyentry with linespoints linetype 7 title "the hidden patches"
unset multiplot
