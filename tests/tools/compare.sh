#!/bin/bash
# What is compared with the reference, and what one claim has to say: tools/claim, diff-reference, diff-run and
# ledger-picture on a small project. Prints TAP.
. tests/tap
root=$PWD
mkdir -p "$work/small/paper" && cd "$work/small" || exit 4
ln -s "$root/figures" figures
row() { local IFS=$'\t'; printf '%s\n' "$*"; }
write() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
{
    row id origin place statement printed wording effect quantity unit kind margin margin_source data tier target experiment
    row eq1 paper 'Eq. 1' 'x = y' '' equation '' residual 1 identity 1e-9 rounding none smoke first 01-one
    row table1.lp paper 'Table 1' 'A beats B' 2.0 '' 2.0 gap points ordering '' '' any desk first 01-one
    row table1.minus paper 'Table 1' 'A minus B' 2.0 '' '' difference points arithmetic '' '' none smoke first 01-one
} >paper/claims.tsv
ledger() { # ledger FILE VERDICT ESTIMATE
    { row id verdict estimate low high n test reason scale finding
      row eq1 REPRODUCED 0 nan nan 9 instances '' '' ''
      row table1.lp "$2" "$3" 1 2 100 bootstrap '' 'trained for 4 epochs' 'the least of 2'
      row table1.minus REPRODUCED 2 nan nan 0 subtracted '' '' ''; } | write "$1"
}
result() { # result FOLDER GAP WEIGHTS CODE
    { row key value low high n unit; row gap "$2" 1 2 100 points; row other 7 nan nan 0 1; } | write "$1/result.tsv"
    { row what value keyed; row key x 0; row code "$4" 1; row 'test data digest' d 1; row 'weights m75-h3' "$3" 1; row seconds "$2" 0; } |
        write "$1/provenance.tsv"
}
theirs=results/reference/smoke-planted
ledger $theirs/ledger.tsv TREND-ONLY 1.5
result $theirs/01-one 1.5 w c

run "$root/tools/claim" table1.lp mine smoke-planted
expect_status 0
expect_said '^place +Table 1$'
expect_said '^published +2.0$'
expect_said '^estimate +gap points$'
expect_said '^reference +TREND-ONLY: 1.5 \[1, 2\] points, n = 100$'
expect_said 'bootstrap; trained for 4 epochs; the least of 2$'
expect_said '^yours +not judged yet$'
expect_said '^command +make first$'
expect_said '^chapter +experiments/01-one/main.c$'
expect_said ' mine/smoke-planted/01-one$'
report 'a claim says what it is, what was found, and how to find it again'
ledger "my own/smoke-planted/ledger.tsv" REPRODUCED 1.75
run "$root/tools/claim" table1.lp 'my own' smoke-planted
expect_status 0
expect_said '^reference +TREND-ONLY: 1.5 '
expect_said '^yours +REPRODUCED: 1.75 '
expect_said ' my own/smoke-planted/01-one$'
report 'results may be in a folder with a space in its name'

ledger a=b/smoke-planted/ledger.tsv REPRODUCED 1.75
result a=b/smoke-planted/01-one 1.5 w c
run "$root/tools/claim" table1.lp a=b smoke-planted
expect_said '^reference +TREND-ONLY: 1.5 '
expect_said '^yours +REPRODUCED: 1.75 '
run "$root/tools/diff-reference" a=b smoke-planted
expect_said '^    table1.lp: reference TREND-ONLY, yours REPRODUCED$'
report 'or with a sign that awk reads otherwise'

run "$root/tools/claim" tabel1.lp mine smoke-planted
expect_status 2
expect_line '^claim-tabel1.lp: no claim of the paper has this id \(perhaps one of: table1.lp\)$'
report 'a wrong id is one line with what is near'
run "$root/tools/claim" zzzz mine smoke-planted
expect_status 2
expect_line 'the first column of paper/claims.tsv has all\)$'
report 'also where nothing is near'

run "$root/tools/diff-reference" mine smoke-planted
expect_status 3
expect_line 'nothing in mine/smoke-planted that the reference has'
report 'without a result there is nothing to compare'
run "$root/tools/diff-reference" mine desk-planted
expect_status 3
expect_line 'no reference at results/reference/desk-planted'
report 'nor without a reference'

ledger mine/smoke-planted/ledger.tsv TREND-ONLY 1.5
result mine/smoke-planted/01-one 1.5 w c
run "$root/tools/diff-reference" mine smoke-planted
expect_status 0
expect_said '^01-one: the same numbers and verdicts$'
report 'what is the same is said to be'
result mine/smoke-planted/01-one 1.5 w another
run "$root/tools/diff-reference" mine smoke-planted
expect_status 0
expect_said 'the same numbers and verdicts, though not the same path$'
report 'also when it came by another path'

ledger mine/smoke-planted/ledger.tsv NOT-REPRODUCED 0.25
result mine/smoke-planted/01-one 0.25 v another
run "$root/tools/diff-reference" mine smoke-planted
expect_status 1
expect_said '^01-one: 2 differ; the paths part at$'
[ -n "$wrong" ] || [ "$(sed -n '2,3s/:.*//p' "$work/out" | tr -d ' ' | paste -sd ' ')" = 'weights sources' ] || wrong='weights do not come before sources'
expect_said '^    table1.lp: reference TREND-ONLY, yours NOT-REPRODUCED$'
expect_said '^    gap: reference 1.5, yours 0.25, -2.5 half intervals$'
report 'a difference is told in units of the interval, after where the paths part'

log() { row epoch updates loss learning_rate images_per_second weights_sha256; for at in "$@"; do row "${at%%:*}" "${at%%:*}0" "0.${at%%:*}" 1e-3 99 "${at#*:}"; done; }
run "$root/tools/diff-run" m75-h3 mine smoke-planted
expect_status 3
expect_line 'no log mine/smoke-planted/runs/m75-h3/log.tsv \(make pretrain RUN=m75-h3 trains it\)'
log 1:a 2:b 3:c | write mine/smoke-planted/runs/m75-h3/log.tsv
run "$root/tools/diff-run" m75-h3 mine smoke-planted
expect_status 3
expect_line 'have a log of m75-h3'
report 'a training without a log, here or there, is one line'
log 1:a 2:b 3:c | write $theirs/00-pretrain/m75-h3/log.tsv
run "$root/tools/diff-run" m75-h3 mine smoke-planted
expect_status 0
expect_said '^3 epochs compared .*: the same weights, bit for bit$'
log 1:a 2:x 3:y | write mine/smoke-planted/runs/m75-h3/log.tsv
run "$root/tools/diff-run" m75-h3 mine smoke-planted
expect_status 1
expect_said '^epoch 2 \(20 updates\) is the first that differs'
report 'the first epoch that differs is named'

run "$root/tools/ledger-picture" mine smoke-planted
expect_status 0
[ -n "$wrong" ] || [ "$(cut -f2,3,4,8 mine/smoke-planted/ledger-picture.tsv | tail -n 1)" = "first	2	1	1" ] || wrong='other counts'
for format in svg pdf png; do [ -s "mine/smoke-planted/ledger-picture.$format" ] || wrong="no $format"; done
expect_said '^mine/smoke-planted/ledger-picture.svg: the claims of mine/smoke-planted/ledger.tsv '
report 'the ledger is drawn, without the subtractions'
rm -f mine/smoke-planted/*/provenance.tsv
run "$root/tools/ledger-picture" mine smoke-planted
expect_status 0
expect_said "the claims of $theirs/ledger.tsv "
report 'that of the reference, where nothing was run'
finish
