/* The answers to a sequence of datagrams (or attempts) that may come in any order: each sequence
 * number is pending, answered or unanswered; final states leave in order. Tells duplicates,
 * reordering and late answers. Storage is a ring that the caller sizes for the most that can be
 * pending at once; a number is remembered until as many later ones have been sent as the ring
 * holds, so a larger ring knows late answers for longer. Nothing is allocated. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_entry {
	uint64_t due_ns;
	uint64_t sent_ns;
};

struct window {
	struct window_entry *entries; /* the caller's */
	uint8_t *states;              /* the caller's, one an entry */
	uint32_t mask;                /* ring size - 1 */
	uint64_t tail;                /* the oldest sequence that is not final and taken */
	uint64_t head;                /* the next sequence to send */
	uint64_t highest_answered;    /* + 1; 0: none */
};

/* Bytes of `entries` and `states` for `pending` numbers (1 to 2^31), rounded up to a power of two.
 */
size_t window_storage_size(uint32_t pending);
/* `storage` is aligned for struct window_entry. */
void window_init(struct window *window, void *storage, uint32_t pending);
/* Into storage for more numbers; what was remembered stays so. */
void window_move(struct window *window, void *storage, uint32_t pending);
/* No more can be sent before window_take_final() has made room. */
bool window_is_full(const struct window *window);
/* The sequence number it got. The window must not be full. */
uint64_t window_sent(struct window *window, uint64_t due_ns, uint64_t sent_ns);
/* A number that was never sent (missed): unanswered from the start. Not full either. */
uint64_t window_missed(struct window *window, uint64_t due_ns);

enum window_answer {
	WINDOW_ANSWERED,  /* the first answer, in time */
	WINDOW_DUPLICATE, /* answered before */
	WINDOW_LATE,      /* the first answer, but it had been given up */
	WINDOW_FOREIGN,   /* no such number was sent, or so long ago that it is forgotten */
};
/* `ret_entry` and `ret_is_reordered` are filled for WINDOW_ANSWERED; the latter tells that a later
 * number had been answered in time before. */
enum window_answer window_answered(struct window *window, uint64_t sequence,
				   struct window_entry *ret_entry, bool *ret_is_reordered);
/* Gives up on one number (a failed attempt). False if it was final already. */
bool window_lost(struct window *window, uint64_t sequence, struct window_entry *ret_entry);

/* Is it still pending? Then its entry. */
bool window_is_pending(const struct window *window, uint64_t sequence,
		       struct window_entry *ret_entry);

/* The oldest pending entry, to time it out. False if none is pending. */
bool window_oldest_pending(const struct window *window, uint64_t *ret_sequence,
			   struct window_entry *ret_entry);

/* Takes the next final state in order of sequence; false when the oldest is still pending. */
struct window_final {
	uint64_t sequence;
	uint64_t due_ns;
	bool is_answered;
	bool is_missed; /* never sent */
};
bool window_take_final(struct window *window, struct window_final *ret);
