#!/bin/bash
# Learning curves of seven short trainings: what is drawn is what the logs say, gaps are differences, and a log of
# other weights is left out.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=${BUILD:?the folder of the compiled programs}/experiments
runs='m75-h3 m75-h6 m50-h3 m60-h3 m70-h3 m80-h3 m90-h3'
learning() { run "$programs/11-learning/main" --tier=smoke --results="$work" "$@"; }
folder=$work/smoke-planted results=$work/smoke-planted/11-learning

make_built pretrain-all TIER=smoke EPOCHS=.05 RESULTS="$work"
expect_status 0
for model in $runs; do expect_said "^$model +to do "; done
expect_said 'hours in all; '
report 'every model is pretrained, after it is said what that takes'
learning
expect_status 0
for file in learning.md learning.tsv learning.svg learning.png; do [ -s "$results/$file" ] || wrong="no $file"; done
report 'a table and a picture are made'

# close A B: two numbers, equal to rounding.
close() { holds "$1" "(x - ($2)) ^ 2 < 1e-18"; }
for model in $runs; do
    loss=$(cell result.tsv $model.loss value) linear=$(cell result.tsv $model.linear-loss value)
    close "$(cell result.tsv $model.lead value)" "$linear - $loss" || wrong="the lead of $model"
    logged=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } END { print $at["loss"] }' "$folder/runs/$model/log.tsv")
    drawn=$(awk -F'\t' -v model=$model 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } END { print $at[model] }' "$results/learning.tsv")
    close "$logged" "$drawn" || wrong="$model is drawn at $drawn, logged at $logged"
    close "$linear" "$(awk -F'\t' -v name="linear $model" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } END { print $at[name] }' \
        "$results/learning.tsv")" || wrong="the linear predictor of $model"
done
report 'numbers and picture are those of the logs, and fit together'

close "$(cell result.tsv m75-h3.linear-loss value)" "$(cell result.tsv m75-h6.linear-loss value)" ||
    wrong='the number of heads changes the linear predictor'
holds "$(cell result.tsv m50-h3.linear-loss value)" "x < $(cell result.tsv m90-h3.linear-loss value)" ||
    wrong='more is hidden, and easier to predict'
report 'the linear predictor knows the mask ratio alone'

cp "$folder/runs/m60-h3/log.tsv" "$folder/runs/m90-h3/log.tsv"
rm "$folder/runs/m80-h3/log.tsv"
learning --force=1
expect_status 0
curve() { # curve MODEL: the numbers of its training that are drawn
    awk -F'\t' -v model="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at[model] }' "$results/learning.tsv"
}
holds "$(cell result.tsv m60-h3.training-loss value)" 'x > 0' || wrong="m60-h3 has no training's loss"
! curve m60-h3 | grep -qx nan || wrong='m60-h3 has no curve'
for model in m90-h3 m80-h3; do
    [ -z "$(cell result.tsv $model.training-loss value)" ] || wrong="$model has a training's loss"
    [ "$(curve $model | sort -u)" = nan ] || wrong="$model has a curve"
done
report 'a log of other weights, or none, gives no curve'
finish
