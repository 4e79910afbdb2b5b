/* Which slot is with which backend, as far as events tell; inside summary. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/events.h"

struct summary_slot;
struct summary_backend;

struct summary_slots {
	struct summary_slot *items;
	uint32_t count;
	uint32_t waves;                   /* see summary_slots_left() */
	struct summary_backend *backends; /* by number, all there can be */
};

nodiscard int summary_slots_init(struct summary_slots *slots, uint32_t count);
void summary_slots_deinit(struct summary_slots *slots);
void summary_slots_set(struct summary_slots *slots, uint16_t backend, uint64_t count);

/* How many slots are with this backend now; with BACKEND_UNKNOWN, how many there are. */
uint64_t summary_slots_with(const struct summary_slots *slots, uint16_t backend);
/* How many different slots have left it since all that had were back: what those that come back are
 * a part of. */
uint64_t summary_slots_left(const struct summary_slots *slots, uint16_t backend);
/* Is this the slot's first event of the kind in the group with this number? */
bool summary_slots_is_new(struct summary_slots *slots, const struct event *event, uint32_t group);
/* Its connection ended and no other has answered yet. */
bool summary_slots_is_away(const struct summary_slots *slots, uint32_t slot);

/* Notes the event; returns the backend that it is to be told of (one that connects again: the one
 * it came from) and whether the slot's silence had been told before. */
uint16_t summary_slots_follow(struct summary_slots *slots, const struct event *event,
			      bool *ret_was_silent);
