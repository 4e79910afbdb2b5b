/* What TCP makes of a path: one connection, over which four segments' worth of payload or more go
 * there and, where the service echoes, back. On the owner's loop. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/endpoint.h"
#include "metric/path_result.h"
#include "net/loop.h"
#include "net/stream.h"

struct path_tcp_probe;

struct path_tcp_setup {
	struct loop *loop;
	struct endpoint remote;
	struct endpoint source;               /* family 0: the kernel chooses */
	const struct socket_options *options; /* may be NULL */
	uint64_t connect_timeout_ns;
	uint64_t patience_ns; /* of a silence; four times that in all */
	const struct stream_transport *stream;
	void *network;
	void (*over)(void *context);
	void *context;
};

nodiscard int path_tcp_new(const struct path_tcp_setup *setup, struct path_tcp_probe **ret);
void path_tcp_start(struct path_tcp_probe *probe);
/* What is known stands. `over` is not told. */
void path_tcp_stop(struct path_tcp_probe *probe);
void path_tcp_free(struct path_tcp_probe *probe); /* takes NULL */
/* Texts are in the arena. */
void path_tcp_describe(const struct path_tcp_probe *probe, struct arena *arena,
		       struct path_tcp *ret);
