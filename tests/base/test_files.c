#include "core/base/files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"
#include "tests/at_once.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(files, .init = scratch_make);

Test(files, an_output_appears_whole_when_it_is_closed)
{
    char path[PATH_SIZE];
    struct output output;
    scratch_path(path, "results/desk-cifar10/a.tsv");
    output_open(&output, path);
    fputs("first\n", output.file);
    fflush(output.file);
    cr_expect(!file_exists(path));
    output_close(&output);
    scratch_expect(__LINE__, path, "first\n");

    output_open(&output, path);
    fputs("second\n", output.file);
    fflush(output.file);
    scratch_expect(__LINE__, path, "first\n");
    output_close(&output);
    scratch_expect(__LINE__, path, "second\n");
    cr_expect_eq(scratch_entries("results/desk-cifar10"), 1);
}

Test(files, an_output_without_a_folder_goes_to_the_current_one)
{
    char path[PATH_SIZE];
    struct output output;
    scratch_path(path, "a");
    cr_assert_eq(chdir(scratch_folder), 0);
    output_open(&output, "a");
    fputs("x", output.file);
    output_close(&output);
    scratch_expect(__LINE__, path, "x");
}

// A limit on file size acts like a full disk: the kernel refuses the same write.
struct full {
    char path[PATH_SIZE];
    size_t limit, size;
};

static void write_on_a_full_disk(const void *argument)
{
    const struct full *full = argument;
    struct rlimit limit = {full->limit, full->limit};
    struct output output;
    setrlimit(RLIMIT_FSIZE, &limit);
    output_open(&output, full->path);
    for (size_t i = 0; i < full->size; ++i) fputc('x', output.file);
    output_close(&output);
}

Test(files, a_full_disk_is_a_death_that_leaves_the_old_file_alone)
{
    // Refused in the last flush, and long before it, with writes after the refusal.
    static struct full cases[] = {{"", 100, 101}, {"", 4096, 1 << 20}, {"", 0, 1}};
    for (int i = 0; i < 3; ++i) {
        scratch_path(cases[i].path, "a.tsv");
        scratch_write(cases[i].path, "old", 3);
        expect_death(
            __LINE__, write_on_a_full_disk, &cases[i], 4,
            "a.tsv: cannot be written: File too large (free space on the disk)\n");
        scratch_expect(__LINE__, cases[i].path, "old");
        cr_expect_eq(scratch_entries(""), 1);
    }
    static struct full enough = {"", 100, 100};
    static struct ending ending;
    scratch_path(enough.path, "b.tsv");
    ending_of(&ending, write_on_a_full_disk, &enough);
    cr_expect_eq(ending.code, 0, "%s", ending.says);
}

static void die_while_writing(const void *path)
{
    struct output first, second;
    char other[PATH_SIZE];
    path_format(other, "%s.second", (const char *)path);
    output_open(&first, path);
    output_open(&second, other);
    fputs("new", first.file);
    fflush(first.file);
    die(EXIT_INPUT, "something else");
}

Test(files, a_death_elsewhere_removes_what_is_being_written)
{
    char path[PATH_SIZE];
    scratch_path(path, "a.tsv");
    scratch_write(path, "old", 3);
    expect_death(__LINE__, die_while_writing, path, 3, ": something else\n");
    scratch_expect(__LINE__, path, "old");
    cr_expect_eq(scratch_entries(""), 1);
}

// ====== Signals ======

static int signal_to_send;

static void be_ended_while_writing(const void *path)
{
    struct output output;
    signal(signal_to_send, SIG_DFL); // under nohup SIGHUP is ignored
    output_open(&output, path);
    fputs("new", output.file);
    fflush(output.file);
    raise(signal_to_send);
}

Test(files, a_signal_removes_what_is_being_written_and_ends_the_process)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    static struct ending ending;
    char path[PATH_SIZE];
    scratch_path(path, "a.tsv");
    scratch_write(path, "old", 3);
    for (int i = 0; i < 3; ++i) {
        signal_to_send = signals[i];
        ending_of(&ending, be_ended_while_writing, path);
        cr_expect_eq(ending.code, -signals[i]);
        scratch_expect(__LINE__, path, "old");
        cr_expect_eq(scratch_entries(""), 1);
    }
}

static void ignore_a_signal_while_writing(const void *path)
{
    struct output output;
    signal(SIGHUP, SIG_IGN);
    output_open(&output, path);
    fputs("new", output.file);
    raise(SIGHUP);
    output_close(&output);
}

