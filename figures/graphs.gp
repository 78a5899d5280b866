# Two graphs on one scene, tokens in the order of their true regions: left the paper's normalised
# adjacency, in the middle co-occurrence over the data set, right the true regions.
# Columns: row column region pixels cooccurrence.
width = 1040; height = 350
load 'figures/style.gp'

stats table using (column("row")) name "n" nooutput
set multiplot
set tmargin at screen 0.9
set bmargin at screen strip + 0.06
unset key
unset grid
unset tics
set border 31
set xrange [-0.5:n_max + 0.5]
set yrange [n_max + 0.5:-0.5]
set cbrange [0:1]
unset colorbox
array title_of[3] = ["pixels alike within the image", "patches that occur together", "true regions"]
array column_of[3] = ["pixels", "cooccurrence", "region"]
do for [p = 1:3] {
    if (p == 2) { unset label 999 }
    if (p == 3) {
        set colorbox user origin screen 0.94, screen strip + 0.06 size screen 0.012, screen 0.84 - strip
        set cbtics 0.2 textcolor rgb "#202020"
    }
    set lmargin at screen 0.02 + 0.31 * (p - 1)
    set rmargin at screen 0.30 + 0.31 * (p - 1)
    set title title_of[p]
    plot table using "column":"row":column_of[p] with image
}
unset multiplot
