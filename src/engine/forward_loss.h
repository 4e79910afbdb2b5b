/* What was lost on the way there, by the peer's count: every answer tells how many datagrams of the
 * flow had arrived when its own did. Where fewer arrived between two answers than were sent, those
 * that stay unanswered are lost on the way there; what was only overtaken is answered, or makes a
 * later count come out even. One that was doubled or overtaken may hide a loss right behind it.
 * Pure logic, one owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Between two answers more was sent than arrived. */
struct forward_jump {
	uint64_t from; /* sequences of the two */
	uint64_t to;
	uint64_t missing;
	uint64_t unanswered; /* given up of those between */
};
#define FORWARD_JUMPS_MAX 8 /* unsettled; beyond, the oldest two become one */

struct forward_loss {
	uint64_t sequence; /* of the newest answer with a count, and that count */
	uint64_t count;
	uint64_t unanswered;    /* given up since */
	uint64_t skipped;       /* numbers behind it that were never sent */
	uint64_t skipped_first; /* of these */
	/* FORWARD_JUMPS_MAX of them, the owner's; oldest first. NULL: what would be kept there is
	 * not counted. */
	struct forward_jump *jumps;
	uint32_t jump_count;
	bool is_known; /* the peer counts */
};

/* This answer will be kept as a jump: an owner of very many may bring room for them only then, and
 * take it back when jump_count is 0. */
bool forward_loss_wants_room(const struct forward_loss *loss, uint64_t sequence, uint64_t count);
/* An answer came. */
void forward_loss_note(struct forward_loss *loss, uint64_t sequence, uint64_t count);
/* This one is given up. */
void forward_loss_give_up(struct forward_loss *loss, uint64_t sequence);
/* This number will never be sent. */
void forward_loss_skip(struct forward_loss *loss, uint64_t sequence);
/* How many were lost after `from` and up to `to`, of what is not settled yet. */
uint64_t forward_loss_between(const struct forward_loss *loss, uint64_t from, uint64_t to);
/* All before `sequence` is answered or given up: how many of them were lost, each told once. */
uint64_t forward_loss_settle(struct forward_loss *loss, uint64_t sequence);
