#!/bin/bash
# The checks of the tree, each against a tree that breaks its rule.
. tests/tools/tap
mkdir -p "$work/tree"
cp -a core experiments tests tools Makefile mk .clang-format .clang-tidy "$work/tree/"
cd "$work/tree" || exit 4

run tools/check-layers
expect_status 0
report "the rooms as they are keep to their arrows"
run tools/check-text
expect_status 0
report "the text as it is keeps to its rules"

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
cp "$root/$BUILD/experiments/03-segmentation/"{main,code.key.list} built/experiments/03-segmentation/
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
finish
