# Section 5.1: the effective rank of reconstructions over the number N of visible tokens, both axes
# logarithmic. Columns: visible learned _low _high linear _low _high truth.
width = 620; height = 400
load 'figures/style.gp'

stats table using (column("visible")) name "n" nooutput
stats table using (column("visible") == n_max ? column("learned") : NaN) name "start" nooutput
set logscale xy 2
set xrange [n_min / 1.15:n_max * 1.15]
set xlabel "visible tokens N"
set ylabel "effective rank (no unit)"
proportional(x) = start_max * x / n_max
set key outside right top
plot proportional(x) with lines linetype 20 title "proportional", \
     table using "visible":"truth" with lines linetype 17 title "hidden patches", \
     table using "visible":"learned":"learned_low":"learned_high" with yerrorlines linetype 1 title "trained models", \
     table using "visible":"linear":"linear_low":"linear_high" with yerrorlines linetype 12 title "linear predictor"
