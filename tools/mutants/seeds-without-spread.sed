# fault: intervals over seeds and images never draw other seeds
# file: core/stats/two_way.c
# runner: stats
s/const size_t drawn = rng_below(&rng, (uint32_t)seeds);/const size_t drawn = s + 0 * rng_below(\&rng, 2);/
