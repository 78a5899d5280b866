#!/bin/bash
# The batch file for Slurm on a made-up cluster: srun, scontrol and the program are stand-ins.
. tests/tap
fake=$work/bin
mkdir "$fake"
stand_in() { # stand_in NAME SCRIPT
    printf '#!/bin/bash\n%s\n' "$2" >"$fake/$1"
    chmod +x "$fake/$1"
}
stand_in program '[ "$1" != --print-recipe ] || exit "${OPTIONS_CODE:-0}"'
stand_in scontrol 'echo "$@" >>'"$work/asked"
asked=("--results=$work/results")
job() { run env PATH="$fake:$PATH" PROGRAM="$fake/program" SLURM_JOB_ID=77 SLURM_CPUS_PER_TASK=8 "$@" bash tools/pretrain.sbatch --run=m75-h3 "${asked[@]}"; }
mkdir -p "$work/results/paper-cifar10/runs/m75-h3"
checkpoint=$work/results/paper-cifar10/runs/m75-h3/checkpoint.safetensors

stand_in srun 'echo "$@" >'"$work/ran"'; sleep 1.1; touch '"$checkpoint"'; exit 4'
job
expect_status 4
[ "$(cat "$work/asked")" = 'requeue 77' ] || wrong='it is not queued again'
[ -n "$wrong" ] || grep -q -- '^--mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=8 .*/program --run=m75-h3 --results=.* --threads=8$' "$work/ran" || wrong="srun was asked for $(cat "$work/ran")"
report 'a job that saved its state is queued again'

rm "$work/asked"
asked=(--results "$work/results" --tier=paper)
job
[ "$(cat "$work/asked")" = 'requeue 77' ] || wrong='it is not queued again'
report 'wherever its results are'

rm "$work/asked"
mkdir -p "$work/results/desk-cifar10/runs/m75-h3"
stand_in srun 'sleep 1.1; touch '"$work/results/desk-cifar10/runs/m75-h3/checkpoint.safetensors"'; exit 4'
job
expect_status 4
[ ! -e "$work/asked" ] || wrong='it is queued again for the checkpoint of another'
report 'one that could not save while another did is not'

stand_in srun 'exit 4'
job
expect_status 4
[ ! -e "$work/asked" ] || wrong='it is queued again'
report 'one that could not save it is not'

stand_in srun 'touch '"$checkpoint"'; exit 0'
job
expect_status 0
[ ! -e "$work/asked" ] || wrong='it is queued again'
report 'neither is one that has ended'

stand_in srun 'touch '"$work/started"
job OPTIONS_CODE=2
expect_status 2
[ ! -e "$work/started" ] || wrong='it was started'
report 'wrong options are told before any node begins'
finish
