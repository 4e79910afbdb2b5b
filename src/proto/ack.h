/* The line protocol of the older conntest, as its server hears it: every line is answered with
 * "ACK\n", and the line "EOS" ends the connection. A carriage return before the line's end is let
 * pass. Lines come in any pieces; no I/O. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ACK_ANSWER       "ACK\n"
#define ACK_ANSWER_BYTES 4
#define ACK_END          "EOS"
/* Of a line, its end apart. */
#define ACK_LINE_MAX 8192

/* A zeroed struct has read nothing. */
struct ack_reader {
	uint32_t length; /* of the line that has begun */
	char head[sizeof(ACK_END)];
};

enum ack_verdict {
	ACK_GOES_ON,
	ACK_IS_ENDED,    /* what comes behind is of no interest */
	ACK_IS_TOO_LONG, /* the same: a line without an end */
};

/* Bytes that arrived; `ret_lines`: how many answers they make due. Nothing is read any more once it
 * does not go on. */
enum ack_verdict ack_read(struct ack_reader *reader, const uint8_t *data, size_t size,
			  size_t *ret_lines);
