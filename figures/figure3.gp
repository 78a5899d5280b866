# Figure 3: images and maps of clusters, a row an image, a column a kind of features.
# Columns: axis (column, prepared, interval, row or key) place heading note, then the numbers that the notes
# round; prepared: where in the network and how; interval: of the number in the column's note; key: a colour
# that some map has.
if (!exists("cell")) cell = 96
gap = 12; left = 84; top = 112; right = 14; bottom = 40
load 'figures/panel.gp'

# The key, below the pictures: the colours of core/report/panel.h.
array categories[4] = [sky, vermillion, yellow, black]
stats table using (is("key") ? column("place") : NaN) nooutput
do for [i = 1:int(STATS_max) + 1] {
    set object 100 + i rectangle from 2 * (cell + gap) + 70 * (i - 1), -32 to 2 * (cell + gap) + 70 * (i - 1) + 12, -20 \
        fillstyle solid 1 noborder fillcolor rgb categories[i] front
    set label 100 + i sprintf("%d", i) at 2 * (cell + gap) + 70 * (i - 1) + 18, -26 left font small
}
set label 99 "clusters or regions of a row" at 2 * (cell + gap) - 12, -26 right font small
plot panels binary filetype=png dx=0.5 dy=0.5 origin=(0.25, 0.25) with rgbimage, \
     table using (is("column") ? middle(column("place")) : NaN):(panel_height + 94):"heading" with labels font large noenhanced, \
     table using (is("prepared") ? middle(column("place")) : NaN):(panel_height + 74):"heading" with labels font small noenhanced, \
     table using (is("prepared") ? middle(column("place")) : NaN):(panel_height + 58):"note" with labels font small noenhanced, \
     table using (is("column") ? middle(column("place")) : NaN):(panel_height + 34):"note" with labels font small noenhanced, \
     table using (is("interval") ? middle(column("place")) : NaN):(panel_height + 16):"heading" with labels font small noenhanced, \
     @row_headings
