#!/bin/bash
# tools/run-tests counts what it should and fails when it must, on made-up runners.
. tests/tap
mkdir "$work/fake"

# runner TAP STDERR STATUS: a Criterion runner that reports the TAP lines given, and leaves its words in fake/words.
runner() {
    printf '%b' "$1" >"$work/fake/tap"
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s"\nfor word; do case $word in --tap=*) cp "%s" "${word#--tap=}" ;; esac; done\necho "%s" >&2\nexit %d\n' \
        "$work/fake/words" "$work/fake/tap" "$2" "$3" >"$work/fake/run"
    chmod +x "$work/fake/run"
    run tools/run-tests "$work/report" fake="$work/fake/run"
}
last() { [ -n "$wrong" ] || [ "$(tail -n 1 "$work/out")" = "$1" ] || wrong="the last line is not '$1'"; }

runner '1..4\nok - a::b\nok - c::d\nok - c::e # SKIP needs data\nok - c::e # SKIP needs data\n' '' 0
expect_status 0
last '2 passed, 0 failed, 2 skipped'
expect_said 'skipped: c::e .*needs data \(2 times\)'
[ "$(cat "$work/report/counts")" = '2 0 2' ] || wrong="counts say $(cat "$work/report/counts")"
report "passes and skips are counted, skips with their reason"

runner '1..2\nok - a::b\nnot ok - c::d\n  ---\n  assertions: 1\n' 'the output of c::d' 1
expect_status 1
last '1 passed, 1 failed, 0 skipped'
expect_said 'the output of c::d'
report "a failed test fails, and its output is shown"

runner '1..0\n' '' 0
expect_status 1
expect_said 'ran no test'
report "no test at all fails"

runner '1..3\nok - a::b\nok - c::d\n' '' 0
expect_status 1
expect_said 'ended after 2 of 3'
report "a runner that ends before its last test fails"

runner '1..1\nok - a::b\n' '' 139
expect_status 1
expect_said 'exit 139'
report "a runner that dies fails though every test passed"

runner '1..1\nok - a::b\n' '==1==ERROR: LeakSanitizer: detected memory leaks' 0
expect_status 1
expect_said 'memory leak'
report "a leak fails though every test passed"

runner '1..1\nok - a::b\n' 'WARNING: ThreadSanitizer: data race (pid=1)' 0
expect_status 1
expect_said 'data race'
report "a data race fails though every test passed"

runner '1..1\nok - c::d # SKIP needs data\n' '' 0
expect_status 1
report "nothing but skips is no success"

runner '1..1\nok - a::b\n' '' 0
run tools/run-tests "$work/report" fake="$work/fake/run --filter '@(a|b)/*'"
expect_status 0
last '1 passed, 0 failed, 0 skipped'
[ "$(grep -A 1 -x -e --filter "$work/fake/words")" = $'--filter\n@(a|b)/*' ] || wrong="its words are $(paste -sd' ' "$work/fake/words")"
report "a runner may be given options"

# Criterion reports what its filter leaves out as skipped, without a reason of the test's.
runner '1..4\nok - a::b\nok - a::c # SKIP needs data\nok - d::e # SKIP test was skipped\nok - d::f # SKIP test was skipped\n' '' 0
last '1 passed, 0 failed, 3 skipped'
run tools/run-tests "$work/report" fake="$work/fake/run --filter 'a/*'"
expect_status 0
last '1 passed, 0 failed, 1 skipped'
expect_said 'skipped: a::c .*needs data$'
! grep -q 'd::' "$work/out" || wrong='it names a test that was left out'
report "what a filter leaves out does not count"

runner '1..2\nok - a::b # SKIP test was skipped\nok - a::c # SKIP test was skipped\n' '' 0
run tools/run-tests "$work/report" fake="$work/fake/run --filter 'd/*'"
expect_status 1
expect_said 'ran no test'
report "a filter that leaves out all is no success"

run tools/run-tests "$work/report" script='printf "ok 1 - a\nok 2 - b # skip no tool\n"' bad='false'
expect_status 1
last '1 passed, 1 failed, 1 skipped'
report "scripts count like runners"

# side_by_side VARIABLE=VALUE: two scripts, of which the first ends after the second has begun.
side_by_side() {
    rm -f "$work/second"
    run env "$1" TEST_SECONDS=60 tools/run-tests "$work/report" \
        first="sh -c 'until [ -e $work/second ]; do sleep .01; done; echo ok 1 - a'" \
        second="sh -c 'echo >$work/second; echo ok 1 - b'"
    expect_status 0
    [ "$(grep -oE '^(first|second)' "$work/out" | paste -sd' ')" = 'first second' ] || wrong="not in their order"
}
side_by_side TEST_JOBS=2
report "scripts run side by side, and are reported in their order"

if [ "$(tools/cpus)" -ge 2 ]; then
    side_by_side OMP_NUM_THREADS=1
    report "also below make, where a program's libraries have one thread"
else
    skip "also below make, where a program's libraries have one thread" 'one CPU'
fi

run env TEST_SECONDS=1 tools/run-tests "$work/report" script='sh -c "echo ok 1 - a; exec sleep 60"'
expect_status 1
expect_said 'stopped after 1 s'
last '1 passed, 1 failed, 0 skipped'
report "a program that hangs is stopped and fails"

# gone: whether the child ends in a few seconds. One that has ended may still have its number, but no command line.
gone() {
    local i
    for ((i = 0; i < 100; i++)); do
        tr -d '\0' 2>/dev/null <"/proc/$(cat "$work/child")/cmdline" | grep -q . || return 0
        sleep .05
    done
    return 1
}
child="sh -c 'sleep 60; :' & echo \$! >$work/child; wait"
printf '%s\n' "$child" >"$work/fake/with-child"
run env TEST_SECONDS=1 tools/run-tests "$work/report" script="sh $work/fake/with-child"
expect_status 1
expect_said 'stopped after 1 s'
gone || wrong="its child is left"
report "so is what it has started"

printf '#!/bin/sh\n%s\n' "$child" >"$work/fake/run"
for program in "sh $work/fake/with-child" "$work/fake/run"; do
    rm "$work/child"
    tools/run-tests "$work/report" fake="$program" >"$work/out" 2>"$work/err" &
    until [ -s "$work/child" ] || ! kill -0 $! 2>/dev/null; do sleep .01; done
    kill -TERM $!
    wait $!
    status=$?
    expect_status 4
    gone || wrong="a child of $program is left"
done
report "an interruption ends programs and runners, with what they have started"
printf '#!/bin/sh\necho "ok 1 - npy accepts a"\nexit 1\n' >"$work/fake/npy"
chmod +x "$work/fake/npy"
run tests/fuzz/replay "$work/fake" npy
expect_said '^ok - npy accepts a$'
expect_said '^not ok - npy: ended with 1 at '
expect_said '^1\.\.2$'
report "a reader that a sanitizer ends fails, whatever it accepted before"
finish
