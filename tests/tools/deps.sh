#!/bin/bash
# tools/deps, tools/doctor and tools/run-experiment on a made-up machine: fake tools stand first in PATH.
. tests/tap
unset NO_INSTALL
fake=$work/bin
mkdir "$fake"
# stand_in NAME SCRIPT: what NAME does on that machine.
stand_in() {
    printf '#!/bin/sh\n%s\n' "$2" >"$fake/$1"
    chmod +x "$fake/$1"
}
on_it() { run env PATH="$fake:$PATH" "$@"; }

# Everything is there but gnuplot-nox and libpng-dev, the latter removed but for its configuration.
stand_in dpkg-query 'for p; do case $p in -*|gnuplot-nox) ;; libpng-dev) echo "$p config-files" ;; *) echo "$p installed" ;; esac; done; exit 1'
stand_in apt-get 'echo "$@" >>"'"$work"'/asked"'
stand_in sudo 'exit 1'

stand_in id 'echo 0'
on_it tools/deps core
expect_status 0
[ "$(tail -n 1 "$work/asked")" = 'install -y --no-install-recommends libpng-dev gnuplot-nox' ] || wrong="asked for: $(cat "$work/asked")"
report "root installs what is missing, and only that"

rm "$work/asked"
on_it env NO_INSTALL=1 tools/deps core
expect_status 0
expect_line 'not installed because NO_INSTALL is set: apt-get install -y .* libpng-dev gnuplot-nox$'
[ ! -e "$work/asked" ] || wrong="apt-get was run"
report "NO_INSTALL=1 only prints"

stand_in id 'echo 1000'
on_it tools/deps core
expect_status 4
expect_line 'do, as root: apt-get install .*gnuplot-nox'
[ ! -e "$work/asked" ] || wrong="apt-get was run"
report "without root, where sudo would ask and there is no terminal, it prints the line and exits 4"

on_it tools/check "$fake/make" "$work/none" format-check
expect_status 4
expect_line 'do, as root: apt-get install .*gnuplot-nox'
! grep -q '^== ' "$work/out" || wrong="a stage was begun"
report "a check begins with what all its stages need"

stand_in sudo '[ "$1" != -n ] || shift; exec "$@"'
on_it tools/deps core
expect_status 0
grep -q 'install .*gnuplot-nox' "$work/asked" || wrong="apt-get was not run"
report "sudo that does not ask is used"

stand_in id 'echo 0'
stand_in apt-get 'echo "E: no such host" >&2; exit 100'
on_it tools/deps core
expect_status 4
expect_said 'could not be installed \(do, as root' err
report "a failed installation exits 4 with the line to type"

on_it tools/deps core book
expect_status 2
expect_line 'one group at a time \(usage: tools/deps'
on_it tools/deps everything
expect_status 2
expect_line 'usage: tools/deps'
report "an unknown group is a usage error"

stand_in dpkg-query 'for p; do case $p in -*) ;; *) echo "$p installed" ;; esac; done'
stand_in pandoc :
stand_in make 'echo "$*" >>"'"$work"'/made"; case " $* " in *" verdict "*) exit 2 ;; esac'
on_it tools/reproduce-all "$fake/make" smoke planted
expect_status 2
for target in 'all$' 'all-experiments TIER=smoke DATA=planted' 'verdict TIER=smoke .*VERDICT=--check' 'book TIER=smoke DATA=planted'; do
    [ -n "$wrong" ] || grep -qE " $target" "$work/made" || wrong="make was not told: $target"
done
report "a verdict that differs from the reference fails reproduce-all, after the book"
mkdir "$work/without"
for tool in bash sh awk env sed nproc cat grep; do ln -s "$(command -v $tool)" "$work/without/$tool"; done
rm "$fake/pandoc" "$work/made"
run env PATH="$fake:$work/without" tools/reproduce-all "$fake/make" smoke planted
expect_said '`tools/deps book` installs what it needs, then `make book TIER=smoke DATA=planted`'
! grep -q ' book ' "$work/made" || wrong='a book was made'
report "without pandoc it says how to get the book"
rm "$fake/make"

