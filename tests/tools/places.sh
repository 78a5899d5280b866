#!/bin/bash
# Words and places as users write them: variables that are misspelt or come from the environment, folders with
# a space or a colon in their names, readers that go away, and what `make clean` may remove.
# shellcheck disable=SC1091,SC2034,SC2154,SC2016
. tests/tap
build=$BUILD
type_make() {
    make_built OFFLINE=1 CIFAR10_DIR="$work/nothing" "$@"
}

echo "# variables"
type_make help TEIR=smoke
expect_status 2
expect_line 'TEIR: no such variable; did you mean TIER\?'
report "a variable that does not exist suggests the nearest one"
type_make help REASON='a b=c' TIER=smoke V=1 CC=gcc flags.release=-O3 QUICK=1
expect_status 0
report "those that a makefile names or sets are known, whatever their values"
# make itself sets or takes these from the environment.
own='CURDIR|HOME|PATH|MAKE|MAKE[A-Z_]*'
for name in $(grep -ohE '\$\([A-Z][A-Z0-9_]*\)' Makefile mk/*.mk | tr -d '$()' | sort -u | grep -vxE "$own"); do
    grep -qE "^(override )?$name *[:?+]?=|^## $name " Makefile mk/*.mk || wrong="${wrong:+$wrong; }$name is read and nowhere set or listed"
done
report "every variable that a makefile reads may be given"

run env SEED=7 MODE=release OFFLINE=1 "$MAKE" --no-print-directory help BUILD_ROOT="${build%/*}"
expect_status 0
expect_line '^make: taken from the environment: SEED=7 MODE=release$'
report "what is taken from the environment is said, but not what belongs there"

echo "# places"
run env HOME="$work" "$MAKE" --no-print-directory --dry-run figure1 TIER=smoke RESULTS='~/a b' BUILD_ROOT="${build%/*}"
expect_status 0
expect_said "results='$work/a b'"
run env HOME="$work" "$MAKE" --no-print-directory --dry-run table1 TIER=paper DATA=imagefolder WEIGHTS='~/a b/vit.safetensors' \
    BUILD_ROOT="${build%/*}"
expect_status 0
expect_said "weights='$work/a b/vit.safetensors'"
run env HOME="$work" "$MAKE" --no-print-directory --silent imagenet-check IMAGENET_DIR='~/none' BUILD_ROOT="${build%/*}" MODE="${build##*/}"
expect_status 2
expect_line "$work/none"
report "a ~ that the shell has left is the home folder"
type_make help BUILD_ROOT="$work/a b"
expect_status 2
expect_line "BUILD_ROOT='$work/a b': make cannot name"
[ ! -e "$work/a" ] || wrong="a folder was made"
report "a build in a folder that make cannot name is one line"
mkdir -p "$work/both/smoke-planted"
for folders in "BUILD_ROOT=$work/both RESULTS=$work/both/../both/" 'BUILD_ROOT=data'; do
    # shellcheck disable=SC2086 # two words
    type_make clean $folders
    expect_status 2
    expect_line "is the folder of results or of data too \(give another\)"
done
[ -e "$work/both/smoke-planted" ] || wrong="results were removed"
report "a folder for builds and for results is refused, as clean would empty it of both"

# Two updates, and what is computed of them, in a folder of such a name.
results="$work/it's a:b"
type_make figure1 TIER=smoke EPOCHS=.004 RESULTS="$results" V=1
expect_status 0
expect_said "^tools/run-experiment '.*' .*/01-structure/main --tier=smoke"
expect_said "00-pretrain/main --run='m75-h3'"
[ -s "$results/smoke-planted/01-structure/figure1.png" ] || wrong="no figure"
report "results may be in a folder with a quote, a space and a colon; V=1 shows the programs"
cmp -s <(echo smoke-planted) "$results/.maskbook" || wrong="not listed as made here"
report "what was made is listed"

# The result stands though its reader has seen enough.
for force in '' FORCE=1; do
    ("$MAKE" --no-print-directory -s BUILD_ROOT="${build%/*}" MODE="${build##*/}" figure1 TIER=smoke EPOCHS=.004 \
        RESULTS="$results" $force; echo $? >"$work/status") 2>"$work/err" | head -n 1 >"$work/out"
    [ "$(cat "$work/status")" = 0 ] || wrong="exit $(cat "$work/status") with '$force'"
    [ -s "$work/out" ] && [ ! -e "$results/smoke-planted/01-structure/error.txt" ] || wrong="an error is recorded"
done
report "a reader that goes away is no failure of an experiment"
("$MAKE" --no-print-directory help; echo $? >"$work/status") 2>"$work/err" | head -n 1 >"$work/out"
[ "$(cat "$work/status")" = 0 ] && [ ! -s "$work/err" ] || wrong="exit $(cat "$work/status")"
report "nor of help"

