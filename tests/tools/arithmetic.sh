#!/bin/bash
# arithmetic on planted data: its verdict against what awk computes from the losses, its result kept and
# found again, killed and continued to the same bits. Takes the path of the program.
arithmetic=$(realpath "$1")
. tests/tap
learn() { run "$arithmetic" --tier smoke --updates 35 --results "$work/$1" "${@:2}"; }
in_folder() { echo "$work/$1/smoke-planted/arithmetic/$2"; }
training() { echo "$work/$1/smoke-planted/runs/arithmetic/$2"; }
also() {
    [ -n "$wrong" ] || { "$@" >>"$work/out" 2>>"$work/err" || wrong="failed: $*"; }
}

learn whole --threads 2
expect_status 0
for name in bf16 bf16-dot; do
    expect_said "^(HOLDS|FAILS): the $name curve lies in the band of three fp32 seeds"
    also grep -qE "^verdict $name	(HOLDS|FAILS): the $name curve .*	0\$" "$(in_folder whole provenance.tsv)"
done
expect_said 'files in .*: curves.tsv curves.svg curves.png curves.txt result.tsv verdicts.tsv provenance.tsv'
also test -s "$(in_folder whole curves.svg)"
also grep -q '^seeds	fp32 1, 2, 3; bf16 1; bf16-dot 1	1$' "$(in_folder whole provenance.tsv)"
also test ! -e "$(training whole losses.tsv)"
report "five trainings give curves, a picture and two verdicts"

# Running means, the band, its margin and the shares of one trial from the losses alone: value of each key,
# to 1e-9.
recomputed() { # NAME CURVES RESULT
    awk -F'\t' -v name="$1" '
        function abs(x) { return x < 0 ? -x : x }
        function mean(c, t,  s, u) { s = 0; for (u = t - 24; u <= t; u++) s += loss[c, u]; return s / 25 }
        # Is curve c at t, at most `margins` outside the band of the fp32 seeds but `without`?
        function inside(c, t, without, margins,  r, u, low, high, variance, n, x) {
            low = 1e9; high = -1e9; variance = n = 0
            for (r = 1; r <= 3; r++) {
                if (r == without) continue
                x = mean(r, t); if (x < low) low = x; if (x > high) high = x
                for (u = t - 23; u <= t; u++) variance += (loss[r, u] - loss[r, u - 1]) ^ 2 / 48
                n++
            }
            margin = sqrt(variance / n / 25); x = mean(c, t)
            return x >= low - margins * margin && x <= high + margins * margin
        }
        function check(key, want) {
            if (!(key in value) || abs(value[key] - want) > 1e-9) { print key ": " value[key] ", not " want; bad = 1 }
        }
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; file++; next }
        file == 1 {
            loss[1, $1] = $at["fp32_1"]; loss[2, $1] = $at["fp32_2"]; loss[3, $1] = $at["fp32_3"]
            loss[4, $1] = $at[name "_1"]; updates = $1; trial[$1] = $at["trial_" name]; next
        }
        { value[$1] = $2 }
        END {
            windows = updates - 24
            for (t = 25; t <= updates; t++) {
                wide += inside(4, t, 0, 1) / windows; bare += inside(4, t, 0, 0) / windows
                for (r = 1; r <= 3; r++) control[r] += inside(r, t, r, 1) / windows
                d = abs(mean(4, t) - mean(1, t)); if (d > apart) apart = d
                if (abs(trial[t] - mean(4, t)) > 1e-9) { print "trial at " t; bad = 1 }
            }
            for (t = updates * 4 / 5 + 1; t <= updates; t++) paired += (loss[4, t] - loss[1, t]) / (updates / 5)
            name = name "_1"
            check("share_within_widened_band_" name, wide); check("share_within_bare_band_" name, bare)
            check("control_share_fp32_1", control[1]); check("control_share_fp32_2", control[2])
            check("control_share_fp32_3", control[3]); check("largest_paired_difference_of_means_" name, apart)
            check("paired_difference_last_fifth_" name, paired); check("final_mean_" name, mean(4, updates))
            exit bad || updates != 35
        }' "$2" "$3"
}
for name in bf16 bf16-dot; do
    run recomputed $name "$(in_folder whole curves.tsv)" "$(in_folder whole result.tsv)"
    expect_status 0
    report "shares and differences of $name are those that awk finds in the losses"
