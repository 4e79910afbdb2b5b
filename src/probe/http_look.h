/* What is made of the answer to one HTTP request, over whichever version it came: its status, size,
 * where it redirects to, and whether it is as expected. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/talk.h"

struct http_look {
	struct talk *talk;
	char why[64];
	uint32_t matched; /* of the text that is looked for */
	bool has_text;
};

void http_look_begin(struct http_look *look, struct talk *talk);
/* Fields of a head, before that ends; those of an interim one count for nothing. */
void http_look_field(struct http_look *look, const char *name, size_t name_size, const char *value,
		     size_t value_size);
/* The head is over: `status` is the final one. */
void http_look_head(struct http_look *look, uint32_t status);
/* Ends the look where it has as much as is wanted. */
void http_look_body(struct http_look *look, const void *data, size_t size);
/* The answer is whole: answered, or wrong. */
void http_look_end(struct http_look *look);
/* Closed by the peer `where`: "in mid-header". */
void http_look_closed(struct http_look *look, const char *where);

/* Whether the prober goes where the answer leads to. */
bool http_look_is_followed(const struct probe_target *target, const struct probe_result *result);
