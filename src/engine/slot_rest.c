/* A slot between two messages keeps nothing of them: what it needs while something is under way is
 * taken from the slots' slab with the first byte and goes back with the last one. */
#include "engine/slot.h"

bool slot_wake(struct slot *slot)
{
	struct slots *slots = slot->slots;
	struct speaker *speaker = slot_speaker(slot);
	if (slot->exchange)
		return true;
	struct exchange *exchange = slab_take(&slots->exchanges);
	if (!exchange)
		return false;
	stall_init(&exchange->stall, slots->plan->stall_after_ns);
	stamp_queue_init(&exchange->stamps);
	speaker->kind->begin(speaker, exchange->speech,
			     &(struct speech_start){ .uid = slot->uid,
						     .sequence = slot->begun,
						     .is_open = slot->state->is_up });
	slot->exchange = exchange;
	return true;
}

void slot_drop_exchange(struct slot *slot)
{
	struct slots *slots = slot->slots;
	if (!slot->exchange)
		return;
	speaker_end(slot_speaker(slot), slot->exchange->speech);
	stamp_clear(&slots->stamps, &slot->exchange->stamps);
	slab_put(&slots->exchanges, slot->exchange);
	slot->exchange = NULL;
}

void slot_rest(struct slot *slot)
{
	if (slot->owed > 0 || slot->is_partial || slot->is_urgent || !slot->exchange ||
	    !slot->state->is_up)
		return;
	if (speaker_is_at_rest(slot_speaker(slot), slot->exchange->speech))
		slot_drop_exchange(slot);
}
