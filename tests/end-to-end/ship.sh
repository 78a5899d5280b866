#!/bin/bash
# Ships weights of the smoke tier in a scratch project: pilots and unfinished trainings are refused, what is
# shipped is found by an experiment that finds no other weights, and damaged files are not believed.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
programs=$(realpath "${BUILD:?the folder of the compiled programs}")
tensors=$root/tests/tensors.pl
mkdir "$work/project" && cd "$work/project" && ln -s "$root/paper" paper || exit 4
shipped=results/checkpoints/smoke-planted

train() { run "$programs/experiments/00-pretrain/main" --tier=smoke --run="$1" --results="$2" "${@:3}"; }
heads() { run "$programs/experiments/05-heads/main" --tier=smoke --epochs="${epochs:-1}" --results="$1" "${@:2}"; }
ship() { run "$programs/tools/ship" --tier=smoke --results=made "$@"; }

ship
expect_status 3
expect_said '^m75-h3: refused, not trained yet: no made/'
expect_said '^finetuned-m75-h3-seed1: refused, m75-h3 is not shipped'
[ ! -e $shipped/SHA256SUMS ] || wrong='checksums of nothing'
report 'what is not trained is not shipped'

train m75-h3 made --epochs=.1
ship --run=m75-h3
expect_status 3
expect_said '^m75-h3: refused, a pilot'
report 'a pilot is not shipped'

trained_before made/smoke-planted m75-h3 m75-h6 m75-h3-whitened
for model in m75-h3 m75-h6 m75-h3-whitened; do
    train $model made
    expect_status 0
done
heads made
expect_status 0
report 'models are pretrained, and two of them finetuned'

log=made/smoke-planted/runs/m75-h3/log.tsv
cp $log "$work/log"
head -n 2 "$work/log" >$log
ship --run=m75-h3
expect_said '^m75-h3: refused, .*log.tsv does not end with these weights'
touch made/smoke-planted/runs/m75-h3/checkpoint.safetensors
ship --run=m75-h3
expect_said '^m75-h3: refused, not finished'
cp "$work/log" $log
report 'neither are weights with another log, or that are being trained'

# A process killed between writing its weights and removing its checkpoint has left it: the log ends with the weights.
ship
rm made/smoke-planted/runs/m75-h3/checkpoint.safetensors
expect_status 0
for name in m75-h3 m75-h6 m75-h3-whitened finetuned-m75-h3-seed1 finetuned-m75-h6-seed1 scratch-m75-h3-seed1 scratch-m75-h6-seed1; do
    expect_said "^$name: shipped( before)?, "
    [ -s $shipped/$name.log.tsv ] || wrong="no log of $name"
done
expect_said '^7 in results/checkpoints/smoke-planted'
expect_said '^m50-h3: refused, not trained yet'
[ -n "$wrong" ] || (cd $shipped && sha256sum --quiet -c SHA256SUMS && [ "$(wc -l <SHA256SUMS)" -eq 15 ]) ||
    wrong='the checksums are others'
made=$(stat -c %s made/smoke-planted/weights/m75-h3.safetensors) small=$(stat -c %s $shipped/m75-h3.safetensors)
[ $((10 * small)) -lt $((6 * made)) ] || wrong="$small bytes of $made"
report 'finished ones are: rounded, with their logs and checksums'

wrong=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { for (i = 3; i <= 10; i++) if ($i !~ /^[-+.0-9e]+$/) print $1 ": column " i " holds no number"
      d = $at["rounded"] - $at["trained"] - $at["difference"]
      if (d > 1e-9 || d < -1e-9) print $1 ": the difference is another"
      if (!($at["difference_low"] <= $at["difference"])) print $1 ": no interval"
      if ($1 == "m75-h3-whitened" && ($2 != "masked loss, whitened patches" || $at["trained"] > 1))
          print $1 ": " $2 " " $at["trained"]
      if ($2 == "masked loss" && ($at["difference"] > .001 || $at["difference"] == 0)) print $1 ": costs " $at["difference"] }
    END { if (NR != 8) print NR - 1 " rows" }' $shipped/rounding.tsv)
