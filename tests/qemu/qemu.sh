#!/bin/bash
# One binary, any x86-64: an update on emulated CPUs without AVX and without AVX-512. With the same OpenBLAS
# kernel an emulated CPU must reach the bits of this one, whichever clones and kernels of ours it picked: in
# fp32, and in bf16 and bf16-dot, whose bits are those of AMX tiles and VDPBF16PS on every CPU.
# Prints TAP; `make smoke-qemu` runs it.
. tests/tap
update=$BUILD/tests/qemu/update
cases="Nehalem_fp32 Haswell_fp32 Haswell_bf16 Haswell_bf16-dot"

# train FOLDER CASE [EMULATOR...]: one update. The core type is named, as OpenBLAS would choose another kernel for
# every CPU. The emulator lists every page of reserved addresses, so arenas are given fewer than they would take.
train() {
    local folder=$work/$1 kernel=${2%_*} arithmetic=${2#*_}
    shift 2
    ulimit -v 16000000
    exec env OPENBLAS_CORETYPE="$kernel" "$@" "$update" "$arithmetic" "$folder"
}
natively() (train "native-$1" "$1")
emulated() (train "emulated-$1" "$1" qemu-x86_64-static -cpu "${1%_*}")

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
        [ -n "$wrong" ] || run emulated $case
        expect_status 0
        [ -n "$wrong" ] || cmp -s "$work/native-$case/weights.safetensors" "$work/emulated-$case/weights.safetensors" ||
            wrong="the weights differ, or there are none"
        report "$name"
    fi
done
finish
