/* The lines of an HTTP/1.1 head (RFC 9112 3, 4 and 5), each whole and without its end, and the
 * words and lists in them. */
#pragma once

#include "proto/http1.h"

/* Not NUL-terminated. */
struct http1_text {
	const char *data;
	size_t size;
};

/* Words of the grammar, RFC 9110 5.6.2. */
bool http1_is_token(const char *text, size_t size);
/* Whether `text` is `word`, in any case. */
bool http1_is_word(const char *text, size_t size, const char *word);
/* Takes the next item off a list with commas (RFC 9110 5.6.1). False: there is none. */
bool http1_next_item(struct http1_text *list, struct http1_text *ret);
/* Whether an item of the list is `wanted`, in any case. */
bool http1_has_item(struct http1_text list, struct http1_text wanted);

/* From the first bytes of a message: HTTP1_FINE as long as it may become one. */
enum http1_verdict http1_check_start(enum http1_kind kind, const uint8_t *data, size_t size);
enum http1_verdict http1_read_status_line(struct http1 *http, const char *line, size_t size);
/* `ret`: the method and the target. */
enum http1_verdict http1_read_request_line(struct http1 *http, const char *line, size_t size,
					   struct http1_event *ret);
/* `ret`: the name and the value. */
enum http1_verdict http1_split_field(const char *line, size_t size, struct http1_event *ret);
/* Notes a field that the framing depends on. */
enum http1_verdict http1_note_field(struct http1 *http, const struct http1_event *field);
/* The size at the start of a chunk (RFC 9112 7.1). */
enum http1_verdict http1_read_chunk_size(const char *line, size_t size, uint64_t *ret);
