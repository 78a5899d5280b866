#!/bin/bash
# Everything on planted data, from nothing: make reproduce-all with and without -j2, and once more as one without
# CIFAR-10 and without network. Prints TAP; `make smoke` runs it.
. tests/tap
build=$BUILD
results=$work/results
all() {
    make_built RESULTS="$results" OFFLINE=1 CIFAR10_DIR="$work/nothing" reproduce-all "$@"
}
folder=$results/smoke-planted

started=$SECONDS
all TIER=smoke EXPORT=1 -j2
took=$((SECONDS - started))
expect_status 0
expect_said 'claims: '
report "reproduce-all at the smoke tier, with -j2, ends well ($took s)"
cp "$work/out" "$work/first"

if command -v pandoc >/dev/null; then
    expect_said 'smoke-planted/book\.html: [0-9]+ bytes'
    [ -n "$wrong" ] || tail -c 20 "$folder/book.html" | grep -q '</html>' || wrong='the book is not whole'
    report 'it ends with the book'
else
    skip 'it ends with the book' 'pandoc is not installed (tools/deps book)'
fi

# Scripts of end-to-end need these models and one more.
run "$build/experiments/00-pretrain/main" --tier=smoke --run=m75-h3-whitened --results="$work/more"
expect_status 0
rm -rf "$trained"
for model in m75-h3 m75-h6 m75-h3-whitened; do
    from=$folder
    [ $model != m75-h3-whitened ] || from=$work/more/smoke-planted
    mkdir -p "$trained/$model/weights" "$trained/$model/runs"
    cp "$from/weights/$model.safetensors" "$trained/$model/weights/" && cp -r "$from/runs/$model" "$trained/$model/runs/" ||
        wrong="$model is not there"
done
for name in 01-structure 03-segmentation 04-probing 05-heads 07-spectral; do
    mkdir -p "$trained/$name" && cp -r "$folder/$name" "$trained/$name/" || wrong="$name is not there"
done
mkdir "$trained/05-heads/runs" && cp -r "$folder"/runs/{finetuned,scratch}-* "$trained/05-heads/runs/" ||
    wrong="Table 2's classifiers are not there"
mkdir "$trained/04-probing/features" && cp "$folder"/features/m75-h3-*.features "$folder"/features/random-*.features \
    "$trained/04-probing/features/" || wrong="Table 1's features are not there"
report "its models, and results with arrays, are kept for other tests"

for experiment in experiments/[0-9]*/; do
    name=$(basename "$experiment")
    [ "$name" != 00-pretrain ] || continue
    for file in result.tsv verdicts.tsv provenance.tsv; do
        [ -s "$folder/$name/$file" ] || wrong="$name/$file is missing"
    done
    [ ! -e "$folder/$name/error.txt" ] || wrong="$(cat "$folder/$name/error.txt")"
    # A NaN means "no interval", never a value.
    [ -n "$wrong" ] || awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["value"] !~ /^[-+0-9.e]+$/ { exit 1 } END { exit NR < 2 }' "$folder/$name/result.tsv" ||
        wrong="$name/result.tsv holds no numbers, or something else"
    report "$name leaves numbers, verdicts and provenance"
done

for name in $(sed -nE 's|^// target: (figure[0-9]+)$|\1|p' experiments/*/main.c); do
    picture=$(find "$folder" -name "$name.png")
    [ -n "$picture" ] && [ "$(head -c 8 "$picture" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || wrong="no $name.png"
    grep -q '</svg>' "$(find "$folder" -name "$name.svg")" /dev/null || wrong="no whole $name.svg"
    [ -s "$(find "$folder" -name "$name.tsv")" ] || wrong="no $name.tsv"
    report "$name is there as SVG, PNG and the table that was plotted"
done

awk -F'\t' 'NR == FNR { if (FNR > 1) claim[$1]; next } FNR > 1 { delete claim[$1] }
    END { for (id in claim) exit 1 }' paper/claims.tsv <(grep -v '^#' "$folder/ledger.tsv") ||
    wrong="the ledger does not hold every claim"
report "the ledger has a row for every claim"

left=$(grep -E 'no experiment yet|the experiment recorded no verdict on it|not run yet' "$folder/ledger.tsv" | cut -f1 | paste -sd ' ')
[ -z "$left" ] || wrong="not judged: $left"
report "every claim has been judged, or says which data or tier it is about"

sums() { (cd "$results" && find . -type f ! -name .lock -exec sha256sum {} + | sort); }
sums >"$work/before"
started=$SECONDS
all TIER=smoke
took=$((SECONDS - started))
expect_status 0
sums >"$work/after"
cmp -s "$work/before" "$work/after" || wrong="files have changed: $(diff "$work/before" "$work/after" | tail -n 1)"
report "a second reproduce-all changes nothing ($took s)"

all
expect_status 0
expect_said 'CIFAR-10 is not on this machine'
expect_said 'NOT-RUN\(no data'
# A claim about CIFAR-10 is one whose data are; the sums of printed numbers need none.
[ -n "$wrong" ] || awk -F'\t' '
    $1 == "id" { for (i = 1; i <= NF; i++) at[$i] = i; next }
    NR == FNR { if ($at["data"] == "cifar10") about[$1]; next }
    $1 in about { rows++; if ($at["verdict"] != "NOT-RUN" || $at["reason"] !~ /^no data/) judged = 1 }
    END { exit judged || !rows }' paper/claims.tsv "$folder/ledger.tsv" ||
    wrong="a claim about CIFAR-10 was judged, or says another reason"
[ ! -e "$results/desk-cifar10" ] || wrong="something was computed under the name of CIFAR-10"
report "without CIFAR-10 and network it says so, runs smoke, and passes no claim about CIFAR-10"

MASKBOOK_KEEP_GOING=1 make_built RESULTS="$results" figure2 TIER=desk DATA=planted SHIPPED=0
expect_status 0
grep -q 'NOT-RUN.*no weights: make pretrain RUN=m50-h3' "$results/desk-planted/02-rank-curves/verdicts.tsv" || wrong="no such row"
report "an experiment without weights, among all, records NOT-RUN and the command that makes them"
finish
