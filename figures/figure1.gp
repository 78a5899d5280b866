# Figure 1: images on their way through a mask model, a row an image; the steps are above the arrows.
# Columns: axis (column, step, row or scale) place heading note masked_loss; step i leads from column i to
# column i + 1. The one row of axis scale has the ends of the colours in masked_loss.
cell = 144; gap = 12; left = 84; top = 92; right = 12; bottom = 62
load 'figures/panel.gp'
set style arrow 1 head filled size 7, 18 linewidth 1.4 linecolor rgb "#404040"

# The key, below the pictures: the colours of a token's numbers, and the frame of a mask token.
key_y = -40.; key_left = 3 * (cell + gap) - 70.; key_width = 150.
stats table using (is("scale") ? column("masked_loss") : NaN) name "span" nooutput
do for [i = 0:63] {
    set object 100 + i rectangle from key_left + key_width * i / 64., key_y to key_left + key_width * (i + 1.2) / 64., key_y + 12 \
        fillstyle solid 1 noborder fillcolor palette fraction i / 63. front
}
set label 101 sprintf("-%.1f", span_max) at key_left - 6, key_y + 6 right font small
set label 102 sprintf("%.1f standard deviations", span_max) at key_left + key_width + 6, key_y + 6 left font small
set object 99 rectangle from key_left + 330, key_y - 1 to key_left + 344, key_y + 13 fillstyle empty border linecolor rgb vermillion linewidth 2.5 front
set label 103 "a mask token" at key_left + 350, key_y + 6 left font small
plot @headings, \
     table using (is("step") ? middle(column("place")) + 14 : NaN):(panel_height + 56):(cell + gap - 28):(0) with vectors arrowstyle 1, \
     table using (is("step") ? middle(column("place")) + (cell + gap) / 2. : NaN):(panel_height + 70):"heading" with labels font small noenhanced