run tools/deps core --print
expect_status 0
for package in gcc make libopenblas0-pthread liblapacke-dev libcriterion-dev gnuplot-nox qemu-user-static; do
    expect_said "^$package\$"
done
report "--print lists a group, a package a line"

run env BUILD_ROOT="${BUILD%/*}" tools/doctor "$BUILD"
expect_status 0
expect_said 'core type +[A-Z]'
expect_said 'products +fp32 by .+, bf16 by .+, bf16-dot by '
expect_said 'arithmetic +(fp32|bf16|bf16-dot) for training, by [A-Z].*: the fastest here'
report "the doctor finds this machine well and names the kernel in force"

mkdir "$work/none"
printf '<?xml version="1.0"?><fontconfig><dir>%s/none</dir><cachedir>%s/none</cachedir></fontconfig>' "$work" "$work" >"$work/fonts.conf"
run env FONTCONFIG_FILE="$work/fonts.conf" CIFAR10_DIR="$work/none" tools/doctor "$BUILD"
expect_status 4
expect_said 'MISS +pictures +have no letters, as no font is found: tools/deps core'
expect_said "MISS +CIFAR-10 +CIFAR10_DIR=$work/none does not hold the six files"
report "without fonts, or with a folder that is not CIFAR-10, the doctor says so"

stand_in gnuplot 'exit 127'
mkdir "$work/less"
for tool in bash sh awk sed df head cut grep printf make env dirname cat uname; do
    ln -s "$(command -v $tool)" "$work/less/$tool"
done
run env PATH="$work/less" tools/doctor "$BUILD"
expect_status 4
expect_said 'MISS +gcc .*tools/deps core'
expect_said 'MISS +OpenBLAS'
report "without a compiler the doctor says what to do and exits 4"

run tools/run-experiment "$work/results/01-x" sh -c 'echo numbers; echo "x: no disk: why (do that)" >&2; exit 4'
expect_status 4
expect_said '^numbers$'
expect_line 'no disk'
[ "$(cat "$work/results/01-x/error.txt")" = 'exit 4: x: no disk: why (do that)' ] || wrong="error.txt says $(cat "$work/results/01-x/error.txt")"
report "a failed experiment leaves its last line in error.txt"
run env TMPDIR="$work/nowhere" tools/run-experiment "$work/results/01-x" true
expect_status 4
expect_line 'run-experiment: no temporary folder in .*/nowhere \(free space there, or set TMPDIR\)'
[ -s "$work/results/01-x/error.txt" ] || wrong='the error is gone'
report 'an experiment that could not be run is no success'
run tools/run-experiment "$work/results/01-x" true
expect_status 0
[ ! -e "$work/results/01-x/error.txt" ] || wrong="error.txt is still there"
report "a success removes it"

# The program says where it is once it can be ended, and saves for a moment when it is.
saves='trap "echo x: saved >&2; exit 4" TERM; echo ready >&2; while :; do sleep .05; done'
tools/run-experiment "$work/results/01-x" bash -c "$saves" 2>"$work/err" &
script=$!
until grep -q ready "$work/err" || ! kill -0 $script 2>/dev/null; do sleep .02; done
kill -TERM $script
wait $script
[ $? -eq 4 ] || wrong='it did not end as the program did'
[ "$(cat "$work/results/01-x/error.txt")" = 'exit 4: x: saved' ] || wrong="error.txt says $(cat "$work/results/01-x/error.txt")"
run tools/run-experiment "$work/results/01-x" true
tools/run-experiment "$work/results/01-x" sh -c 'echo ready >&2; exec sleep 60' 2>"$work/err" &
script=$!
until grep -q ready "$work/err" || ! kill -0 $script 2>/dev/null; do sleep .02; done
kill -TERM $script
{ wait $script; } 2>/dev/null
[ $? -eq 143 ] || wrong='what it ends at once has another status'
[ ! -e "$work/results/01-x/error.txt" ] || wrong='who ends it is told that it failed'
report "TERM goes on to the program, which may save, or ends at once"
finish
