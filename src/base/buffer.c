/* See buffer.h. One owner, no locking. */
#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_CAPACITY_MIN 256

void buffer_init(struct buffer *buffer, size_t maximum)
{
	*buffer = (struct buffer){ .maximum = maximum };
}

void buffer_deinit(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

/* Room for `size` more bytes and the NUL; false once the buffer has an error. */
static bool buffer_reserve(struct buffer *buffer, size_t size)
{
	if (buffer->error)
		return false;
	if (size > buffer->maximum - buffer->size) {
		buffer->error = -EFBIG;
		return false;
	}
	size_t needed = buffer->size + size + 1;
	if (needed <= buffer->capacity)
		return true;

	size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_CAPACITY_MIN;
	while (capacity < needed)
		capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
	char *data = realloc(buffer->data, capacity);
	if (!data) {
		buffer->error = -ENOMEM;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

/* Counts in `size` bytes that were written behind the end. */
static void buffer_commit(struct buffer *buffer, size_t size)
{
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (size == 0 || !buffer_reserve(buffer, size))
		return;
	memcpy(buffer->data + buffer->size, data, size);
	buffer_commit(buffer, size);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size > 0 && buffer_reserve(buffer, (size_t)size)) {
		(void)vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
		buffer_commit(buffer, (size_t)size);
	}
	va_end(again);
}

void buffer_append_repeated(struct buffer *buffer, char byte, size_t count)
{
	if (count == 0 || !buffer_reserve(buffer, count))
		return;
	memset(buffer->data + buffer->size, byte, count);
	buffer_commit(buffer, count);
}

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->size > 0 ? buffer->data : "";
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->error = 0;
}

void buffer_cut(struct buffer *buffer, size_t size)
{
	if (size >= buffer->size)
		return;
	buffer->size = size;
	buffer->data[size] = '\0';
}
