// Tables, and the numbers in their cells.
#include "tests/fuzz/reader.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/tsv.h"

int reader_try(const uint8_t *bytes, size_t size)
{
    struct tsv table;
    tsv_read(&table, input_bytes(bytes, size));
    for (size_t row = 0; row < table.rows; ++row)
        for (size_t c = 0; c < table.columns; ++c) {
            const char *cell = tsv_cell(&table, row, table.names[c]);
            require(cell == table.cells[row * table.columns + c], "%s: another cell",
                    table.names[c]);
            double value;
            int64_t integer;
            uint64_t natural;
            if (number_scan(&value, cell))
                require(isfinite(value) &&
                            tsv_number(&table, row, table.names[c]) == value,
                        "'%s' is read in two ways", cell);
            if (unsigned_scan(&natural, cell) && integer_scan(&integer, cell))
                require((uint64_t)integer == natural, "'%s' is read in two ways", cell);
        }
    for (size_t c = 0; c < table.columns; ++c)
        if (table.rows)
            require(tsv_row(&table, table.names[c], table.cells[c]) == 0,
                    "the first row is not found");
    tsv_free(&table);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char numbers[] = "# a comment\nname\tvalue\tn\na\t-1.5e-3\t7\n"
                                  "b\tnan\t18446744073709551615\nc\t0.1\t\n",
                      empty[] = "one\n";
    put("numbers", numbers, strlen(numbers));
    put("empty", empty, strlen(empty));
}
