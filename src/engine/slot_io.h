/* The bytes of a slot: sending what is due, checking what comes back. */
#pragma once

#include "engine/slot.h"

/* The schedule's message of a round is due: false if nothing can be sent for it now. */
bool slot_due(struct slot *slot, uint64_t due_ns);
/* Sends what is due until the transport takes no more. */
void slot_flush(struct slot *slot);
/* Takes what has arrived; returns the state that follows. */
const struct slot_state *slot_receive(struct slot *slot);
