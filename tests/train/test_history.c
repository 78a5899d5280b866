#include "core/train/history.h"

#include <string.h>

#include "tests/train/tiny.h"

TestSuite(history, .init = scratch_make);

static struct moment moment_of(uint64_t updates)
{
    struct moment moment = {.epoch = (double)updates / 7,
                            .updates = updates,
                            .loss = .1 / (double)updates,
                            .learning_rate = 1e-3 / 3,
                            .images_per_second = 123.456};
    memset(moment.weights_sha256, 'a' + (int)(updates % 6), HASH_HEX - 1);
    return moment;
}

static void expect_lines(const char *path, uint64_t last, size_t count)
{
    struct history history;
    history_open(&history, path, last);
    cr_expect_eq(history.count, count);
    for (size_t i = 0; i < history.count; ++i) {
        struct moment want = moment_of(10 * (i + 1));
        cr_expect_arr_eq(&history.moments[i], &want, sizeof want);
    }
    history_close(&history);
}

Test(history, lines_read_back_as_they_were_written_up_to_a_checkpoint)
{
    struct tiny tiny;
    struct history history;
    tiny_open(&tiny);
    history_open(&history, tiny.log, UINT64_MAX);
    cr_expect_eq(history.count, 0);
    for (uint64_t i = 1; i <= 5; ++i) {
        struct moment moment = moment_of(10 * i);
        history_add(&history, &moment);
        expect_lines(tiny.log, UINT64_MAX, i);
    }
    history_close(&history);
    expect_lines(tiny.log, 50, 5);
    expect_lines(tiny.log, 49, 4);
    expect_lines(tiny.log, 10, 1);
    expect_lines(tiny.log, 9, 0);
    tiny_close(&tiny);
}

Test(history, a_table_that_is_no_log_is_refused, .exit_code = 3)
{
    struct tiny tiny;
    struct history history;
    struct output output;
    tiny_open(&tiny);
    output_open(&output, tiny.log);
    fputs("epoch\tupdates\tloss\tlearning_rate\timages_per_second\tweights_sha256\n"
          "1\t-5\t.1\t1\t1\tabc\n",
          output.file);
    output_close(&output);
    history_open(&history, tiny.log, UINT64_MAX);
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

Test(history, accuracies_have_a_column_where_there_are_any)
{
    struct tiny tiny;
    struct history history;
    tiny_open(&tiny);
    history_open(&history, tiny.log, UINT64_MAX);
    struct moment moment = moment_of(10);
    history_add(&history, &moment);
    cr_expect_eq(header_mentions(tiny.log, "test_accuracy"), 0);
    for (uint64_t i = 2; i <= 3; ++i) {
        moment = moment_of(10 * i);
        moment.accuracy = .1 * (double)i;
        history_add(&history, &moment);
        cr_expect_eq(header_mentions(tiny.log, "test_accuracy"), 1);
    }
    history_close(&history);
    history_open(&history, tiny.log, UINT64_MAX);
    cr_assert_eq(history.count, 3);
    for (size_t i = 0; i < 3; ++i)
        cr_expect_eq(history.moments[i].accuracy, i ? .1 * (double)(i + 1) : 0);
    history_close(&history);
    tiny_close(&tiny);
}
