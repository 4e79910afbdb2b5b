/* What is said on a connection to look at a service once: bytes in, bytes out, no I/O. The stream
 * prober (probe/stream_prober.c) carries it, and takes the times. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "probe/probe.h"

struct needle;
struct talk;

enum talk_state {
	TALK_SENDING,  /* not all of the request has been taken by the kernel */
	TALK_WAITING,  /* it is sent; nothing of the answer has come */
	TALK_HEARING,  /* the first byte of the answer has come */
	TALK_ANSWERED, /* the whole answer has, or as much of it as is wanted */
};

/* What is said anew on each connection, and lives as long as that. */
struct talk_kind {
	const char *name;
	const char *protocol; /* by ALPN, and in the result: "h2"; NULL: it has none */
	size_t size;          /* of what embeds struct talk first */
	/* The connection is up: `talk` is zeroed but for kind, prober, request and out. -errno. */
	int (*open)(struct talk *talk);
	/* Begins one look: `result` and `request` are set, the state is SENDING, the outcome DONE.
	 * Its bytes go to `out`; the state becomes WAITING by itself when that is empty and not
	 * `is_held_back`. */
	void (*ask)(struct talk *talk);
	/* Bytes have come (`size` 0: the peer's end); moves `state`, fills the result. Also called
	 * where no look goes on: `result` is NULL, and `is_ended` alone counts. What it appends to
	 * `out` is sent at once. */
	void (*hear)(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns);
	/* A goodbye may go to `out`. */
	void (*close)(struct talk *talk);
};

/* Of one look: the target's, or what a redirect made of it. */
struct talk_request {
	const struct uri *uri;
	const char *authority; /* for Host and :authority */
	const char *method;
	const void *body; /* NULL: none */
	size_t body_size;
	const struct needle *text; /* that the answer has to hold; may be an empty one */
};

#define TALK_OUT_MAX ((size_t)64 << 20) /* of `out` */

struct talk {
	const struct talk_kind *kind;
	const struct prober *prober;
	const struct talk_request *request;
	struct buffer *out;          /* what is to be sent, from its start */
	struct probe_result *result; /* of the look that goes on, NULL: none does */
	enum talk_state state;
	/* DONE as long as nothing is wrong. What is sets this alone: the look ends where it is, and
	 * an answer that is whole and not the one wanted is ANSWERED and REJECTED. */
	enum outcome outcome;
	const char *why;   /* lasts until the next call; NULL: nothing to add */
	bool is_held_back; /* more of the request follows when the peer has made room for it */
	bool is_ended;     /* this connection can't be used again */
};

static inline void talk_go_wrong(struct talk *talk, enum outcome outcome, const char *why)
{
	talk->outcome = outcome;
	talk->why = why;
}

/* Chosen by probe/kinds.c: by what ALPN agreed on, else by the scheme. */
extern const struct talk_kind talk_http1;
extern const struct talk_kind talk_h2; /* http over h2, and gRPC's health check */
extern const struct talk_kind talk_ws;
extern const struct talk_kind talk_echo; /* echo, traffic over TCP or TLS */
extern const struct talk_kind talk_dns;  /* over TCP or TLS */

/* What is said to a service over a connection that ALPN agreed on `protocol` for ("": on nothing);
 * NULL: nothing, being connected is all. */
const struct talk_kind *talk_kind_of(enum service service, const char *protocol);
/* The largest `size` of all that may be said to it. */
size_t talk_size_max(enum service service);
