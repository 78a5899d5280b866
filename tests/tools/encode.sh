#!/bin/bash
# encode as its users meet it: against an oracle for models without blocks, against itself in other
# ways to ask for the same, and everything that it must refuse. Takes the path of the program.
encode=$(realpath "$1")
. tests/tap
tensors() { "$root/tests/tensors.pl" "$@"; }
cd "$work" || exit 4

tensors weights none.safetensors 8 6 0 0 1 .3
tensors weights small.safetensors 4 12 2 1 3 .3
tensors weights silent.safetensors 4 12 2 1 0 .3
tensors weights alone.safetensors 4 12 2 - 3 .3
tensors weights bare.safetensors 4 12 2 - 3 .3 bare
tensors weights huge.safetensors 4 12 1 1 3 3e38
tensors npy images.npy '<f4' 5,3,32,32 .1 -.7 1 .25 -1 0 .9

# also COMMAND...: the test goes on with COMMAND, which must succeed as well.
also() {
    [ -n "$wrong" ] || { "$@" >>"$work/out" 2>>"$work/err" || wrong="failed: $*"; }
}
absent() { [ ! -e "$1" ]; }
differ() { ! cmp -s "$1" "$2"; }
shows() { # FILE PATTERN: what the array begins with
    tensors show "$1" | grep -qE "^$2"
}
good() { # ARGUMENTS...: encode must succeed
    run "$encode" "$@"
    expect_status 0
}

for layer in 0 -1; do
    for mask in '' '--mask-ratio .75 --seed 3'; do
        at=()
        [ $layer = 0 ] && at=(--layer 0)
        # shellcheck disable=SC2086
        good --weights none.safetensors --images planted:5 --first 18 "${at[@]}" $mask --out oracle
        also tensors oracle none.safetensors oracle "$layer"
        also tensors masks oracle
        report "a model without blocks gives what perl computes (layer $layer, ${mask:-whole images})"
    done
done

good --weights small.safetensors --images planted:7 --first 37 --threads 1 --out one
also shows one/images.npy '<f4 \(37,3,32,32\) '
also shows one/labels.npy '\|u1 \(37\) [0-9] '
also shows one/tokens.npy '<f4 \(37,65,12\) '
also shows one/visible.npy '<i4 \(37,64\) 0 1 2 3 4 '
also shows one/mask.npy '\|u1 \(37,64\) 0 0 0 '
also shows one/reconstruction.npy '<f4 \(37,3,32,32\) '
report "whole images: six arrays of the stated types and shapes"

good --weights small.safetensors --images planted:7 --first 37 --threads 3 --out three
expect_said 'encode: 37 images' err
also diff -r one three
report "the number of threads is not seen in the files"

waits 'another encode' three/.lock "$encode" --weights small.safetensors --images planted:7 --first 37 --out three
also tensors rows one/tokens.npy three/tokens.npy 37
report "and then writes the same"

good --weights small.safetensors --images planted:7 --first 5 --out five
for file in images labels tokens visible mask reconstruction; do
    also tensors rows one/$file.npy five/$file.npy 5
done
report "five images are the first rows of thirty-seven, to the bit"

good --weights small.safetensors --images one/images.npy --out five
also cmp one/tokens.npy five/tokens.npy
also cmp one/images.npy five/images.npy
also cmp one/reconstruction.npy five/reconstruction.npy
also absent five/labels.npy
report "the images fed back give the same tokens, and no stale labels stay"

good --weights small.safetensors --images planted:7 --first 20 --mask-ratio .75 --seed 1 --out masked
also shows masked/tokens.npy '<f4 \(20,17,12\) '
also shows masked/visible.npy '<i4 \(20,16\) '
also tensors masks masked
report "a mask ratio shows int(T (1 - ratio)) patches"
good --weights small.safetensors --images planted:7 --first 20 --visible masked/visible.npy --out shown
also diff -r masked shown
report "the visible patches fed back give the same files"
good --weights small.safetensors --images planted:7 --first 20 --mask-ratio .75 --seed 2 --out other
also differ masked/visible.npy other/visible.npy
also cmp masked/images.npy other/images.npy
report "another seed is another mask of the same images"

