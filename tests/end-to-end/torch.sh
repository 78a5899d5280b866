#!/bin/bash
# tools/torch/train.py on a CPU: from the same weights, images and masks it makes the losses and weights of the
# C program, in pretrainings and in finetunings; its weights are read, shipped and named; interrupted it goes on; two
# processes do what one does. Graphs, which a GPU replays, are not tried here.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=$(realpath "${BUILD:?the folder of the compiled programs}")
python=${PEER_PYTHON:-/usr/bin/python3} trainer=$root/tools/torch/train.py
pretrain=$programs/experiments/00-pretrain/main
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

run "$pretrain" --print-recipe --tier=paper --run=m75-h6 --epochs=100
expect_status 0
expect_said '^recipe	tier=paper run=m75-h6 .*batch=4096 .*epochs=100 warmup=10 '
expect_said '^data	cifar10$'
expect_said '^data_digest	[0-9a-f]{64}$'
report 'the program prints its recipe'
run "$pretrain" --write-start= --tier=smoke --run=m75-h3
expect_status 2
expect_line 'no folder is named'
report 'a start without a folder is a usage error'
run "$pretrain" --write-start="$work/none" --method=probed --tier=smoke --run=m75-h3
expect_status 2
expect_line '--method=probed: is no method \(choose finetuned or scratch\)'
report 'so is a method that is none'
run "$pretrain" --print-recipe --method=scratch --tier=desk --run=m75-h6
expect_status 0
expect_said '^recipe	tier=desk run=m75-h6 .*mask_ratio=0 batch=128 .*epochs=10 .* classes=10 images=50000 start=random$'
expect_said '^folder	\./runs/scratch-m75-h6-50000x10-torch-seed1$'
report 'the program prints the recipe of a finetuning'
run "$pretrain" --write-start="$work/none" --method=finetuned --tier=smoke --run=m75-h3 --results="$work/empty"
expect_status 3
expect_line 'no weights of m75-h3 '
report 'a pretraining that is not there cannot be finetuned'
run "$pretrain" --write-start="$work/first/smoke-planted/torch/m75-h3" --tier=smoke --run=m75-h3 --results="$work/first"
expect_status 0
[ "$(cat "$work/first/.maskbook")" = smoke-planted ] || wrong='the folder is not listed as made here'
report 'what it makes is what make distclean removes'
first=$work/first/smoke-planted/torch/m75-h3
run "$pretrain" --write-start="$first" --tier=smoke --run=m75-h3 --results="$work/first" --seed=2
expect_status 0
for file in "$first"/*.safetensors "$first"/*.npy; do
    [ ! "$first/recipe.tsv" -ot "$file" ] || wrong="the recipe is older than $(basename "$file"), which may be another seed's"
done
report 'while a recipe is there, all files are of it'
rm -r "$work/first"
if ! "$python" -c 'import torch, numpy' 2>/dev/null; then
    skip 'training by PyTorch' "no torch for $python (tools/deps bench)"
    finish
fi

at=$work/made/smoke-planted
start=$at/torch/m75-h3
torch() { run "$python" "$trainer" "$@"; }
make_built check-torch TIER=smoke RUN=m75-h3 PYTHON="$python" RESULTS="$work/made"
expect_status 0
expect_said '^20 updates: losses within .* agrees with the C program$'
report 'the same weights, images and masks give the losses and weights of the C program over 20 updates'
for options in '--micro -1' '--batch 0' '--epochs nan' '--lr -1' '--epochs 0'; do
    # shellcheck disable=SC2086 # words
    torch "$start" --check $options
    expect_status 2
    expect_line "^train.py: ${options% *} .*: is not a number from"
done
cp -r "$start" "$work/cut"
truncate -s -100 "$work/cut/initial.safetensors"
torch "$work/cut" --check
expect_status 3
expect_line 'cut/initial.safetensors: cannot be read: .* \(make torch-start writes it\)'
report 'numbers that are none, and initial weights that are cut short, are one line'
torch "$start" --check --lr 4e-3
expect_status 1
expect_said 'DIFFERS from the C program$'
report 'another rate does not'
for scale in whitened normalised; do
    run "$pretrain" --write-trace="$work/$scale" --tier=smoke --run="m75-h3-$scale"
    torch "$work/$scale" --check
    expect_status 0
    expect_said 'agrees with the C program$'
    report "so do $scale targets"
done
run "$pretrain" --write-start="$work/visible" --tier=smoke --run=m75-h3-visible
torch "$work/visible"
expect_status 2
expect_line "its target is not the paper's"
report 'a loss that it does not have is refused'

# 500 images in the place of 10,000: the whole recipe in 63 updates.
cut() {
    for array in "$1"/{train,labels}.npy; do
        [ ! -e "$array" ] || "$python" -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.load(sys.argv[1])[:500])' "$array"
    done
}
cut "$start"
torch "$start"
expect_status 0
weights=$at/weights/m75-h3.safetensors
whole=$(sha256sum <"$weights")
[ -n "$wrong" ] || [ "$(wc -l <"$at/runs/m75-h3/log.tsv")" -eq 5 ] || wrong='its log has not four epochs'
[ -n "$wrong" ] || [ ! -e "$at/runs/m75-h3/torch.pt" ] || wrong='its checkpoint is left'
report 'it trains the whole recipe'

cd "$work" && ln -s "$root/paper" "$root/figures" . || exit 4
run "$programs/experiments/08-visible-tokens/main" --tier=smoke --results="$work/made"
expect_status 0
grep -qE '^training of m75-h3	brought here, trained by PyTorch [^ ]+ on a CPU, fp32	0$' "$at/08-visible-tokens/provenance.tsv" ||
    wrong='the provenance does not name PyTorch'
grep -qE 'model trained for 4 epochs, 63 updates, by PyTorch' "$at/08-visible-tokens/verdicts.tsv" || wrong='no verdict names PyTorch'
report 'verdicts on its weights name it'

waits 'another training' "$work/after/runs/m75-h3/.lock" "$python" "$trainer" "$start" --epochs .1 --out "$work/after"

run "$programs/tools/ship" --tier=smoke --results="$work/made" --run=m75-h3 --to="$work/shipped"
expect_status 0
expect_said '^m75-h3: shipped, fp32, by PyTorch [^ ]+ on a CPU, 63 updates'
report 'its weights are shipped when they are of the whole recipe'

# What is finetuned is the pretraining that PyTorch made.
finetuned=$at/torch/finetuned-m75-h3
run "$pretrain" --write-trace="$finetuned" --method=finetuned --tier=smoke --run=m75-h3 --results="$work/made"
expect_status 0
torch "$finetuned" --check
expect_status 0
expect_said 'agrees with the C program$'
report 'a finetuning from the same weights and images gives the losses and weights of the C program'
cut "$finetuned"
torch "$finetuned"
expect_status 0
folder=$at/runs/finetuned-m75-h3-10000x1-torch-seed1
head -1 "$folder/log.tsv" 2>/dev/null | grep -q 'test_accuracy$' || wrong=${wrong:-'its log has no accuracies'}
report 'it finetunes, and logs the accuracy on test images'
run "$programs/tools/ship" --tier=smoke --results="$work/made" --run=m75-h3 --to="$work/shipped"
expect_status 0
expect_said '^finetuned-m75-h3-seed1: shipped, fp32, by PyTorch [^ ]+ on a CPU, 16 updates$'
report 'a finetuning is shipped, and named'

run "$pretrain" --tier=smoke --run=m75-h3 --results="$work/made" --epochs=.01
expect_status 3
expect_line 'would be replaced, but was trained by PyTorch '
torch "$start"
expect_status 3
expect_line 'is there already \(move it away, or FORCE=1\)'
report 'weights that exist are not replaced'

torch "$start" --batch 50 --lr 4e-3 --epochs 2 --force
expect_status 0
run "$programs/experiments/08-visible-tokens/main" --tier=smoke --results="$work/made"
expect_said 'weights of another recipe: batch=50 learning_rate=0.004'
expect_said 'pilot weights: 2 of 4 epochs'
report 'another batch, and a shorter training, are told in every verdict'

"$python" "$trainer" "$start" --out "$work/stopped" >"$work/out" 2>"$work/err" </dev/null &
child=$!
until [ -e "$work/stopped/runs/m75-h3/log.tsv" ] || ! kill -0 $child 2>/dev/null; do sleep .05; done
kill -TERM $child
wait $child
status=$?
expect_status 4
expect_said 'interrupted after update [0-9]+ of 63 \(the same command goes on\)' err
torch "$start" --out "$work/stopped"
expect_status 0
expect_said '^going on after update'
[ -n "$wrong" ] || [ "$(sha256sum <"$work/stopped/weights/m75-h3.safetensors")" = "$whole" ] || wrong='the weights differ'
report 'interrupted, it goes on to the same weights'

for rank in 0 1; do
    RANK=$rank LOCAL_RANK=$rank WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$((20000 + $$ % 10000)) "$python" "$trainer" "$start" \
        --epochs 1 --out "$work/both" >"$work/out" 2>"$work/err" </dev/null &
done
wait
torch "$start" --epochs 1 --out "$work/one"
expect_status 0
wrong=${wrong:-$(paste "$work/one/runs/m75-h3/log.tsv" "$work/both/runs/m75-h3/log.tsv" | awk -F'\t' '
    NR > 1 { d = $3 > 0 ? ($3 - $9) / $3 : 1; if (d > 1e-5 || d < -1e-5) print "a loss is " $9 ", not " $3; rows++ } END { if (rows != 1) print rows " rows" }')}
report 'two processes give the losses of one'
cd "$root" || exit 4
finish
