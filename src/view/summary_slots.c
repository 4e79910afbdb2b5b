/* See summary_slots.h. */
#include "view/summary_slots.h"

#include <errno.h>
#include <stdlib.h>

#define BACKENDS (UINT16_MAX + 1)

/* Those of slots come first. */
#define EVENT_SLOT_KINDS (EVENT_SLOT_GOOD + 1)

/* Untouched, and so without memory, while its slot's first connection is well. */
struct summary_slot {
	uint16_t backend; /* where it was before, while it is away */
	bool is_away;
	bool is_silent;
	uint32_t wave; /* of its backend, in which it left */
	uint32_t groups[EVENT_SLOT_KINDS];
};

struct summary_backend {
	uint64_t slots;
	uint64_t away;
	uint64_t left; /* different slots in this wave: until away is 0 again */
	uint32_t wave;
};

int summary_slots_init(struct summary_slots *slots, uint32_t count)
{
	*slots = (struct summary_slots){ .count = count };
	slots->items = calloc(count > 0 ? count : 1, sizeof(*slots->items));
	slots->backends = calloc(BACKENDS, sizeof(*slots->backends));
	if (!slots->items || !slots->backends) {
		summary_slots_deinit(slots);
		return -ENOMEM;
	}
	return 0;
}

void summary_slots_deinit(struct summary_slots *slots)
{
	free(slots->items);
	free(slots->backends);
	*slots = (struct summary_slots){ 0 };
}

void summary_slots_set(struct summary_slots *slots, uint16_t backend, uint64_t count)
{
	slots->backends[backend].slots = count;
}

uint64_t summary_slots_with(const struct summary_slots *slots, uint16_t backend)
{
	return backend == BACKEND_UNKNOWN ? slots->count : slots->backends[backend].slots;
}

uint64_t summary_slots_left(const struct summary_slots *slots, uint16_t backend)
{
	return slots->backends[backend].left;
}

bool summary_slots_is_new(struct summary_slots *slots, const struct event *event, uint32_t group)
{
	if (event->slot >= slots->count)
		return true;
	uint32_t *last = &slots->items[event->slot].groups[event->kind];
	bool is_new = *last != group;
	*last = group;
	return is_new;
}

bool summary_slots_is_away(const struct summary_slots *slots, uint32_t slot)
{
	return slot < slots->count && slots->items[slot].is_away;
}

/* One that ended again before its first reply is still away from where it was. */
static void slot_ended(struct summary_slots *slots, struct summary_slot *slot, uint16_t backend)
{
	struct summary_backend *left = &slots->backends[backend];
	if (slot->is_away)
		return;
	if (left->away == 0) {
		left->wave = ++slots->waves;
		left->left = 0;
	}
	left->left += slot->wave != left->wave;
	slot->wave = left->wave;
	slot->backend = backend;
	slot->is_away = true;
	slot->is_silent = false;
	left->away++;
	left->slots -= left->slots > 0;
}

/* Returns where it came from. */
static uint16_t slot_connected(struct summary_slots *slots, struct summary_slot *slot,
			       uint16_t backend)
{
	slots->backends[backend].slots++;
	if (slot->is_silent)
		slot->is_silent = false;
	if (!slot->is_away)
		return BACKEND_UNKNOWN;
	slots->backends[slot->backend].away--;
	slot->is_away = false;
	return slot->backend;
}

uint16_t summary_slots_follow(struct summary_slots *slots, const struct event *event,
			      bool *ret_was_silent)
{
	struct summary_slot outside = { .is_away = false };
	struct summary_slot *slot =
		event->slot < slots->count ? &slots->items[event->slot] : &outside;
	*ret_was_silent = slot->is_silent;
	switch (event->kind) {
	case EVENT_SLOT_SILENT:
	case EVENT_SLOT_ANSWERS:
		slot->is_silent = event->kind == EVENT_SLOT_SILENT;
		return event->backend;
	case EVENT_SLOT_ENDED:
		slot_ended(slots, slot, event->backend);
		return event->backend;
	case EVENT_SLOT_CONNECTED:
		return slot_connected(slots, slot, event->backend);
	case EVENT_SLOT_REFUSED:
		return BACKEND_UNKNOWN;
	default:
		return event->backend;
	}
}
