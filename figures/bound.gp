# 07-spectral along a training: the bound of Theorem 4.3, both sides of the repaired theorem, the plain loss and what
# would make it contrastive, the residual of the identity. Columns: updates error spectral bound constant grey whitened
# sum attraction repulsion penalty push plain residual rounding. The last row is another, given model, drawn at the right
# edge.
width = 1120; height = 760
load 'figures/style.gp'

stats table using "updates" nooutput
last = STATS_records - 1
# Updates double from point to point, from 0: the place of each is its row.
at(row) = row < last ? row : row + 0.5
trained(row) = row < last ? row : NaN
given(row) = row == last ? row + 0.5 : NaN
set xrange [-0.3:last + 0.8]
set xtics ()
do for [i = 0:last - 1] {
    stats table using (column("updates")) every ::i::i nooutput
    if (i % 2 == 0) { set xtics add (sprintf("%.0f", STATS_min) i) }
}
set xtics add ("given" last + 0.5)
set logscale y
set format y "10^{%L}"
set multiplot
upper = "set tmargin at screen 0.95; set bmargin at screen strip + 0.98 * (1 - strip) * 0.56"
lower = "set tmargin at screen strip + 0.98 * (1 - strip) * 0.44; set bmargin at screen strip + 0.09"
left  = "set lmargin at screen 0.07; set rmargin at screen 0.34"
right = "set lmargin at screen 0.58; set rmargin at screen 0.85"
key_upper = "screen 0.95 left top reverse Left noautotitle samplen 1.5"
key_lower = "screen strip + 0.98 * (1 - strip) * 0.44 left top reverse Left noautotitle samplen 1.5"

@upper
@left
set title "Theorem 4.3's bound"
set ylabel "mean over images (no unit)"
set key at screen 0.345, @key_upper
plot table using (trained(column(0))):"bound" with linespoints linetype 3 title "C |M - N|²", \
     table using (trained(column(0))):"error" with linespoints linetype 1 title "|M - N|²", \
     table using (trained(column(0))):"spectral" with linespoints linetype 2 title "L_spec", \
     table using (at(column(0))):"constant" with lines linetype 20 title "L_spec, constant", \
     table using (at(column(0))):"grey" with lines linetype 20 dashtype 2 title "L_spec, grey", \
     table using (given(column(0))):"bound" with points linetype 3, \
     table using (given(column(0))):"error" with points linetype 1, \
     table using (given(column(0))):"spectral" with points linetype 2

unset label 999
@right
set title "the repaired theorem"
set ylabel "mean over tokens or pairs (no unit)"
set key at screen 0.855, @key_upper
plot table using (trained(column(0))):"whitened" with lines linetype 1 linewidth 4 title "whitened loss", \
     table using (trained(column(0))):"sum" with points linetype 7 title "q + contrastive", \
     table using (trained(column(0))):(-column("attraction")) with linespoints linetype 3 title "attraction", \
     table using (trained(column(0))):"repulsion" with linespoints linetype 2 title "repulsion", \
     table using (given(column(0))):"whitened" with points linetype 1, \
     table using (given(column(0))):"sum" with points linetype 7, \
     table using (given(column(0))):(-column("attraction")) with points linetype 3, \
     table using (given(column(0))):"repulsion" with points linetype 2

@lower
@left
set title "the plain loss, which is trained"
set ylabel "mean over tokens or pairs"
set xlabel "updates (doubling)"
set key at screen 0.345, @key_lower
plot table using (trained(column(0))):"plain" with linespoints linetype 1 title "plain loss", \
     table using (trained(column(0))):"penalty" with linespoints linetype 2 title "its penalty |G f|²", \
     table using (trained(column(0))):"push" with linespoints linetype 3 title "repulsion of pairs", \
     table using (given(column(0))):"plain" with points linetype 1, \
     table using (given(column(0))):"penalty" with points linetype 2, \
     table using (given(column(0))):"push" with points linetype 3

@right
set title "the two sides of the repaired theorem"
set ylabel "difference, relative to their terms"
set key at screen 0.855, @key_lower
plot table using (at(column(0))):"rounding" with lines linetype 20 title "rounding allows", \
     table using (trained(column(0))):"residual" with linespoints linetype 1 title "found", \
     table using (given(column(0))):"residual" with points linetype 1
unset multiplot
