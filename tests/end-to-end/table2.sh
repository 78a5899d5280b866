#!/bin/bash
# Drives Table 2 at the smoke tier on two models that have been trained a little: verdicts, exported answers
# that lead to the same numbers, interruption, seeds and threads.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=${BUILD:?the folder of the compiled programs}/experiments
budget=--epochs=.15

heads() { # heads FOLDER FLAG...
    local folder=$1
    shift
    run "$programs/05-heads/main" --tier=smoke --results="$work/$folder" $budget "$@"
    results=$work/$folder/smoke-planted/05-heads
    runs=$work/$folder/smoke-planted/runs
}

# expect_number KEY VALUE: in result.tsv, to rounding.
expect_number() {
    local got
    got=$(cell result.tsv "$1" value)
    [ -n "$wrong" ] || holds "$got" "(x - ($2)) ^ 2 < 1e-18" || wrong="$1 is '$got', not '$2'"
}

# right METHOD SEED: how many answers of a seed (0, 1, ...) are the label, after headers of 128 bytes.
n=2000
right() {
    tail -c $n "$results/export/labels.npy" >"$work/labels"
    tail -c +$((129 + $2 * n)) "$results/export/$1.npy" | head -c $n >"$work/answers"
    echo $((n - $(cmp -l "$work/answers" "$work/labels" | wc -l)))
}

percent() { # percent COUNT [OF]
    awk -v x="$1" -v n="${2:-$n}" 'BEGIN { printf "%.17g", 100 * x / n }' </dev/null
}

heads nothing
expect_status 3
expect_line 'no weights of m75-h3 \(make pretrain RUN=m75-h3 TIER=smoke DATA=planted'
report 'without weights it says how to make them'

for run in m75-h3 m75-h6; do
    run "$programs/00-pretrain/main" --tier=smoke --run=$run --epochs=.2 --results="$work/one"
    expect_status 0
    report "$run is trained"
done
# At the desk tier finetuning takes hours: one of all experiments waits for the weights. Those of three heads are shipped.
run "$programs/00-pretrain/main" --tier=desk --data=planted --run=m75-h6 --epochs=.0064 --results="$work/desk"
expect_status 0
run env MASKBOOK_KEEP_GOING=1 "$programs/05-heads/main" --tier=desk --data=planted --results="$work/desk"
expect_status 0
results=$work/desk/desk-planted/05-heads
expect_verdict table2.ft-heads NOT-RUN
expect_verdict table2.difference.ft REPRODUCED
grep -q '^not run	no weights: make finetune-all TIER=desk DATA=planted	' "$results/provenance.tsv" || wrong="$(cat "$results/provenance.tsv")"
[ -n "$wrong" ] || ! ls -d "$work"/desk/desk-planted/runs/finetuned-* >/dev/null 2>&1 || wrong='it has trained'
report 'one of all experiments does not begin trainings of hours'

mkdir -p "$work/two"
cp -r "$work/one/smoke-planted" "$work/two/"

make_built finetune-all TIER=smoke EPOCHS="${budget#*=}" EXPORT=1 THREADS=2 RESULTS="$work/one"
expect_status 0
results=$work/one/smoke-planted/05-heads runs=$work/one/smoke-planted/runs
for method in finetuned scratch; do
    for model in m75-h3 m75-h6; do expect_said "^$method $model +to do "; done
done
report 'the table is made, after it is said what its trainings take'

expect_verdict table2.difference.lp REPRODUCED
expect_verdict table2.difference.ft REPRODUCED
report 'the printed differences are those of the printed accuracies'

expect_verdict section6.4.significant NOT-REPRODUCED
[ -n "$wrong" ] || holds "$(cell verdicts.tsv section6.4.significant estimate)" 'x > 1.175 && x < 1.177' || wrong='z is another'
grep -q 'z = 4.63 under linear probing, 1.18 under finetuning.*at most 650 images' "$results/verdicts.tsv" || wrong='the finding has other numbers'
[ -n "$wrong" ] || [[ $(cell provenance.tsv pilot value) == \
    'pilot weights: 0.2 of '*'; pilot finetuning: 0.15 of 1 epochs, 10000 of 10000 images' ]] ||
    wrong='the provenance does not say what was cut short'
report 'half a point at 10,000 images is not significant'

for id in table2.{lp-h3,lp-h6,ft-h3,ft-h6,lp-heads,ft-heads} section5.2.gap; do
    expect_verdict "$id" NOT-RUN
    [ -n "$wrong" ] || [ "$(cell verdicts.tsv "$id" estimate)" = nan ] || wrong="$id has an estimate"
done
[ -n "$wrong" ] || ! grep -E '64\.4|89\.7' "$results/table2.md" >/dev/null || wrong='a printed accuracy is in the table'
report 'no number about planted scenes is shown next to one about photographs'

# The probes have two seeds here, the finetunings one.
for run in m75-h3 m75-h6; do
    for method in finetuned scratch; do
        expect_number $run.$method "$(percent "$(right $run-$method 0)")"
    done
    expect_number $run.lp "$(percent $(($(right $run-lp 0) + $(right $run-lp 1))) $((2 * n)))"
    expect_number $run.finetuned-over-scratch \
        "$(percent $(($(right $run-finetuned 0) - $(right $run-scratch 0))))"