report 'what rounding costs is measured'

cp -r results "$work/before"
ship
expect_status 0
expect_said '^m75-h3: shipped before'
diff -r results "$work/before" >/dev/null || wrong='other files'
report 'again, nothing changes'

# As a call that was killed may leave it: a log of before, a checksum that is not written yet, half a file.
head -n 2 "$work/log" >$shipped/m75-h3.log.tsv
sed -i '/  m75-h6.safetensors$/d' $shipped/SHA256SUMS
printf half >$shipped/m75-h6.safetensors.tmp.99999999
ship
expect_status 0
expect_said '^m75-h3: shipped, '
expect_said '^m75-h6: shipped before'
cmp -s "$work/log" $shipped/m75-h3.log.tsv || wrong='the log is another'
[ -n "$wrong" ] || [ "$(sort $shipped/rounding.tsv)" = "$(sort "$work/before/checkpoints/smoke-planted/rounding.tsv")" ] ||
    wrong='what rounding costs has changed'
[ -n "$wrong" ] || (cd $shipped && sha256sum --quiet -c SHA256SUMS && [ "$(wc -l <SHA256SUMS)" -eq 15 ]) ||
    wrong='the checksums are others'
report 'what a call that was killed has left is made whole'
rm -r results
cp -r "$work/before" results

waits 'another ship' $shipped/.lock "$programs/tools/ship" --tier=smoke --results=made

lost "$programs/tools/ship" --help

# retrace: the training's first epoch once more.
retrace() { run "$programs/tools/retrace" --tier=smoke --results=fresh --run="$1" "${@:2}"; }
retrace m75-h3 --threads=1
expect_status 0
first=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { print $at["weights_sha256"] }' "$work/log")
expect_said "^m75-h3, epoch 1, update [0-9]+: the same weights, $first$"
report 'the first epoch of a shipped training, made again, ends in the weights of its log'

cp $shipped/m75-h3.log.tsv "$work/whole"
sed -i "s/$first/$(echo "$first" | tr 0-9a-f 1-9a-f0)/" $shipped/m75-h3.log.tsv
retrace m75-h3
expect_status 3
expect_line 'm75-h3.log.tsv: is damaged: its SHA-256 is'
(cd $shipped && sha256sum m75-h3.log.tsv | cut -c1-64 >"$work/sum" && sed -i "s/^.*  m75-h3.log.tsv$/$(cat "$work/sum")  m75-h3.log.tsv/" SHA256SUMS)
retrace m75-h3
[ -n "$wrong" ] || [ "$status" -eq 1 ] || wrong="exit $status, not 1"
expect_said "^m75-h3, epoch 1, update [0-9]+: OTHER WEIGHTS, $first, not "
cp "$work/whole" $shipped/m75-h3.log.tsv
cp "$work/before/checkpoints/smoke-planted/SHA256SUMS" $shipped/
report 'a log of another training is found out'

retrace m50-h3
expect_status 3
expect_line 'm50-h3.safetensors: is not there, nor are such weights shipped \(make pretrain RUN=m50-h3 '
retrace m75-h3 --epochs=.5
expect_status 2
expect_line 'epochs: 0.5 is refused'
report 'what cannot be made again is named'

heads fresh
expect_status 0
results=fresh/smoke-planted/05-heads
grep -q ' trained,' "$work/out" && wrong='something was trained'
expect_said '^results/checkpoints/smoke-planted/finetuned-m75-h3-seed1.safetensors: shipped, '
grep -q '^training of m75-h3	shipped, ' $results/provenance.tsv || wrong='the provenance does not say that it is shipped'
grep -q '^scratch m75-h6 seed 1	shipped, ' $results/provenance.tsv || wrong='nor what of the scratch training'
[ ! -e fresh/smoke-planted/runs ] || wrong='there are trainings'
for model in m75-h3 m75-h6; do
    for method in finetuned scratch; do
        got=$(cell result.tsv $model.$method value)
        want=$(awk -F'\t' -v name=$method-$model-seed1 '$1 == name { print $6 }' $shipped/rounding.tsv)
        [ -n "$wrong" ] || holds "$got" "(x - ($want)) ^ 2 < 1e-18" || wrong="$model.$method is '$got', not '$want'"
    done
