/// Strings.
#ifndef MASKBOOK_BASE_TEXT_H
#define MASKBOOK_BASE_TEXT_H

/// 1 when `text` begins with `prefix`, else 0.
int text_begins(const char *text, const char *prefix);

#endif
