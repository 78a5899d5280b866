#!/bin/bash
# The Makefile as a user meets it: what help lists, how wrong words are answered, that nothing needs an
# edit when an experiment is added, and that a result is keyed by what computes it.
. tests/tap
build=$BUILD
# make NAME=VALUE... TARGET, on the programs that are already built.
type_make() {
    make_built RESULTS="$work/results" OFFLINE=1 CIFAR10_DIR="$work/nothing" "$@"
}

targets=$(sed -nE 's/^([a-z][A-Za-z0-9_.-]*):.*## .*/\1/p' Makefile mk/*.mk)
type_make help
expect_status 0
for target in $targets \
    $(sed -n 's|^// target: ||p' experiments/*/main.c); do
    expect_said "^  $target "
done
for name in $(sed -nE 's/^## ([A-Z][A-Z0-9_]*) .*/\1/p; s/^([A-Z][A-Z0-9_]*) *\?=.*/\1/p' Makefile mk/*.mk | sort -u); do
    expect_said "^  $name "
done
report "help lists every target and every variable"

expect_said 'figure2 .*\[smoke [0-9]+ s'
report "help shows the budgets that experiments state"

cp "$work/out" "$work/help"
type_make
cmp -s "$work/out" "$work/help" || wrong="not the same as make help"
report "make alone is make help"

git status --porcelain >"$work/before" 2>/dev/null
for target in $targets; do
    type_make --dry-run "$target"
    expect_status 0
done
[ ! -e "$work/results" ] || wrong="results were written"
git status --porcelain 2>/dev/null | cmp -s - "$work/before" || wrong="the tree was changed"
report "make -n runs nothing and fails nowhere"

type_make clean all
expect_status 2
expect_line 'clean: would remove what the other targets make \(type it alone\)'
report "clean goes with no other target"

for target in retrace diff-run torch-start train-torch check-torch; do
    type_make $target TIER=smoke
    expect_status 2
    expect_line "$target: RUN is missing"
done
report "what is about one training asks which"

type_make claim-theorem4.3.bound TIER=smoke
expect_status 0
expect_said 'theorem4\.3\.bound'
expect_said 'make theorem4\.3'
report "a claim has a target"

type_make figre2
expect_status 2
expect_line 'figre2: no such target; did you mean `make figure2`'
report "an unknown target suggests the nearest one"

type_make Reproduce_All
expect_line 'did you mean `make reproduce-all`'
report "upper case and an underscore are near enough"

type_make qqqqqqqqqqqq
expect_status 2
expect_line 'no such target \(`make` lists'
report "a word that is near nothing suggests nothing"

type_make figure2 TIER=huge
expect_status 2
expect_said 'smoke-planted desk-cifar10 desk-planted paper-cifar10 paper-imagefolder' err
wrong=${wrong:-$([ "$(wc -l <"$work/err")" -eq 1 ] || echo more than one line)}
report "an unknown TIER lists the allowed pairs"

for pair in "TIER=smoke DATA=cifar10" "TIER=desk DATA=imagefolder" "TIER=paper DATA=planted" "DATA=%" "DATA=" \
    "TIER=smoke DATA=planted\ desk-cifar10"; do
    eval "type_make figure2 $pair"
    expect_status 2
    expect_said 'choose a pair TIER-DATA of' err
    [ "$(wc -l <"$work/err")" -eq 1 ] || wrong="$pair: more than one line"
done
report "a forbidden pair of TIER and DATA lists the allowed ones, on one line"

type_make figure2 MODE=bogus
expect_status 2
expect_said 'MODE is release, debug, double, sanitize, tsan, fuzz or coverage' err
report "an unknown MODE lists the known ones"

type_make pretrain TIER=smoke
expect_status 2
expect_line 'RUN is missing \(choose one of: m75-h3'
report "pretrain without RUN lists the runs"

type_make pretrain TIER=smoke RUN=m99-h3
expect_status 2
expect_line 'm99-h3'
report "an unknown RUN is named"

type_make pretrain TIER=smoke RUN="m75-h3'; touch $work/owned; '"
[ "$status" -eq 2 ] || wrong="exit $status"
[ ! -e "$work/owned" ] || wrong="the shell ran it"
report "a quote in a variable stays a character"
for word in "x'; touch $work/owned; '" "smoke-weights/x; touch $work/owned"; do
    type_make "$word" TIER=smoke
    expect_status 2
    expect_line touch
    [ ! -e "$work/owned" ] || wrong="the shell ran $word"
done
report "and in a target"

type_make pretrain TIER=smoke RUN=m75-h3 THREADS=0
expect_status 2
expect_line 'threads'
report "THREADS=0 is refused"

for target in "pretrain TIER=smoke RUN=m75-h3" bench; do
    # shellcheck disable=SC2086 # words
    type_make $target ARITHMETIC=fp8
    expect_status 2
    expect_line 'ARITHMETIC=fp8 is none \(choose one of: auto fp32 bf16 bf16-dot\)'
done
report "an arithmetic that is none is refused, also where it would not be asked"

for words in 'fuzz SECONDS=abc' 'fuzz SECONDS=0' 'kills KILLS=x' 'kills KILLS=0' 'faults EVERY=-1'; do
    # shellcheck disable=SC2086 # words
    type_make $words
    expect_status 2
    expect_line "='${words#*=}'.*: are whole numbers"
done
type_make fuzz READER=nosuch
expect_status 2
expect_line 'READER=nosuch is none \(choose of: '
report "hard use is refused where it would do nothing, or never end"

type_make accept-reference TIER=smoke
expect_status 2
expect_line 'REASON'
report "a reference is not accepted without a reason"

type_make distclean
expect_status 2
expect_line 'YES=1'
report "distclean asks first"

type_make data
expect_status 2
expect_line 'fetch-cifar10: '
report "no data and no network is one line"

type_make figure2 TIER=desk DATA=planted SHIPPED=0
expect_status 2
expect_line 'make pretrain RUN=m50-h3'
[ -n "$wrong" ] || [ "$(wc -l <"$work/results/desk-planted/02-rank-curves/error.txt")" -eq 1 ] || wrong="no error.txt of one line"
report "a figure without weights names the command that makes them, and leaves error.txt"

# From here on in a copy of the tree, with its compiled objects, below a path with a space.
copy="$work/a copy"
mkdir -p "$copy/build"
cp -a CONTRIBUTING.md Makefile mk core experiments figures paper tests tools "$copy/"
cp -a "$build" "$copy/build/release"
find "$copy/build" -name '*.d' -exec sed -i "s|^$build/|build/release/|" {} +
cd "$copy" || exit 4
in_copy() { run "$MAKE" --no-print-directory MODE=release "$@"; }

mkdir -p experiments/99-added
cat >experiments/99-added/main.c <<'END'
// target: figure99
// needs: m75-h3
// budget: smoke 1 s, desk 2 s
#include "core/base/clock.h"
int main(void)
{
    return clock_seconds() < 0;
}
END
in_copy help
expect_said 'figure99 .*99-added \[smoke 1 s, desk 2 s\]'
in_copy --dry-run figure99 TIER=smoke
expect_said 'tools/run-experiment .*99-added'
expect_said 'run=.*m75-h3'
mkdir -p tests/experiments/99-added
echo '#include <criterion/criterion.h>' >tests/experiments/99-added/test_added.c
in_copy --dry-run test
expect_said '99-added=build/release/tests/experiments/99-added/run'
report "a new experiment has a help line, a target, its needs and its tests with no edit"
mkdir experiments/12-example
sed -n '/^   ```c$/,/^   ```$/{/```/d;s/^   //p}' CONTRIBUTING.md >experiments/12-example/main.c
in_copy build/release/experiments/12-example/main
expect_status 0
rm -r experiments/12-example build/release/experiments/12-example
report "the experiment that CONTRIBUTING.md shows compiles"
sed -i 's|^// needs: m75-h3$|& m40-h3|' experiments/99-added/main.c
in_copy help
expect_status 2
expect_said 'experiments/99-added: needs m40-h3, which is no pretraining of RUNS' err
sed -i 's/ m40-h3$//' experiments/99-added/main.c
report "a pretraining that nothing trains is told at once"

# Keys, on four programs: one that trains, two that measure, and one that calls a single function of core.
for name in experiments/*/; do
    case $name in *00-pretrain/ | *03-segmentation/ | *04-probing/ | *99-added/) ;; *) rm -r "$name" "build/release/$name" ;; esac
