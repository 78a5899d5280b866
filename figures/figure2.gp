# Figure 2: distance of the i-th rank-one components of original and reconstruction, five mask ratios.
# Above, the hidden patches as the model sees them: median over images, ratio of sums, and the median of
# the printed spectral norm. Below: the same hidden pixels as patches of side 2 (the paper's 12 columns),
# the linear predictor where patches have the other side, and all slopes over the mask ratio. Solid: the
# trained model; dashed: the best linear predictor, which sees the first of the images only; circles: the
# model on those. Bars are 90 % intervals; the panels without them show medians whose intervals would hide the
# curves: claims about them are judged by slopes, whose intervals are in the last panel, or are none (the spectral
# norm).
# Columns: NAME NAME_low NAME_high of every curve and slope, side, other_side, mask_ratio, component.
width = 1040; height = 680
load 'figures/style.gp'

array ratio[5] = [0.5, 0.6, 0.7, 0.8, 0.9]
chosen(r) = abs(column("mask_ratio") - r) < 1e-6
stats table using "side" nooutput; side = STATS_max
stats table using "other_side" nooutput; other_side = STATS_max
# All panels of distances have one scale.
array curves[13] = ["shared_median", "shared_ratio", "shared_spectral", "shared_quarters", "median_high", "ratio_high", "spectral", "quarters", "linear_median_high", "linear_ratio_high", "linear_spectral", "linear_quarters", "other_median"]
top_of_all = 0
do for [c = 1:13] {
    stats table using curves[c] nooutput
    if (STATS_max > top_of_all) { top_of_all = STATS_max }
}
# Each curve a little to the side, so that those of the same height are told apart.
at(k) = chosen(ratio[k]) ? column("component") + 0.07 * (k - 3) : NaN
set xrange [0.7:5.3]
set xtics 1
set yrange [0:1.05 * top_of_all]
set ytics 0.2
set xlabel "component i" offset 0, 0.4
set multiplot
unset key

# Places of the six panels: three columns, two rows.
array left[3] = [0.065, 0.340, 0.615]
panel_width = 0.205
place(c, r) = sprintf("set lmargin at screen %g; set rmargin at screen %g; set tmargin at screen %g; set bmargin at screen %g", \
    left[c], left[c] + panel_width, r == 1 ? 0.955 : strip + 0.43 * (1 - strip), r == 1 ? strip + 0.565 * (1 - strip) : strip + 0.085 * (1 - strip))

eval(place(1, 1))
set title "median over images" offset 0, -0.6
set ylabel "squared distance / s_i^2 (no unit)" offset 1.2, 0
plot for [k = 5:1:-1] table using (at(k)):"median":"median_low":"median_high" \
         with yerrorlines linetype k, \
     for [k = 1:5] table using (at(k)):"linear_median_low":(0):(column("linear_median_high") - column("linear_median_low")) \
         with vectors nohead linetype 10 + k dashtype 1 linewidth 0.6, \
     for [k = 1:5] table using (at(k)):"linear_median" \
         with lines linetype 10 + k, \
     for [k = 1:5] table using (at(k)):"shared_median" \
         with points linetype k pointtype 6 pointsize 1.3 linewidth 1
unset label 999
unset ylabel

eval(place(2, 1))
set title "ratio of sums over images"
plot for [k = 5:1:-1] table using (at(k)):"ratio":"ratio_low":"ratio_high" \
         with yerrorlines linetype k, \
     for [k = 1:5] table using (at(k)):"linear_ratio_low":(0):(column("linear_ratio_high") - column("linear_ratio_low")) \
         with vectors nohead linetype 10 + k dashtype 1 linewidth 0.6, \
     for [k = 1:5] table using (at(k)):"linear_ratio" \
         with lines linetype 10 + k, \
     for [k = 1:5] table using (at(k)):"shared_ratio" \
         with points linetype k pointtype 6 pointsize 1.3 linewidth 1

eval(place(3, 1))
set title "median, spectral norm as printed"
# The legend has its own column, where no curve can run into it.
set key at screen 0.825, screen 0.955 left top reverse Left samplen 2 noautotitle
plot for [k = 5:1:-1] table using (at(k)):"spectral" \
         with linespoints linetype k title sprintf("%.0f %% masked", 100 * ratio[k]), \
     for [k = 1:5] table using (at(k)):"linear_spectral" \
         with lines linetype 10 + k, \
     for [k = 1:5] table using (at(k)):"shared_spectral" \
         with points linetype k pointtype 6 pointsize 1.3 linewidth 1, \
     keyentry with lines linetype 17 title "linear predictor", \
     keyentry with points linetype 7 pointtype 6 pointsize 1.3 linewidth 1 title "model, its images"
unset key

eval(place(1, 2))
set title "median, as 2×2 patches"
set ylabel "squared distance / s_i^2 (no unit)" offset 1.2, 0
plot for [k = 5:1:-1] table using (at(k)):"quarters" \
         with linespoints linetype k, \
     for [k = 1:5] table using (at(k)):"linear_quarters" \
         with lines linetype 10 + k, \
     for [k = 1:5] table using (at(k)):"shared_quarters" \
         with points linetype k pointtype 6 pointsize 1.3 linewidth 1
unset ylabel

eval(place(2, 2))
set title sprintf("median, %d×%d patches hidden", other_side, other_side)
plot for [k = 1:5] table using (at(k)):"other_median" \
         with lines linetype 10 + k

eval(place(3, 2))
set title "slope of the medians over i"
set xrange [46:94]
set xtics 50, 10, 90
set xlabel "masked (%)" offset 0, 0.4
set yrange [0:*]
set ytics autofreq
set key at screen 0.825, screen strip + 0.43 * (1 - strip) left top reverse Left samplen 2 noautotitle
# One row in five, each curve a little to the side, so that bars do not cover one another.
masked(k) = 100 * column("mask_ratio") + 0.45 * k
# Bars are solid, as a dashed one would break up.
array slopes[6] = ["slope", "slope-2x2", "slope-whole", "linear-slope", "linear-slope-2x2", "linear-other-slope"]
array lines_of[6] = [7, 6, 1, 17, 16, 14]
array place_of[6] = [0, 1, 3, -1, 2, -2]
array title_of[6] = [sprintf("model, %d×%d", side, side), "model, cut to 2×2", "model, whole image", sprintf("linear, %d×%d", side, side), "linear, cut to 2×2", sprintf("linear, %d×%d hidden", other_side, other_side)]
plot for [c = 1:6] table every 5 using (masked(place_of[c])):slopes[c].'_low':(0):(column(slopes[c].'_high') - column(slopes[c].'_low')) \
         with vectors nohead linetype lines_of[c] dashtype 1 linewidth 0.8, \
     for [c = 1:6] table every 5 using (masked(place_of[c])):slopes[c] \
         with linespoints linetype lines_of[c] title title_of[c]
unset multiplot
