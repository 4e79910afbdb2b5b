/* Reads JSON (RFC 8259) item by item out of a text that is there whole: no tree and no memory, so
 * that a text of strangers costs no more than its own bytes. What is wrong is noted once, and then
 * every call says that there is nothing more. A value that is not asked for by its type, or is of
 * another one, has to be skipped: json_pull_...() returns false and leaves it in place. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_PULL_DEPTH_MAX 32

struct json_pull {
	const char *at;
	const char *end;
	unsigned depth;
	bool is_first; /* nothing of the container that was entered last was read */
	bool is_wrong;
};

void json_pull_init(struct json_pull *pull, const char *text, size_t size);

/* Enters the value if it is an object, or an array. */
bool json_pull_object(struct json_pull *pull);
bool json_pull_array(struct json_pull *pull);
/* The next key of the object, with its value behind it; false: it is over, and left. A key that is
 * longer is cut. */
bool json_pull_key(struct json_pull *pull, char *ret, size_t size);
/* The same of an array. */
bool json_pull_item(struct json_pull *pull);

/* Takes the value if it is of this type. A text that is longer is cut between two characters; what
 * is no UTF-8 becomes U+FFFD, and so does NUL. */
bool json_pull_text(struct json_pull *pull, char *ret, size_t size);
bool json_pull_number(struct json_pull *pull, double *ret);
/* Whatever it is. */
void json_pull_skip(struct json_pull *pull);
/* Nothing was wrong, and nothing is left but blanks. */
bool json_pull_is_done(struct json_pull *pull);
