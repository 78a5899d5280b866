#!/bin/bash
# The weaver on a tree of a few claims: what it puts in, and what ends a build. Prints TAP.
. tests/tap
tree=$work/tree
mkdir -p "$tree"/{paper,core/x,experiments/01-a,experiments/02-b,results/desk-x/01-a,results/reference/desk-x/01-a}
weaver=("$root"/tools/weave/{tables,words,parts,documents,weave}.awk)
printf '%s\n' 'id	place	statement	printed	origin	wording	effect	kind	margin	margin_source	data	tier	target	experiment	quantity	unit' \
    'a.up	Table 9	$x_1$ rises | and a_2 with it, U_k^T s_i^2 a*_j sigma^2	1.20	paper		1.2	ordering		half	x	desk	table9	01-a	mean rise	points' \
    'c.no	Sec. 9	never built		paper	word		exact			none	smoke	section9	09-c	a verdict	1' \
    'c.no.corrected	Sec. 9	the right form		corrected			exact			none	smoke	section9	09-c	a verdict	1' >"$tree/paper/claims.tsv"
printf '%s\n' 'id	verdict	estimate	low	high	reason	scale	finding' \
    'a.up	NOT-REPRODUCED	-0.123456789	-0.15	-0.1		models trained for 3 epochs	a < b & *c* | d_e; -2 [-3, -1]' >"$tree/results/reference/desk-x/ledger.tsv"
printf '%s\n' 'key	value	low	high	n	unit' 'gain	-0.123456789	-0.15	-0.1	9	1' >"$tree/results/reference/desk-x/01-a/result.tsv"
printf '%s\n' '// target: table9' '/// # A title' '///' '/// It is @{gain ci}.' '/// @show core/x/f.c f' 'int a;' >"$tree/experiments/01-a/main.c"
printf '%s\n' '// target: b' '/// # Another' 'int b;' >"$tree/experiments/02-b/main.c"
printf '%s\n' 'int g(void);' 'int f(int x)' '{' '    return x;' '}' >"$tree/core/x/f.c"
printf '%s\n' '/// The contract.' 'int f(int x);' >"$tree/core/x/f.h"

# weave TEXT [RENDERING]: what a skeleton of these lines becomes.
weave() {
    printf '%s\n' "$1" >"$tree/s.md"
    run sh -c 'cd "$0" && shift && exec awk "$@"' "$tree" - -v rendering="${2:-book}" -v results=results/desk-x \
        -v reference=results/reference/desk-x -v figures=figures $(printf -- '-f %s ' "${weaver[@]}") s.md
}

weave '@chapter 01-a'
expect_status 0
expect_said '^It is −0\.123 \[−0\.150,.*−0\.100\]\.$'
expect_said '^/// The contract\.$'
expect_said '^int f\(int x\)$'
grep -q 'int g' "$work/out" && wrong='another function is quoted'
report 'a page gets its number with the interval, and a function with its contract'

weave '@ledger'
expect_status 0
expect_said 'v-not-reproduced.*\$x_1\$ rises \\\| and a~2~ with it, U~k~\^T\^ s~i~\^2\^ a\\\*~j~ σ\^2\^'
expect_said 'v-not-run.*never built'
expect_said '\| 1\.20 \| .*−0\.123.*\[−0\.150,.*−0\.100\]'
report 'the ledger has every claim, mathematics untouched, bars escaped, numbers as printed'

weave '@claims 01-a'
expect_said 'Found: a \\< b & \\\*c\\\* \\\| d~e~; −2 \\\[−3, −1\\\]; models trained for 3 epochs\. The number: mean rise, in points\.'
report 'special characters of a finding are escaped, its minus signs are such, and its number is named'

sed -i 's/-0.123456789	-0.15/-0.234567891	-0.25/' "$tree/results/reference/desk-x/01-a/result.tsv"
weave '@chapter 01-a'
expect_said '^It is −0\.235 \[−0\.250,.*−0\.100\]\.$'
report 'a result that changes changes the page'

weave '@{reference 01-a:gain %.1f} @{yours 01-a:gain} @{02-b:anything}'
expect_said '^−0\.2 – –$'
report 'a side that was not run is a dash'

ledger=$tree/results/reference/desk-x/ledger.tsv
cp "$ledger" "$work/ledger"
printf '%s\n' 'id	verdict	estimate	low	high	reason	scale	finding' 'a.up	NOT-RUN	nan	nan	nan	no weights: make pretrain		' >"$ledger"
weave '@{01-a:gain} @{01-a:gian}'
expect_status 0
expect_said '^−0\.23[0-9]* –$'
cp "$work/ledger" "$ledger"
report 'so is a number of an experiment that waits for weights, whose others stand'

weave '@{count} @{count tested} @{count NOT-RUN}'
expect_said '^3 1 2$'
report 'claims are counted'

weave '@counts' report
expect_said '\\verdictbar\{3\}\{\\barpart\{1\}\{not-reproduced\}.*\\barpart\{2\}\{not-run\}'
report 'the report gets LaTeX'

weave "$(printf 'a\n<!-- generated: claims -->\nold\n<!-- end -->\nb')" documents
expect_status 0
expect_said '^\| a\.up \| Table 9 \| \$x_1\$ rises \\\| and a_2 with it, U_k\^T s_i\^2 a\*_j sigma\^2 \| 1\.20 \|'
expect_said '^b$'
! grep -q '^old$' "$work/out" || wrong='the old part is still there'
report 'a document keeps its text and gets new parts'

# Each line ends the build, with its place and the word that is wrong.
while IFS='|' read -r text said; do
    weave "$text"
    expect_status 3
    expect_said "^s\.md:1: .*$said" err
    report "refused: $text"
done <<'END'
@{01-a:gian}|no result `gian` of 01-a
@{yours 01-a:gian}|no result `gian` of 01-a
@{01-a:gain ic}|ci, or a format
@{claim a.down printed}|no claim `a.down`
@{claim a.up colour}|no column `colour`
@show core/x/f.c h|no `h` is defined in core/x/f.c
@show core/x/h.c f|no file `core/x/h.c`
@section s.md 12. Verdicts|no section `12. Verdicts`
@chapter 03-c|no experiment `03-c`
@weave nowhere.md|no file `nowhere.md`
@grpah x|no directive `@grpah`
END

weave "$(printf '<!-- generated: grpah -->\n<!-- end -->')" documents
expect_status 3
expect_said '^s\.md:1: no part `grpah`' err
report 'an unknown part of a document is refused'

echo '@erratum a.up' >"$tree/paper/errata.md"
weave '@errata paper/errata.md'
expect_status 3
expect_said 'no erratum for `c\.no` \(add `@erratum c\.no` to paper/errata\.md\)' err
printf '@erratum c.no\n\nwhy\n' >"$tree/paper/errata.md"
weave '@errata paper/errata.md'
expect_status 0
expect_said 'c\.no\.corrected'
report 'a corrected claim without an erratum is refused'

weave "$(printf '@planted it is @{01-a:gian}\n@unplanted it is not\n')"
expect_status 0
expect_said '^it is not$'
report 'what is said of planted scenes stands where results are of them'

sed -i 's/gain ci/gian ci/' "$tree/experiments/01-a/main.c"
weave '@chapters'
expect_status 3
expect_said '^experiments/01-a/main\.c:4: no result `gian`' err
report 'an unknown key in a program names the line of the program'
finish
