# fault: scenes of most regions take the place of those of the fewest
# file: experiments/09-mask-ratio/dial.c
# runner: experiments/09-mask-ratio
s/const size_t few = 0, many = dial->region_count - 1, low = 0,/const size_t many = 0, few = dial->region_count - 1, low = 0,/