done
expect_number heads.finetuned "$(percent $(($(right m75-h6-finetuned 0) - $(right m75-h3-finetuned 0))))"
expect_number m75-h3.finetuned-over-lp "$(cell result.tsv m75-h3.finetuned value) - $(cell result.tsv m75-h3.lp value)"
expect_number heads.scratch "$(percent $(($(right m75-h6-scratch 0) - $(right m75-h3-scratch 0))))"
cmp -s "$results/export/m75-h3-finetuned.npy" "$results/export/m75-h3-scratch.npy" && wrong='finetuning is training from scratch'
report 'exported answers and labels give the same accuracies and differences'

test='so does numpy, and the tests of the pairs'
if with_numpy "$test"; then
    run tools/check-arrays "${results%/*}"
    expect_status 0
    expect_said '^ok heads\.scratch\.mcnemar-mid-p: '
    report "$test"
fi

# In less than one epoch there is one look at the test images: the maximum over epochs is the result.
for folder in "$runs"/finetuned-m75-h3-10000x0.15-*-seed1 "$runs"/scratch-m75-h6-10000x0.15-*-seed1; do
    [ -s "$folder/weights.safetensors" ] && [ ! -e "$folder/checkpoint.safetensors" ] || wrong="no result in $folder"
done
expect_number m75-h3.finetuned.best "$(cell result.tsv m75-h3.finetuned value)"
[ -n "$wrong" ] || grep -q 'finetuned on 10000 images for 0.15 epochs, 1 seed' "$results/table2.md" || wrong='the scale is not said'
report 'each finetuning has a folder, and the table says how long it was'
cp "$results/result.tsv" "$work/first.tsv"
in_first() { awk -F'\t' -v key="$1" '$1 == key { print $2 }' "$work/first.tsv"; }

heads one
expect_status 0
expect_said 'section6.4.significant'
[ ! -s "$work/err" ] || wrong='it computed something'
report 'again, it only prints'

# Without a provenance the table is made again, from the finetunings that are there.
finetuned=$(echo "$runs"/finetuned-m75-h3-10000x0.15-*-seed1/weights.safetensors)
cp "$finetuned" "$work/finetuned"
truncate -s -9999 "$finetuned"
rm "$results/provenance.tsv"
heads one
expect_status 3
expect_line "$finetuned: tensor .* past the file .*remove it and make it again"
mv "$work/finetuned" "$finetuned"
report 'a finetuning cut short is refused, by its name'

# A file with flipped bits is well formed: its numbers are held against the digest that the training recorded.
for weights in "$finetuned" "$work/one/smoke-planted/weights/m75-h3.safetensors"; do
    cp "$weights" "$work/whole"
    perl tests/tensors.pl flip "$weights" encoder.layer_norm.weight 20
    rm -f "$results/provenance.tsv"
    heads one
    expect_status 3
    expect_line "$weights: is damaged: the SHA-256 of its numbers .*remove it and make it again"
    mv "$work/whole" "$weights"
    report "flipped bits in ${weights#"$work"/} are not believed"
done

# Interrupted in its second training, and continued on other threads in another folder.
interrupted "$work/two/smoke-planted/runs" 'scratch-m75-h3-*' \
    "$programs/05-heads/main" --tier=smoke --results="$work/two" $budget --threads=1
expect_status 4
expect_said 'interrupted after update [0-9]+ of 47 \(to go on: make table2 TIER=smoke DATA=planted EPOCHS=0.15 RESULTS=' err
report 'an interruption ends with exit 4 and the command that goes on'

heads two --threads=3
expect_status 0
expect_said 'going on after update' err
expect_said 'finetuned-m75-h3-.*: up to date'
cmp -s "$results/result.tsv" "$work/first.tsv" || wrong="$(diff "$results/result.tsv" "$work/first.tsv" | tail -n 1)"
report 'continued on another number of threads, it comes to the same digits'

heads one --seeds=2 --export=1
expect_status 0
expect_said 'finetuned-m75-h3-.*seed1: up to date'
expect_said 'finetuned-m75-h3-.*seed2: trained'
first=$(right m75-h3-finetuned 0) second=$(right m75-h3-finetuned 1)
expect_number m75-h3.finetuned "$(percent $((first + second)) $((2 * n)))"
[ -n "$wrong" ] || holds "$(in_first m75-h3.finetuned)" "(x - $(percent "$first")) ^ 2 < 1e-18" || wrong='the first seed is another'
grep -q 'for 0.15 epochs, 2 seeds' "$results/table2.md" || wrong='the number of seeds is not said'
report 'SEEDS=2 adds a seed, and accuracies are over both'

# The weights that a finetuning begins from identify it. An encoder that was finetuned already replaces the
# pretrained one of three heads: its class token knows the classes, as no brief pretraining's does.
wrong=$(perl tests/tensors.pl transplant "$finetuned" \
    "$work/one/smoke-planted/weights/m75-h3.safetensors" 2>&1)
report 'a finetuned encoder replaces a pretrained one'
heads one
expect_status 0
expect_said 'finetuned-m75-h3-.*seed1: trained'
expect_said 'scratch-m75-h3-.*seed1: up to date'
expect_said 'finetuned-m75-h6-.*seed1: up to date'
report 'another pretraining is finetuned again, and only that'

# above KEY LEAST: in result.tsv. A tenth of the answers is right by chance.
above() {
    holds "$(cell result.tsv "$1" value)" "x > $2" || wrong="$1 is '$(cell result.tsv "$1" value)', not above $2"
}
above m75-h3.lp 40
report 'a probe reads from these weights, with the labels of these images, what they know'
above m75-h3.finetuned 80
report 'a finetuning goes on from them'
for key in m75-h6.lp m75-h6.finetuned m75-h3.scratch m75-h6.scratch; do
    expect_number $key "$(in_first $key)"
done
report 'six heads, and what starts anew, have other weights, and stay as they were'
finish
