#include "metric/window.h"

#include <assert.h>

/* A number that has been given up stays so, whatever comes later. */
enum state { PENDING, ANSWERED, MISSED, LOST, LOST_THEN_ANSWERED };

static uint32_t ring_size(uint32_t pending)
{
	uint32_t size = 1;

	assert(pending > 0 && pending <= UINT32_C(1) << 31);
	while (size < pending)
		size *= 2;
	return size;
}

size_t window_storage_size(uint32_t pending)
{
	return ring_size(pending) * (sizeof(struct window_entry) + sizeof(uint8_t));
}

void window_init(struct window *window, void *storage, uint32_t pending)
{
	uint32_t size = ring_size(pending);

	*window = (struct window){
		.entries = storage,
		.states = (uint8_t *)((struct window_entry *)storage + size),
		.mask = size - 1,
	};
}

void window_move(struct window *window, void *storage, uint32_t pending)
{
	const struct window old = *window;
	uint64_t kept = old.mask + UINT64_C(1);
	uint64_t first = old.head > kept ? old.head - kept : 0;

	window_init(window, storage, pending);
	assert(window->mask >= old.mask);
	window->tail = old.tail;
	window->head = old.head;
	window->highest_answered = old.highest_answered;
	for (uint64_t sequence = first; sequence < old.head; sequence++) {
		window->entries[sequence & window->mask] = old.entries[sequence & old.mask];
		window->states[sequence & window->mask] = old.states[sequence & old.mask];
	}
}

bool window_is_full(const struct window *window)
{
	return window->head - window->tail > window->mask;
}

static uint64_t append(struct window *window, struct window_entry entry, enum state state)
{
	uint64_t sequence = window->head;

	assert(!window_is_full(window));
	window->entries[sequence & window->mask] = entry;
	window->states[sequence & window->mask] = (uint8_t)state;
	window->head++;
	return sequence;
}

uint64_t window_sent(struct window *window, uint64_t due_ns, uint64_t sent_ns)
{
	return append(window, (struct window_entry){ due_ns, sent_ns }, PENDING);
}

uint64_t window_missed(struct window *window, uint64_t due_ns)
{
	return append(window, (struct window_entry){ due_ns, 0 }, MISSED);
}

/* NULL if the number has not been reached or its place has been taken by a later one. */
static uint8_t *find(const struct window *window, uint64_t sequence)
{
	if (sequence >= window->head || window->head - sequence > window->mask + UINT64_C(1))
		return NULL;
	return &window->states[sequence & window->mask];
}

enum window_answer window_answered(struct window *window, uint64_t sequence,
				   struct window_entry *ret_entry, bool *ret_is_reordered)
{
	uint8_t *state = find(window, sequence);

	if (state == NULL || *state == MISSED)
		return WINDOW_FOREIGN;
	if (*state == LOST) {
		*state = LOST_THEN_ANSWERED;
		return WINDOW_LATE;
	}
	if (*state != PENDING)
		return WINDOW_DUPLICATE;

	*state = ANSWERED;
	*ret_entry = window->entries[sequence & window->mask];
	*ret_is_reordered = sequence < window->highest_answered;
	if (!*ret_is_reordered)
		window->highest_answered = sequence + 1;
	return WINDOW_ANSWERED;
}

bool window_lost(struct window *window, uint64_t sequence, struct window_entry *ret_entry)
{
	uint8_t *state = find(window, sequence);

	if (state == NULL || *state != PENDING)
		return false;
	*state = LOST;
	*ret_entry = window->entries[sequence & window->mask];
	return true;
}

bool window_is_pending(const struct window *window, uint64_t sequence,
		       struct window_entry *ret_entry)
{
	const uint8_t *state = find(window, sequence);

	if (state == NULL || *state != PENDING)
		return false;
	*ret_entry = window->entries[sequence & window->mask];
	return true;
}

bool window_oldest_pending(const struct window *window, uint64_t *ret_sequence,
			   struct window_entry *ret_entry)
{
	for (uint64_t sequence = window->tail; sequence < window->head; sequence++) {
		if (window->states[sequence & window->mask] != PENDING)
			continue;
		*ret_sequence = sequence;
		*ret_entry = window->entries[sequence & window->mask];
		return true;
	}
	return false;
}

bool window_take_final(struct window *window, struct window_final *ret)
{
	uint64_t sequence = window->tail;

	if (sequence == window->head)
		return false;
	uint8_t state = window->states[sequence & window->mask];

	if (state == PENDING)
		return false;
	*ret = (struct window_final){
		.sequence = sequence,
		.due_ns = window->entries[sequence & window->mask].due_ns,
		.is_answered = state == ANSWERED,
		.is_missed = state == MISSED,
	};
	window->tail++;
	return true;
}
