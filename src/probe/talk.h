/* What is said on a connection to look at a service once: bytes in, bytes out, no I/O. The stream
 * prober (probe/stream_prober.h) carries it, and takes the times. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "probe/probe.h"

struct talk;

enum talk_state {
	TALK_SENDING,  /* the request is in `out` and not all of it has been taken by the kernel */
	TALK_WAITING,  /* it is sent; nothing of the answer has come */
	TALK_HEARING,  /* the first byte of the answer has come */
	TALK_ANSWERED, /* the whole answer has */
	TALK_WRONG,    /* `outcome` and `why` */
};

/* What is said anew on each connection, and lives as long as that. */
struct talk_kind {
	const char *name;
	const char *alpn; /* to offer, "h2,http/1.1"; NULL: nothing */
	size_t size;      /* of what embeds struct talk first */
	/* The connection is up: `talk` is zeroed but for kind, prober and out. -errno. */
	int (*open)(struct talk *talk);
	/* Begins one look; its bytes go to `out`. */
	void (*ask)(struct talk *talk, struct probe_result *result);
	/* Bytes have come (`size` 0: the peer's end); moves `state`, fills the result. */
	void (*hear)(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns);
	void (*close)(struct talk *talk);
};

struct talk {
	const struct talk_kind *kind;
	const struct prober *prober;
	struct buffer *out;          /* the connection's: what is to be sent */
	struct probe_result *result; /* of the look that goes on, NULL: none does */
	enum talk_state state;
	enum outcome outcome;
	const char *why;
	bool is_ended; /* this connection can't be used again */
};

/* These are chosen by what ALPN agreed on, else by the scheme. */
extern const struct talk_kind talk_http1;
extern const struct talk_kind talk_h2; /* http over h2, and gRPC's health check */
extern const struct talk_kind talk_ws;
extern const struct talk_kind talk_echo; /* echo, traffic over TCP or TLS */
