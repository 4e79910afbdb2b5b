/* The datagram transport contract: send and receive batches with addresses and arrival times.
 * Rows: udp (kernel, recvmmsg/sendmmsg), icmp (the same; echoes), memory (tests; delay, loss,
 * duplication, reordering under a simulated clock). Embedded in its owner, the loop's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "net/loop.h"
#include "net/stream.h"
#include "sys/clock.h"
#include "sys/clock_offset.h"

struct datagram_socket;

/* When the kernel passed a datagram on: on our clock, and as the kernel said it. */
struct datagram_stamp {
	uint64_t at_ns; /* 0: not known */
	struct wall_time wall;
};

/* One datagram of a batch. On receive: `data`/`capacity` are the caller's room; the rest is
 * filled. On send: `remote` unset = the connected peer; `local` unset = any address of ours. */
struct datagram {
	void *data;
	size_t capacity;
	size_t size;
	/* 0: it is one datagram. Else `data` holds several of this size one behind the other, the
	 * last may be shorter: sent so where socket->segments_max allows, received so where
	 * options.is_segmented. */
	uint32_t segment_bytes;
	bool is_truncated;
	struct endpoint remote;
	struct endpoint local; /* the address it was sent to (IP_PKTINFO): answer from there */
	struct datagram_stamp stamp; /* received, where options.wants_stamps */
	/* Of its IP header, where options.wants_header: time to live or hop limit, 0: not known;
	 * traffic class, DSCP and ECN. On send 0 is the socket's own class. */
	uint8_t ttl;
	uint8_t traffic_class;
	/* On send, where options.wants_stamps: datagram_sent_stamps() is to tell when it left. */
	bool wants_stamp;
};

/* A datagram left: the `number` is what socket->stamps_asked was when it was handed over, the first
 * of a batch that asks, one more each. */
struct datagram_sent {
	uint32_t number;
	struct datagram_stamp stamp;
};

/* `events`: STREAM_READABLE (also for an error that receive will return): receive until short or
 * -EAGAIN. STREAM_WRITABLE: room again after a send that came up short. */
typedef void (*datagram_ready_fn)(struct datagram_socket *socket, unsigned events);

struct datagram_options {
	/* Family 0: any, of the remote's family (or of both, as [::] is when not connected); port
	 * 0: the kernel's. */
	struct endpoint local;
	struct endpoint remote; /* family 0: not connected */
	bool is_shared;         /* SO_REUSEPORT */
	bool wants_local;       /* fill datagram.local */
	bool wants_stamps;      /* fill datagram.stamp; sent ones may ask for theirs */
	bool wants_header;      /* fill datagram.ttl and .traffic_class */
	/* Where the kernel has UDP_SEGMENT and UDP_GRO: datagrams of one flow go through it
	 * together, in both directions. */
	bool is_segmented;
	/* What ICMP says of those that were sent can be asked for (datagram_take_error). */
	bool wants_errors;
	/* Of a connected one: wants_errors, and nothing is fragmented, on the way or here, and what
	 * the kernel has heard of the path does not hold a datagram back (IP_PMTUDISC_PROBE). */
	bool is_path_probe;
	const struct socket_options *options;
	void *network;
};

/* What became of a datagram that was sent where options.wants_errors. */
#define DATAGRAM_QUOTE_BYTES 256
struct datagram_error {
	/* It is no error: it left. The rest but `sent` is not filled. */
	bool is_sent;
	struct datagram_sent sent;
	int code;      /* errno: EMSGSIZE, ECONNREFUSED, EHOSTUNREACH ... */
	bool is_local; /* this kernel refused it; else ICMP from the network */
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint32_t mtu_bytes;   /* of EMSGSIZE: what fits, as an IP packet; 0: not told */
	struct endpoint from; /* who sent the ICMP; family 0: not told */
	uint8_t quote[DATAGRAM_QUOTE_BYTES]; /* its payload, as far as it is quoted */
	size_t quote_size;
};

/* One batch call takes at most this many. */
#define DATAGRAM_BATCH_MAX 64
/* Segments of one send: so many, before Linux 6.9 half of it, and so many bytes together. 128 of
 * 64 B a send carried 1.4 times as many datagrams as 64. */
#define DATAGRAM_SEGMENTS_MAX      128
#define DATAGRAM_SEGMENT_BYTES_MAX 65000

