# Figure 2: distance of the i-th rank-one components of original and reconstruction, five mask ratios;
# left the median over images, right the ratio of sums. Solid: the trained model; dashed: the best
# linear predictor on the same visible patches.
# Columns: mask_ratio component median _low _high ratio _low _high linear_median linear_ratio.
width = 1040; height = 430
load 'figures/style.gp'

array ratio[5] = [0.5, 0.6, 0.7, 0.8, 0.9]
chosen(r) = abs(column("mask_ratio") - r) < 1e-6
set xrange [0.8:5.2]
set xtics 1
set yrange [0:*]
set xlabel "component i"
set ylabel "squared distance / s_i^2 (no unit)"
set multiplot
set tmargin at screen 0.91
set bmargin at screen strip + 0.14

set lmargin at screen 0.075
set rmargin at screen 0.405
set title "median over images"
unset key
plot for [k = 5:1:-1] table using (chosen(ratio[k]) ? column("component") : NaN):"median":"median_low":"median_high" \
         with yerrorlines linetype k, \
     for [k = 1:5] table using (chosen(ratio[k]) ? column("component") : NaN):"linear_median" \
         with lines linetype 10 + k

unset label 999
set lmargin at screen 0.475
set rmargin at screen 0.81
set title "ratio of sums over images"
# The legend has its own column, where no curve can run into it.
set key at screen 0.818, screen 0.91 left top reverse Left noautotitle
plot for [k = 5:1:-1] table using (chosen(ratio[k]) ? column("component") : NaN):"ratio":"ratio_low":"ratio_high" \
         with yerrorlines linetype k title sprintf("%.0f %% masked", 100 * ratio[k]), \
     for [k = 1:5] table using (chosen(ratio[k]) ? column("component") : NaN):"linear_ratio" \
         with lines linetype 10 + k, \
     keyentry with lines linetype 17 title "best linear predictor"
unset multiplot
