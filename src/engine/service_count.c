#include "engine/service_count.h"

#include <string.h>

static void count_messages(struct counters *counters, uint64_t arrived, uint64_t answered)
{
	counters->scheduled += arrived;
	counters->debt += arrived;
	counters->sent += answered;
	counters->received += answered;
	counters->debt -= answered;
}

/* The head of the first message, which may come in pieces, tells the size of all. */
static void read_head(struct service_count *count, const uint8_t *data, size_t size)
{
	uint8_t head[WIRE_STREAM_HEAD_END] = { 0 };
	uint64_t at = count->received_bytes;
	uint64_t from = at > WIRE_NAME_BYTES ? at : WIRE_NAME_BYTES;
	uint64_t to = at + size < sizeof(head) ? at + size : sizeof(head);

	if (from < to)
		memcpy(count->head + (from - WIRE_NAME_BYTES), data + (from - at), to - from);
	memcpy(head + WIRE_NAME_BYTES, count->head, sizeof(count->head));
	count->message_bytes = wire_read_stream_size(head, to);
}

static uint64_t messages_since(const struct service_count *count, uint64_t bytes_before)
{
	if (count->received_bytes < WIRE_STREAM_HEAD_END)
		return 0;
	if (count->message_bytes == 0)
		return 1;
	return count->received_bytes / count->message_bytes - bytes_before / count->message_bytes;
}

void service_count_arrived(struct service_count *count, struct counters *counters,
			   const uint8_t *data, size_t size)
{
	uint64_t bytes_before = count->received_bytes;

	if (data != NULL && !count->is_told && bytes_before < WIRE_STREAM_HEAD_END)
		read_head(count, data, size);
	count->received_bytes += size;
	if (count->is_told)
		return;
	uint64_t arrived = messages_since(count, bytes_before);
	count->owed += (uint32_t)arrived;
	count_messages(counters, arrived, 0);
}

static uint64_t messages_owed(const struct service_count *count)
{
	if (count->answered_bytes >= count->received_bytes)
		return 0;
	if (count->message_bytes == 0)
		return count->owed;
	return count->received_bytes / count->message_bytes -
	       count->answered_bytes / count->message_bytes;
}

void service_count_answered(struct service_count *count, struct counters *counters, size_t size)
{
	count->answered_bytes += size;
	if (count->is_told)
		return;
	uint64_t owed = messages_owed(count);
	count_messages(counters, 0, count->owed - owed);
	count->owed = (uint32_t)owed;
}

void service_count_tell_arrived(struct service_count *count, struct counters *counters,
				uint32_t messages)
{
	count->owed += messages;
	count_messages(counters, messages, 0);
}

void service_count_tell_answered(struct service_count *count, struct counters *counters,
				 uint32_t messages)
{
	count->owed -= messages;
	count_messages(counters, 0, messages);
}

void service_count_ended(struct service_count *count, struct counters *counters)
{
	/* What was too short for a head to the end is a message after all. */
	if (!count->is_told && count->received_bytes > 0 &&
	    count->received_bytes < WIRE_STREAM_HEAD_END) {
		count->owed = 1;
		count_messages(counters, 1, 0);
		service_count_answered(count, counters, 0);
	}
	counters->missed_peer += count->owed;
	counters->debt -= count->owed;
	count->owed = 0;
}

bool service_count_is_whole(const struct service_count *count)
{
	return count->message_bytes > 0 && count->received_bytes % count->message_bytes == 0;
}
