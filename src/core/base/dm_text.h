/* UTF-8: validation at memory speed, one character at a time, encoding, excerpts. */
#ifndef DM_TEXT_H
#define DM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest name of a column, in bytes: what hosts can take. */
enum { DM_NAME_MAX = 10000 };

/* Length in bytes (1 to 4) of the valid character at the start of s, which has len
   readable bytes; 0 when there is none (overlong forms, surrogates, values above U+10FFFF
   and cut sequences are not valid). A NUL byte is a valid character. */
size_t dm_utf8_char(const char *s, size_t len);

/* Length of the longest prefix of the len bytes at s that is valid UTF-8. */
size_t dm_utf8_valid_prefix(const char *s, size_t len);

/* Number of characters in the len bytes at s; a byte that is no valid UTF-8 counts as
 * one. */
uint64_t dm_utf8_count(const char *s, size_t len);

/* Writes the code point (at most U+10FFFF, no surrogate) to out, which has room for 4
   bytes; returns how many were written. */
size_t dm_utf8_encode(uint32_t code_point, char *out);

/* Copies bytes of a data file into a text of at most cap - 1 bytes: valid UTF-8 stays,
   every other byte and every control character becomes \xHH, a cut is marked by "...".
   out is always NUL-terminated; cap must be at least 16. */
void dm_text_excerpt(char *out, size_t cap, const char *bytes, size_t len);

#endif
