#!/bin/bash
# tools/weave/documents on a copy of the tree: what it says of documents that are out of date, and what it renews.
# Prints TAP.
. tests/tap
copy=$work/copy
mkdir -p "$copy/results"
cp -r README.md REPRODUCE.md paper experiments figures tools "$copy"
cp -r results/reference "$copy/results"
# Of shipped weights their metadata alone are read.
[ ! -e results/checkpoints ] || cp --parents results/checkpoints/*/*.tsv "$copy"
for weights in results/checkpoints/*/*.safetensors; do
    [ ! -e "$weights" ] || head -c 16384 "$weights" >"$copy/$weights"
done
in_copy() { (cd "$copy" && "$@"); }

run in_copy tools/weave/documents --check
expect_status 0
report 'the committed documents are up to date'

sed -i 's/\tcurves\t/\tanother word\t/' "$copy/paper/claims.tsv"
before=$(sha256sum "$copy/REPRODUCE.md")
run in_copy tools/weave/documents --check
expect_status 3
expect_said 'REPRODUCE.md: its generated parts are out of date' err
[ "$before" = "$(sha256sum "$copy/REPRODUCE.md")" ] || wrong='--check has written'
report 'a claim that was edited makes them out of date, and --check writes nothing'

run in_copy tools/weave/documents
expect_status 0
grep -q 'another word' "$copy/REPRODUCE.md" || wrong='the edited claim is not in REPRODUCE.md'
run in_copy tools/weave/documents --check
expect_status 0
report 'they are renewed from the claims, and then agree'

grep -qE '^\| Eq. 13 \| \(X \+ m n\^T\).* for any invertible .*\| It holds for vectors' "$copy/REPRODUCE.md" ||
    wrong='Eq. 13 does not stand next to its correction'
grep -q '^| `theorem4.3.repaired` | For every trunk' "$copy/REPRODUCE.md" || wrong='what is beyond the paper is missing'
report 'what the paper says stands next to what is true'

sed -n '/generated: desk_verdicts/,/^<!-- end/p' "$copy/README.md" >"$work/desk"
grep -q '^\*\*desk-cifar10\*\*$' "$work/desk" || wrong='no desk verdicts'
! grep -q 'smoke-planted' "$work/desk" || wrong='verdicts on planted scenes are among them'
! grep -q '^| eq13' "$work/desk" && grep -q '^And [0-9]* claims on the mathematics alone' "$work/desk" || wrong='claims on the mathematics alone are among them'
grep -qE '^\| remark4\.2\.rank .*\| -?[0-9.]+ \[-?[0-9.]+, -?[0-9.]+\], n = [0-9]+ \|' "$work/desk" || wrong='a measured number has no interval or no n'
report 'README.md has the verdicts of the desk tier alone, with intervals'

# Every claim of the table of claims is in the reference's table, among those that were not run, or is mathematics alone.
sed -n '/generated: verdicts/,/^<!-- end/p' "$copy/REPRODUCE.md" | sed -n '/^\*\*desk-cifar10/,/^\*\*desk-planted/p' >"$work/tables"
for id in $(cut -f1 "$copy/paper/claims.tsv" | sed 1d); do
    grep -qE "^\| $id \||^- .*\`$id\`" "$work/tables" || wrong="$id is neither judged nor not run"
done
grep -qE '^- (planted scenes only|paper tier): `' "$work/tables" || wrong='no reason is given'
report 'each claim is judged, or not run for a stated reason'

# With every experiment there, nothing is left to build.
for name in $(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "experiment") at = i; next } { print $at }' "$copy/paper/claims.tsv" | sort -u); do
    [ -e "$copy/experiments/$name" ] || { mkdir "$copy/experiments/$name" && printf '// target: x\n/// # X\n' >"$copy/experiments/$name/main.c" && made="${made-} $name"; }
done
run in_copy tools/weave/documents
expect_status 0
grep -q '^Every claim has its experiment\.$' "$copy/REPRODUCE.md" || wrong='something is said to be missing'
for name in ${made-}; do rm -r "$copy/experiments/$name"; done
report 'a table of what is not built yet is left out where it would be empty'

# The line that says which files an experiment leaves.
files_of() { grep "^Files: .results/TIER-DATA/$1/" "$copy/REPRODUCE.md"; }
printf 'run_table(study->run,\n "another.md", "", &table, "");\n' >"$copy/experiments/05-heads/another.c"
run in_copy tools/weave/documents
expect_status 0
case $(files_of 05-heads) in
    *figure* | *.png*) wrong='a figure is said to come with Table 2' ;;
    *another.md*table2.md*) ;;
    *) wrong='not every table of Table 2 is named' ;;
esac
case $(files_of 02-rank-curves) in
    *figure2.svg,\ .png\ and\ .txt*) ;;
    *) wrong='the pictures of Figure 2 are not named' ;;
esac
case $(files_of 03-segmentation) in
    *figure3-folder*) wrong='a script is named as a file' ;;
    *figure3.tsv,\ figure3-panel.png,\ figure3.svg,\ .png\ and\ .txt*) ;;
    *) wrong='the pictures of Figure 3 are not named' ;;
esac
[ "$(files_of 04-probing | grep -o 'table1\.md' | wc -l)" -eq 1 ] || wrong='a table is named twice, or not at all'
case $(files_of 06-low-rank) in
    *checks.md*) ;;
    *) wrong='the table of checks is not named' ;;
