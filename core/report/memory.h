/// Small growing arrays and copies of text for tables, notes and verdicts: a run collects a few
/// hundred of them, so each grows by one, and memory that is refused ends the program.
#ifndef MASKBOOK_REPORT_MEMORY_H
#define MASKBOOK_REPORT_MEMORY_H

#include <stddef.h>

/// `array` (count items of `size` bytes, or NULL) enlarged by one item; the old pointer is invalid.
/// The caller frees. Dies (EXIT_SYSTEM) without memory.
void *array_grow(void *array, size_t count, size_t size);

/// A copy of `text` that the caller frees. Dies (EXIT_SYSTEM) without memory.
char *text_copy(const char *text);

/// *field, which is owned or NULL, = a copy of `text`, which is no part of the old one. Dies
/// (EXIT_SYSTEM) without memory.
void text_replace(char **field, const char *text);

/// The two texts, "; " between them where neither is empty, in fresh memory that the caller frees.
/// Dies (EXIT_SYSTEM) without memory.
char *text_joined(const char *first, const char *second);

/// The formatted text in fresh memory that the caller frees. Dies (EXIT_SYSTEM) without memory.
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
