#include "engine/train.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/one_way_wire.h"

#define TRAIN_BYTES   (256 * 1024)
#define DATAGRAMS_MAX 1024

int train_init(struct train *train, uint32_t datagram_bytes)
{
	uint32_t most = TRAIN_BYTES / datagram_bytes;
	if (most > DATAGRAMS_MAX)
		most = DATAGRAMS_MAX;

	*train = (struct train){ .datagram_bytes = datagram_bytes, .most = most };
	train->bytes = malloc((size_t)most * datagram_bytes);
	if (train->bytes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < most; i++)
		one_way_write(train->bytes + (size_t)i * datagram_bytes, datagram_bytes,
			      &(struct one_way_head){ 0 });
	return 0;
}

void train_deinit(struct train *train)
{
	free(train->bytes);
	train->bytes = NULL;
}

static void stamp(struct train *train, uint32_t run, uint64_t sequence, uint32_t count,
		  uint64_t now_ns)
{
	for (uint32_t i = 0; i < count; i++)
		one_way_stamp(train->bytes + (size_t)i * train->datagram_bytes,
			      &(struct one_way_head){ run, sequence + i, now_ns });
}

/* How many datagrams one send holds. */
static uint32_t segments_of(const struct train *train, const struct datagram_socket *socket)
{
	uint32_t most = DATAGRAM_SEGMENT_BYTES_MAX / train->datagram_bytes;

	if (most > socket->segments_max)
		most = socket->segments_max;
	return most > 0 ? most : 1;
}

/* Couples up to `count` datagrams; returns how many sends that makes. */
static int couple(const struct train *train, const struct train_track *track, uint32_t count,
		  uint32_t segments, struct datagram batch[DATAGRAM_BATCH_MAX])
{
	int sends = 0;

	for (uint32_t at = 0; at < count && sends < DATAGRAM_BATCH_MAX; at += segments) {
		uint32_t together = count - at < segments ? count - at : segments;
		batch[sends++] = (struct datagram){
			.data = train->bytes + (size_t)at * train->datagram_bytes,
			.size = (size_t)together * train->datagram_bytes,
			.segment_bytes = together > 1 ? train->datagram_bytes : 0,
			.remote = track->remote,
			.local = track->local,
		};
	}
	return sends;
}

static uint32_t count_left(const struct train *train, const struct datagram *batch, int sent,
			   struct train_count *counts)
{
	uint32_t left = 0;

	for (int i = 0; i < sent; i++) {
		uint32_t together = (uint32_t)(batch[i].size / train->datagram_bytes);
		left += together;
		counts->segments += together > 1 ? together : 0;
		counts->sends += together > 1;
	}
	return left;
}

/* No checksums by the device, a route with a smaller MTU: neither is worth more than this. */
static bool is_unable_to_segment(int code)
{
	return code == EIO || code == EINVAL || code == EMSGSIZE || code == EOPNOTSUPP;
}

/* What to try when the kernel refuses so many in a send: an older one takes half of the most. */
static uint32_t fewer(size_t segments)
{
	return segments > DATAGRAM_SEGMENTS_MAX / 2 ? DATAGRAM_SEGMENTS_MAX / 2 : 1;
}

int train_send(struct train *train, const struct train_track *track, uint64_t sequence,
	       uint32_t count, uint64_t now_ns, struct train_count *counts)
{
	struct datagram batch[DATAGRAM_BATCH_MAX];
	uint32_t segments = segments_of(train, track->socket);

	if (count > train->most)
		count = train->most;
	if (count > segments * DATAGRAM_BATCH_MAX)
		count = segments * DATAGRAM_BATCH_MAX;
	stamp(train, track->run, sequence, count, now_ns);
	int sends = couple(train, track, count, segments, batch);
	int sent = datagram_send(track->socket, batch, sends);
	while (sent < 0 && batch[0].segment_bytes > 0 && is_unable_to_segment(-sent)) {
		segments = fewer(batch[0].size / train->datagram_bytes);
		track->socket->segments_max = segments;
		sends = couple(train, track, count, segments, batch);
		sent = datagram_send(track->socket, batch, sends);
	}
	return sent < 0 ? sent : (int)count_left(train, batch, sent, counts);
}
