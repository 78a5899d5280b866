#include "core/model/identity_mixing.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/bf16.h"

// Rows of `to` = zeros up to `column`, then `columns` numbers of `from` from its column `first` on,
// then zeros to the end of the row: bits are copied, in either arithmetic.
static void rows_copy(const struct activation *to, size_t column,
                      const struct activation *from, size_t first, size_t columns,
                      size_t rows)
{
    require(to->arithmetic == from->arithmetic, "activations of different arithmetics");
    const size_t number = to->arithmetic == FP32 ? sizeof(real) : sizeof(bf16);
    for (size_t r = 0; r < rows; ++r) {
        unsigned char *row = (unsigned char *)to->data + r * to->stride * number;
        const unsigned char *source =
            (const unsigned char *)from->data + (r * from->stride + first) * number;
        memset(row, 0, to->stride * number);
        memcpy(row + column * number, source, columns * number);
    }
}

void identity_mixing_forward(const struct activation *out, const struct activation *qkv,
                             size_t rows)
{
    rows_copy(out, 0, qkv, 2 * out->width, out->width, rows);
}

void identity_mixing_backward(const struct activation *dqkv,
                              const struct activation *dout, size_t rows)
{
    rows_copy(dqkv, 2 * dout->width, dout, 0, dout->width, rows);
}
