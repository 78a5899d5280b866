# Figure 3 on photographs of a folder, whose cells are larger.
# Columns: axis (column or row) place heading note, then the numbers that the notes round.
cell = 112
load 'figures/figure3.gp'
