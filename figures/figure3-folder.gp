# Figure 3 on photographs of a folder, whose cells are larger.
# Columns: axis (column or row) place heading note, then the numbers that the notes round.
cell = 112; gap = 6; left = 84; top = 46; right = 12; bottom = 10
load 'figures/panel.gp'
plot @headings
