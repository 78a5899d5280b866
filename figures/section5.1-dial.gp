# Section 5.1: quality of features over the number of planted regions and the mask ratio, by
# segmentation (left) and by probe (right). Columns: quality k m regions mask_ratio value best; k and
# m count from 0.
width = 960; height = 400
load 'figures/style.gp'

stats table using (column("k")) name "k" nooutput
stats table using (column("m")) name "m" nooutput
# Before the axes have ranges, which would leave values out.
array middle_of[2]
do for [q = 0:1] {
    stats table using (column("quality") == q ? column("value") : NaN) name "v" nooutput
    middle_of[q + 1] = (v_min + v_max) / 2
}
set xtics ()
set ytics ()
do for [row = 0:int(k_max)] {
    stats table using (column("k") == row ? column("regions") : NaN) name "r" nooutput
    set ytics add (sprintf("%.0f", r_max) row)
}
do for [col = 0:int(m_max)] {
    stats table using (column("m") == col ? column("mask_ratio") : NaN) name "r" nooutput
    set xtics add (sprintf("%.0f %%%%", 100 * r_max) col)
}
set multiplot
set tmargin at screen 0.9
set bmargin at screen strip + 0.16
unset key
unset grid
set border 0
set tics scale 0
set xrange [-0.5:m_max + 0.5]
set yrange [-0.5:k_max + 0.5]
set xlabel "mask ratio"
set ylabel "regions of a scene, k"
chosen(q) = column("quality") == q ? column("m") : NaN
array title_of[2] = ["segmentation, 100 ARI", "probe of the class token, % right"]
do for [q = 0:1] {
    if (q == 1) { unset label 999; unset ylabel }
    middle = middle_of[q + 1]
    set lmargin at screen 0.08 + 0.48 * q
    set rmargin at screen 0.43 + 0.48 * q
    set title title_of[q + 1]
    set colorbox user origin screen 0.44 + 0.48 * q, screen strip + 0.16 size screen 0.012, screen 0.9 - strip - 0.16
    set cbtics textcolor rgb "#202020" format "%.0f"
    plot table using (chosen(q)):"k":(0.5):(0.5):"value" with boxxyerror fillstyle solid 1 noborder linecolor palette, \
         table using (column("best") == 1 ? chosen(q) : NaN):"k":(0.47):(0.47) with boxxyerror fillstyle empty border linecolor rgb black linewidth 2.5, \
         table using (chosen(q)):"k":(sprintf("%.1f", column("value"))):(column("value") < middle ? 0xFFFFFF : 0x000000) with labels textcolor rgb variable
}
unset multiplot
