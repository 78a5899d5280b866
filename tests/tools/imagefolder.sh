#!/bin/bash
# Drives DATA=imagefolder through make, as a user would: a small folder, a tiny ViT. Table 1 and Figure 3, a pass
# begun again, what is refused, and the check of a folder.
# shellcheck disable=SC1091,SC2154
. tests/tap
golden=$root/tests/golden/imagefolder
type_make() { make_built --silent "$@"; }

target() { # target NAME FLAG...: at the paper tier, on images
    local name=$1
    shift
    type_make "$name" TIER=paper DATA=imagefolder RESULTS="$work/results" EPOCHS=2 THREADS=2 \
        IMAGENET_DIR="$golden/images" WEIGHTS="$golden/vit.safetensors" "$@"
    results=$work/results/paper-imagefolder/04-probing
}

target table1 PARTIAL=0
expect_status 0
expect_verdict table1.imagenet.lp NOT-RUN
expect_verdict table1.imagenet.partial NOT-RUN
[ -n "$wrong" ] || ! ls "$work"/results/paper-imagefolder/features/*block* >/dev/null 2>&1 || wrong='block rows without need'
report 'PARTIAL=0 leaves partial finetuning and its disk out'

target table1
expect_status 0
expect_said 'not ImageNet-1K: 3 classes'
expect_said 'disk: .* GB are free'
for id in lp bn-lp partial; do
    expect_verdict table1.imagenet.$id NOT-RUN
    [ -n "$wrong" ] || grep -q "^$id.accuracy" "$results/result.tsv" || wrong="no accuracy of $id"
done
for id in bn-over-lp partial-over-bn; do
    [ -n "$wrong" ] || grep -qE "^table1.imagenet.$id	(TREND-ONLY|INCONCLUSIVE)	" "$results/verdicts.tsv" ||
        wrong="$id says more than a trend"
done
expect_verdict table1.imagenet.difference.bn-lp REPRODUCED
expect_verdict table1.cifar10.lp NOT-RUN
report 'the row is filled; numbers are not judged on 3 classes, orderings are a trend at best'

value() { cell result.tsv "$1" value; }
for points in 'bn-over-lp bn-lp lp' 'partial-over-bn partial bn-lp'; do
    read -r id more less <<<"$points"
    holds "$(value "$id.points")" "(x - ($(value "$more.accuracy") - $(value "$less.accuracy"))) ^ 2 < 1e-18" || wrong="$id is no difference"
done
report 'what a method has over another is the difference of their accuracies'

cp -r "$work/results" "$work/once"
target table1
expect_status 0
[ -n "$wrong" ] || cmp -s "$results/provenance.tsv" "${results/results/once}/provenance.tsv" || wrong='it was computed again'
report 'a second run computes nothing'

# Killed between shards: some are there, a temporary file lies around, a bit of another is wrong.
features=$work/results/paper-imagefolder/features
rm "$features/train-00000.files"
printf 'x' | dd of="$features/val-00000-summary.features" bs=1 seek=4200 conv=notrunc 2>/dev/null
target table1 FORCE=1 THREADS=1
expect_status 0
expect_said 'val-00000-summary.features: of other weights, data or sources, or damaged: made again' err
for file in features/train-00000-block.features features/val-00000-summary.features 04-probing/result.tsv; do
    [ -n "$wrong" ] || cmp -s "$work/results/paper-imagefolder/$file" "$work/once/paper-imagefolder/$file" || wrong="other bytes in $file"
done
report 'a pass begun again on one thread ends with the same bytes'

cp -r "$golden/images" "$work/images"
cp "$golden/bad/cut.JPEG" "$work/images/train/n00000001/cut.JPEG"
cp "$golden/bad/text.JPEG" "$work/images/val/n00000002/text.JPEG"
target table1 IMAGENET_DIR="$work/images" IMAGES_PER_CLASS=5
expect_status 0
expect_said 'bad images'
for line in $'train\tn00000001/cut.JPEG\tit ends before the picture does' $'val\tn00000002/text.JPEG\tNot a JPEG file'; do
    [ -n "$wrong" ] || grep -qF "$line" "$results/bad-files.tsv" || wrong="bad-files.tsv does not say: $line"
done
report 'files that cannot be decoded are named and left out'

# The reference's logits of the five (logits.npy, its last rows) are largest at 2, 2, 2, 1, 0; the labels are 0, 0, 1, 1, 2.
type_make imagenet-check IMAGENET_DIR="$golden/images" WEIGHTS="$golden/tuned.safetensors" THREADS=2
expect_status 0
expect_said '^accuracy on val: 20\.000 % \(1 of 5\)$'
expect_said '^train: 10 images, 0 cannot be decoded, 0 with warnings; digest [0-9a-f]{64}$'
report 'a folder is checked, and a finetuned ViT classifies it'
# Of a recipe that fails make says the exit code, and ends with 2.
type_make imagenet-check IMAGENET_DIR="$work/images"
expect_status 2
expect_said 'imagenet-check\] Error 3$' err
expect_said '^train/n00000001/cut.JPEG: it ends before the picture does$'
expect_said '2 files cannot be decoded' err
report 'the check names every bad file'

refuse() { # refuse NAME SAYS FLAG...
    local name=$1 says=$2
    shift 2
    target table1 "$@"
    [ -n "$wrong" ] || [ "$status" -ne 0 ] || wrong='it ran'
    expect_line "$says"
    [ -n "$wrong" ] || grep -q '^exit 3: ' "$results/error.txt" || wrong="$(cat "$results/error.txt")"
    report "$name is refused in one line, with exit 3"
}
mkdir -p "$work/flat"
cp -r "$golden/images/train" "$work/flat/train"
mkdir "$work/flat/val"
cp "$golden"/images/val/*/*.JPEG "$work/flat/val"
printf 'PK\003\004' > "$work/mae.pth"
refuse 'no folder' 'IMAGENET_DIR is not set' IMAGENET_DIR=
refuse 'a folder that is not there' '/nowhere/train: No such file or directory' IMAGENET_DIR=/nowhere
refuse 'a flat val' 'holds images but no class folders \(sort them into nXXXXXXXX folders' IMAGENET_DIR="$work/flat"
refuse 'no weights' 'WEIGHTS is not set' WEIGHTS=
refuse 'a PyTorch file' 'mae.pth: a PyTorch file, .*tools/pth-to-safetensors' WEIGHTS="$work/mae.pth"
mv "$work/images/val/n00000003" "$work/images/val/n00000004"
refuse 'a class in one split only' "class 'n00000003' is in train and not in val" IMAGENET_DIR="$work/images"

target figure3
expect_status 0
[ -n "$wrong" ] || [ -s "$work/results/paper-imagefolder/03-segmentation/figure3.png" ] || wrong='no picture'
report 'Figure 3 is drawn of the first validation images'

target figure1
expect_status 2
expect_said 'figure1\] Error 2$' err
expect_said 'imagefolder: only table1 and figure3 read folders of images' err
report 'other experiments refuse the folder'
results=$work/results/paper-imagefolder/02-rank-curves
export MASKBOOK_KEEP_GOING=1
type_make figure2 TIER=paper DATA=imagefolder RESULTS="$work/results"
unset MASKBOOK_KEEP_GOING
expect_status 0
expect_verdict figure2.low-rank REFUTED
expect_verdict figure2.slope-rises NOT-RUN
report 'where the others go on, it judges its mathematics'

lost "$BUILD/tools/imagenet_check" --help
finish
