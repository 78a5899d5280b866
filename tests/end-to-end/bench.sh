#!/bin/bash
# `make bench` on a tiny model, with the peer where torch is and without it: that everything is measured, adds
# up and reaches the page. How fast anything is, is never asked. Prints TAP.
. tests/tap
steps=$BUILD/tools/bench_steps
python=${PEER_PYTHON:-/usr/bin/python3}
table=$work/results/bench.tsv
torch=
"$python" -c 'import torch' 2> /dev/null && torch=1
cores='1'
[ "$(tools/cpus)" -lt 2 ] || cores='1 2'

# quick PYTHON: make bench in separate results.
quick() {
    PEER_PYTHON="$1" make_built RESULTS="$work/results" OFFLINE=1 QUICK=1 bench
}
# expect_rows KEY...: the table has each once, low <= value <= high, all finite, n > 0.
expect_rows() {
    local key
    for key; do
        [ -n "$wrong" ] || awk -F'\t' -v key="$key" '
            $1 == key { n++; good = $5 > 0 && $3 <= $2 * 1.00001 && $2 <= $4 * 1.00001 && NF == 6
                        for (i = 2; i <= 4; i++) good = good && $i ~ /^[-+.0-9e]+$/ }
            END { exit !(n == 1 && good) }' "$table" || wrong="no good row $key"
    done
}
fact() { sed -n "s/^# $1: //p" "$table"; }
literal() { fact "$1" | sed 's/[][().*+?^$|\\{}]/\\&/g'; } # for a pattern
value() { awk -F'\t' -v key="$1" '$1 == key { print $2 }' "$table"; }
# expect_between LOW VALUE HIGH WHAT
expect_between() {
    [ -n "$wrong" ] || holds "$2" "x >= $1 && x <= $3" || wrong="$4: $2"
}

quick "$work/no-python"
expect_status 0
expect_said '^PyTorch is not here, so nothing is compared with it \(tools/deps bench\)\.$'
expect_said '^Quick: '
! grep -q 'peer' "$table" || wrong='a peer that is not there was measured'
report "without torch the page says so and is otherwise whole"

for name in 'Peak, GF/s' 'Products on one core' 'Whole steps, images/s' 'Time by phase'; do expect_said "^$name"; done
report "the page has its parts"

for layer in qkv proj fc1 fc2; do
    for pass in forward input-gradient weight-gradient; do
        for by in fp32 bf16 bf16-dot openblas; do expect_rows "product.$layer.$pass.$by"; done
    done
done
for kind in training forward; do
    for t in $cores; do
        key=$kind.patch4.fp32.threads$t
        expect_rows "$key" "$key.memory" "$key.phase.product"
        expect_between 1e6 "$(value "$key.memory")" 1e10 "bytes of $key"
        sum=0
        for phase in product attention elementwise optimiser pack fold other; do
            share=$(value "$key.phase.$phase")
            expect_between 0 "$share" 1 "share of $phase"
            sum=$(awk -v a="$sum" -v b="$share" 'BEGIN { print a + b }')
        done
        # Medians of shares that add up to 1 do so nearly.
        expect_between .7 "$sum" 1.3 "phases of $key together"
    done
    for a in bf16 bf16-dot; do
        [ "$(fact $a)" = portable ] || expect_rows "$kind.patch4.$a.threads${cores##* }"{,.over-fp32}
        case $(fact "peak $a"),$cores in
            none,1*2) ! grep -q "^$kind.patch4.$a.threads1" "$table" || wrong="$a is emulated, and measured twice" ;;
            none,*) ;;
            *) expect_rows "$kind.patch4.$a.threads1" "peak.$a.threads1" ;;
        esac
    done
done
[ "$cores" = 1 ] || expect_rows training.patch4.fp32.threads2.over-one
report "every product, step and phase is in the table, in each arithmetic that is fast here, once in each that is not"

for phase in product attention elementwise optimiser pack fold; do
    expect_between 1e-6 "$(value "training.patch4.fp32.threads1.phase.$phase")" 1 "share of $phase in training"
done
for phase in optimiser pack fold; do
    expect_between 0 "$(value "forward.patch4.fp32.threads1.phase.$phase")" 0 "share of $phase in a forward pass"
done
report "a training step has all phases, a forward pass no optimiser, packing or folding"

# The model's sizes by hand: T = 64 patches of F = 48 numbers, V = 16 seen, width D = 48, 4 + 2 blocks. In
# training the last block and the head compute the 48 hidden patches only.
D2=$((48 * 48)) whole=$((12 * 65 * 48 * 48 + 2 * 65 * 65 * 48))
common=$((16 * D2 + 4 * (12 * 17 * D2 + 2 * 17 * 17 * 48) + whole))
flops=$((2 * (common + whole + 64 * D2)))
expect_between $flops "$(value forward.patch4.fp32.threads1.flops)" $flops "flops of a forward pass"
flops=$((3 * 2 * (common + (2 * 65 + 10 * 48) * D2 + 2 * 48 * 65 * 48 + 48 * D2)))
expect_between $flops "$(value training.patch4.fp32.threads1.flops)" $flops "flops of a training step"
report "flops are counted from the shape, three forward passes a step"

cp "$work/out" "$work/page"
run tools/bench-page "$table"
expect_status 0
cmp -s "$work/out" "$work/page" || wrong="another page than make bench printed"
report "the page is made from the table alone"

