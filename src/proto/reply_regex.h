/* Regular expressions on bytes, whatever the locale: ^ and $ are the ends of lines, and the end of
 * what has arrived is none. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* 0 or a code for regerror(). */
int reply_regex_compile(const char *text, regex_t *ret);
bool reply_regex_is_found(regex_t *regex, const char *data, size_t size);
/* The length of the shortest beginning that it is found in, given that it isn't in the first
 * `known` bytes; 0: it is in none. */
size_t reply_regex_end(regex_t *regex, const char *data, size_t size, size_t known);
