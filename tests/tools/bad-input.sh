#!/bin/bash
# What a user can get wrong, typed at the programs: each time the documented exit code, one line on stderr,
# and nothing lost of what was there before.
. tests/tap
pretrain=$BUILD/experiments/00-pretrain/main
figure2=$BUILD/experiments/02-rank-curves/main
encode=$BUILD/tools/encode
verdict=$BUILD/tools/verdict
exhibits='figure1=01-structure figure3=03-segmentation table1=04-probing table2=05-heads'
chmod 755 "$work"
kept=$work/kept
watched=$kept # the folder in which nothing may change

digest() { (cd "$1" && find . -type f -exec sha256sum {} + | sort | sha256sum); }
watch() {
    watched=$1
    before=$(digest "$watched")
}

# bad NAME STATUS PATTERN COMMAND...
bad() {
    local name=$1 code=$2 pattern=$3
    shift 3
    run "$@"
    expect_status "$code"
    expect_line "$pattern"
    [ -n "$wrong" ] || [ "$(digest "$watched")" = "$before" ] || wrong="files in $watched have changed"
    report "$name"
}
smoke() { "$pretrain" --tier=smoke --data=planted --results="$kept" --run=m75-h3 "$@"; }

run smoke --epochs=0.02
expect_status 0
weights=$kept/smoke-planted/weights/m75-h3.safetensors
[ -s "$weights" ] || wrong="no weights"
report "a training of 0.02 epochs ends well"
watch "$kept"

