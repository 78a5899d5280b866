/// One program for each reader of files or of a command line. It is linked with libFuzzer, which
/// makes up inputs (`make fuzz`), or with replay.c, which feeds it the inputs kept in corpus/
/// (`make test`). A program is a file read_NAME.c with functions of its own below.
///
/// A reader that refuses its input dies. die() and exit() are replaced at link time by a jump back
/// into trial(), so that one process lives through millions of refusals; a broken contract
/// (require) still aborts and is a finding, like a report of a sanitizer.
#ifndef MASKBOOK_TESTS_FUZZ_READER_H
#define MASKBOOK_TESTS_FUZZ_READER_H

#include <stddef.h>
#include <stdint.h>

/// Makes what lasts for all executions. A reader need not have it.
void reader_prepare(void);

/// Reads the input and uses what it has read. Returns whether the reader accepted it. It does not
/// return when the reader dies, so what it opens outside of malloc is in static variables.
int reader_try(const uint8_t *bytes, size_t size);

/// Closes what reader_try left open when the reader died. Memory from malloc is freed by trial(),
/// under AddressSanitizer. A reader need not have it.
void reader_forget(void);

/// Gives inputs that the reader accepts, made by the suite's own writers, with `put`.
void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size));

/// Once, before anything else.
void trials_open(void);

/// One execution: reader_try, or the reader's death within it. Returns what reader_try returned, 0
/// after a death.
int trial(const uint8_t *bytes, size_t size);

/// The path of a file that holds the bytes and that no disk knows of, in static storage; it is
/// overwritten by the next call.
const char *input_file(const void *bytes, size_t size);

/// The same for a reader that opens its file by file_read() alone: it finds the bytes there, which
/// no system call has to write and to read; they are borrowed until the next call of one of the
/// two. Others see an empty file.
const char *input_bytes(const void *bytes, size_t size);

/// The path of a folder of this process alone, below which `link` names what input_file() holds
/// ("results/verdicts.tsv"); made at the first call and removed at the end of the process.
const char *input_folder(const char *link);

/// Gives the whole file to `put` under that name, then removes it.
void seed_file(void (*put)(const char *name, const void *bytes, size_t size),
               const char *name, const char *path);

#endif
