/* What a receiver learns from the sequence numbers of one flow: each datagram counted once, those
 * that came twice, those that a later one overtook, and the losses in a row. Exact as long as none
 * comes more than ARRIVALS_WINDOW numbers late; one that does is `late`: it stays counted as lost.
 * Flat, one owner; a copy may be settled while the flow goes on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/bursts.h"

#define ARRIVALS_WINDOW 8192

struct arrivals {
	uint64_t next;                         /* the highest sequence so far + 1 */
	uint64_t unique;                       /* datagrams, each once */
	uint64_t duplicate;                    /* beyond the first */
	uint64_t reordered;                    /* overtaken by a later one */
	uint64_t late;                         /* too late to tell which of the two */
	struct bursts bursts;                  /* of [0, settled) */
	uint64_t settled;                      /* what is missing below it is lost */
	uint64_t window[ARRIVALS_WINDOW / 64]; /* bit sequence % ARRIVALS_WINDOW: it has come */
};

/* A zeroed struct has seen nothing. */
void arrivals_add(struct arrivals *arrivals, uint64_t sequence);
/* Nothing more is to come below `end`, at least `next`: all that is missing is lost. */
void arrivals_settle(struct arrivals *arrivals, uint64_t end);