echo "# options"
bad "an unknown tier" 2 'tier.*(smoke|desk)' "$pretrain" --tier=huge --run=m75-h3
bad "a forbidden pair of tier and data" 2 'smoke-planted.*desk-cifar10' "$pretrain" --tier=smoke --data=cifar10 --run=m75-h3
bad "an unknown run" 2 'm99-h3.*m75-h3' "$pretrain" --tier=smoke --run=m99-h3
bad "a run that is a path" 2 '\.\./m75-h3' "$pretrain" --tier=smoke --run=../m75-h3
bad "no run" 2 'run' "$pretrain" --tier=smoke --results="$kept"
bad "no thread" 2 'threads' smoke --threads=0
bad "a word for the threads" 2 'threads.*two' smoke --threads=two
bad "more threads than there is a reason for" 2 'threads' smoke --threads=100000
bad "a negative seed" 2 'seed' smoke --seed=-1
bad "a seed beyond 64 bits" 2 'seed' smoke --seed=18446744073709551616
bad "epochs that are no number" 2 'epochs' smoke --epochs=nan
bad "negative epochs" 2 'epochs' smoke --epochs=-1
bad "an arithmetic that is none" 2 'arithmetic.*fp8' smoke --arithmetic=fp8
bad "an unknown option" 2 'sede' smoke --sede=1
bad "an option given twice" 2 'seed' smoke --seed=1 --seed=2
bad "a stray word" 2 'm80-h3' smoke m80-h3
bad "an option without its value" 2 'seed' smoke --seed
for exhibit in $exhibits; do
    program=$BUILD/experiments/${exhibit#*=}/main
    bad "${exhibit%=*} of no seed" 2 "seeds.*'0'.*1" "$program" --tier=smoke --results="$kept" --seeds=0
    bad "${exhibit%=*} of no epoch" 2 "epochs.*'0'" "$program" --tier=smoke --results="$kept" --epochs=0
done
bad "an unknown core type" 2 'Itanium' env OPENBLAS_CORETYPE=Itanium "$pretrain" --tier=smoke --run=m75-h3 --results="$kept"
bad "a training on photographs of a folder" 2 'nothing is pretrained on imagefolder' \
    "$BUILD/tools/retrace" --tier paper --data imagefolder --run m75-h3
bad "a plan of trainings on them" 2 'nothing is pretrained on imagefolder' \
    "$BUILD/tools/plan" --tier paper --data imagefolder --runs m75-h3 --results "$kept"
bad "weights of such a training, to be shipped" 2 'nothing is pretrained on imagefolder' \
    "$BUILD/tools/ship" --tier paper --data imagefolder --results "$kept" --to "$kept/shipped"
bad "a folder of brackets alone" 2 'too long a name' \
    "$BUILD/tools/ship" --tier smoke --run m75-h3 --results "$(printf '[%.0s' {1..700})" --to "$work/shipped"
bad "patches that leave nothing to hide" 2 "patch.*'32'" "$BUILD/tools/bench_steps" --patch 32
bad "a program called from elsewhere" 3 'paper/claims.tsv: is not there \(run from the folder of the Makefile\)' \
    env --chdir=/ "$(realpath "$verdict")" --tier=smoke --results="$kept"
bad "a reference accepted for no reason" 2 'reason' "$verdict" --tier=smoke --results="$kept" --reference="$work/reference" --accept=
waits 'a run' "$work/busy/smoke-planted/01-structure/.lock" \
    "$verdict" --tier=smoke --results="$work/busy" --reference="$work/reference" --accept='what nobody has run'

mkdir -p "$work/bare/paper"
grep -v '^figure1.pipeline' paper/claims.tsv >"$work/bare/paper/claims.tsv"
bad "a claim whose row is missing, before anything is computed" 3 'paper/claims.tsv: has no row figure1.pipeline of 01-structure' \
    env --chdir="$work/bare" "$(realpath "$BUILD")/experiments/01-structure/main" --tier=smoke --results="$kept"

echo "# places"
printf 'a file\n' >"$work/file"
bad "a results folder below a file" 4 "$work/file" "$pretrain" --tier=smoke --run=m75-h3 --epochs=0.02 --results="$work/file/results"
mkdir "$work/readonly"
chmod 555 "$work/readonly"
unprivileged=()
[ "$(id -u)" -ne 0 ] || unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${unprivileged[@]}" test -x "$pretrain" 2>/dev/null; then
    bad "a results folder that may not be written" 4 "$work/readonly" \
        "${unprivileged[@]}" "$pretrain" --tier=smoke --run=m75-h3 --epochs=0.02 --results="$work/readonly/results"
else
    skip "a results folder that may not be written" "no unprivileged user can reach the programs"
fi

# A file that may not grow fails as a full disk does, once the signal is ignored. The training that is
# forced begins anew; the weights that are there must outlive its failure.
limited() { (trap '' XFSZ; ulimit -f 64; "$@"); }
again() { "$pretrain" --tier=smoke --data=planted --results="$work/$1" --run=m75-h3 --epochs=0.02 --force=1; }
cp -r "$kept" "$work/limited"
watch "$work/limited/smoke-planted/weights"
bad "a disk that is full at the end of a training" 4 'File too large|No space' limited again limited
mkdir "$work/disk"
if mount -t tmpfs -o size=1200k none "$work/disk" 2>/dev/null; then
    trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
    cp -r "$kept/." "$work/disk/"
    watch "$work/disk/smoke-planted/weights"
    bad "a disk that is really full" 4 'No space left' again disk
    umount "$work/disk"
else
    skip "a disk that is really full" "tmpfs cannot be mounted here"
fi
watch "$kept"

echo "# data"
cifar() { env CIFAR10_DIR="$work/cifar" "$pretrain" --tier=desk --data=cifar10 --run=m75-h3 --results="$kept"; }
bad "CIFAR-10 that is not here" 3 'make data' cifar
mkdir "$work/cifar"
for i in 1 2 3 4 5; do truncate -s 30730000 "$work/cifar/data_batch_$i.bin"; done
truncate -s 30730000 "$work/cifar/test_batch.bin"
bad "CIFAR-10 with other records" 3 'digest' cifar
printf '\012' | dd of="$work/cifar/data_batch_3.bin" bs=1 seek=$((3073 * 7)) conv=notrunc status=none
bad "a record with label 10" 3 'data_batch_3.bin.*7.*label 10' cifar
truncate -s 30729999 "$work/cifar/data_batch_4.bin"
bad "a batch cut short" 3 'data_batch_4.bin.*30729999' cifar
rm "$work/cifar/data_batch_5.bin"
mkdir "$work/cifar/data_batch_5.bin"
truncate -s 30730000 "$work/cifar/data_batch_4.bin"
bad "a folder where a batch should be" 3 'data_batch_5.bin' cifar

echo "# weights"
bad "a figure without weights" 3 'make pretrain RUN=m50-h3' "$figure2" --tier=desk --data=planted --shipped=0 --results="$kept"
# refused NAME PATTERN: every exhibit must refuse what the folder $work/wrong has under the name m75-h3.
refused() {
    local exhibit
    watch "$work/wrong"
    for exhibit in $exhibits; do
        bad "${exhibit%=*} of $1" 3 "wrong/smoke-planted/weights/m75-h3\.safetensors: $2" \
            "$BUILD/experiments/${exhibit#*=}/main" --tier=smoke --results="$work/wrong"
    done
    watch "$kept"
}
run "$pretrain" --tier=smoke --run=m75-h6 --epochs=0.02 --results="$work/wrong"
expect_status 0
report "a training of six heads ends well"
cp "$work/wrong/smoke-planted/weights/m75-h6.safetensors" "$work/wrong/smoke-planted/weights/m75-h3.safetensors"
refused "six heads under the name of three" "the encoder's number of heads is 6, the recipe's is 3 \(train it again\)"
sed 's/"updates"/"updatez"/' "$weights" >"$work/wrong/smoke-planted/weights/m75-h3.safetensors"
refused "weights of no number of updates" "its metadata does not say how many updates it saw"
watch "$work/wrong"
bad "the training that left them" 3 'does not say how many updates' \
    "$pretrain" --tier=smoke --run=m75-h3 --epochs=0.02 --results="$work/wrong"
watch "$kept"
head -c 100000 "$weights" >"$work/wrong/smoke-planted/weights/m75-h3.safetensors"
refused "weights cut short" 'tensor .* past the file .*remove it and make it again'
# broken NAME PATTERN: the file $work/w.safetensors must be refused by encode, for that reason.
broken() {
    bad "$1" 3 "w\.safetensors: $2" "$encode" --weights "$work/w.safetensors" --images planted:1 --first 2 --out "$work/encoded"
}
header() { # header LENGTH TEXT: the eight bytes of the length, given as octal escapes, and the text
    printf "$1%s" "$2" >"$work/w.safetensors"
}
size=$(stat -c %s "$weights")
rm -f "$work/w.safetensors"
broken "weights that are not here" 'No such file or directory'
: >"$work/w.safetensors"
broken "weights of no bytes" '0 bytes are too few'
head -c $((size - 1)) "$weights" >"$work/w.safetensors"
broken "weights without their last byte" "tensor 'decoder\.head\.bias': its data end past the file"
{ cat "$weights"; printf x; } >"$work/w.safetensors"
broken "weights with a byte too many" '1 bytes follow the last tensor'
header '\000\000\000\000\000\000\000\200' '{}'
broken "a header of 2^63 bytes" 'header of 9223372036854775808 bytes: must be 1 to'
header '\002\000\000\000\000\000\000\000' '[]'
broken "a header that is no object" "the header does not begin with '\{'"
header '\013\000\000\000\000\000\000\000' '{"a":1,"a":'
broken "a header that ends in the middle" 'the header is not JSON'
sed 's/"F32"/"F16"/g' "$weights" >"$work/w.safetensors"
broken "weights of half precision" "tensor '.*': dtype F16 is unknown.* \(give --weights whole safetensors of F32 or BF16\)"
cp "$weights" "$work/w.safetensors"
printf '\377\377\377\377' | dd of="$work/w.safetensors" bs=1 seek=$((size - 4)) conv=notrunc status=none
broken "weights with a NaN" "tensor 'decoder\.head\.bias': number 47 is not finite"
cp "$weights" "$work/w.safetensors"
sed -i 's/"pos_embedding"/"pos_embeddinG"/; s/encoder\.pos_embedding/encoder.pos_embeddinG/' "$work/w.safetensors"
broken "weights of another model" "tensor 'encoder\.pos_embedding' is missing"
[ ! -e "$work/encoded" ] || wrong="encode left a folder of refused weights"
report "refused weights leave no folder"
finish