done
report 'without weights of its own Table 2 is made from shipped ones, and trains nothing'

run "$programs/tools/plan" --tier=smoke --results=planned --what=finetunings --runs='m75-h3 m75-h6' --epochs=1
expect_status 0
[ "$(grep -c ' done ' "$work/out")" -eq 4 ] || wrong='what is shipped is planned'
run "$programs/tools/plan" --tier=smoke --results=planned --what=finetunings --runs='m75-h3 m75-h6' --epochs=1 --shipped=pretrainings
[ "$(grep -c ' to do ' "$work/out")" -eq 4 ] || wrong='what is to be trained though it is shipped is not planned'
report 'the plan knows what is shipped'

heads fresh --shipped=0
expect_status 3
expect_line 'no weights of m75-h3'
report 'unless they are forbidden'

# begun FOLDER EPOCHS NAME FLAG...: Table 2, interrupted in the finetuning whose folder is called NAME.
begun() {
    interrupted "$1/smoke-planted/runs" "$3" "$programs/experiments/05-heads/main" --tier=smoke --epochs="$2" --results="$1" "${@:4}"
    expect_status 4
}
begun again 1 'finetuned-m75-h3-10000x1-*' --threads=1 --shipped=pretrainings
expect_said "to go on: make table2 TIER=smoke DATA=planted EPOCHS=1 SHIPPED=pretrainings RESULTS='again'\\)" err
report 'finetunings alone may be forbidden: then they are trained'

# Continued by the command that it says, whose words are this program's flags.
begun again .15 'finetuned-m75-h3-10000x0.15-*' --threads=1 --shipped=pretrainings
expect_said "to go on: make table2 TIER=smoke DATA=planted EPOCHS=0.15 SHIPPED=pretrainings RESULTS='again'\\)" err
epochs=.15 heads again --shipped=pretrainings
expect_status 0
expect_said 'going on after update' err
expect_said '^weights m75-h3: results/checkpoints/smoke-planted/m75-h3.safetensors'
expect_said 'finetuned-m75-h6-.*: trained'
report 'and an interrupted training goes on'

# What is shipped was trained in the tier's arithmetic.
begun fresh 1 'finetuned-m75-h3-10000x1-bf16-seed1' --arithmetic=bf16 --seeds=1
[ -n "$wrong" ] || [ -d fresh/smoke-planted/runs/finetuned-m75-h3-10000x1-bf16-seed1 ] || wrong='no finetuning was begun'
expect_said 'to go on: make table2 TIER=smoke DATA=planted ARITHMETIC=bf16 EPOCHS=1 SEEDS=1 ' err
report 'asked for another arithmetic, it trains'

for name in m75-h6 finetuned-m75-h6-seed1; do
    cp $shipped/$name.safetensors "$work/whole"
    perl "$tensors" flip $shipped/$name.safetensors encoder.layer_norm.weight 1
    heads damaged
    expect_status 3
    expect_line "$shipped/$name.safetensors: is damaged: its SHA-256 is .* \(git checkout results/checkpoints\)"
    report "a flipped bit in $name is not believed"
    cp "$work/whole" $shipped/$name.safetensors
done
sed -i '/  m75-h3.safetensors$/d' $shipped/SHA256SUMS
heads damaged
expect_status 3
expect_line 'm75-h3.safetensors: is not in results/checkpoints/smoke-planted/SHA256SUMS'
report 'neither is a file without a checksum'
cd "$root" || exit 4
finish
