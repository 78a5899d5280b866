#!/bin/bash
# One training on several processes by Open MPI: the same file on any number of them and of threads, and as by
# the ordinary program; killed, stopped by signals and continued on other numbers; ranks that do not compute
# alike are told before the first update.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
BUILD=${BUILD:?the folder of the compiled programs}
alone=$BUILD/experiments/00-pretrain/main program=$BUILD/experiments/00-pretrain/main-mpi
if ! command -v mpicc >/dev/null || ! command -v mpirun >/dev/null; then
    skip 'trainings on several ranks' 'no Open MPI (tools/deps mpi)'
    finish
fi
# More ranks than cores wait for each other without keeping a core busy.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1

run "${MAKE:-make}" --no-print-directory --silent BUILD_ROOT="$(dirname "$BUILD")" MODE="$(basename "$BUILD")" RANKS=2 "$program"
expect_status 0
[ -n "$wrong" ] || ! nm -u "$alone" | grep -q MPI_ || wrong='the ordinary program wants MPI'
report 'the program is linked with MPI, the ordinary one without'

# brief RANKS THREADS: three updates of four micro-batches. RANKS=0: by the ordinary program. Two of two: as a user types it.
brief() {
    local options=(--tier=smoke --data=planted --run=m75-h3 --epochs=.0096 --threads="$2" --results="$work/brief-$1-$2")
    case "$1 $2" in
        0*) run "$alone" "${options[@]}" ;;
        '2 2') make_built pretrain TIER=smoke RUN=m75-h3 EPOCHS=.0096 THREADS=2 RANKS=2 RESULTS="$work/brief-2-2" ;;
        *) run tools/launch "$1" '' "$program" "${options[@]}" ;;
    esac
    expect_status 0
    digest=$(sha256sum <"$work/brief-$1-$2/smoke-planted/weights/m75-h3.safetensors") || wrong='no weights'
    rm -rf "$work/brief-$1-$2"
}
brief 0 1
want=$digest
for pair in '1 1' '2 2' '3 1' '3 2' '4 1' '4 2'; do
    brief ${pair% *} ${pair#* }
    [ -n "$wrong" ] || [ "$digest" = "$want" ] || wrong='other weights'
    report "${pair% *} ranks of ${pair#* } threads give the weights of the ordinary program"
done

# smoke FOLDER: the options of 188 updates of four micro-batches, with one checkpoint, at update 100.
smoke() {
    options=(--tier=smoke --data=planted --run=m75-h6 --epochs=0.6 --threads=1 --results="$work/$1")
    weights=$work/$1/smoke-planted/weights/m75-h6.safetensors
    folder=$work/$1/smoke-planted/runs/m75-h6
}
# ranks_of FOLDER: the processes of that training.
ranks_of() { pgrep -f -- "main-mpi .*--results=$work/$1( |\$)"; }
# begin FOLDER RANKS [HOSTS]: in the background, up to the checkpoint. second: the process of rank 1, which is
# looked for before that, as under load the rest of the training takes no longer than looking.
begin() {
    local pid
    smoke "$1"
    second=
    (exec tools/launch "$2" "${3-}" "$program" "${options[@]}" >"$work/out" 2>"$work/err" </dev/null) &
    child=$!
    until [ -e "$folder/checkpoint.safetensors" ] || ! kill -0 $child 2>/dev/null; do
        for pid in $([ -n "$second" ] || ranks_of "$1"); do
            ! grep -qz '^OMPI_COMM_WORLD_RANK=1$' "/proc/$pid/environ" 2>/dev/null || second=$pid
        done
        sleep .02
    done
}
end() { # of what was begun
    wait $child
    status=$?
}
# expect_same: the file of the uninterrupted training, and no process or checkpoint left.
expect_same() {
    expect_status 0
    [ -n "$wrong" ] || cmp -s "$weights" "$whole" || wrong='the weights differ'
    [ -n "$wrong" ] || [ ! -e "$folder/checkpoint.safetensors" ] || wrong='the checkpoint is still there'
}
smoke whole
run "$alone" "${options[@]}"
expect_status 0
whole=$weights
report 'a training by the ordinary program'

begin killed 3
kill -KILL "$second"
end
expect_status 137
expect_said 'a rank was killed, and the others with it \(the same command goes on\)' err
[ -n "$wrong" ] || [ ! -e "$weights" ] || wrong='it had ended before'
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -z "$(ranks_of killed)" ] || sleep .5; done
[ -n "$wrong" ] || [ -z "$(ranks_of killed)" ] || wrong='processes are left'
report 'a rank that is killed ends all'

run tools/launch 2 '' "$program" "${options[@]}"
expect_said 'going on after update 1[0-9][0-9] of 188' err
expect_same
report 'two ranks go on with what three began, to the same weights'

for signal in USR1 TERM; do
    hosts='' named=''
    [ $signal = USR1 ] || hosts=localhost named=" HOSTS='localhost'"
    begin "by-$signal" 2 "$hosts"
    kill -$signal $child
    end
    expect_status 4
    expect_said "interrupted after update [0-9]+ of 188 \\(to go on: make pretrain RUN=m75-h6 .* RANKS=2$named\\)\$" err
    [ -n "$wrong" ] || [ "$(grep -c interrupted "$work/err")" -eq 1 ] || wrong='more than one rank says it'
    report "$signal stops all ranks after the same update${hosts:+, and the command that goes on names the machines}"
done
smoke by-TERM
run "$alone" "${options[@]}"
expect_same
report 'the ordinary program goes on with what two ranks began, to the same weights'

# One rank of another kind: a program that asks OpenBLAS for other kernels on rank 1.
printf '#!/bin/bash\n[ "${OMPI_COMM_WORLD_RANK:-0}" != 1 ] || export OPENBLAS_CORETYPE=Nehalem\nexec %q "$@"\n' \
    "$(realpath "$program")" >"$work/other-kernels"
chmod +x "$work/other-kernels"
smoke mixed
run tools/launch 2 '' "$work/other-kernels" "${options[@]}"
expect_status 3
expect_line 'rank 1 on [^ ]+: its core type is Nehalem, that of rank 0 on '
[ -n "$wrong" ] || [ ! -e "$folder/log.tsv" ] || wrong='it has trained'
report 'a rank with other kernels is named before the first update'

smoke many
run tools/launch 5 '' "$program" "${options[@]}"
expect_status 2
expect_line '5 ranks are more than its 4 micro-batches \(RANKS=4\)'
report 'more ranks than micro-batches are a usage error'

: >"$work/file"
run tools/launch 2 '' "$program" --tier=smoke --run=m75-h6 --epochs=.01 --results="$work/file"
expect_status 4
expect_line "$work/file: is a file"
report 'a disk that takes nothing is one line, of rank 0'

run tools/launch 2 '' "$program" --tier=smoke --run=none
expect_status 2
expect_line "run 'none': unknown"
run tools/launch 0 '' "$program" --tier=smoke --run=m75-h6
expect_status 2
expect_line "RANKS='0' is refused"
run env OMPI_ALLOW_RUN_AS_ROOT= PATH=/nowhere /bin/bash tools/launch 2 '' "$program"
expect_status 4
expect_line 'no mpirun \(run tools/deps mpi\)'
report 'what cannot be launched is said in one line'

run mpirun -q --oversubscribe -n 2 "$alone" --tier=smoke --run=m75-h6
expect_status 2
expect_said 'built for one \(use .make pretrain RANKS=2.\)' err
report 'the ordinary program under mpirun says which one is wanted'
finish
