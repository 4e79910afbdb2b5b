#include "engine/receiver_receipt.h"

#include <assert.h>
#include <string.h>

#include "metric/hdr_codec.h"

static void describe_datagrams(const struct receiver_record *record,
			       struct control_receipt *receipt)
{
	static_assert(BURST_LENGTHS == CONTROL_BURST_LENGTHS, "told as they are");

	receipt->socket = record->socket;
	receipt->overflows = record->overflows;
	receipt->merged = record->merged;
	receipt->numbered = record->numbered;
	receipt->next = record->next;
	receipt->unique = record->unique;
	receipt->duplicate = record->duplicate;
	receipt->reordered = record->reordered;
	receipt->late = record->late;
	receipt->bursts = record->bursts.count;
	receipt->bursts_lost = record->bursts.lost;
	receipt->burst_longest = record->bursts.longest;
	receipt->burst_longest_at = record->bursts.longest_at;
	receipt->burst_first_lost = record->bursts.first_lost;
	receipt->burst_last_lost = record->bursts.last_lost;
	memcpy(receipt->burst_lengths, record->bursts.lengths, sizeof(receipt->burst_lengths));
	receipt->delay_count = record->delay_count;
	receipt->delay_p50_ns = record->delay_p50_ns;
	receipt->delay_p90_ns = record->delay_p90_ns;
	receipt->delay_p99_ns = record->delay_p99_ns;
	receipt->delay_p99_9_ns = record->delay_p99_9_ns;
	receipt->delay_max_ns = record->delay_max_ns;
}

/* Left out where it is too long for the line: the percentiles are told apart from it. */
static void describe_delays(const struct hist *delays, struct control_receipt *receipt)
{
	struct buffer text cleanup(buffer_deinit);

	buffer_init(&text, CONTROL_HDR_MAX - 1);
	hdr_encode(delays, &text);
	if (text.error == 0)
		memcpy(receipt->delay_hdr, text.data, text.size);
}

void receiver_receipt(const struct receiver_tables *tables, const struct control_question *question,
		      struct hist *delays, struct control_receipt *ret)
{
	const struct receiver_key key = {
		.remote = question->local,
		.local = question->remote,
		.transport = question->transport,
	};
	bool is_udp = question->transport == TRANSPORT_UDP;
	struct receiver_record record;

	*ret = (struct control_receipt){ 0 };
	hist_init(delays, RECEIVER_DELAY_RANGE);
	if (!receiver_tables_find(tables, &key, &record, is_udp ? delays : NULL))
		return;
	ret->is_known = true;
	ret->first_ns = record.first_ns;
	ret->last_ns = record.last_ns;
	ret->bytes = record.bytes;
	ret->messages = record.messages;
	if (is_udp)
		describe_datagrams(&record, ret);
	if (is_udp && record.delay_count > 0)
		describe_delays(delays, ret);
}