done

# The losses of $2 differ from those of $3, by far less than they fall.
differs() {
    awk -F'\t' -v a="$2" -v b="$3" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { d = $at[a] - $at[b]; different += d != 0; if (d * d > worst) worst = d * d
          if (NR == 2) first = $at[a]; last = $at[a] }
        END { exit !(different > 30 && sqrt(worst) < .05 * (first - last)) }' "$1"
}
run differs "$(in_folder whole curves.tsv)" bf16_1 fp32_1
also differs "$(in_folder whole curves.tsv)" bf16-dot_1 fp32_1
also differs "$(in_folder whole curves.tsv)" bf16-dot_1 bf16_1
expect_status 0
report "each bfloat16 is not fp32 nor the other, and learns as they do"

learn whole --threads 1
expect_status 0
expect_said '^(HOLDS|FAILS): '
also test ! -s "$work/err"
report "asked again it finds the result"

# In a folder whose name is quoted on its way to the figure.
learn "one's" --threads 2 --arithmetic bf16-dot
expect_status 0
expect_said '^(HOLDS|FAILS): the bf16-dot curve'
also test "$(grep -c 'curve lies' "$work/out")" -eq 1
columns() { awk -F'\t' -v want="$2" 'NR == 1 { n = split(want, name, " "); for (i = 1; i <= NF; i++) at[$i] = i; next }
    { for (i = 1; i <= n; i++) printf "%s ", $at[name[i]]; print "" }' "$1"; }
same='update fp32_1 fp32_2 fp32_3 bf16-dot_1 low high margin trial_bf16-dot'
also cmp <(columns "$(in_folder whole curves.tsv)" "$same") <(columns "$(in_folder "one's" curves.tsv)" "$same")
also sh -c '! grep -q bf16_1 "$1"' - "$(in_folder "one's" curves.tsv)"
also grep -q '>bf16-dot<' "$(in_folder "one's" curves.svg)"
report "one arithmetic alone gives its bits of both"

"$arithmetic" --tier smoke --updates 35 --threads 1 --results "$work/killed" >"$work/out" 2>"$work/err" &
pid=$!
until [ -e "$(training killed bf16_1.safetensors)" ] || ! kill -0 $pid 2>/dev/null; do sleep .02; done
kill -KILL $pid
{ wait $pid; } 2>/dev/null
also test -e "$(training killed bf16_1.safetensors)"
also test ! -e "$(in_folder killed curves.tsv)"
cp -r "$work/killed" "$work/maimed"
learn killed --threads 3
expect_status 0
also cmp "$(in_folder whole curves.tsv)" "$(in_folder killed curves.tsv)"
also cmp "$(in_folder whole result.tsv)" "$(in_folder killed result.tsv)"
report "killed and continued at another number of threads: the same bits"

# A second call while the first trains, which stands still until the second waits for it.
"$arithmetic" --tier smoke --updates 35 --threads 1 --results "$work/both" >"$work/out.first" 2>"$work/err.first" </dev/null &
first=$!
until [ -e "$(training both bf16_1.safetensors)" ] || ! kill -0 $first 2>/dev/null; do sleep .02; done
kill -STOP $first
"$arithmetic" --tier smoke --updates 35 --threads 1 --results "$work/both" >"$work/out" 2>"$work/err" </dev/null &
second=$!
until grep -q 'another run is running' "$work/err" || ! kill -0 $second 2>/dev/null; do sleep .02; done
kill -CONT $first
wait $first || wrong="exit $? of the first"
wait $second
status=$?
expect_status 0
expect_line 'another run is running, waiting for it to end'
for name in bf16 bf16-dot; do expect_said "^(HOLDS|FAILS): the $name curve"; done
also cmp "$(in_folder whole curves.tsv)" "$(in_folder both curves.tsv)"
report "a second call waits for the first and finds its result"

rm "$(training maimed losses.tsv)"
learn maimed
expect_status 3
expect_line 'losses.tsv: is missing, next to the checkpoint .* \(FORCE=1 to start anew\)'
report "checkpoints without their losses are refused"

run "$arithmetic" --tier smoke --updates 10
expect_status 2
expect_line 'updates'
report "fewer updates than a window are refused"
run "$arithmetic" --tier paper
expect_status 2
expect_line 'smoke or desk'
report "the paper tier is refused"
finish
