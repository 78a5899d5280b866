#!/bin/bash
# One binary, any x86-64: a short training on emulated CPUs without AVX and without AVX-512. With the same
# OpenBLAS kernel an emulated CPU must reach the bits of this one, whichever clones of ours it picked.
# Prints TAP; `make smoke-qemu` runs it.
. tests/tools/tap
pretrain=$BUILD/experiments/00-pretrain/main
cpus="Nehalem Haswell"

# train FOLDER KERNEL [EMULATOR...]: one update, which uses every kernel of ours. The core type is named,
# so that the program need not execute itself again, which would leave the emulation.
train() {
    local folder=$work/$1 kernel=$2
    shift 2
    env OPENBLAS_CORETYPE="$kernel" "$@" "$pretrain" --tier=smoke --data=planted --run=m75-h3 --epochs=0.001 \
        --threads=1 --results="$folder"
}

# An emulated training takes a minute, so all run at once.
if command -v qemu-x86_64-static >/dev/null; then
    for cpu in $cpus; do
        train $cpu $cpu qemu-x86_64-static -cpu $cpu >"$work/$cpu.out" 2>"$work/$cpu.err" &
    done
fi
for cpu in $cpus; do
    name="an emulated $cpu trains to the bits of this CPU with OpenBLAS's $cpu kernel"
    if ! command -v qemu-x86_64-static >/dev/null; then
        skip "$name" "qemu-x86_64-static is not installed"
    elif [ $cpu = Haswell ] && ! grep -qm1 ' avx2 ' /proc/cpuinfo; then
        skip "$name" "this CPU has no AVX2 to compare with"
    else
        run train native-$cpu $cpu
        expect_status 0
        wait
        cat "$work/$cpu.out" >>"$work/out"
        cat "$work/$cpu.err" >>"$work/err"
        [ -n "$wrong" ] || cmp -s "$work"/{native-,}$cpu/smoke-planted/weights/m75-h3.safetensors ||
            wrong="the weights differ, or there are none"
        report "$name"
    fi
done
finish
