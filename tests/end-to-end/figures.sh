#!/bin/bash
# Drives Figures 1 and 3 at the smoke tier on a model trained by its recipe and on one that has hardly been
# trained: what a trained model earns, an untrained one must not.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
expect_pilot() { # ID: the verdict rests on two updates, and says so.
    [ -n "$wrong" ] || [[ $(cell verdicts.tsv "$1" reason) == 'pilot weights: 0.004 of '* ]] || wrong="$1 does not say that it is a pilot's"
}

trained_before "$work/trained/smoke-planted" m75-h3 01-structure 03-segmentation
train trained
report 'a model is trained'
train untrained --epochs=.004
report 'another for two updates'

experiment 01-structure trained --export=1
expect_verdict figure1.pipeline TREND-ONLY
report 'a trained model is what Figure 1 says'
experiment 01-structure untrained
expect_verdict figure1.pipeline INCONCLUSIVE
expect_pilot figure1.pipeline
report 'an untrained one reconstructs nothing'

experiment 03-segmentation trained --export=1
expect_verdict figure3.clusters TREND-ONLY
expect_verdict intro.within-between TREND-ONLY
report 'clusters of trained tokens lead every control'
experiment 03-segmentation untrained
expect_verdict figure3.clusters INCONCLUSIVE
expect_pilot figure3.clusters
expect_verdict intro.within-between INCONCLUSIVE
expect_pilot intro.within-between
[ -n "$wrong" ] || holds "$(cell verdicts.tsv figure3.clusters high)" 'x < .05' || wrong='its lead may reach the margin'
report 'clusters of untrained tokens do not'

folder=$work/trained/smoke-planted/03-segmentation
for name in clusters truth mae-{tokens,maps,ari,iou} patches-{tokens,maps,ari,iou} positions-maps random-maps; do
    [ -s "$folder/export/$name.npy" ] || wrong="no $name.npy"
done
for name in images tokens visible reconstruction; do
    [ -s "$work/trained/smoke-planted/01-structure/export/$name.npy" ] || wrong="no $name.npy"
done
report 'every array that the numbers come from is exported'

arrays() { run tools/check-arrays "$work/trained/smoke-planted"; }
test='numpy finds the same indices from the maps, and others from others'
if with_numpy "$test"; then
    arrays
    expect_status 0
    expect_said '^ok mae\.ari: '
    cp "$folder/export/mae-maps.npy" "$work/whole"
    cp "$folder/export/patches-maps.npy" "$folder/export/mae-maps.npy"
    arrays
    expect_status 1
    expect_said '^not ok mae\.ari: '
    cp "$work/whole" "$folder/export/mae-maps.npy"
    report "$test"
fi

# The images that a picture shows are the first ones, in their order, and its caption says which.
for figure in '01-structure figure1 3' '03-segmentation figure3 8'; do
    read -r experiment name shown <<<"$figure"
    folder=$work/trained/smoke-planted/$experiment
    awk -F'\t' '$1 == "row" { print $2, $3, length($4) }' "$folder/$name.tsv" >"$work/out"
    for ((row = 0; row < shown; row++)); do echo "$row test $row 8"; done | cmp -s - "$work/out" ||
        wrong="$name does not show the first $shown"
    grep -q "test images 0 to $((shown - 1))" "$folder/$name.svg" || wrong="the caption of $name does not say which images"
done
report 'the pictures show the first test images and name them'
finish