Test(files, a_signal_that_is_ignored_stays_ignored)
{
    char path[PATH_SIZE];
    static struct ending ending;
    scratch_path(path, "a.tsv");
    ending_of(&ending, ignore_a_signal_while_writing, path);
    cr_expect_eq(ending.code, 0, "%s", ending.says);
    scratch_expect(__LINE__, path, "new");
}

static void be_killed_while_writing(const void *path)
{
    struct output output;
    output_open(&output, path);
    fputs("new", output.file);
    fflush(output.file);
    raise(SIGKILL);
}

Test(files, what_a_killed_process_left_goes_when_the_file_is_written_next)
{
    char path[PATH_SIZE], alive[PATH_SIZE], foreign[PATH_SIZE];
    static struct ending ending;
    struct output output;
    scratch_path(path, "a.tsv");
    for (int i = 0; i < 2; ++i) ending_of(&ending, be_killed_while_writing, path);
    cr_expect_eq(ending.code, -SIGKILL);
    cr_assert_eq(scratch_entries(""), 1, "the second removed what the first had left");
    // What is being written, by the lock on it, and other names, stay.
    path_format(alive, "%s.tmp.%ld", path, (long)getppid());
    path_format(foreign, "%s.tmp.mine", path);
    scratch_write(alive, "x", 1);
    scratch_write(foreign, "x", 1);
    const int held = open(alive, O_RDWR);
    cr_assert_eq(flock(held, LOCK_EX), 0);
    output_open(&output, path);
    cr_expect_eq(scratch_entries(""), 3);
    output_close(&output);
    cr_expect(file_exists(alive) && file_exists(foreign) && file_exists(path));
    // Its process is there still, as a dead one is for its parent, but writes no longer.
    close(held);
    output_open(&output, path);
    output_close(&output);
    cr_expect(!file_exists(alive) && file_exists(foreign) && file_exists(path));
}

// `path`.tmp.N is being written by a process of another container that has our number N.
static void be_ended_beside_a_namesake(const void *path)
{
    char temporary[PATH_SIZE];
    struct output output;
    path_format(temporary, "%s.tmp.%ld", (const char *)path, (long)getpid());
    scratch_write(temporary, "x", 1);
    const int held = open(temporary, O_RDWR);
    if (held < 0 || flock(held, LOCK_EX)) _exit(1);
    alarm(10); // one who waits for the namesake is ended by another signal
    output_open(&output, path);
    raise(SIGTERM);
}

Test(files, a_process_of_the_same_number_elsewhere_is_left_alone)
{
    char path[PATH_SIZE];
    static struct ending ending;
    scratch_path(path, "a.tsv");
    ending_of(&ending, be_ended_beside_a_namesake, path);
    cr_expect_eq(ending.code, -SIGTERM);
    cr_expect_eq(scratch_entries(""), 1, "its file is there, and ours is not");
}

enum { PROGRAMS = 3, WRITES = 200 };

// Returns 0 when each file that it wrote was there, whole, in the end.
static int write_over_and_over(int p, const void *path)
{
    (void)p;
    for (int i = 0; i < WRITES; ++i) {
        struct output output;
        size_t size;
        output_open(&output, path);
        fputs("new", output.file);
        output_close(&output);
        char *text = file_read(&size, path, NULL);
        if (strcmp(text, "new") != 0) return 1;
        free(text);
    }
    return 0;
}

// Each looks for what a killed one may have left while another makes, locks, closes or renames its
// temporary file.
Test(files, programs_that_write_the_same_file_at_once_end_well)
{
    at_once(__LINE__, PROGRAMS, write_over_and_over, in_scratch("a.tsv"));
    cr_expect_eq(scratch_entries(""), 1, "a file was left over");
}

Test(files, a_copy_has_the_same_bytes)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    static const char bytes[] = "a\0b\n";
    size_t size;
    scratch_path(from, "from");
    scratch_path(to, "new/to");
    scratch_write(from, bytes, sizeof bytes);
    file_copy(to, from);
    char *copy = file_read(&size, to, NULL);
    cr_expect_eq(size, sizeof bytes);
    cr_expect_arr_eq(copy, bytes, sizeof bytes);
    free(copy);
}

// ====== What is ours ======