struct datagram_transport {
	const char *name; /* "udp" */
	int (*open)(struct datagram_socket *socket, const struct datagram_options *options);
	int (*send)(struct datagram_socket *socket, const struct datagram *batch, int count);
	int (*receive)(struct datagram_socket *socket, struct datagram *batch, int count);
	void (*close)(struct datagram_socket *socket);
	/* As datagram_mute(). NULL: `ready` is always told. */
	void (*mute)(struct datagram_socket *socket);
	void (*unmute)(struct datagram_socket *socket);
	/* Brings queue_overflows up to date. NULL: it always is. */
	void (*look)(struct datagram_socket *socket);
	int (*sent_stamps)(struct datagram_socket *socket, struct datagram_sent *ret, int count);
	struct wall_time (*wall)(struct datagram_socket *socket);
	struct wall_time (*wall_of)(struct datagram_socket *socket, uint64_t at_ns);
	struct clock_quality (*wall_quality)(struct datagram_socket *socket);
	/* NULL: it has none. */
	int (*take_error)(struct datagram_socket *socket, struct datagram_error *ret);
};

struct datagram_socket {
	const struct datagram_transport *transport;
	datagram_ready_fn ready;
	struct loop *loop;
	struct watch watch;
	void *state;
	struct endpoint local;
	uint64_t queue_overflows; /* SO_RXQ_OVFL, as last told by the kernel */
	uint32_t segments_max;    /* of a send; 1: not more than the datagram */
	uint16_t family;          /* of the descriptor, not of what it is bound to */
	bool is_connected;
	bool wants_local;
	bool wants_stamps;
	bool is_blocked;           /* the last send came up short */
	uint32_t stamps_asked;     /* by datagrams that were sent; wraps */
	uint32_t stamps_base;      /* of these when the kernel began to count anew */
	uint32_t stamps_told;      /* by datagram_sent_stamps() */
	struct clock_offset clock; /* as of the last batch */
	/* Stamps of a batch across a step of the clock, or that can't be: the kernel's clock is not
	 * the one that this process reads. */
	uint64_t stamps_discarded;
};

extern const struct datagram_transport datagram_udp;
/* ICMP echoes, each a message from its type on: a ping socket, or where this process has none a raw
 * one. The port of socket->local is the id that they are to have, and replies to it alone come. */
extern const struct datagram_transport datagram_icmp;
/* May this process have one: 0, -EPERM or -errno. */
nodiscard int datagram_icmp_check(int family);

/* 0 or -errno. */
nodiscard int datagram_open(struct datagram_socket *socket,
			    const struct datagram_transport *transport, struct loop *loop,
			    const struct datagram_options *options, datagram_ready_fn ready);
/* How many were taken (>= 1); -EAGAIN; -ECONNREFUSED (an ICMP error for an earlier one; nothing
 * was sent, try again); -EMSGSIZE; else -errno. */
nodiscard int datagram_send(struct datagram_socket *socket, const struct datagram *batch,
			    int count);
/* How many arrived (>= 1); -EAGAIN; -ECONNREFUSED as above; else -errno. */
nodiscard int datagram_receive(struct datagram_socket *socket, struct datagram *batch, int count);
/* Says nothing more to `ready` until datagram_unmute(), and does not wake for it: for who looks by
 * the clock. False: this transport can't. */
nodiscard bool datagram_mute(struct datagram_socket *socket);
/* Tells what has come meanwhile, too. */
void datagram_unmute(struct datagram_socket *socket);
/* Takes apart what was received: the next datagram of `merged` into `one`, which is zeroed before
 * the first call. False: there is none left. */
bool datagram_next(const struct datagram *merged, struct datagram *one);
/* When datagrams left that asked for it, in the order in which they did: how many of `count`, 0: no
 * more now. `ready` is told STREAM_READABLE of new ones. It is there before any answer to the
 * datagram is, so an answer is handled after this. A stamp that the kernel had no room for never
 * comes. */
nodiscard int datagram_sent_stamps(struct datagram_socket *socket, struct datagram_sent *ret,
				   int count);
/* The wall clock now, of which the stamps are. */
struct wall_time datagram_wall(struct datagram_socket *socket);
/* And at a moment on our clock, where options.wants_stamps; 0: the clock was set since. */
struct wall_time datagram_wall_of(struct datagram_socket *socket, uint64_t at_ns);
struct clock_quality datagram_wall_quality(struct datagram_socket *socket);
/* Asks for queue_overflows: the kernel tells them unasked only with what comes afterwards. */
void datagram_look(struct datagram_socket *socket);
/* Where options.wants_errors: 0 and the oldest that has not been taken; -EAGAIN: none.
 * STREAM_READABLE tells that there may be one. Until then send and receive may fail once with its
 * code. Where options.wants_stamps, too, what would be told by datagram_sent_stamps() is told here.
 */
nodiscard int datagram_take_error(struct datagram_socket *socket, struct datagram_error *ret);
void datagram_close(struct datagram_socket *socket);
