#!/bin/bash
# cost: its hours follow from the rate, the tree and the network, computed here anew; what is measured and what is
# computed are told apart.
# shellcheck disable=SC1091,SC2034,SC2154
. tests/tap
cost() { run "${BUILD:?the folder of the compiled programs}/tools/cost" "$@"; }
# expect_hours MACHINES CORES COLUMN: at 16.8 images/s and 10 Gb/s, with the measured seconds that were printed; one
# node is left on each of a power of two of machines.
expect_hours() {
    wrong=${wrong:-$(awk -v R="$1" -v c="$2" -v column="$3" 'function up(x) { return x > int(x) ? int(x) + 1 : int(x) }
        /^Measured here: optimiser/ { optimiser = $4 / 1000; addition = $11 / 1000 }
        $1 == R && $3 == "h" { got = $(4 * column - 2) }
        END { if (!(optimiser > 0 && addition > 0)) print "no optimiser or addition was measured"
              P = 4 * 7212684
              want = 24415 / 3600 * (up(up(256 / R) / c) * (16 / 16.8 + addition) + optimiser / c + 2 * P * (R - 1) / R / 1.25e9)
              if (!(got > .99 * want && got < 1.01 * want)) print R " machines of " c " cores: " got " h, not " want }' "$work/out")}
}
cost --rate=16.8 --threads=1 --machines=1,4,64 --cores=2,64
expect_status 0
expect_said '^paper m75-h3: 24415 updates of 4096 images in 256 micro-batches, 7212684 parameters$'
expect_said '^Given: 16.8 images/s a core\.$'
for machines in 1 4 64; do
    expect_hours $machines 2 1
    expect_hours $machines 64 2
done
expect_said '^Computed: the least is [67][.0-9]* h, one micro-batch an update, on 256 threads'
report "hours of the paper's recipe from a rate that is given"
cost --tier=desk --data=planted --rate=16.8 --machines=1 --cores=1
expect_status 0
expect_said '^desk m75-h3: 4688 updates of 64 images in '
report "epochs are those of the data asked for"

cost --rate=16.8 --machines=2,3,4 --cores=1 --bandwidth=.1
wrong=${wrong:-$(sed 's/[(]//' "$work/out" | awk '$3 == "h" { share[$1] = $4 }
    END { if (!(share[3] > 0 && share[3] < share[2] && share[3] < share[4])) print share[2] ", " share[3] ", " share[4] " %" }')}
report 'a count that is no power of two exchanges more nodes'

cost --tier=smoke --epochs=.1 --machines=1,2 --cores=1,2 --threads=2
expect_status 0
expect_said '^smoke m75-h3: 32 updates of 32 images in 4 micro-batches,'
expect_said '^Measured here: [0-9.]+ images/s a core \((fp32|bf16|bf16-dot), 2 threads busy\); [0-9]+ MB with one thread, [0-9]+ MB more for each other\.$'
expect_said '^Measured here: optimiser [0-9.]+ ms'
expect_said '^Computed: hours, and efficiency against one core, at 10 Gb/s between machines'
report 'the rate is measured where none is given'

cost --machines=0
expect_status 2
expect_line "machines: '0' is refused"
cost --machines=512
expect_status 2
expect_line "from 1 to 256"
cost --bandwidth=none
expect_status 2
report 'what cannot be is a usage error'
finish
