/* A stream over another one that tells a sink all bytes that pass. For who connects: the transport
 * to connect by is stream_dump, and `stream_connect.dump` says what it runs over and who is told.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "net/stream.h"

enum dump_direction { DUMP_SENT, DUMP_RECEIVED };

/* What one call moved. `size` 0: the peer's end. */
struct dump_piece {
	uint32_t connection; /* in the order in which they were begun, from 0 */
	enum dump_direction direction;
	const struct iovec *parts; /* may hold more than `size` */
	size_t size;
};

/* Called by the threads of the streams. */
typedef void (*dump_sink_fn)(void *context, const struct dump_piece *piece);

struct stream_dump {
	const struct stream_transport *over;
	dump_sink_fn sink;
	void *context;
	bool is_first_only; /* of the first connection alone */
	bool is_sent_told;
	bool is_received_told;
	_Atomic uint32_t begun; /* connections */
};

extern const struct stream_transport stream_dump;
