/* What a receiver's tables know of a flow, in the words of the control service. */
#pragma once

#include "engine/receiver_table.h"
#include "proto/control.h"

/* Any thread. All 0 where nothing is known. `delays` is scratch of RECEIVER_DELAY_RANGE. */
void receiver_receipt(const struct receiver_tables *tables, const struct control_question *question,
		      struct hist *delays, struct control_receipt *ret);
