# fault: intervals over seeds and images never draw other seeds
# file: core/stats/two_way.c
# runner: stats
s/of_seed\[rng_below(&rng, (uint32_t)seeds)\]/of_seed[s + 0 * rng_below(\&rng, 2)]/
