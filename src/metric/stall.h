/* Silence of a TCP connection: a reply is owed and nothing arrives in order for longer than
 * `after_ns`, counted from the later of the last in-order byte and the write of the oldest
 * unanswered message, to the next in-order byte. Pure; the caller brings the times.
 *
 * A stall is one that stall_check() found. The loop reads what has come before it checks, so that
 * bytes which waited for a late loop are no silence of the connection. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct stall {
	uint64_t since_ns; /* the later of the two moments; meaningless while nothing is owed */
	uint64_t after_ns;
	bool is_owed;
	bool is_stalled;
};

/* `after_ns` UINT64_MAX: never. */
void stall_init(struct stall *stall, uint64_t after_ns);
/* A message was written. Changes nothing if one is owed already. */
void stall_owed(struct stall *stall, uint64_t write_ns);
/* In-order bytes came. `oldest_write_ns`: of the oldest message still unanswered, 0 if none is.
 * True when this ends a stall, whose start is then in `ret_start_ns`. */
bool stall_progress(struct stall *stall, uint64_t now_ns, uint64_t oldest_write_ns,
		    uint64_t *ret_start_ns);
/* When to look next; UINT64_MAX while nothing is owed or a stall is already known. */
uint64_t stall_deadline(const struct stall *stall);
/* True when a stall has begun by now (once a stall). */
bool stall_check(struct stall *stall, uint64_t now_ns);
