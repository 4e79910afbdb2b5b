/* "Did you mean": the nearest known word to a misspelt one. */
#pragma once

#include <stddef.h>

/* The word with the smallest edit distance (swapped neighbours count as one), if that is small
 * for its length; else NULL. `count` words. */
const char *closest_word(const char *word, const char *const *words, size_t count);
