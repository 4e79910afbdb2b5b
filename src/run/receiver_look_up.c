#include <errno.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "engine/receiver_table.h"
#include "run/receiver_inquiry.h"

static void add(struct receiver_sum *sum, const struct control_receipt *receipt)
{
	if (!receipt->is_known)
		return;
	if (sum->known == 0 || receipt->first_ns < sum->first_ns)
		sum->first_ns = receipt->first_ns;
	if (receipt->last_ns > sum->last_ns)
		sum->last_ns = receipt->last_ns;
	sum->known++;
	sum->bytes += receipt->bytes;
	sum->messages += receipt->messages;
}

/* What the queues of all sockets dropped is no flow's. */
static uint64_t overflows_of(const struct engine *engine)
{
	uint64_t overflows = 0;
	for (unsigned i = 0; i < engine_workers(engine); i++) {
		const struct recorder *served = engine_worker(engine, i)->recorders[PLAN_SERVED];
		overflows += served ? served->counters.queue_overflows : 0;
	}
	return overflows;
}

int receiver_look_up(const struct receiver_setup *setup, const struct receiver_question *questions,
		     uint32_t count, struct receiver_datagrams *datagrams, struct receiver_sum *ret)
{
	struct hist *delays = calloc(1, hist_size(RECEIVER_DELAY_RANGE));

	*ret = (struct receiver_sum){ 0 };
	if (delays == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct control_receipt receipt;
		engine_far_receipt(setup->engine, &questions[i].text, delays, &receipt);
		add(ret, &receipt);
		if (datagrams != NULL)
			receiver_datagrams_add(datagrams, &receipt, questions[i].sent);
	}
	ret->overflows = overflows_of(setup->engine);
	free(delays);
	return 0;
}