type_make figure2 TIER=desk DATA=planted SHIPPED=0 RESULTS="$results"
expect_status 2
expect_line '^02-rank-curves: no weights of m50-h3 \('
where="make pretrain RUN=m50-h3 TIER=desk DATA=planted RESULTS='${results//\'/\'\\\'\'}'; hours"
[ -n "$wrong" ] || grep -qF -- "$where" "$work/err" || wrong="it does not say: $where"
report "a message calls the experiment by its name, and its remedy says where"

echo "# clean"
copy=$work/copy
mkdir -p "$copy"
cp -a Makefile mk tools "$copy/"
cd "$copy" || exit 4
make_copy() { run "$MAKE" --no-print-directory MODE=release "$@"; }
mkdir -p "$work/theirs/results/desk-cifar10" "$work/theirs/build/release" data
for file in results/thesis.tex results/desk-cifar10/notes build/notes.txt build/release/plan; do
    echo precious >"$work/theirs/$file"
done
echo precious >data/mine
(cd "$work" && find theirs -type f) | sort >"$work/before"
run env RESULTS="$work/theirs/results" "$MAKE" --no-print-directory distclean YES=1 BUILD_ROOT="$work/theirs/build"
expect_status 0
expect_said 'left in .*/theirs/build, not made here: notes.txt release'
expect_said 'left in .*/theirs/results, not made here: desk-cifar10 thesis.tex'
expect_said 'left in data, not made here: mine'
(cd "$work" && find theirs -type f) | sort | cmp -s - "$work/before" || wrong="files of others are gone"
[ -e data/mine ] || wrong="data/mine is gone"
report "distclean leaves what was not made here, and says so"

echo 'int main(void) { return 0; }' >tools/nothing.c
make_copy BUILD_ROOT="$work/theirs/build" "$work/theirs/build/release/tools/nothing.o"
expect_status 2
expect_line 'build/release: holds what was not made here, and would be compiled into \(give another BUILD_ROOT, or empty it\)'
mkdir "$work/theirs/build/lint"
tools/clean --make "$work/theirs/build" lint && tools/clean --make "$work/theirs/build" mutants || wrong='it could not be made'
[ "$(cat "$work/theirs/build/.maskbook")" = mutants ] || wrong="listed as made here: $(cat "$work/theirs/build/.maskbook")"
tools/clean "$work/theirs/build" >/dev/null
[ -d "$work/theirs/build/lint" ] && [ ! -e "$work/theirs/build/mutants" ] || wrong='lint is gone, or mutants is left'
rmdir "$work/theirs/build/lint"
(cd "$work" && find theirs -type f) | sort | cmp -s - "$work/before" || wrong="files have changed"
report "what another has in a build folder is not compiled into, nor ever listed as made here"

mkdir -p "$work/hidden/release"
echo secret >"$work/hidden/release/.env"
make_copy BUILD_ROOT="$work/hidden" "$work/hidden/release/tools/nothing.o"
expect_status 2
expect_line 'hidden/release: holds what was not made here'
[ ! -e "$work/hidden/.maskbook" ] && [ "$(cat "$work/hidden/release/.env")" = secret ] || wrong='it is taken over'
report "neither is it where it is hidden"

make_copy BUILD_ROOT="$work/theirs/build" MODE=debug "$work/theirs/build/debug/tools/nothing.o"
expect_status 0
[ -e "$work/theirs/build/debug/tools/nothing.o" ] || wrong="nothing was compiled"
for gone in debug debug/.flags; do
    rm -r "$work/theirs/build/$gone"
    rm -f "$work/theirs/build/debug/tools/nothing.o"
    make_copy BUILD_ROOT="$work/theirs/build" MODE=debug "$work/theirs/build/debug/tools/nothing.o"
    expect_status 0
    [ -e "$work/theirs/build/debug/tools/nothing.o" ] || wrong="nothing was compiled after $gone was removed"
done
"$root/tools/run-experiment" "$work/theirs/results/smoke-planted/01-x" false 2>/dev/null
[ -e "$work/theirs/results/smoke-planted/01-x/error.txt" ] || wrong="no error.txt"
make_copy distclean YES=1 BUILD_ROOT="$work/theirs/build" RESULTS="$work/theirs/results"
expect_status 0
(cd "$work" && find theirs -type f) | sort | cmp -s - "$work/before" || wrong="not what was there before: $(cd "$work" && find theirs -type f | paste -sd' ')"
report "clean and distclean remove what was made in folders of others"

make_copy build/release/tools/nothing.o
expect_status 0
make_copy clean
expect_status 0
[ ! -e build ] || wrong="build is still there"
[ ! -s "$work/out" ] || wrong="it said something"
report "a folder with nothing else in it goes too"
printf '../copy/data\n/tmp\n\n.\n..\n' >data/.maskbook
make_copy distclean YES=1
[ -e data/mine ] || wrong="data/mine is gone"
report "a list that names other folders removes nothing there"
cd "$root" || exit 4
finish
