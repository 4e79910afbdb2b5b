/* See json.h. Bit `depth` of is_object and has_item describes the container that is open at that
 * depth; depth 0 is the document itself, which holds one value. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void json_init(struct json *json, struct buffer *out)
{
	*json = (struct json){ .out = out };
}

static uint64_t depth_bit(const struct json *json)
{
	return UINT64_C(1) << json->depth;
}

static void json_begin_line(struct json *json)
{
	if (json->indent == 0)
		return;
	buffer_append_text(json->out, "\n");
	buffer_append_repeated(json->out, ' ', (size_t)json->indent * json->depth);
}

/* What has to stand before the next item of the open container. */
static void json_separate(struct json *json)
{
	if (json->has_item & depth_bit(json)) {
		assert(json->depth > 0);
		buffer_append_text(json->out, ",");
	}
	json->has_item |= depth_bit(json);
	if (json->depth > 0)
		json_begin_line(json);
}

static void json_begin_value(struct json *json)
{
	if (json->is_object & depth_bit(json)) {
		assert(json->is_after_key);
		json->is_after_key = false;
		return;
	}
	json_separate(json);
}

static void json_open(struct json *json, const char *bracket)
{
	json_begin_value(json);
	buffer_append_text(json->out, bracket);
	json->depth++;
	assert(json->depth < JSON_DEPTH_MAX);
	json->has_item &= ~depth_bit(json);
	json->is_object &= ~depth_bit(json);
}

static void json_close(struct json *json, const char *bracket)
{
	assert(json->depth > 0 && !json->is_after_key);
	bool is_empty = !(json->has_item & depth_bit(json));
	json->depth--;
	if (!is_empty)
		json_begin_line(json);
	buffer_append_text(json->out, bracket);
}

void json_object_open(struct json *json)
{
	json_open(json, "{");
	json->is_object |= depth_bit(json);
}

void json_object_close(struct json *json)
{
	assert(json->is_object & depth_bit(json));
	json_close(json, "}");
}

void json_array_open(struct json *json)
{
	json_open(json, "[");
}

void json_array_close(struct json *json)
{
	assert(!(json->is_object & depth_bit(json)));
	json_close(json, "]");
}

static void json_escape_ascii(struct buffer *out, char character)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *found = strchr(plain, character);
	if (found)
		buffer_append_format(out, "\\%c", letters[found - plain]);
	else
		buffer_append_format(out, "\\u%04x", (unsigned)(unsigned char)character);
}

static bool needs_escape(char character)
{
	return (unsigned char)character < 0x20 || character == '"' || character == '\\';
}

static void json_quote(struct buffer *out, const char *text)
{
	buffer_append_text(out, "\"");
	while (*text) {
		size_t length = utf8_length(text);
		if (length == 0)
			buffer_append_text(out, "\xef\xbf\xbd");
		else if (needs_escape(*text))
			json_escape_ascii(out, *text);
		else
			buffer_append(out, text, length);
		text += length > 0 ? length : 1;
	}
	buffer_append_text(out, "\"");
}

void json_key(struct json *json, const char *key)
{
	assert((json->is_object & depth_bit(json)) && !json->is_after_key);
	json_separate(json);
	json_quote(json->out, key);
	buffer_append_text(json->out, json->indent > 0 ? ": " : ":");
	json->is_after_key = true;
}

void json_text(struct json *json, const char *text)
{
	if (!text) {
		json_no_value(json);
		return;
	}
	json_begin_value(json);
	json_quote(json->out, text);
}

void json_unsigned(struct json *json, uint64_t value)
{
	json_begin_value(json);
	buffer_append_format(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, int64_t value)
{
	json_begin_value(json);
	buffer_append_format(json->out, "%" PRId64, value);
}

void json_double(struct json *json, double value)
{
	if (!isfinite(value)) {
		json_no_value(json);
		return;
	}
	json_begin_value(json);
	/* 15 digits read back as most numbers that people meet, 17 as every one. */
	char text[32];
	(void)snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		(void)snprintf(text, sizeof(text), "%.17g", value);
	buffer_append_text(json->out, text);
}

void json_boolean(struct json *json, bool value)
{
	json_begin_value(json);
	buffer_append_text(json->out, value ? "true" : "false");
}

void json_no_value(struct json *json)
{
	json_begin_value(json);
	buffer_append_text(json->out, "null");
}

void json_key_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

void json_key_unsigned(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_unsigned(json, value);
}

void json_key_signed(struct json *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_signed(json, value);
}

void json_key_double(struct json *json, const char *key, double value)
{
	json_key(json, key);
	json_double(json, value);
}

void json_key_boolean(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_boolean(json, value);
}

void json_key_null(struct json *json, const char *key)
{
	json_key(json, key);
	json_no_value(json);
}
