# fault: Table 1's learning rates are chosen on the test images
# file: core/analysis/probe_grid.c
# runner: analysis
s/test = part_of(all, 0, grid->held_out);/test = grid->set(probe, 0, SPLIT_TEST, grid->context);/
