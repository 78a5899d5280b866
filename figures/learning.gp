# Learning curves: the masked loss of each epoch of the seven pretrainings, on a logarithmic scale, and the
# best linear predictor's at the same mask ratio, dashed in the same colour.
# Columns: for each run "RUN epoch", RUN (loss), "linear RUN".
width = 860; height = 480
load 'figures/style.gp'
runs = "m50-h3 m60-h3 m70-h3 m75-h3 m75-h6 m80-h3 m90-h3"
title_of(run) = sprintf("%s %% masked%s", run[2:3], run[5:6] eq "h6" ? ", 6 heads" : "")
set logscale y
set autoscale yfix
set offsets 0, 0, graph 0.05, graph 0.05
set ytics (0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)
set xlabel "epoch"
set ylabel "masked loss ([-1,1]^2)"
set xrange [0:*]
set key title "solid: model, dashed: linear" left
plot for [k = 1:7] table using (column(word(runs, k) . " epoch")):word(runs, k) \
         with linespoints linetype k title title_of(word(runs, k)), \
     for [k = 1:7] table using (column(word(runs, k) . " epoch")):"linear " . word(runs, k) \
         with lines linetype 10 + k notitle