Test(files, a_folder_that_was_made_here_is_listed_and_one_that_was_not_is_not)
{
    char root[PATH_SIZE], path[PATH_SIZE];
    struct output output;
    scratch_path(root, "results/smoke-planted");
    folder_ours(root);
    for (int i = 0; i < 2; ++i) {
        path_format(path, "%s/part%d/a.tsv", root, i);
        output_open(&output, path);
        output_close(&output);
    }
    scratch_expect(__LINE__, in_scratch("results/.maskbook"), "smoke-planted\n");
    scratch_path(root, "results/desk-planted");
    folder_make(root);
    folder_ours(root);
    folder_make(root);
    scratch_expect(__LINE__, in_scratch("results/.maskbook"), "smoke-planted\n");
}

static void exit_at_once(const void *unused)
{
    (void)unused;
    exit(0);
}

Test(files, a_forked_child_that_exits_leaves_its_parents_output_alone)
{
    char path[PATH_SIZE];
    static struct ending ending;
    struct output output;
    scratch_path(path, "a.tsv");
    output_open(&output, path);
    fputs("new", output.file);
    fflush(output.file);
    ending_of(&ending, exit_at_once, NULL);
    output_close(&output);
    scratch_expect(__LINE__, path, "new");
}

enum { THREADS = 8, FILES = 40 };

static void *write_many(void *number)
{
    for (int i = 0; i < FILES; ++i) {
        char path[PATH_SIZE];
        struct output output;
        path_format(path, "%s/%d/%d", scratch_folder, i, *(const int *)number);
        output_open(&output, path);
        fputs("x", output.file);
        output_close(&output);
    }
    return NULL;
}

Test(files, threads_write_at_the_same_time)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int t = 0; t < THREADS; ++t) {
        numbers[t] = t;
        cr_assert_eq(pthread_create(&threads[t], NULL, write_many, &numbers[t]), 0);
    }
    for (int t = 0; t < THREADS; ++t) pthread_join(threads[t], NULL);
    for (int i = 0; i < FILES; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        cr_expect_eq(scratch_entries(name), THREADS);
    }
}

static void open_path(const void *path)
{
    struct output output;
    output_open(&output, path);
}

static void open_twice(const void *path)
{
    open_path(path);
    open_path(path);
}

static void close_over_a_folder(const void *path)
{
    struct output output;
    output_open(&output, path);
    mkdir(path, 0777);
    output_close(&output);
}

static void close_twice(const void *path)
{
    struct output output;
    output_open(&output, path);
    output_close(&output);
    output_close(&output);
}

Test(files, outputs_that_cannot_be_are_deaths)
{
    char path[PATH_SIZE];
    scratch_path(path, "folder");
    expect_death(__LINE__, close_over_a_folder, path, 4,
                 "cannot be written: Is a directory");
    expect_death(__LINE__, open_path, path, 4, "folder: is not a regular file");
    cr_expect_eq(scratch_entries(""), 1);
    expect_death(__LINE__, open_path, "/dev/null", 4,
                 "/dev/null: is not a regular file");
    expect_death(__LINE__, open_path, "/proc/a.tsv", 4,
                 "/proc/a.tsv: cannot be written: ");
    scratch_path(path, "a");
    expect_death(__LINE__, open_twice, path, -SIGABRT, "is being written already");
    scratch_path(path, "b");
    expect_death(__LINE__, close_twice, path, -SIGABRT, "is not open");
}

static void make_folder(const void *path)
{
    folder_make(path);
}

Test(files, a_folder_and_its_parents_are_made_and_may_be_there)
{
    static const char *const names[] = {"a/b/c", "a/b/c", "a/b/d/", "a//e///f", "g"};
    char path[PATH_SIZE];
    for (int i = 0; i < 5; ++i) {
        struct stat status;
        scratch_path(path, names[i]);
        folder_make(path);
        cr_expect(stat(path, &status) == 0 && S_ISDIR(status.st_mode), "%s", path);
    }
    cr_assert_eq(chdir(scratch_folder), 0);
    folder_make("relative/x");
    folder_make(".");
    folder_make("/");
    cr_expect_eq(scratch_entries("relative"), 1);
}

