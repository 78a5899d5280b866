#!/bin/bash
# plan at the smoke tier: what is done, begun and to do, and hours that follow from the rate.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=${BUILD:?the folder of the compiled programs}
results=$work/brief
plan() { run "$programs/tools/plan" --tier=smoke --results="$results" --runs='m75-h3 m75-h6' "$@"; }
pretrain() { run "$programs/experiments/00-pretrain/main" --tier=smoke --run="$1" --results="$results" "${@:2}"; }
folder=$results/smoke-planted

# Hours are printed with two places, so only many epochs show what they follow from: 40,000,000 images.
plan --epochs=4000
expect_status 0
expect_said '^m75-h3 +to do +[0-9]+ +[0-9.]+$'
expect_said '^m75-h6 +to do '
expect_said 'hours in all; [0-9.]+ GB to write, [0-9]+ GB free in'
read -r _ _ _ rate hours < <(grep '^m75-h3 ' "$work/out")
[ -n "$wrong" ] || holds "$hours" "$rate > 0 && (x * $rate * 3600 / 4e7 - 1) ^ 2 < 1e-4" || wrong="'$hours' hours at '$rate' images/s"
report 'nothing is done; the hours are those that the rate takes'

pretrain m75-h3 --epochs=.4
(
    exec "$programs/experiments/00-pretrain/main" --tier=smoke --run=m75-h6 --epochs=.4 --threads=1 --results="$results" \
        >"$work/out" 2>"$work/err" </dev/null
) &
child=$!
until [ -e "$folder/runs/m75-h6/checkpoint.safetensors" ] || ! kill -0 $child 2>/dev/null; do sleep .01; done
kill -KILL $child 2>/dev/null
wait $child 2>/dev/null
plan --epochs=.4
expect_status 0
expect_said '^m75-h3 +done +- +0$'
expect_said '^m75-h6 +update 100 of 125 '
read -r _ _ _ _ _ rate hours < <(grep '^m75-h6 ' "$work/out")
[ -n "$wrong" ] || { holds "$rate" 'x > 0' && holds "$hours" "(x - 25 * 32 / $rate / 3600) ^ 2 < 1e-4"; } ||
    wrong="'$hours' hours at '$rate' images/s, for 25 updates"
report 'one is done, one is begun'

plan --epochs=2 --seed=2
expect_status 0
expect_said '^m75-h3 +to do '
expect_said '^m75-h6 +checkpoint of another recipe '
plan --epochs=.2
expect_status 0
expect_said '^m75-h3 +to do '
report 'weights of another training, which smoke replaces, are to do, and so is what has a checkpoint of another'

plan --what=finetunings --threads=1
expect_status 3
expect_line 'no weights of m75-h6 \(make pretrain RUN=m75-h6 TIER=smoke DATA=planted RESULTS='
report 'a pretraining that is missing is told before anything is timed'

pretrain m75-h6 --epochs=.4
plan --what=finetunings --threads=1
expect_status 0
for method in finetuned scratch; do
    for model in m75-h3 m75-h6; do expect_said "^$method $model +to do "; done
done
report 'finetunings are planned likewise'
plan --what=finetunings --threads=1 --seeds=2
expect_status 0
for seed in 1 2; do expect_said "^scratch m75-h6, seed $seed +to do "; done
[ -n "$wrong" ] || [ "$(grep -c 'to do' "$work/out")" -eq 8 ] || wrong='not every seed is planned'
report 'with a row for each seed'

results=$work/whole
trained_before "$results/smoke-planted" m75-h3 m75-h6 05-heads
pretrain m75-h3
pretrain m75-h6
run "$programs/experiments/05-heads/main" --tier=smoke --results="$results"
expect_status 0
plan --what=finetunings
for method in finetuned scratch; do
    for model in m75-h3 m75-h6; do expect_said "^$method $model +done +- +0$"; done
done
report 'what Table 2 trains at smoke without EPOCHS is done'
plan --what=finetunings --force=1
[ "$(grep -c 'to do' "$work/out")" -eq 4 ] || wrong='FORCE=1 trains nothing'
report 'and is to do again when it is forced'
plan --what=finetunings --epochs=.1
[ "$(grep -c 'to do' "$work/out")" -eq 4 ] || wrong='finetunings of other EPOCHS are done'
pretrain m75-h3 --epochs=.5
expect_status 0
plan --what=finetunings
expect_said '^finetuned m75-h3 +to do '
expect_said '^finetuned m75-h6 +done '
expect_said '^scratch m75-h3 +done '
report 'a finetuning of what has been pretrained otherwise since is not done'

run "$programs/tools/plan" --tier=smoke --results="$work/other" --runs=m75-h3
expect_status 0
[ "$(cat "$work/other/.maskbook")" = smoke-planted ] || wrong='the folder is not listed as made here'
report 'what is made is what make distclean removes'

lost "$programs/tools/plan" --help

run "$programs/tools/plan" --tier=smoke
expect_status 2
expect_line '--runs is missing'
plan --what=probes
expect_status 2
report 'what cannot be planned is a usage error'
finish
