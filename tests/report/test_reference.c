#include "core/report/reference.h"

#include <math.h>

#include "tests/report/world.h"

TestSuite(reference, .init = world_open);

Test(reference, the_reference_is_the_number_of_the_same_key_tier_and_data)
{
    struct run run;
    char words[512];
    world_write("results/reference/smoke-planted/02-demo/result.tsv",
                "key\tvalue\tlow\thigh\tn\tunit\ngap\t1.5\t1\t2\t100\tpoints\n");
    world_write("results/reference/desk-planted/02-demo/result.tsv",
                "key\tvalue\tlow\thigh\tn\tunit\ngap\t2.5\t1\t2\t100\tpoints\n");
    world_run(&run, "--tier smoke", words);
    cr_expect_eq(run_reference(&run, "gap"), 1.5);
    cr_expect(isnan(run_reference(&run, "other")));
    world_drop(&run);
    world_run(&run, "--tier desk --data planted", words);
    cr_expect_eq(run_reference(&run, "gap"), 2.5);
    world_drop(&run);
    world_run(&run, "--tier desk --data cifar10", words);
    cr_expect(isnan(run_reference(&run, "gap")));
    world_drop(&run);
}
