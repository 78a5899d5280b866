# Lemma 4.6: left the cosine of ridge weights and similarities over lambda, for patches, decorrelated
# patches and tokens; right the partial correlations of the decoder's attention, block by block, with regions
# where they are known.
# Columns: panel series x value low high. Panel 0: series patches, decorrelated, tokens; x lambda in
# units of the tokens' mean squared norm. Panel 1: series similarity, nearness, region; x the block.
width = 1040; height = 400
load 'figures/style.gp'

stats table using (column("panel") == 1 ? column("x") : NaN) name "block" nooutput
stats table using (column("panel") == 1 ? column("series") : NaN) name "cause" nooutput
chosen(p, s) = column("panel") == p && column("series") == s ? column("x") : NaN
set multiplot
set tmargin at screen 0.92
set bmargin at screen strip + 0.15

set lmargin at screen 0.07
set rmargin at screen 0.46
set title "ridge weights against similarities"
set logscale x
set format x "10^{%T}"
set xrange [7e-4:1.4e3]
set yrange [0:1.03]
set xlabel "{/:Italic λ} / mean squared norm of a token"
set ylabel "cosine (no unit)"
set key inside right bottom
plot table using (chosen(0, 1)):"value" with lines linetype 13 title "patches, decorrelated", \
     table using (chosen(0, 0)):"value":"low":"high" with yerrorlines linetype 1 title "patches", \
     table using (chosen(0, 2)):"value":"low":"high" with yerrorlines linetype 2 title "encoder's tokens"

unset label 999
unset logscale x
unset format x
set lmargin at screen 0.55
set rmargin at screen 0.82
set title "attention, hidden on visible tokens"
set xrange [0.5:block_max + 0.5]
set yrange [*<0:*]
set xtics 1
set xlabel "block of the decoder"
set ylabel "partial correlation (no unit)"
set xzeroaxis linetype 20
set key at screen 0.83, screen 0.92 left top
plot table using (chosen(1, 0) - 0.06):"value":"low":"high" with yerrorlines linetype 1 title "similarity", \
     table using (chosen(1, 1)):"value":"low":"high" with yerrorlines linetype 2 title "nearness", \
     for [s = 2:int(cause_max)] table using (chosen(1, s) + 0.06):"value":"low":"high" with yerrorlines linetype 3 title "same region"
unset multiplot
