# Figure 3: images and maps of clusters, a row an image, a column a kind of features. The panel of pixels is
# made by core/report/panel; this script puts the headings beside it.
# Columns: axis (column or row) place heading note, then numbers that the headings round.
set datafile separator "\t"
set datafile columnheaders
stats table using (strcol("axis") eq "column" ? column("place") : NaN) nooutput
across = int(STATS_max) + 1
stats table using (strcol("axis") eq "row" ? column("place") : NaN) nooutput
down = int(STATS_max) + 1
# Half the pixels of the panel, because the PNG has two for each of ours: cells of 6 x 32, gaps of 12.
cell = 96; gap = 6
panel_width = across * (cell + gap) - gap; panel_height = down * (cell + gap) - gap
left = 84; top = 46; right = 12; bottom = 10
width = left + panel_width + right; height = top + panel_height + bottom
load 'figures/style.gp'

unset border; unset tics; unset grid; unset key
# The plot is the whole drawing, in its pixels, so that headings beside the panel are inside.
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen strip
set xrange [-left:panel_width + right]
set yrange [-bottom:panel_height + top]
middle(i) = i * (cell + gap) + cell / 2.
is(name) = strcol("axis") eq name
large = font_name . "," . (format eq "svg" ? "12.5" : "9.5")
small = font_name . "," . (format eq "svg" ? "11" : "8.5")
plot panels binary filetype=png dx=0.5 dy=0.5 origin=(0.25, 0.25) with rgbimage, \
     table using (is("column") ? middle(column("place")) : NaN):(panel_height + 32):"heading" with labels font large noenhanced, \
     table using (is("column") ? middle(column("place")) : NaN):(panel_height + 14):"note" with labels font small noenhanced, \
     table using (is("row") ? -10 : NaN):(panel_height - middle(column("place")) + 8):"heading" with labels right font large noenhanced, \
     table using (is("row") ? -10 : NaN):(panel_height - middle(column("place")) - 8):"note" with labels right font small noenhanced
