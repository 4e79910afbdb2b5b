/* Streaming JSON writer into a buffer. Places commas and escapes text (invalid UTF-8 becomes
 * U+FFFD); NaN and infinity become null. Misnesting is our own bug and asserts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct json {
	struct buffer *out; /* the caller's; errors are kept there */
	uint64_t is_object; /* bit per depth */
	uint64_t has_item;
	unsigned depth;
	bool is_after_key;
	/* Columns a depth, each item on a line of its own; 0: all on one line. The owner's to set
	 * between two items: what is inside of some of them may be on one line. */
	unsigned indent;
};

#define JSON_DEPTH_MAX 64

void json_init(struct json *json, struct buffer *out);
void json_object_open(struct json *json);
void json_object_close(struct json *json);
void json_array_open(struct json *json);
void json_array_close(struct json *json);
void json_key(struct json *json, const char *key);
void json_text(struct json *json, const char *text); /* NULL gives null */
void json_unsigned(struct json *json, uint64_t value);
void json_signed(struct json *json, int64_t value);
void json_double(struct json *json, double value);
void json_boolean(struct json *json, bool value);
void json_no_value(struct json *json);

/* Key and value in one call, for the long tables. */
void json_key_text(struct json *json, const char *key, const char *text);
void json_key_unsigned(struct json *json, const char *key, uint64_t value);
void json_key_signed(struct json *json, const char *key, int64_t value);
void json_key_double(struct json *json, const char *key, double value);
void json_key_boolean(struct json *json, const char *key, bool value);
void json_key_null(struct json *json, const char *key);
