# Figure 1: images on their way through a mask model, a row an image; the steps are above the arrows.
# Columns: axis (column, step or row) place heading note masked_loss; step i leads from column i to
# column i + 1.
cell = 144; gap = 12; left = 84; top = 92; right = 12; bottom = 10
load 'figures/panel.gp'
set style arrow 1 head filled size 7, 18 linewidth 1.4 linecolor rgb "#404040"
plot @headings, \
     table using (is("step") ? middle(column("place")) + 14 : NaN):(panel_height + 56):(cell + gap - 28):(0) with vectors arrowstyle 1, \
     table using (is("step") ? middle(column("place")) + (cell + gap) / 2. : NaN):(panel_height + 70):"heading" with labels font small noenhanced