esac
case $(files_of 06-low-rank) in
    *ranks.svg,\ .png\ and\ .txt*) ;;
    *) wrong='a picture that is no figure of the paper is not named' ;;
esac
report 'files are named as the target and the sources have them: pictures for figures, each table'

cp "$copy/paper/misses.tsv" "$work/misses"
missed=$(sed -n 2p "$work/misses" | cut -f1)
sed -i 2d "$copy/paper/misses.tsv"
run in_copy tools/weave/documents
expect_status 3
expect_said "$missed is (TREND-ONLY|INCONCLUSIVE|NOT-REPRODUCED) in desk-.*, and nothing says why" err
cp "$work/misses" "$copy/paper/misses.tsv"
report 'a claim that is not confirmed needs its sentence'

weights=$copy/results/checkpoints/smoke-planted
mkdir -p "$weights"
{
    printf 'weights\tmeasure\ttrained\tlow\thigh\trounded\tdifference\tdifference_low\tdifference_high\timages\n'
    printf 'm75-h3\tmasked loss\t0.01234\t0.0123\t0.0124\t0.0124\t2e-06\t1e-06\t3e-06\t2000\n'
} >"$weights/rounding.tsv"
run in_copy tools/weave/documents
[ "$status" -ne 0 ] || wrong='weights without a log are listed'
printf 'epoch\tupdates\tloss\n3\t900\t0.02\n4\t1250\t0.01\n' >"$weights/m75-h3.log.tsv"
run in_copy tools/weave/documents
[ "$status" -ne 0 ] || wrong='weights that are not there are listed'
printf '{"__metadata__":{"arithmetic":"fp32","trainer":"PyTorch 2.1 on a CPU"}}' >"$weights/m75-h3.safetensors"
run in_copy tools/weave/documents
expect_status 0
grep -qF '| m75-h3 | fp32, by PyTorch 2.1 on a CPU | 4 | 1250 | masked loss | 0.01234 [0.0123, 0.0124] | 2.0e-06 | 2000 |' "$copy/README.md" ||
    wrong='shipped weights are not listed'
report 'shipped weights are listed by what trained them, their logs and what rounding costs'

bench=$copy/results/reference/bench
cp -r Makefile mk core "$copy"
mkdir "$work/measured"
sed 's/^# CPU: .*/# CPU: made up, family 1 model 2/' "$(find "$bench" -name '*.tsv' | head -n 1)" >"$work/measured/bench.tsv"
before=$(cat "$bench"/*.tsv | sha256sum) && rows=$(grep -c '^| .* step, patch' "$copy/README.md")
run in_copy "$MAKE" --no-print-directory RESULTS="$work/measured" accept-bench
expect_status 0
cmp -s "$work/measured/bench.tsv" "$bench/made-up-family-1-model-2.tsv" || wrong='the measurement was not kept'
grep -q '^| made up, family 1 model 2 | training step' "$copy/README.md" || wrong='it is not in README.md'
[ "$(grep -c '^| .* step, patch' "$copy/README.md")" -gt "$rows" ] || wrong='it replaced the rows of another CPU'
rm "$bench/made-up-family-1-model-2.tsv"
[ "$before" = "$(cat "$bench"/*.tsv | sha256sum)" ] || wrong='the measurement of another CPU was changed'
report 'a measurement takes the place of those of the same CPU alone'

drawn=$work/measured/desk-cifar10/arithmetic
mkdir -p "$drawn"
printf 'key\tvalue\nband_breadth_last_fifth\t0.0059\nlargest_paired_difference_of_means_bf16-dot_1\t0.00071\n' >"$drawn/result.tsv"
printf 'what\tvalue\tkeyed\nupdates\t500 of 64 images\t1\nverdict bf16-dot\tFAILS: the curve\t0\ncommit\t0123456789abcdef\t0\n' >"$drawn/provenance.tsv"
before=$(sha256sum "$copy"/results/reference/desk-cifar10/arithmetic/*)
run in_copy "$MAKE" --no-print-directory RESULTS="$work/measured" accept-arithmetic
expect_status 2
expect_said 'no .*/arithmetic/curves.tsv \(run `make figure-arithmetic`\)' err
[ "$before" = "$(sha256sum "$copy"/results/reference/desk-cifar10/arithmetic/*)" ] || wrong='the reference has changed'
report 'half a figure of arithmetics is refused'

touch "$drawn/curves.tsv" "$drawn/curves.txt" "$drawn/curves.png"
run in_copy "$MAKE" --no-print-directory RESULTS="$work/measured" accept-arithmetic
expect_status 0
run grep -A3 'generated: arithmetic' "$copy/README.md"
expect_said '^- FAILS: the curve\. Its running mean is never more than 0\.00071 from .* lie 0\.0059 apart\.$'
expect_said '^Updates: 500 of 64 images; .* at commit 0123456789ab\.$'
report 'a figure of arithmetics is kept as the reference, and its verdicts are shown'

sed -i '/^<!-- end -->$/d' "$copy/REPRODUCE.md"
run in_copy tools/weave/documents
expect_status 3
expect_said 'has no end' err
[ -s "$copy/REPRODUCE.md" ] || wrong='REPRODUCE.md is gone'
[ ! -e "$copy/REPRODUCE.md.tmp" ] || wrong='a temporary file is left'
report 'a part without an end is refused, and the document stays'
finish
