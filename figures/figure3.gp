# Figure 3: images and maps of clusters, a row an image, a column a kind of features.
# Columns: axis (column or row) place heading note, then the numbers that the notes round.
cell = 96; gap = 6; left = 84; top = 46; right = 12; bottom = 10
load 'figures/panel.gp'
plot @headings
