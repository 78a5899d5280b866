#!/bin/bash
# One binary, any x86-64: a short training on emulated CPUs without AVX and without AVX-512. With the same
# OpenBLAS kernel an emulated CPU must reach the bits of this one, whichever clones and kernels of ours it
# picked: in fp32, and in bf16 and bf16-dot, whose bits are those of AMX tiles and VDPBF16PS on every CPU.
# Prints TAP; `make smoke-qemu` runs it.
. tests/tap
pretrain=$BUILD/experiments/00-pretrain/main
cases="Nehalem_fp32 Haswell_fp32 Haswell_bf16 Haswell_bf16-dot"

# train FOLDER CASE [EMULATOR...]: one update, which uses every kernel of ours, in the place of this process. The core
# type is named, so that the program need not execute itself again, which would leave the emulation. The emulator
# lists every page of reserved addresses, so arenas are given fewer than they would take.
train() {
    local folder=$work/$1 kernel=${2%_*} arithmetic=${2#*_}
    shift 2
    ulimit -v 16000000
    exec env OPENBLAS_CORETYPE="$kernel" "$@" "$pretrain" --tier=smoke --data=planted --run=m75-h3 --epochs=0.001 \
        --arithmetic="$arithmetic" --threads=1 --results="$folder"
}
natively() (train "native-$1" "$1")
weights_of() { echo "$work/$1/smoke-planted/weights/m75-h3.safetensors"; }

# emulate CASE: the same in an emulator, up to the weights. What follows, the loss on test images, takes minutes there.
emulate() {
    local process
    train "$1" "$1" qemu-x86_64-static -cpu "${1%_*}" >"$work/$1.out" 2>"$work/$1.err" &
    process=$!
    until [ -e "$(weights_of "$1")" ] || ! kill -0 $process 2>/dev/null; do sleep .1; done
    kill -KILL $process 2>/dev/null
    wait $process 2>/dev/null
}

# An emulated training takes a minute, so all run at once.
if command -v qemu-x86_64-static >/dev/null; then
    for case in $cases; do emulate $case & done
fi
for case in $cases; do
    cpu=${case%_*}
    name="an emulated $cpu trains in ${case#*_} to the bits of this CPU with OpenBLAS's $cpu kernel"
    if ! command -v qemu-x86_64-static >/dev/null; then
        skip "$name" "qemu-x86_64-static is not installed"
    elif [ $cpu = Haswell ] && ! grep -qm1 ' avx2 ' /proc/cpuinfo; then
        skip "$name" "this CPU has no AVX2 to compare with"
    else
        run natively $case
        expect_status 0
        wait
        cat "$work/$case.out" >>"$work/out"
        cat "$work/$case.err" >>"$work/err"
        [ -n "$wrong" ] || cmp -s "$(weights_of native-$case)" "$(weights_of $case)" ||
            wrong="the weights differ, or there are none"
        report "$name"
    fi
done
finish