Test(files, a_file_in_the_way_of_a_folder_is_a_death_that_names_it)
{
    char path[PATH_SIZE], says[PATH_SIZE + 64];
    scratch_path(path, "results");
    scratch_write(path, "x", 1);
    snprintf(says, sizeof says, ": %s: is a file, not a folder (move it away)\n", path);
    expect_death(__LINE__, make_folder, path, 4, says);
    scratch_path(path, "results/desk-cifar10/x.tsv");
    expect_death(__LINE__, make_folder, path, 4, says);
    expect_death(__LINE__, open_path, path, 4, says);
    expect_death(__LINE__, make_folder, "/proc/results", 4,
                 ": /proc/results: cannot make the folder: ");
    scratch_path(path, "results");
    scratch_expect(__LINE__, path, "x");
}

static void read_with_hint(const void *path)
{
    size_t size;
    free(file_read(&size, path, "run `make data`"));
}

static void read_without_hint(const void *path)
{
    size_t size;
    free(file_read(&size, path, NULL));
}

static void ask_size(const void *path)
{
    file_size(path, "run `make data`");
}

Test(files, what_cannot_be_read_is_a_death_with_the_hint)
{
    char path[PATH_SIZE];
    scratch_path(path, "missing");
    expect_death(__LINE__, read_with_hint, path, 3,
                 "missing: No such file or directory (run `make data`)\n");
    expect_death(__LINE__, read_without_hint, path, 3,
                 "missing: No such file or directory\n");
    expect_death(__LINE__, ask_size, path, 3,
                 "missing: No such file or directory (run `make data`)\n");
    expect_death(__LINE__, read_with_hint, scratch_folder, 3, ": Is a directory (run");
    expect_death(__LINE__, ask_size, scratch_folder, 3, ": Is a directory (run");
}

Test(files, a_missing_file_exits_with_input, .exit_code = 3)
{
    read_with_hint("/nonexistent/file");
}

Test(files, a_file_is_read_whole_with_a_final_0)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 1000003};
    static char bytes[1000003];
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = (char)(i * 7 % 256);
    for (int i = 0; i < 5; ++i) {
        size_t size = 77;
        scratch_path(path, "bytes");
        scratch_write(path, bytes, sizes[i]);
        char *read = file_read(&size, path, NULL);
        cr_assert_eq(size, sizes[i]);
        cr_expect_eq(memcmp(read, bytes, size), 0);
        cr_expect_eq(read[size], 0);
        free(read);
        cr_expect_eq(file_size(path, NULL), sizes[i]);
    }
}

Test(files, the_kernels_files_that_say_size_0_are_read_whole)
{
    size_t size;
    char *text = file_read(&size, "/proc/self/status", NULL);
    cr_expect_eq(file_size("/proc/self/status", NULL), 0);
    cr_expect(size > 100 && strlen(text) == size && strstr(text, "VmPeak"));
    free(text);
}

Test(files, only_a_readable_regular_file_exists)
{
    char path[PATH_SIZE];
    scratch_path(path, "a");
    cr_expect(!file_exists(path));
    cr_expect(!file_exists(scratch_folder));
    cr_expect(!file_exists("/dev/null"));
    scratch_write(path, "", 0);
    cr_expect(file_exists(path));
}

static void ask_kept(const void *path)
{
    printf("%d", file_kept(path));
}

// A loop of links stands for all that is there and cannot be read, as root reads everything.
Test(files, what_is_kept_is_there_or_missing_and_dies_where_neither_can_be_said)
{
    char path[PATH_SIZE], below[PATH_SIZE + 2];
    scratch_path(path, "a");
    cr_expect_not(file_kept(path));
    scratch_write(path, "", 0);
    cr_expect(file_kept(path));
    snprintf(below, sizeof below, "%s/b", path);
    cr_expect_not(file_kept(below));
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("a", path), 0);
    expect_death(__LINE__, ask_kept, path, EXIT_INPUT, "symbolic links");
    expect_death(__LINE__, ask_kept, scratch_folder, EXIT_INPUT,
                 "is no regular file (move it away)");
}

static void format_too_long(const void *unused)
{
    (void)unused;
    char path[PATH_SIZE];
    path_format(path, "%*d", PATH_SIZE, 1);
}

Test(files, a_path_fits_or_is_a_usage_error)
{
    char path[PATH_SIZE];
    path_format(path, "%*d", PATH_SIZE - 1, 1);
    cr_expect_eq(strlen(path), PATH_SIZE - 1);
    path_format(path, "results/%s/%d.tsv", "desk", 7);
    cr_expect_str_eq(path, "results/desk/7.tsv");
    expect_death(__LINE__, format_too_long, NULL, 2,
                 "a path of 1024 bytes is too long");
}
