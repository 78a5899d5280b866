# 10-token-mixing: small trainings that differ in one thing each, by four measures; a point a training.
# Columns: place training seed loss segments class mean patches; place counts from 0.
width = 1080; height = 400
load 'figures/style.gp'

stats table using (column("place")) name "place" nooutput
stats table using (column("patches")) name "patches" nooutput
set multiplot
set tmargin at screen 0.90
set bmargin at screen strip + 0.14
set yrange [place_max + 0.5:-0.5]
set ytics 1
set grid x y
unset key
left(p) = 0.215 + 0.196 * p
array titles[4] = ["hidden loss", "segmentation", "probe of the class token", "probe of the mean token"]
array labels[4] = ["% of the targets' variance", "100 ARI", "% right", "% right"]
array names[4] = ["loss", "segments", "class", "mean"]
array control[4] = [100, patches_max, 10, 10]
do for [p = 0:3] {
    set lmargin at screen left(p)
    set rmargin at screen left(p) + 0.172
    set title titles[p + 1]
    set xlabel labels[p + 1]
    set xrange [0:p == 0 ? 140 : 104]
    set xtics p == 0 ? 50 : 25
    if (p == 1) { unset label 999; set format y "" }
    unset arrow 1
    set arrow 1 from control[p + 1], graph 0 to control[p + 1], graph 1 nohead linetype 20 back
    if (p == 0) {
        plot table using (column("loss") > 140 ? NaN : column("loss")):"place":ytic(2) with points linetype 1 pointtype 7 pointsize 0.8, \
             table using (column("loss") > 140 ? 136 : NaN):"place" with points linetype 1 pointtype 9 pointsize 0.9
    } else {
        plot table using (column(names[p + 1])):"place" with points linetype 1 pointtype 7 pointsize 0.8
    }
}
unset multiplot
