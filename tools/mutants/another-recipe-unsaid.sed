# fault: weights that were trained in other batches count as the recipe's
# file: core/study/inputs.c
# runner: study release inputs/*
s/if (\*departure) run_pilot/if (0 \&\& *departure) run_pilot/