tensors npy narrow.npy '<i4' 5,3 4 9 60
tensors npy wide.npy '<i8' 5,3 4 9 60
good --weights small.safetensors --images images.npy --visible narrow.npy --out narrow
good --weights small.safetensors --images images.npy --visible wide.npy --out wide
also diff -r narrow wide
report "patches may be int64, as numpy makes them"
tensors npy double.npy '<f8' 5,3,32,32 .1 -.7 1 .25 -1 0 .9
good --weights small.safetensors --images double.npy --out double
good --weights small.safetensors --images images.npy --out single
also diff -r double single
report "float64 images are rounded to float32"

for layer in 0 1 2; do
    good --weights small.safetensors --images images.npy --layer $layer --out layer$layer
done
good --weights small.safetensors --images images.npy --out last
also differ layer0/tokens.npy layer1/tokens.npy
also differ layer1/tokens.npy layer2/tokens.npy
also differ layer2/tokens.npy last/tokens.npy
also cmp layer0/reconstruction.npy last/reconstruction.npy
report "layers differ, the reconstruction does not depend on the layer"

good --weights alone.safetensors --images images.npy --out last
also absent last/reconstruction.npy
also cmp last/images.npy layer0/images.npy
report "an encoder alone gives tokens and leaves no stale reconstruction"
good --weights bare.safetensors --images images.npy --out bare
also diff -r last bare
report "names without encoder. are read"

good --weights silent.safetensors --heads 3 --images images.npy --out silent
good --weights small.safetensors --heads 3 --images images.npy --out stated
also diff -r silent stated
good --weights silent.safetensors --heads 1 --images images.npy --out single
also differ silent/tokens.npy single/tokens.npy
report "heads come from the metadata or from --heads, and matter"

run "$encode" --help
expect_status 0
expect_said 'reconstruction.npy'
report "--help names every file"

# refused STATUS PATTERN ARGUMENTS...: the given status, one line, and nothing written.
refused() {
    local status_wanted=$1 pattern=$2
    shift 2
    run "$encode" "$@" --out refused
    expect_status "$status_wanted"
    expect_line "$pattern"
    also absent refused
    report "exit $status_wanted: $pattern"
}
usual=(--weights small.safetensors --images images.npy)
refused 2 '--weights is missing' --images images.npy
refused 2 '--images is missing' --weights small.safetensors
refused 2 'unknown source' --weights small.safetensors --images cifar10
refused 2 'planted:SEED: ' --weights small.safetensors --images planted:x
refused 2 'exclude each other' "${usual[@]}" --mask-ratio .5 --seed 1 --visible masked/visible.npy
refused 2 'needs a --seed' "${usual[@]}" --mask-ratio .5
refused 2 '--seed is the masks' "${usual[@]}" --seed 1
refused 2 '--mask-ratio 0: of 64 patches 64 stay' "${usual[@]}" --mask-ratio 0 --seed 1
refused 2 "--mask-ratio: '1.5' is refused" "${usual[@]}" --mask-ratio 1.5 --seed 1
refused 2 '--mask-ratio 1: of 64 patches 0 stay' "${usual[@]}" --mask-ratio 1 --seed 1
refused 2 '--mask-ratio .99: of 64 patches 0 stay' "${usual[@]}" --mask-ratio .99 --seed 1
refused 2 '--layer' "${usual[@]}" --layer 3
refused 2 '--layer' "${usual[@]}" --layer -1
refused 2 'has only 5 images' "${usual[@]}" --first 6
refused 2 '--first' "${usual[@]}" --first 0
refused 2 '--threads' "${usual[@]}" --threads 0
refused 2 'does not say how many heads' --weights silent.safetensors --images images.npy
refused 2 'trained with 3' "${usual[@]}" --heads 2
refused 2 'do not divide the width 12' --weights silent.safetensors --heads 5 --images images.npy
run "$encode" "${usual[@]}"
expect_status 2
expect_line '--out is missing'
report "exit 2: --out is missing"

