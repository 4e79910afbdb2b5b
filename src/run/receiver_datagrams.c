#include "run/receiver_datagrams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/receiver_table.h"
#include "metric/hdr_codec.h"
#include "metric/report_datagrams.h"
#include "metric/report_latency.h"

int receiver_datagrams_init(struct receiver_datagrams *datagrams)
{
	*datagrams = (struct receiver_datagrams){
		.delays = calloc(1, hist_size(RECEIVER_DELAY_RANGE)),
	};
	if (datagrams->delays == NULL)
		return -ENOMEM;
	hist_init(datagrams->delays, RECEIVER_DELAY_RANGE);
	receiver_datagrams_clear(datagrams);
	return 0;
}

void receiver_datagrams_deinit(struct receiver_datagrams *datagrams)
{
	free(datagrams->delays);
	datagrams->delays = NULL;
}

void receiver_datagrams_clear(struct receiver_datagrams *datagrams)
{
	struct hist *delays = datagrams->delays;

	hist_clear(delays);
	*datagrams = (struct receiver_datagrams){ .delays = delays, .are_delays_whole = true };
}

static struct bursts bursts_of(const struct control_receipt *receipt)
{
	struct bursts bursts = {
		.count = receipt->bursts,
		.lost = receipt->bursts_lost,
		.longest = receipt->burst_longest,
		.longest_at = receipt->burst_longest_at,
		.first_lost = receipt->burst_first_lost,
		.last_lost = receipt->burst_last_lost,
	};

	memcpy(bursts.lengths, receipt->burst_lengths, sizeof(bursts.lengths));
	return bursts;
}

static void add_delays(struct receiver_datagrams *datagrams, const struct control_receipt *receipt)
{
	struct error error;

	if (receipt->delay_count > 0 && hdr_decode(receipt->delay_hdr, strlen(receipt->delay_hdr),
						   &error, datagrams->delays) < 0)
		datagrams->are_delays_whole = false;
}

void receiver_datagrams_add(struct receiver_datagrams *datagrams,
			    const struct control_receipt *receipt, uint64_t sent)
{
	struct bursts bursts = bursts_of(receipt);

	/* Behind the last that came it does not know of any. */
	if (sent > receipt->next) {
		bursts_lost(&bursts, receipt->next, sent - receipt->next);
		bursts_end(&bursts);
	}
	bursts_merge(&datagrams->bursts, &bursts);
	datagrams->numbered += receipt->numbered;
	datagrams->unique += receipt->unique;
	datagrams->duplicate += receipt->duplicate;
	datagrams->reordered += receipt->reordered;
	datagrams->late += receipt->late;
	datagrams->merged += receipt->merged;
	add_delays(datagrams, receipt);
}

void receiver_datagrams_give(const struct receiver_datagrams *datagrams, uint64_t overflows,
			     struct arena *arena, struct report_stream *stream)
{
	struct datagram_losses losses = {
		.counted_by = "receiver",
		.sent = stream->totals.sent,
		.unique = datagrams->unique,
		.bursts = &datagrams->bursts,
		.interval_ns = stream->schedule.interval_ns,
		.has_overflows = true,
		.overflows = overflows,
		.merged = datagrams->merged,
	};

	if (datagrams->numbered == 0)
		return;
	stream->datagrams = report_datagrams_of(&losses);
	stream->totals.duplicate = datagrams->duplicate;
	stream->totals.reordered = datagrams->reordered;
	stream->totals.late = datagrams->late;
	if (datagrams->are_delays_whole && datagrams->delays->count > 0)
		stream->latency[LATENCY_DELAY_VARIATION] =
			report_latency_of(datagrams->delays, arena);
}
