/* UTF-8 as RFC 3629 has it: text that came over the wire may be anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, for what is no UTF-8 */

/* Bytes of the well-formed sequence at `text` (section 4), 0 if there is none; 1 at the end. Reads
 * no further than the terminating NUL. */
size_t utf8_length(const char *text);

/* Text that comes in pieces, cut anywhere. Zeroed: nothing has come. */
struct utf8_stream {
	uint8_t missing; /* bytes of a sequence that has begun */
	uint8_t least;   /* what the next of them may be */
	uint8_t most;
};
/* False: what has come is no beginning of UTF-8, and nothing more may be given. */
bool utf8_take(struct utf8_stream *stream, const void *data, size_t size);
/* No sequence is cut short. */
static inline bool utf8_is_whole(const struct utf8_stream *stream)
{
	return stream->missing == 0;
}
