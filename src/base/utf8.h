/* UTF-8 as RFC 3629 has it: text that came over the wire may be anything. */
#pragma once

#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for what is no UTF-8 */

/* Bytes of the well-formed sequence at `text` (section 4), 0 if there is none; 1 at the end. Reads
 * no further than the terminating NUL. */
size_t utf8_length(const char *text);
