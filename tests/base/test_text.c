#include "core/base/text.h"

#include <criterion/criterion.h>

Test(text, a_text_begins_with_its_prefixes)
{
    cr_expect(text_begins("encoder.blocks", "encoder."));
    cr_expect(text_begins("encoder.", "encoder."));
    cr_expect(text_begins("any", ""));
    cr_expect_not(text_begins("encoder", "encoder."));
    cr_expect_not(text_begins("", "e"));
    cr_expect_not(text_begins("an encoder.", "encoder."));
}
