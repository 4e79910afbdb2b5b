/* Passes a command's output on to a descriptor that may be slow: whole lines, as many as it takes
 * now; the rest waits, up to RELAY_WAITING_MAX, and what comes beyond is dropped and counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_WAITING_MAX ((size_t)1 << 20)

struct relay {
	int fd; /* not owned */
	char *waiting;
	size_t size;
	uint64_t dropped; /* bytes */
};

void relay_init(struct relay *relay, int fd);
void relay_deinit(struct relay *relay);
void relay_add(struct relay *relay, const char *bytes, size_t size);
/* The descriptor takes bytes now. */
bool relay_is_writable(const struct relay *relay);
/* There is a whole line, and the descriptor takes it. */
bool relay_is_ready(const struct relay *relay);
/* Writes what it takes; does not block. */
void relay_flush(struct relay *relay);
/* Nothing more will come: ends the last line and writes all, unless nobody reads for a second. */
void relay_end(struct relay *relay);
