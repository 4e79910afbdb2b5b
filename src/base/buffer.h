/* A growing run of bytes with a stated maximum. Appending past it, or out of memory, sets `error`
 * once and drops what follows, so that a writer checks once at the end. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"

struct buffer {
	char *data; /* NUL-terminated while size > 0; owned */
	size_t size;
	size_t capacity;
	size_t maximum;
	int error; /* 0, -ENOMEM or -EFBIG */
};

void buffer_init(struct buffer *buffer, size_t maximum);
void buffer_deinit(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_format(struct buffer *buffer, const char *format, ...) printf_like(2, 3);
void buffer_append_repeated(struct buffer *buffer, char byte, size_t count);
/* The bytes as text; "" when empty. Valid until the next append. */
const char *buffer_text(const struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
/* Keeps the first `size` bytes, of more. */
void buffer_cut(struct buffer *buffer, size_t size);
