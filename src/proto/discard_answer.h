/* What the service discard answers the end of a connection with: how many bytes it got, as a
 * decimal line. Read in any pieces; no I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "18446744073709551615\n" */
#define DISCARD_ANSWER_MAX 21

enum discard_answer_state {
	DISCARD_ANSWER_PART, /* more has to come */
	DISCARD_ANSWER_DONE, /* `bytes` is what it got */
	DISCARD_ANSWER_NONE, /* that was something else */
};

/* A zeroed struct has read nothing. */
struct discard_answer {
	uint64_t bytes;
	uint8_t digits;
	uint8_t state; /* enum discard_answer_state */
};

/* Bytes that arrived; what comes behind the line makes it something else. Returns the state. */
enum discard_answer_state discard_answer_read(struct discard_answer *answer, const uint8_t *data,
					      size_t size);
