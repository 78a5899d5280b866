#!/bin/bash
# Drives Figures 1 and 3 at the smoke tier on a model trained for one epoch and on one that has hardly been
# trained: what a trained model earns, an untrained one must not.
# shellcheck disable=SC1091,SC2034,SC2154
. "$(dirname "$0")/tap"
programs=${BUILD:?the folder of the compiled programs}/experiments

train() { # train FOLDER EPOCHS
    run "$programs/00-pretrain/main" --tier=smoke --run=m75-h3 --epochs="$2" --results="$work/$1"
    expect_status 0
}

# experiment NAME FOLDER FLAG...: runs it on that folder's weights.
experiment() {
    local name=$1 folder=$2
    shift 2
    run "$programs/$name/main" --tier=smoke --results="$work/$folder" "$@"
    expect_status 0
}

# expect_verdict NAME FOLDER ID VERDICT
expect_verdict() {
    local got
    got=$(awk -F'\t' -v id="$3" '$1 == id { print $2 }' "$work/$2/smoke-planted/$1/verdicts.tsv")
    [ -n "$wrong" ] || [ "$got" = "$4" ] || wrong="$3 is $got, not $4"
}

train trained 1
report 'a model is trained for one epoch'
train untrained .004
report 'another for two updates'

experiment 03-segmentation trained --export=1
expect_verdict 03-segmentation trained figure3.clusters TREND-ONLY
report 'clusters of trained tokens lead every control'
experiment 03-segmentation untrained
expect_verdict 03-segmentation untrained figure3.clusters NOT-REPRODUCED
report 'clusters of untrained tokens do not'

folder=$work/trained/smoke-planted/03-segmentation
wrong=
for name in clusters truth mae-{tokens,maps,ari,iou} patches-{tokens,maps,ari,iou} positions-maps random-maps; do
    [ -s "$folder/export/$name.npy" ] || wrong="no $name.npy"
done
report 'every array behind the numbers is exported'

# The digests that the caption names are those of the first scenes, in their order.
wrong=
awk -F'\t' '$1 == "row" { print $2, $3, length($4) }' "$folder/figure3.tsv" >"$work/out"
for row in 0 1 2 3 4 5 6 7; do echo "$row test $row 8"; done | cmp -s - "$work/out" || wrong='not the first eight'
grep -q 'test images 0 to 7' "$folder/figure3.svg" || wrong='the caption does not say which images'
report 'the picture shows the first eight test images and names them'
finish
