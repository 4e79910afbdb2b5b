/* See stream_dump.h. */
#include "net/stream_dump.h"

#include <errno.h>
#include <stdlib.h>

#define SCRATCH_BYTES 16384

struct dumped {
	struct stream lower;
	struct stream *upper; /* NULL: it was closed */
	struct stream_dump *dump;
	struct deferred again; /* tells once more what a skip saw behind the bytes it returns */
	struct deferred burying;
	uint32_t connection;
	uint8_t scratch[SCRATCH_BYTES];
};

static struct dumped *dumped_of(const struct stream *stream)
{
	return stream->state;
}

static void bury(struct deferred *deferred)
{
	free(container_of(deferred, struct dumped, burying));
}

static void tell_again(struct deferred *deferred)
{
	struct dumped *dumped = container_of(deferred, struct dumped, again);
	dumped->upper->ready(dumped->upper, STREAM_READABLE);
}

static bool is_told(const struct dumped *dumped, enum dump_direction direction)
{
	const struct stream_dump *dump = dumped->dump;
	if (dump->is_first_only && dumped->connection != 0)
		return false;
	return direction == DUMP_SENT ? dump->is_sent_told : dump->is_received_told;
}

static void tell(const struct dumped *dumped, enum dump_direction direction,
		 const struct iovec *parts, size_t size)
{
	if (is_told(dumped, direction))
		dumped->dump->sink(dumped->dump->context,
				   &(struct dump_piece){ .connection = dumped->connection,
							 .direction = direction,
							 .parts = parts,
							 .size = size });
}

/* What owners read of a stream is as below. */
static void copy_state(struct stream *upper, const struct stream *lower)
{
	upper->failure = lower->failure;
	upper->is_connecting = lower->is_connecting;
	upper->is_blocked = lower->is_blocked;
	upper->has_ended = lower->has_ended;
}

static void lower_ready(struct stream *lower, unsigned events)
{
	struct dumped *dumped = container_of(lower, struct dumped, lower);
	if (!dumped->upper)
		return;
	copy_state(dumped->upper, lower);
	dumped->upper->ready(dumped->upper, events);
}

static int dump_connect(struct stream *stream, const struct stream_connect *connect)
{
	struct stream_dump *dump = connect->dump;
	struct dumped *dumped = calloc(1, sizeof(*dumped));
	if (!dumped)
		return -ENOMEM;
	dumped->upper = stream;
	dumped->dump = dump;
	dumped->connection = atomic_fetch_add(&dump->begun, 1);
	deferred_init(&dumped->again, tell_again);
	deferred_init(&dumped->burying, bury);
	int rc = stream_connect(&dumped->lower, dump->over, stream->loop, connect, lower_ready);
	if (rc < 0) {
		free(dumped);
		return rc;
	}
	stream->state = dumped;
	return 0;
}

/* We may have been called by the stream below, so its memory goes at the end of the turn. */
static void end(struct stream *stream, void (*end_lower)(struct stream *stream))
{
	struct dumped *dumped = dumped_of(stream);
	dumped->upper = NULL;
	stream->state = NULL;
	stream->is_connecting = false;
	list_remove(&dumped->again.node);
	end_lower(&dumped->lower);
	loop_defer(stream->loop, &dumped->burying);
}

static void dump_close(struct stream *stream)
{
	end(stream, stream_close);
}

static void dump_reset(struct stream *stream)
{
	end(stream, stream_reset);
}

static ssize_t dump_send(struct stream *stream, const struct iovec *parts, int count)
{
	struct dumped *dumped = dumped_of(stream);
	ssize_t sent = stream_send(&dumped->lower, parts, count);
	copy_state(stream, &dumped->lower);
	if (sent > 0)
		tell(dumped, DUMP_SENT, parts, (size_t)sent);
	return sent;
}

static ssize_t dump_receive(struct stream *stream, void *data, size_t size)
{
	struct dumped *dumped = dumped_of(stream);
	ssize_t received = stream_receive(&dumped->lower, data, size);
	copy_state(stream, &dumped->lower);
	if (received >= 0 && size > 0)
		tell(dumped, DUMP_RECEIVED, &(struct iovec){ data, (size_t)received },
		     (size_t)received);
	return received;
}

/* What is told has to be read. A short count would say that nothing more is there, so it goes on
 * until there is; the end or an error behind it is told again. */
static ssize_t dump_skip(struct stream *stream, size_t size)
{
	struct dumped *dumped = dumped_of(stream);
	size_t skipped = 0;
	ssize_t received = 0;
	size_t most = 0;
	if (!is_told(dumped, DUMP_RECEIVED))
		return stream_skip(&dumped->lower, size);
	do {
		most = size - skipped < SCRATCH_BYTES ? size - skipped : SCRATCH_BYTES;
		received = dump_receive(stream, dumped->scratch, most);
		skipped += received > 0 ? (size_t)received : 0;
	} while (received == (ssize_t)most && skipped < size);
	if (skipped == 0)
		return received;
	if (received <= 0 && received != -EAGAIN)
		loop_defer(stream->loop, &dumped->again);
	return (ssize_t)skipped;
}

static int dump_finish(struct stream *stream)
{
	return stream_finish(&dumped_of(stream)->lower);
}

static int dump_info(struct stream *stream, struct stream_info *ret)
{
	return stream_info(&dumped_of(stream)->lower, ret);
}

static int dump_describe(struct stream *stream, struct stream_description *ret)
{
	return stream_describe(&dumped_of(stream)->lower, ret);
}

static int dump_endpoints(struct stream *stream, struct endpoint *local, struct endpoint *remote)
{
	return stream_endpoints(&dumped_of(stream)->lower, local, remote);
}

const struct stream_transport stream_dump = {
	.name = "dump",
	.connect = dump_connect,
	.send = dump_send,
	.receive = dump_receive,
	.skip = dump_skip,
	.finish = dump_finish,
	.close = dump_close,
	.reset = dump_reset,
	.info = dump_info,
	.describe = dump_describe,
	.endpoints = dump_endpoints,
};
