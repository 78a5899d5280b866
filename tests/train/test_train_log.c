#include "core/train/train_log.h"

#include <math.h>
#include <string.h>

#include "tests/train/tiny.h"

TestSuite(train_log, .init = scratch_make);

static struct log_line line_of(uint64_t updates)
{
    struct log_line line = {.epoch = (double)updates / 7,
                            .updates = updates,
                            .loss = .1 / (double)updates,
                            .learning_rate = 1e-3 / 3,
                            .images_per_second = 123.456,
                            .accuracy = (double)NAN};
    memset(line.weights_sha256, 'a' + (int)(updates % 6), HASH_HEX - 1);
    return line;
}

static void expect_lines(const char *path, uint64_t last, size_t count)
{
    struct train_log log;
    train_log_open(&log, path, last);
    cr_expect_eq(log.count, count);
    for (size_t i = 0; i < log.count; ++i) {
        struct log_line want = line_of(10 * (i + 1));
        cr_expect_arr_eq(&log.line[i], &want, sizeof want);
    }
    train_log_close(&log);
}

Test(train_log, lines_read_back_as_they_were_written_up_to_a_checkpoint)
{
    struct tiny tiny;
    struct train_log log;
    tiny_open(&tiny);
    train_log_open(&log, tiny.log, UINT64_MAX);
    cr_expect_eq(log.count, 0);
    for (uint64_t i = 1; i <= 5; ++i) {
        struct log_line line = line_of(10 * i);
        train_log_add(&log, &line);
        expect_lines(tiny.log, UINT64_MAX, i);
    }
    train_log_close(&log);
    expect_lines(tiny.log, 50, 5);
    expect_lines(tiny.log, 49, 4);
    expect_lines(tiny.log, 10, 1);
    expect_lines(tiny.log, 9, 0);
    tiny_close(&tiny);
}

Test(train_log, a_table_that_is_no_log_is_refused, .exit_code = 3)
{
    struct tiny tiny;
    struct train_log log;
    struct output output;
    tiny_open(&tiny);
    output_open(&output, tiny.log);
    fputs("epoch\tupdates\tloss\tlearning_rate\timages_per_second\tweights_sha256\n"
          "1\t-5\t.1\t1\t1\tabc\n",
          output.file);
    output_close(&output);
    train_log_open(&log, tiny.log, UINT64_MAX);
}

// A training that has ended does not stop for its log.
Test(train_log, what_is_no_log_leaves_no_lines_of_a_finished_training)
{
#define COLUMNS                                                                        \
    "epoch\tupdates\tloss\tlearning_rate\timages_per_second\tweights_sha256\n"
#define DIGEST "0123456789012345678901234567890123456789012345678901234567890123"
    static const struct {
        const char *text;
        size_t size, lines;
    } cases[] = {
#define TEXT(text) text, sizeof text - 1
        {TEXT(COLUMNS "1\t5\t.1\t1\t1\t" DIGEST "\n"), 1},
        {TEXT(COLUMNS), 0},
        {TEXT(COLUMNS "1\t5\t.1\t1\t1\t" DIGEST), 0},
        {TEXT(COLUMNS "1\t5\t.1\t1\t1\t" DIGEST "\n1\t6\t.1\n"), 0},
        {TEXT(COLUMNS "1\t5\t.1\t1\t1\t" DIGEST "\t2\n"), 0},
        {TEXT(COLUMNS "1\t5\tx\t1\t1\t" DIGEST "\n"), 0},
        {TEXT("epoch\tepoch\n"), 0},
        {TEXT("epoch\tloss\n1\t.1\n"), 0},
        {TEXT("\x89PNG\r\n\0\n"), 0},
        {TEXT("\0\n"), 0},
        {TEXT(""), 0},
    };
    struct tiny tiny;
    tiny_open(&tiny);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct train_log log;
        struct output output;
        output_open(&output, tiny.log);
        fwrite(cases[i].text, 1, cases[i].size, output.file);
        output_close(&output);
        train_log_find(&log, tiny.log);
        cr_expect_eq(log.count, cases[i].lines, "case %zu", i);
        train_log_close(&log);
    }
    tiny_close(&tiny);
}

static size_t header_mentions(const char *path, const char *column)
{
    size_t size, found = 0;
    char *text = file_read(&size, path, NULL);
    text[strcspn(text, "\n")] = 0;
    for (char *at = text; (at = strstr(at, column)); ++at) ++found;
    free(text);
    return found;
}

// An accuracy of 0 is one that was measured.
Test(train_log, accuracies_have_a_column_if_any_was_measured)
{
    struct tiny tiny;
    struct train_log log;
    tiny_open(&tiny);
    train_log_open(&log, tiny.log, UINT64_MAX);
    struct log_line line = line_of(10);
    train_log_add(&log, &line);
    cr_expect_eq(header_mentions(tiny.log, "test_accuracy"), 0);
    for (uint64_t i = 2; i <= 3; ++i) {
        line = line_of(10 * i);
        line.accuracy = .1 * (double)(i - 2);
        train_log_add(&log, &line);
        cr_expect_eq(header_mentions(tiny.log, "test_accuracy"), 1);
    }
    train_log_close(&log);
    train_log_open(&log, tiny.log, UINT64_MAX);
    cr_assert_eq(log.count, 3);
    cr_expect(isnan(log.line[0].accuracy));
    for (size_t i = 1; i < 3; ++i)
        cr_expect_eq(log.line[i].accuracy, .1 * (double)(i - 1));
    train_log_close(&log);
    tiny_close(&tiny);
}
