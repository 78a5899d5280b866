#!/bin/bash
# Drives Table 1 at the smoke tier on a model trained by its recipe and on one that has hardly been trained:
# verdicts, exported arrays that lead to the same numbers, the cache of features, seeds and threads.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=${BUILD:?the folder of the compiled programs}/experiments

probe() { experiment 04-probing "$@"; } # probe FOLDER FLAG...

# expect_number KEY TEST: an awk condition on x, the key's value.
expect_number() {
    local got
    got=$(cell result.tsv "$1" value)
    [ -n "$wrong" ] || holds "$got" "$2" || wrong="$1 is '$got', not $2"
}

trained_before "$work/trained/smoke-planted" m75-h3 04-probing
train trained
report 'a model is trained'
train untrained --epochs=.004
report 'another for two updates'

probe trained --export=1
# Both are best at the largest rate tried, so that the lead, clear as it is, decides nothing.
expect_verdict section6.3.qkv-over-mlp INCONCLUSIVE
grep -q 'qkv-over-mlp.*a rate was chosen at an end of those tried' "$results/verdicts.tsv" || wrong=${wrong:-'the end of the rates is not told'}
awk -F'\t' '$1 == "qkv-over-mlp.points" && $3 > 0 { led = 1 } END { exit !led }' "$results/result.tsv" || wrong=${wrong:-'qkv does not lead'}
expect_verdict section6.3.bn-converged TREND-ONLY
[ -n "$wrong" ] || ! grep -q pilot "$results"/*.tsv || wrong='a whole training is called a pilot'
report 'on planted scenes, where tokens must be mixed, qkv leads the perceptron; solved, BN adds nothing'

for id in cifar10.difference.bn-lp cifar10.difference.partial imagenet.difference.bn-lp imagenet.difference.partial; do
    expect_verdict "table1.$id" REPRODUCED
done
report 'the printed differences are those of the printed accuracies'

for id in cifar10.lp cifar10.bn-lp cifar10.partial cifar10.bn-over-lp cifar10.partial-over-bn \
    imagenet.lp imagenet.bn-lp imagenet.partial imagenet.bn-over-lp imagenet.partial-over-bn; do
    expect_verdict "table1.$id" NOT-RUN
    [ -n "$wrong" ] || [ "$(cell verdicts.tsv "table1.$id" estimate)" = nan ] || wrong="$id has an estimate"
done
report 'no number about planted scenes is shown next to one about photographs'

expect_number lp-chosen.accuracy "x > 3 + $(cell result.tsv random.accuracy value)"
expect_number partial-chosen.accuracy 'x > 80'
expect_number bn-over-lp.points 'x > 0'
expect_number partial-over-bn.points 'x > 0'
expect_number lp-solved.gradient 'x <= 1e-6'
expect_number bn-lp-solved.gradient 'x <= 1e-6'
expect_number fold.residual 'x < 1e-13'
expect_number fold.agreement 'x > .999'
report 'accuracies, gradients and the fused layer are within their bounds'

# Held-out images are 1,000: every share of them is a tenth of a percent. Test images would be 2,000.
wrong=$(awk -F'|' '/^\|/ && ++line > 2 {
        for (i = 3; i < NF; i++) {
            if ($i == " - ") { untried++; continue }
            if ($i !~ /^ *[0-9.]+ (\* |\*! )?$/ || $i * 10 != int($i * 10)) print "a rate was judged by " $i " %"
            rates++
        }
    }
    # Four probes that train part of the encoder try four of six rates.
    END { if (!rates || untried != 8) print rates " rates were judged, and " untried " not tried" }' "$results/rates.md" | head -n 1)
report 'rates are chosen on the held-out training images'

# An accuracy again from what was exported: answers (S,n) against labels (n), after headers of 128 bytes.
n=2000
for key in lp bn-lp partial mlp lp-solved; do
    tail -c $n "$results/export/test-labels.npy" >"$work/labels"
    total=$(($(stat -c %s "$results/export/answers-$key.npy") - 128)) right=0
    for ((at = 0; at < total; at += n)); do
        tail -c +$((129 + at)) "$results/export/answers-$key.npy" | head -c $n >"$work/answers"
        right=$((right + n - $(cmp -l "$work/answers" "$work/labels" | wc -l)))
    done
    got=$(cell result.tsv $key.accuracy value)
    holds "$got" "(x - 100 * $right / $total) ^ 2 < 1e-18" || wrong="$key: $right of $total are right, the result says $got %"
done
report 'exported answers and labels give the same accuracies'

test="numpy finds the same accuracies, differences and tests, and by Newton's method the solved probe's loss"
if with_numpy "$test"; then
    run tools/check-arrays "${results%/*}"
    expect_status 0
    expect_said '^ok lp-solved\.loss: '
    expect_said '^ok partial-over-bn\.mcnemar-mid-p: '
    report "$test"
fi

# Files of two seeds have two names: a run of SEED=2 finds the second and overwrites neither.
for seed in 1 2; do
    [ -s "$work/trained/smoke-planted/features/random-seed$seed-train-summary.features" ] || wrong="no features of seed $seed"
done
report 'the features of a random encoder carry its seed'

# A tenth of the epochs and one seed show as much of threads and files.
features=$work/trained/smoke-planted/features/m75-h3-train-block.features
printf x | dd of="$features" bs=1 seek=9999 conv=notrunc 2>/dev/null
probe trained --epochs=1 --seeds=1
grep -q "$features: .*made again" "$work/err" || wrong='a damaged file of features was used'
expect_number lp.least "x == $(cell result.tsv lp.most value)"
expect_number lp.accuracy "(x - $(cell result.tsv lp.least value)) ^ 2 < 1e-18"
report 'damaged features are made again; SEEDS=1 is one seed'

cp "$results/result.tsv" "$work/first.tsv"
# The files of features, with the times at which they were written.
feature_files() { find "$work/trained/smoke-planted/features" -type f ! -name '*whitened*' -printf '%f %T@ %i\n' | sort; }
feature_files >"$work/features"

# whitened FOLDER FLAG...: trains the extra model.
whitened() {
    run "$programs/00-pretrain/main" --tier=smoke --run=m75-h3-whitened --results="$work/$1" "${@:2}"
    expect_status 0
}
trained_before "$work/trained/smoke-planted" m75-h3-whitened
whitened trained
probe trained --epochs=1 --seeds=1 --force=1 --threads=3
grep -v whitened "$results/result.tsv" >"$work/others.tsv"
cmp -s "$work/others.tsv" "$work/first.tsv" || wrong="$(diff "$work/others.tsv" "$work/first.tsv" | tail -n 1)"
feature_files | cmp -s - "$work/features" || wrong='features were computed again'
report 'another number of threads, features from their files and one more model change no digit'
expect_number whitened-lp.accuracy 'x > 10'
expect_number whitened-lp-solved.gradient 'x <= 1e-6'
report 'that model, of whitened targets, is probed, too'

whitened untrained --epochs=.004
probe untrained --epochs=1 --seeds=1
[ -z "$(cell result.tsv whitened-lp.accuracy value)" ] || wrong='a pilot of whitened targets is probed'
report 'but not before it is trained to its end'
expect_number lp-chosen.accuracy "x < 3 + $(cell result.tsv random.accuracy value)"
expect_verdict section6.3.bn-converged TREND-ONLY
report 'a probe of an untrained model finds nothing that was not there before'
finish
