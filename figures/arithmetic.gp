# Loss in training: bfloat16 among three fp32 seeds; left the curves, right their distance from the fp32 curve
# that shares bfloat16's seed. Columns: update low high margin reference, trial_NAME of each bfloat16
# arithmetic (and the curves of each seed).
width = 1040; height = 400
load 'figures/style.gp'

# The table's path as a word of the shell.
word_of(path) = (strstrt(path, "'") == 0 ? path : path[1:strstrt(path, "'") - 1] . "'\\''" . word_of(path[strstrt(path, "'") + 1:]))
trials = system(sprintf("head -n 1 '%s' | tr '\t' '\n' | sed -n 's/^trial_//p'", word_of(table)))
trial(i) = column("trial_" . word(trials, i))
# A dashed curve lets another one show below it.
style(i) = word(trials, i) eq "bf16" ? 2 : 13

set xlabel "update"
set xrange [0:*]
set yrange [*:*]
set multiplot
set tmargin at screen 0.92
set bmargin at screen strip + 0.14

set lmargin at screen 0.085
set rmargin at screen 0.395
set title "masked loss, running mean"
set ylabel "mean squared error of pixels in [-1,1]"
unset key
plot table using "update":(column("low") - column("margin")):(column("high") + column("margin")) with filledcurves linecolor rgb "#E4E4E4", \
     table using "update":"low":"high" with filledcurves linecolor rgb "#B8B8B8", \
     table using "update":"reference" with lines linetype 1, \
     for [i = 1:words(trials)] table using "update":(trial(i)) with lines linetype style(i)

unset label 999
set lmargin at screen 0.475
set rmargin at screen 0.79
set title "minus fp32 with the same seed"
set ylabel "difference of losses x 1000"
# The legend has its own column, where no curve can run into it.
set key at screen 0.80, screen 0.92 left top reverse Left noautotitle
minus(y) = 1000 * (y - column("reference"))
plot table using "update":(minus(column("low") - column("margin"))):(minus(column("high") + column("margin"))) with filledcurves linecolor rgb "#E4E4E4" title "widened band", \
     table using "update":(minus(column("low"))):(minus(column("high"))) with filledcurves linecolor rgb "#B8B8B8" title "band of fp32 seeds", \
     table using "update":(minus(column("reference"))) with lines linetype 1 title "fp32, same seed", \
     for [i = 1:words(trials)] table using "update":(minus(trial(i))) with lines linetype style(i) title word(trials, i)
unset multiplot
