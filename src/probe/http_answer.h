/* What an answer of HTTP comes to, whatever frames it: how much of its body is read, whether its
 * status and text are those that were asked for, and where it redirects to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct talk;

/* All zero at the start of an answer. */
struct http_answer {
	uint32_t matched; /* of the text that it has to hold */
	bool has_text;
};

/* A header field; `name` in any case. */
void http_answer_field(struct talk *talk, const char *name, size_t name_size, const char *value,
		       size_t value_size);
/* False: more has come than is read of a body, and nothing further is wanted. */
bool http_answer_body(struct http_answer *answer, struct talk *talk, const uint8_t *data,
		      size_t size);
/* It is whole, or as much as is wanted: ANSWERED; where it is not as expected, the result says
 * REJECTED and why. A redirect that is to be followed is not judged. */
void http_answer_end(const struct http_answer *answer, struct talk *talk);