head -c 5000 small.safetensors >cut.safetensors
tensors npy bytes.npy '|u1' 1,3,32,32 0
sed "s/<f4/<f2/" bytes.npy | sed "s/|u1/<f2/" >half.npy
tensors npy nearly.npy '<f4' 1,3,32,32 0 1.0000001
tensors npy gray.npy '<f4' 2,1,32,32 0
tensors npy flat.npy '<f4' 1,3072 0
tensors npy none.npy '<f4' 0,3,32,32 0
tensors npy bright.npy '<f4' 1,3,32,32 0 1.001
tensors npy nan.npy '<f4' 1,3,32,32 0 nan
head -c 400 images.npy >cut.npy
refused 3 'past the file' --weights cut.safetensors --images images.npy
refused 3 'nowhere' --weights nowhere.safetensors --images images.npy
refused 3 'nowhere' --weights small.safetensors --images nowhere.npy
refused 3 'gray.npy: has shape \(2,1,32,32\), not \(n,3,32,32\)' --weights small.safetensors --images gray.npy
refused 3 'flat.npy: has shape \(1,3072\), not' --weights small.safetensors --images flat.npy
refused 3 'none.npy: has shape \(0,3,32,32\), not' --weights small.safetensors --images none.npy
refused 3 'bytes.npy: is uint8, not float32 in \[-1,1\]' --weights small.safetensors --images bytes.npy
refused 3 "half.npy: numbers of type '<f2' are not read \(save them as little-endian float32: array.astype\('<f4'\)\)" \
    --weights small.safetensors --images half.npy
refused 3 'nearly.npy: image 0 holds 1.0000001[0-9]*, which is not in' --weights small.safetensors --images nearly.npy
refused 3 'holds 1.0010[0-9]*, which is not in' --weights small.safetensors --images bright.npy
refused 3 'holds -?nan, which is not in' --weights small.safetensors --images nan.npy
refused 3 'cut.npy' --weights small.safetensors --images cut.npy

tensors npy twice.npy '<i4' 5,3 4 9 9
tensors npy falling.npy '<i4' 5,3 4 9 8
tensors npy past.npy '<i4' 5,3 4 9 64
tensors npy below.npy '<i4' 5,3 -1 9 60
tensors npy rows.npy '<i4' 4,3 4 9 60
tensors npy wide.npy '<i4' 5,65 1
tensors npy empty.npy '<i4' 5,0 1
tensors npy float.npy '<f4' 5,3 4 9 60
refused 3 'row 0 does not ascend, patch 9 after 9' "${usual[@]}" --visible twice.npy
refused 3 'row 0 does not ascend, patch 8 after 9' "${usual[@]}" --visible falling.npy
refused 3 'row 0 holds patch 64 of 64' "${usual[@]}" --visible past.npy
refused 3 'row 0 holds patch -1 of 64' "${usual[@]}" --visible below.npy
refused 3 'rows.npy: has shape \(4,3\), not \(5,V\) with V in 1..64' "${usual[@]}" --visible rows.npy
refused 3 'wide.npy: has shape \(5,65\), not \(5,V\)' "${usual[@]}" --visible wide.npy
refused 3 'empty.npy: has shape \(5,0\), not \(5,V\)' "${usual[@]}" --visible empty.npy
refused 3 "float.npy: is float32, not int32 or int64 \(array.astype" "${usual[@]}" --visible float.npy
tensors npy far.npy '<i8' 5,3 4 9 4294967305
refused 3 'row 0 holds patch 4294967305 of 64' "${usual[@]}" --visible far.npy

