#!/bin/bash
# The checks of the tree, each against a tree that breaks its rule.
. tests/tap
built=$(realpath "$BUILD")
mkdir -p "$work/tree"
cp -a core experiments tests tools Makefile mk .clang-format .clang-tidy "$work/tree/"
cd "$work/tree" || exit 4

run tools/check-layers
expect_status 0
report "the rooms as they are keep to their arrows"
run tools/check-text
expect_status 0
report "the text as it is keeps to its rules"
run tools/check-mutants --planted label-offset
expect_status 0
report "a mutant that changes its file is in order"
sed -i 's/scene.texture/scene.colour/' core/data/planted.c
run tools/check-mutants --planted label-offset
expect_status 1
expect_said '^tools/mutants/label-offset.sed: no longer changes core/data/planted.c'
cp "$root/core/data/planted.c" core/data/
report "a mutant that has outlived its line is named"
for change in 's|^# file: .*|# file: core/data/moved.c|' '/^# file: /d' '$s|$|\ns/a/|'; do
    sed -i "$change" tools/mutants/label-offset.sed
    run tools/check-mutants --planted label-offset
    expect_status 1
    expect_said '^tools/mutants/label-offset.sed: no longer changes '
    cp "$root/tools/mutants/label-offset.sed" tools/mutants/
done
report "so is one whose file has moved or is not named, and one that sed cannot read"
# A make that makes nothing: what was there runs without the mutant, which survives, if it passes.
runner=$work/build/release/tests/data/run
mkdir -p "$(dirname "$runner")"
printf '#!/bin/sh\n' >"$runner"
chmod +x "$runner"
run tools/check-mutants true "$work/build" label-offset
expect_status 1
expect_said '^not ok - label-offset: .*: survived$'
report "a mutant that survives is named"
echo 'exit 1' >>"$runner"
run tools/check-mutants true "$work/build" label-offset
expect_status 1
expect_said '^not ok - label-offset: .*: the tests of data fail without it$'
report "tests that fail without a mutant do not count as killing it"
grep -qx mutants "$work/build/.maskbook" || wrong="the folder is not listed as made here"
report "what mutation tests make is what make clean removes"
sed -i 's/^# runner: /# cpu: no_such_flag\n&/' tools/mutants/label-offset.sed
run tools/check-mutants true "$work/build" label-offset
expect_said '^ok - label-offset: .* # SKIP this CPU has no no_such_flag$'
cp "$root/tools/mutants/label-offset.sed" tools/mutants/
report "a fault that this CPU cannot show is skipped, and says so"

# breaks CHECK FILE TEXT PATTERN NAME: appended to FILE, TEXT makes CHECK fail with PATTERN.
breaks() {
    local old=
    [ -e "$2" ] && old=$(cat "$2"; echo .)
    mkdir -p "$(dirname "$2")"
    printf '%b' "$3" >>"$2"
    run "$1"
    expect_status 1
    expect_said "^$2:.*$4"
    report "$5"
    if [ -n "$old" ]; then printf '%s' "${old%.}" >"$2"; else rm "$2"; fi
}
breaks tools/check-layers core/base/die.h '#include "core/linalg/gemm.h"\n' 'base may not include linalg' \
    "base includes nothing"
breaks tools/check-layers core/report/run.h '#include "core/model/mae.h"\n' 'report may not include model' \
    "report knows no models"
breaks tools/check-layers core/model/mae.h '#  include "core/train/loss.h"\n' 'model may not include train' \
    "an arrow does not turn round, spaces or not"
breaks tools/check-layers core/base/tsv.c '#include "die.h"\n' 'from the root' "includes are written from the root"
breaks tools/check-layers core/misc/bag.c '#include "core/base/die.h"\n' 'unknown room misc' "there is no room misc"
breaks tools/check-layers experiments/98-one/main.c '#include "experiments/02-rank-curves/report.h"\n' \
    'from the root' "experiments do not include each other"
