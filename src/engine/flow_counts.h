/* How many datagrams of each flow have arrived: a table of fixed size by remote endpoint and flow
 * id. Where it is full, of the flows that share a place the one not heard for longest is
 * forgotten, and begins at 1 again if it is heard once more. One owner. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

#define FLOW_COUNTS_MAX 65536

struct flow_counts;

/* -ENOMEM. Room for `flows_max`, FLOW_COUNTS_MAX at most: 48 bytes each, of which a flow takes a
 * page as long as there are pages, so that few flows in a large table cost the most. `seed` keeps
 * clients from choosing places. */
nodiscard int flow_counts_new(uint64_t seed, uint32_t flows_max, struct flow_counts **ret);
void flow_counts_free(struct flow_counts *counts);
/* Counts a datagram; returns the flow's count with this one. `now_ns` never falls. */
uint64_t flow_counts_add(struct flow_counts *counts, const struct endpoint *remote, uint32_t flow,
			 uint64_t now_ns);
/* The same; also where the flow stands, below FLOW_COUNTS_MAX: another's until the count was 1. */
uint64_t flow_counts_add_at(struct flow_counts *counts, const struct endpoint *remote,
			    uint32_t flow, uint64_t now_ns, uint32_t *ret_place);
