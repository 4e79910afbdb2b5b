/* What the services of one worker came to, beside the counters of their stream. */
#pragma once

#include <stdint.h>

struct service_totals {
	uint64_t connections_now;
	uint64_t drained;     /* closed by the drain at a message boundary */
	uint64_t cut_off;     /* still open at its deadline */
	uint64_t turned_away; /* by connections_max or want of descriptors */
};