run "$encode" --weights huge.safetensors --images images.npy --out overflow
expect_status 3
expect_said 'huge.safetensors: these weights make numbers that are not finite' err
also rm overflow/.lock
also rmdir overflow
report "exit 3: weights that overflow, and no array is written"

mkdir nothing
run env CIFAR10_DIR=nothing "$encode" --weights small.safetensors --images cifar10:test --out refused
expect_status 3
expect_line 'make data'
report "exit 3: without CIFAR-10 it says how to get it"

# keeps FILE ARGUMENTS...: refused because it would overwrite FILE, and the folder stays as it was.
keeps() {
    local file=$1
    shift
    rm -rf before && cp -r kept before
    run "$encode" "$@" --out kept
    expect_status 2
    expect_line "--out: would overwrite $file \\(choose another folder\\)"
    also diff -r before kept
    report "exit 2: --out would overwrite $file ($1)"
}
mkdir kept
cp images.npy shown/visible.npy kept
ln kept/images.npy linked.npy
ln -s kept/images.npy pointing.npy
for file in kept/images.npy ./kept/../kept/images.npy linked.npy pointing.npy; do
    keeps "$file" --images "$file" --weights small.safetensors
done
keeps kept/visible.npy --visible kept/visible.npy --images planted:7 --first 20 --weights small.safetensors
for name in labels tokens mask reconstruction; do
    mv kept/images.npy kept/$name.npy
    keeps kept/$name.npy --images kept/$name.npy --weights small.safetensors
    mv kept/$name.npy kept/images.npy
done
cp alone.safetensors kept/reconstruction.npy
keeps kept/reconstruction.npy --weights kept/reconstruction.npy --images planted:7 --first 2
rm kept/*
cp images.npy kept/mine.npy
good --weights small.safetensors --images kept/mine.npy --out kept
also cmp images.npy kept/mine.npy
also cmp layer0/reconstruction.npy kept/reconstruction.npy
report "an input of another name in the folder of --out is read and kept"

mkdir -p stuck/labels.npy
run "$encode" "${usual[@]}" --out stuck
expect_status 4
expect_said '^encode: stuck/labels.npy: cannot be removed: ' err
report "exit 4: an earlier array that cannot be removed"

# A file that may not grow fails as a full disk does; with 60 numbers a token these are more than the images.
limited() { (trap '' XFSZ; ulimit -f 260; "$@"); }
tensors weights broad.safetensors 4 60 1 1 3 .3
good --weights broad.safetensors --images planted:7 --first 20 --out full
run limited "$encode" --weights broad.safetensors --images planted:8 --first 20 --out full
expect_status 4
expect_said 'full/tokens.npy: cannot be written: File too large' err
[ -n "$wrong" ] || [ "$(cd full && echo *)" = 'images.npy labels.npy' ] || wrong="in the folder: $(cd full && echo *)"
report "exit 4: a disk that is full leaves nothing of an earlier run next to what is new"

lost "$encode" --help
lost "$encode" "${usual[@]}" --out printed
verdict=$(dirname "$encode")/verdict
lost "$verdict" --help
ln -s "$root/paper" paper
lost "$verdict" --tier smoke --results nothing

echo plain >plain
run "$encode" "${usual[@]}" --out plain/below
expect_status 4
expect_line 'plain'
report "exit 4: a folder below a file cannot be made"

if [ -e "$root/data/cifar-10-batches-bin/test_batch.bin" ]; then
    run env CIFAR10_DIR="$root/data/cifar-10-batches-bin" "$encode" --weights small.safetensors \
        --images cifar10:test --first 3 --mask-ratio .9 --seed 1 --out cifar
    expect_status 0
    also shows cifar/tokens.npy '<f4 \(3,7,12\) '
    also shows cifar/labels.npy '\|u1 \(3\) [0-9] [0-9] [0-9]$'
    report "CIFAR-10 is read"
else
    skip "CIFAR-10 is read" "no data/cifar-10-batches-bin (make data)"
fi
finish