run tools/bench-page --markdown "$table"
expect_status 0
expect_said "^\\| $(literal CPU) \\| training step, patch 4, batch 32 \\| ${cores##* } \\| [0-9.]+"
awk -F'|' '/^\|/ { if (n && NF != n) exit 1; n = NF }' "$work/out" || wrong="ragged rows"
report "README's part is a Markdown table of all cores"

sed "s/^# CPU: .*/# CPU: another, family 1 model 2, AMX/; s/^# peak bf16: .*/# peak bf16: AMX/; /^# quick/d
    s/^\(training.patch4.fp32.threads${cores##* }\)\t.*/\1\t77.7\t1\t200\t5\timages\/s/" "$table" > "$work/another.tsv"
run tools/bench-page --markdown "$work/another.tsv" "$table"
expect_status 0
expect_said "^\\| another, family 1 model 2, AMX \\| training step, patch 4, batch 32 \\| ${cores##* } \\| 77.7"
expect_said "^\\| $(literal CPU) \\| training step, patch 4, batch 32 \\| ${cores##* } \\| [0-9.]+"
expect_said '^another, family 1 model 2, AMX: .*bf16 by '
expect_said "^$(literal CPU): "
report "each row says which CPU gave it"

run tools/bench-page --name "$work/another.tsv"
expect_status 0
expect_said '^another-family-1-model-2-amx\.tsv$'
run tools/bench-page --name "$table"
expect_status 3
expect_line 'QUICK=1 mean nothing'
report "a CPU has one file, and the numbers of QUICK=1 none"

sed -i 's/^training\.patch4\.fp32\.threads1\t.*/training.patch4.fp32.threads1\t123456.7\t1\t200000\t5\timages\/s/' "$table"
run tools/bench-page "$table"
expect_said 'training step, patch 4, batch 32 +1 +123456\.7 '
report "a number of the table is the number of the page"

run tools/bench-page "$work/nothing.tsv"
expect_status 3
expect_line 'nothing\.tsv \(run `make bench`\)'
report "a table that is not there is named"

name="with torch the peer is measured in turns, at one size with us"
if [ -n "$torch" ]; then
    quick "$python"
    expect_status 0
    expect_said '^PyTorch [0-9].*micro-batches'
    for kind in training forward; do
        for t in $cores; do
            expect_rows $kind.patch4.peer.threads$t $kind.patch4.fp32.threads$t.over-peer
            ratio=$(value $kind.patch4.fp32.threads$t.over-peer)
            expect_between 1e-3 "$ratio" 1e4 "ratio to the peer"
            case $(fact 'peer bf16') in
                none) ! grep -q peer-bf16 "$table" || wrong='a bfloat16 that the peer does not have' ;;
                autocast*) expect_rows $kind.patch4.peer-bf16.threads$t $kind.patch4.bf16.threads${cores##* }.over-peer-bf16 ;;
                *) wrong="the peer's bf16 is '$(fact 'peer bf16')'" ;;
            esac
        done
    done
    report "$name"
else
    skip "$name" "no torch for $python"
fi

name="the peer has as many parameters as the model of the paper"
if [ -n "$torch" ]; then
    for pair in 4:7152816 2:7212684; do
        run "$python" tests/peer/mae_torch.py --patch ${pair%:*} --batch 2
        expect_status 0
        expect_said "parameters=${pair#*:} .* numbers=fp32$"
    done
    report "$name"
else
    skip "$name" "no torch for $python"
fi

printf '2\n1\n' > "$work/questions"
run sh -c "'$steps' --tier=smoke --threads=1 --work=training < '$work/questions'"
expect_status 0
expect_said '^parameters=179856 batch=32 flops='
expect_said '^images=64 seconds=[0-9.]+ loss=0\.[0-9]+ peak_before='
expect_said '^images=32 '
expect_said '^peak_bytes=[0-9]+$'
[ "$(wc -l < "$work/out")" -eq 4 ] || wrong="$(wc -l < "$work/out") lines, not 4"
report "bench_steps answers each line of its input, then says its memory"

# refused WORDS PATTERN: bench_steps ends with a usage error.
refused() {
    # shellcheck disable=SC2086 # words
    run "$steps" --tier=smoke $1
    expect_status 2
    expect_line "$2"
}
refused --work=both "training forward"
refused --patch=5 "patch"
refused --batch=24 "power of two"
refused --batch=4096 "batch"
refused --arithmetic=fp8 "fp8"
refused --threads=0 "threads"
report "bench_steps refuses what makes no sense"
echo none > "$work/questions"
run sh -c "'$steps' --tier=smoke --threads=1 < '$work/questions'"
expect_status 2
expect_said "repetitions: 'none' is refused" err
report "bench_steps refuses a question that is no number"

run "$BUILD/tools/bench_products" --rows=0
expect_status 2
expect_line 'rows'
report "bench_products refuses no rows"

run tools/bench "$BUILD" "$work/results" --slow
expect_status 2
expect_line '--slow'
mkdir -p "$work/broken/tools"
printf '#!/bin/sh\nexit 3\n' | tee "$work/broken/tools/bench_steps" > "$work/broken/tools/bench_products"
cp "$BUILD/tools/machine" "$work/broken/tools/"
chmod +x "$work"/broken/tools/*
rm -f "$table"
run tools/bench "$work/broken" "$work/results" --quick
expect_status 4
[ ! -e "$table" ] || wrong="a table was written"
cp "$BUILD/tools/bench_products" "$work/broken/tools/"
run tools/bench "$work/broken" "$work/results" --quick
expect_status 4
expect_said '^bench: .* has ended' err
[ ! -e "$table" ] || wrong="a table was written"
report "a program that fails is named, and no table is written"
finish