breaks tools/check-text core/base/tsv.c '// TO''DO: later\n' 'unfinished' "unfinished business is refused"
breaks tools/check-text mk/build.mk 'CFLAGS += -ffast-''math\n' 'reorder' "fast-math is refused"
breaks tools/check-text tools/deps '# see /ho''me/me/notes\n' 'one machine' "a path of one machine is refused"
breaks tools/check-text core/base/tsv.c "// $(printf 'wide %.0s' $(seq 20))\n" '103 columns wide' "a comment wider than 100 columns is refused"
breaks tools/check-text tests/base/test_tsv.c '/// Documented.\nstatic int documented(void);\n' 'static function' \
    "/// on a static function is refused"
breaks tools/check-text core/base/tsv.h '// What stands behi''nd it.\n' 'write after' "a word that has to be decoded is refused"
breaks tools/check-text mk/build.mk '# Th''us.\n' 'write after' "such a word in a makefile, too"
breaks tools/check-text core/base/long.c "$(printf '\\n%.0s' $(seq 401))" '400' "a file of 401 lines is refused"
breaks tools/check-text tools/broken '#!/bin/sh\nif true; then\n' '' "a shell script that does not parse is refused"
mkdir -p built/experiments/03-segmentation
cp "$built/experiments/03-segmentation/"{main,code.key.list} built/experiments/03-segmentation/
run tools/check-keys built
expect_status 0
report "a key covers what its program is made of"
sed -i '/core.base.rng.c/d' built/experiments/03-segmentation/code.key.list
run tools/check-keys built
expect_status 1
expect_said 'its key misses core/base/rng.c$'
report "a key that misses a source is refused"
touch core/base/mae.h
run tools/check-text
expect_status 1
expect_said '^mae.h: a name that two'
report "two files of core do not share a name"

mkdir -p "$work/claimed/paper" "$work/claimed/experiments/01-one" "$work/claimed/experiments/02-two"
cd "$work/claimed" || exit 4
claims() { # claims ROW...: a table of these rows, ID/TARGET/EXPERIMENT
    { echo id target experiment; printf '%s\n' "$@"; } | tr ' /' '\t' >paper/claims.tsv
}
program() { # program FOLDER TARGET CODE...
    { printf '// target: %s\n' "$2"; printf '%s\n' "${@:3}"; } >"experiments/$1/main.c"
}
check='static const struct check checks[] = { {"eq1", .residual = one,'
program 01-one first "$check" '.test = "a"}, {' '"eq2.corrected", .violation = two}};'
program 02-two second 'study_judge(study, "figure1.rises",' '    parts, 1, 0, "paired bootstrap", "");'
departures() { # departures TOUCHES...: a table of departures with these last cells
    printf '| what | here | touches |\n| --- | --- | --- |\n' >paper/deviations.md
    printf '| a \\| b | c | %s |\n' "$@" >>paper/deviations.md
}
departures 'eq1, eq2.*' 'figure1.rises'
sound=(eq1/first/01-one eq2.corrected/first/01-one figure1.rises/second/02-two)
claims "${sound[@]}"
run "$root/tools/check-claims"
expect_status 0
report "claims that their experiments judge, and no others, are in order"

# refuses PATTERN NAME: check-claims fails on the tree as it is.
refuses() {
    run "$root/tools/check-claims"
    expect_status 1
    expect_said "$1"
    report "$2"
}
claims "${sound[@]}" eq3/first/01-one
refuses '^paper/claims.tsv: eq3: not judged by 01-one$' "a row that its experiment does not judge is refused"
echo '// "eq3"' >>experiments/01-one/main.c
refuses 'eq3: not judged by 01-one$' "a comment judges nothing"
claims "${sound[@]}" eq3/third/03-three
refuses 'eq3: no experiments/03-three/main.c$' "a row without an experiment is refused"
claims "${sound[@]:1}"
refuses '^experiments/01-one: judges eq1, which is no row' "a check without a row is refused"
claims "${sound[@]:0:2}" figure1.rises/first/01-one
refuses '^experiments/02-two: judges figure1.rises, a row of 01-one$' "so is one of another experiment's rows"
claims "${sound[@]:0:2}" figure1.rises/first/02-two
refuses 'figure1.rises: target first, of 02-two second$' "a row names the target of its experiment"
claims "${sound[@]}"
departures 'eq1' 'eq1, eqs'
refuses "^paper/deviations.md:4: 'eqs' is the id of no claim$" "a departure that touches no claim of the table is refused"
departures 'eq2'
refuses "'eq2' is the id of no claim$" "the beginning of an id is no id"
finish
