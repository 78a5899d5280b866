#!/bin/bash
# Drives the real pretraining program at the smoke tier: killed by kill -9 in the middle and started
# again, and on 1, 2 and 3 threads, it ends with the same weights. Its path is the argument.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
program=${1:?the path of the program 00-pretrain}

train() { # train FOLDER THREADS: 188 updates, with one checkpoint, at update 100
    "$program" --tier=smoke --data=planted --run=m75-h6 --epochs=0.6 --results="$work/$1" --threads="$2"
}

# begin FOLDER THREADS: the same in the background as process $child, up to its checkpoint.
begin() {
    files "$1"
    # exec: $! is then the program itself, not a shell that waits for it.
    (
        exec "$program" --tier=smoke --data=planted --run=m75-h6 --epochs=0.6 --results="$work/$1" \
            --threads="$2" >"$work/out" 2>"$work/err" </dev/null
    ) &
    child=$!
    until [ -e "$checkpoint" ] || ! kill -0 "$child" 2>/dev/null; do sleep .01; done
}

files() { # files FOLDER: of that training
    at=$work/$1/smoke-planted
    weights=$at/weights/m75-h6.safetensors
    checkpoint=$at/runs/m75-h6/checkpoint.safetensors
    log=$at/runs/m75-h6/log.tsv
}

# expect_same FOLDER: the log's hash of the tensors, and the whole file, are those of the first training.
expect_same() {
    files "$1"
    [ -n "$wrong" ] || cmp -s "$weights" "$first_weights" || wrong='the weights differ'
    [ -n "$wrong" ] || [ "$(hash_in "$log")" = "$first_hash" ] || wrong='the logs differ'
    [ -n "$wrong" ] || [ ! -e "$checkpoint" ] || wrong='the checkpoint is still there'
}

hash_in() { # hash_in LOG: the column weights_sha256 of its last line
    awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "weights_sha256") at = i }
                END { print $at }' "$1"
}

run train one 1
expect_status 0
files one
first_weights=$weights first_hash=$(hash_in "$log")
[ -n "$wrong" ] || [ ${#first_hash} -eq 64 ] || wrong="the log ends with '$first_hash'"
report 'a training ends with weights and their hash in its log'

run cat "$at/00-pretrain/m75-h6/provenance.tsv"
expect_status 0
expect_said '^training arithmetic	(fp32|bf16|bf16-dot)	1$'
expect_said '^training kernel	(portable|OpenBLAS|A[MV]X.*)	0$'
expect_said '^CPU	.+	0$'
report 'its provenance names the arithmetic, the kernel and the CPU'

for threads in 2 3; do
    run train "threads$threads" "$threads"
    expect_status 0
    expect_same "threads$threads"
    report "$threads threads give the weights of one"
done

# Let some updates pass that the checkpoint does not know of.
begin killed 2
sleep .1
kill -9 "$child" 2>/dev/null
wait "$child" 2>/dev/null
status=$?
expect_status 137
[ -n "$wrong" ] || [ -e "$checkpoint" ] || wrong='no checkpoint is left'
[ -n "$wrong" ] || [ ! -e "$weights" ] || wrong='it had ended before'
report 'kill -9 leaves a checkpoint and no weights'

run train killed 3
expect_status 0
expect_said 'going on after update 100 of 188' err
expect_same killed
report 'started again, on other threads, it ends with the weights of an uninterrupted training'

begin interrupted 2
kill -TERM "$child" 2>/dev/null
wait "$child"
status=$?
expect_status 4
expect_said 'to go on: make pretrain RUN=m75-h6 TIER=smoke DATA=planted EPOCHS=0.6 RESULTS=' err
report 'an interruption ends with exit 4 and the command that goes on'

run train interrupted 1
expect_status 0
expect_same interrupted
report 'an interrupted training goes on to the same weights'

run train one 2
expect_status 0
expect_said 'up to date, 188 updates'
report 'weights that are there are not trained again'

finish