done
# keys [MAKE-WORD...]: a line "NAME KEY" for each experiment and for the features, as the build makes them.
keys() {
    in_copy "$@" $(for name in experiments/*/; do echo "build/release/${name}code.key"; done) build/release/features.key
    [ "$status" -eq 0 ] || echo "make: exit $status"
    (cd build/release && for file in experiments/*/code.key features.key; do
        name=${file#experiments/} && echo "${name%/code.key} $(cat "$file")"
    done)
}
# expect_changed NAME...: these keys alone differ from those in $before; the new ones are the next $before.
expect_changed() {
    local after changed
    after=$(keys)
    changed=$(diff <(echo "$before") <(echo "$after") | sed -n 's/^> \([^ ]*\) .*/\1/p' | paste -sd' ')
    [ -n "$wrong" ] || [ "$changed" = "$*" ] || wrong="the keys of '$changed' have changed, not of '$*'"
    before=$after
}
before=$(keys)
[ "$(echo "$before" | grep -cE '^[^ ]+ [0-9a-f]{64}$')" -eq $(($(ls -d experiments/*/ | wc -l) + 1)) ] || wrong="not a key each: $before"
[ "$(echo "$before" | cut -d' ' -f2 | sort -u | wc -l)" -eq "$(echo "$before" | wc -l)" ] || wrong="two programs have one key"
report "each experiment has a key, and what computes features has one"
all=$(echo "$before" | cut -d' ' -f1 | paste -sd' ')
others=${all/ 99-added/}
sleep 1.1

printf '/* a remark */\n' >>core/base/clock.c
printf '// a remark\n' >>core/linalg/cholesky.h
printf 'extern int table_more;\n' >>core/report/table.c
expect_changed
report "comments, and core/report but for the rules that judge and what draws panels, change no key"

printf 'int stray(void);\n' >core/analysis/stray.h
printf '#include "core/analysis/stray.h"\nint stray(void)\n{\n    return 1;\n}\n' >core/analysis/stray.c
expect_changed
report "a new file of core that no program uses changes no key"

printf 'extern int kmeans_more;\n' >>core/analysis/kmeans.c
expect_changed 03-segmentation
report "a changed file changes the keys of the programs that reach it, and no others"
printf 'extern int more_features;\n' >>core/analysis/encoder_features.h
expect_changed $others
report "what computes features changes their key"
printf 'extern int tile_more;\n' >>core/linalg/panel_tile.h
expect_changed $others
report "a header that only .c files include is part of the keys"
printf 'extern int claims_more;\n' >>core/report/claims.c
expect_changed ${others/ features.key/}
report "a rule that judges is part of the keys"
printf 'extern int clock_more;\n' >>core/base/clock.c
expect_changed $all
report "a file that all programs reach changes every key"

sed -i 's|^int main|#include "core/analysis/stray.h"\nint main|; s|< 0|< stray()|' experiments/99-added/main.c
printf 'int part;\n' >experiments/99-added/part.c
expect_changed 99-added
rm experiments/99-added/part.c
expect_changed 99-added
grep -q '^core/analysis/stray.c$' build/release/experiments/99-added/code.key.list || wrong="a call does not bring the file that answers it"
! grep -q part.c build/release/experiments/99-added/code.key.list || wrong="a deleted file is still in a key"
report "files of an experiment that come and go change its key"

# Flags: their stamp is taken for old, so that nothing is compiled again for this question.
cp -p build/release/.flags "$work/flags"
flag_keys() {
    rm build/release/experiments/*/code.key build/release/features.key
    keys -j3 --old-file=build/release/.flags "$@"
}
[ "$(flag_keys)" = "$before" ] || wrong="made again with -j3, the keys differ"
[ "$(flag_keys WARNINGS='-Wall -Wno-unused')" = "$before" ] || wrong="a warning flag changes keys"
[ "$(flag_keys flags.release='-O3 -g3')" = "$before" ] || wrong="debug information changes keys"
after=$(flag_keys flags.release=-O2)
[ "$(echo "$after" | grep -cE '^[^ ]+ [0-9a-f]{64}$')" -eq "$(echo "$before" | wc -l)" ] || wrong="no keys: $after"
[ -z "$(comm -12 <(echo "$before") <(echo "$after"))" ] || wrong="-O2 leaves a key as it was"
cp -p "$work/flags" build/release/.flags
rm build/release/experiments/*/code.key build/release/features.key
report "of the flags those count that change what is computed"

printf 'extern int later;\n' >>core/base/clock.c
rm build/release/features.key
in_copy --old-file=core/base/clock.c build/release/features.key
expect_status 2
expect_line 'code-key: core/base/clock.c: has changed since it was compiled \(run the same command again\)'
in_copy build/release/features.key
expect_status 0
object=build/release/core/base/clock
[ ! $object.o -nt $object.began ] && [ ! $object.o -ot $object.began ] || wrong="an object is not as old as the start of its compilation"
report "a source that changes while it is compiled is compiled again, and no key is made of it before"

printf 'int stray(void);\nint stray(void)\n{\n    return 1;\n}\n' >core/base/stray.c
in_copy build/release/libbase.a
ar t build/release/libbase.a | grep -q '^stray.o$' || wrong="a new file is not in its room's library"
rm core/base/stray.c
in_copy build/release/libbase.a
ar t build/release/libbase.a | grep -q '^stray.o$' && wrong="a deleted file is still in its room's library"
report "libraries follow files that come and go"

in_copy -j3 all
expect_status 0
for jobs in -j1 -j3; do
    in_copy $jobs all
    expect_status 0
    ! grep -qE '^  (CC|LD)' "$work/out" || wrong="$jobs: something was compiled"
done
report "a second build does nothing, with -j and without"

sed -i '/^figure3.clusters\t/s/\tpictures\t/\tother words\t/' paper/claims.tsv
in_copy all
expect_status 0
! grep -qE '^  (CC|LD)' "$work/out" || wrong="something was compiled"
report "nor does one after a claim has got other words"
# A row is looked for by a program when its id is a string there.
awk -F'\t' -v OFS='\t' '$1 == "figure3.clusters" { $1 = "clusters"; print }' paper/claims.tsv >"$work/row"
cat "$work/row" >>paper/claims.tsv
in_copy all
expect_status 0
[ "$(grep -E '^  (CC|LD)' "$work/out" | paste -sd' ')" = '  LD   build/release/experiments/03-segmentation/main' ] ||
    wrong="not 03-segmentation, and that alone, was linked again"
report "a claim that is added reaches the program that judges it"

runner=build/release/tests/experiments/99-added/run
printf '#include <criterion/criterion.h>\nTest(added, more)\n{\n}\n' >tests/experiments/99-added/test_more.c
in_copy $runner
expect_status 0
[ -n "$wrong" ] || nm $runner | grep -q added_more || wrong="a new file is not in the runner"
rm tests/experiments/99-added/test_more.c
in_copy $runner
expect_status 0
[ -n "$wrong" ] || ! nm $runner | grep -q added_more || wrong="a deleted file is still in it"
report "runners follow tests that come and go"
cd "$root" || exit 4
finish
