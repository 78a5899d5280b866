#!/bin/bash
# pilots at the smoke tier: what is held out is not trained on, the numbers fit together, a second call trains
# nothing, and bad rates are refused.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
program=${BUILD:?the folder of the compiled programs}/tools/pilots
pilots() { run "$program" --tier smoke --epochs .1 --results "$work/results" "$@"; }
results=$work/results/smoke-planted

# A pilot that is given images held out ends before it trains.
pilots --rates 1e-3,5e-3
expect_status 0
expect_said '^ *0.001 .*\]$'
expect_said 'batches of 32, 0.1 epochs of 9000 training images, .* judged on the first 1000 training images'
report 'two rates are compared on images held out, on which no pilot is trained'

wrong=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { loss[NR] = $at["loss"]; gap[NR] = $at["gap"]; low = $at["low"]; high = $at["high"]
      for (i in at) if (i ~ /^(loss|gap|low|high)$/ && $at[i] !~ /^[-+.0-9e]+$/) print i " is no number"
      if (!(low < loss[NR] && loss[NR] < high)) print "a loss outside its interval"
      if ($at["images"] != 1000) print "judged on " $at["images"] " images" }
    END { best = loss[2] < loss[3] ? loss[2] : loss[3]
          for (i = 2; i <= 3; i++) { d = gap[i] - (loss[i] - best); if (d > 1e-9 || d < -1e-9) print "gap " gap[i] }
          if (NR != 3) print NR - 1 " rows" }' "$results/pilots/m75-h3.tsv")
report 'a gap is the difference to the best'

# A training of the same recipe on all images has another digest of its data, and other weights.
run "$BUILD/experiments/00-pretrain/main" --tier smoke --run m75-h3 --epochs .1 --results "$work/all"
digest() { head -c 4000 "$1" | grep -aoE '"data_digest":"[0-9a-f]{64}"'; }
one=$(echo "$results"/runs/pilot-m75-h3-batch32-rate0.005-0.1epochs-*-seed1/weights.safetensors)
expect_status 0
[ -n "$(digest "$one")" ] && [ "$(digest "$one")" != "$(digest "$work/all/smoke-planted/weights/m75-h3.safetensors")" ] ||
    wrong='the pilot has the digest of all images'
report 'a pilot is not trained on the whole set'

cp "$results/pilots/m75-h3.tsv" "$work/first"
pilots --rates 1e-3,5e-3 --threads 1
expect_status 0
cmp -s "$work/first" "$results/pilots/m75-h3.tsv" || wrong='other numbers'
[ ! -s "$work/err" ] || wrong='it trained again'
report 'again, it only judges'

# Whitened patches have variance 1, and the loss of a pilot begins near it; raw pixels' is a sixth of that.
pilots --run m75-h3-whitened --rates 1e-3
expect_status 0
awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { exit !($at["loss"] > .7 && $at["loss"] < 1.5) }' \
    "$results/pilots/m75-h3-whitened.tsv" || wrong="$(cat "$results/pilots/m75-h3-whitened.tsv")"
report 'a model of whitened patches is judged by whitened patches'

# A folder's name is a word for the shell, with any characters in it.
interrupted "$work/it's" 'pilot-*' "$program" --tier smoke --epochs 4 --rates 1e-3 --threads 1 --results "$work/it's"
expect_status 4
expect_said "to go on: make pilots .* RESULTS='.*/it'\\\\''s'\\)\$" err
report 'the command that goes on can be copied'

lost "$program" --help

for rates in 1e-3,,2e-3 1e-3,x 0 2; do
    pilots --rates "$rates"
    expect_status 2
    expect_line '--rates'
done
report 'what is no rate is refused'
pilots --batch 30
expect_status 2
expect_line '--batch: 30 is refused \(give a multiple of 4\)'
report 'micro-batches divide the batch'
finish
