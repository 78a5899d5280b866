# A panel of pixels with headings at its top and left, for Figures 1 and 3. core/report/panel makes the
# panel, one cell for each row and column.
# Given: cell and gap (half the panel's pixels, because a PNG has two for each of ours), the margins left, top,
# right and bottom, and what the program gives. The table has axis (column or row), place, heading and note.
# After loading: the plot is the whole drawing in its pixels, the panel from (0, 0) to
# (panel_width, panel_height); headings is the list of things to plot, a macro.
set datafile separator "\t"
set datafile columnheaders
stats table using (strcol("axis") eq "column" ? column("place") : NaN) nooutput
across = int(STATS_max) + 1
stats table using (strcol("axis") eq "row" ? column("place") : NaN) nooutput
down = int(STATS_max) + 1
panel_width = across * (cell + gap) - gap; panel_height = down * (cell + gap) - gap
width = left + panel_width + right; height = top + panel_height + bottom
load 'figures/style.gp'

unset border; unset tics; unset grid; unset key
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen strip
set xrange [-left:panel_width + right]
set yrange [-bottom:panel_height + top]
middle(i) = i * (cell + gap) + cell / 2.
is(name) = strcol("axis") eq name
large = font_of(12.5, 9.5)
small = font_of(11, 8.5)
row_headings = "table using (is('row') ? -10 : NaN):(panel_height - middle(column('place')) + 8):'heading' with labels right font large noenhanced, " \
    . "table using (is('row') ? -10 : NaN):(panel_height - middle(column('place')) - 8):'note' with labels right font small noenhanced"
headings = "panels binary filetype=png dx=0.5 dy=0.5 origin=(0.25, 0.25) with rgbimage, " \
    . "table using (is('column') ? middle(column('place')) : NaN):(panel_height + 32):'heading' with labels font large noenhanced, " \
    . "table using (is('column') ? middle(column('place')) : NaN):(panel_height + 14):'note' with labels font small noenhanced, " . row_headings
