/* C escapes in what users type: \n, \x00, \377. Pure. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

/* The byte (0 to 255) that the characters behind a backslash stand for, and how many of them do.
 * -EINVAL: there is no such escape. */
nodiscard int escape_decode(const char *text, size_t size, size_t *ret_used);

/* All of `text`, with its escapes, into `ret`, which has room for as many bytes. `ret_size`: the
 * bytes there are, or where the wrong escape begins (-EINVAL). */
nodiscard int escape_decode_all(const char *text, size_t size, char *ret, size_t *ret_size);
