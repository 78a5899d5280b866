#include "core/analysis/depth.h"

#include <criterion/criterion.h>

Test(depth, layers_are_shares_of_the_blocks_rounded_down)
{
    static const int twelve[DEPTHS] = {0, 3, 6, 9, 12, -1},
                     six[DEPTHS] = {0, 1, 3, 4, 6, -1};
    for (int depth = 0; depth < DEPTHS; ++depth) {
        cr_expect_eq(depth_layer((enum depth)depth, 12), twelve[depth]);
        cr_expect_eq(depth_layer((enum depth)depth, 6), six[depth]);
    }
    cr_expect_str_eq(depth_name(DEPTH_EMBEDDING), "embedding");
    cr_expect_str_eq(depth_name(DEPTH_NORM), "final norm");
}
