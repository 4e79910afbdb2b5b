#include "engine/forward_loss.h"

#include <string.h>

static uint64_t lost_in(const struct forward_jump *jump)
{
	return jump->missing < jump->unanswered ? jump->missing : jump->unanswered;
}

static void remove_first(struct forward_loss *loss, uint32_t count)
{
	loss->jump_count -= count;
	memmove(loss->jumps, loss->jumps + count, loss->jump_count * sizeof(loss->jumps[0]));
}

static void add(struct forward_loss *loss, struct forward_jump jump)
{
	if (loss->jump_count == FORWARD_JUMPS_MAX) {
		loss->jumps[1].from = loss->jumps[0].from;
		loss->jumps[1].missing += loss->jumps[0].missing;
		loss->jumps[1].unanswered += loss->jumps[0].unanswered;
		remove_first(loss, 1);
	}
	loss->jumps[loss->jump_count++] = jump;
}

/* More arrived than was sent since: those that the newest jumps missed. */
static void forgive(struct forward_loss *loss, uint64_t arrived)
{
	for (uint32_t i = loss->jump_count; i-- > 0 && arrived > 0;) {
		struct forward_jump *jump = &loss->jumps[i];
		uint64_t found = jump->missing < arrived ? jump->missing : arrived;
		jump->missing -= found;
		arrived -= found;
	}
}

static uint64_t skipped_before(const struct forward_loss *loss, uint64_t sequence)
{
	return sequence > loss->skipped_first ? loss->skipped : 0;
}

/* Sent since the newest answer, and not arrived; below 0: more arrived. */
static int64_t missing_at(const struct forward_loss *loss, uint64_t sequence, uint64_t count)
{
	uint64_t sent = sequence - loss->sequence - skipped_before(loss, sequence);

	return (int64_t)sent - (int64_t)(count - loss->count);
}

bool forward_loss_wants_room(const struct forward_loss *loss, uint64_t sequence, uint64_t count)
{
	return loss->is_known && sequence > loss->sequence && missing_at(loss, sequence, count) > 0;
}

void forward_loss_note(struct forward_loss *loss, uint64_t sequence, uint64_t count)
{
	if (loss->is_known && sequence <= loss->sequence)
		return;
	int64_t missing = missing_at(loss, sequence, count);
	if (loss->is_known && missing > 0 && loss->jumps != NULL)
		add(loss, (struct forward_jump){ loss->sequence, sequence, (uint64_t)missing,
						 loss->unanswered });
	else if (loss->is_known && missing < 0)
		forgive(loss, (uint64_t)-missing);
	loss->skipped -= skipped_before(loss, sequence);
	loss->sequence = sequence;
	loss->count = count;
	loss->unanswered = 0;
	loss->is_known = true;
}

void forward_loss_give_up(struct forward_loss *loss, uint64_t sequence)
{
	if (sequence > loss->sequence)
		loss->unanswered++;
	for (uint32_t i = 0; i < loss->jump_count; i++)
		loss->jumps[i].unanswered +=
			loss->jumps[i].from < sequence && sequence < loss->jumps[i].to;
}

void forward_loss_skip(struct forward_loss *loss, uint64_t sequence)
{
	if (loss->skipped++ == 0)
		loss->skipped_first = sequence;
}

uint64_t forward_loss_between(const struct forward_loss *loss, uint64_t from, uint64_t to)
{
	uint64_t lost = 0;
	for (uint32_t i = 0; i < loss->jump_count; i++)
		if (loss->jumps[i].from >= from && loss->jumps[i].to <= to)
			lost += lost_in(&loss->jumps[i]);
	return lost;
}

uint64_t forward_loss_settle(struct forward_loss *loss, uint64_t sequence)
{
	uint64_t lost = 0;
	uint32_t settled = 0;
	for (; settled < loss->jump_count && loss->jumps[settled].to < sequence; settled++)
		lost += lost_in(&loss->jumps[settled]);
	if (settled > 0)
		remove_first(loss, settled);
	return lost;
}
