# fault: streams of different purposes share their numbers
# file: core/base/rng.c
# runner: base
s/{0, index, epoch, (uint32_t)purpose}/{0, index, epoch, 0 * (uint32_t)purpose}/
