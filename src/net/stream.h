/* The stream transport contract: connect, accept, send, receive, finish, reset, info.
 * A stream is embedded in its owner. Its transport tells it `ready`; readiness is the transport's
 * own event and need not be a descriptor's. Rows: tcp (kernel), memory (tests; delay, partial
 * writes, loss as delay, under a simulated clock); later tls over any stream and a user-space
 * stack. All calls belong to the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "net/loop.h"
#include "net/socket_options.h"

struct stream;
struct listener;
struct stream_dump;
struct tls_client;
struct tls_server;

/* What `ready` tells; bits may come together, in this order of meaning. */
enum stream_event {
	STREAM_CONNECTED = 1, /* once, for stream_connect() */
	STREAM_READABLE = 2,  /* bytes or the end have arrived: receive until short or -EAGAIN */
	STREAM_WRITABLE = 4,  /* room again after a send that came up short, never otherwise */
	STREAM_FAILED = 8,  /* stream_error() says why; close it. With READABLE: bytes came first */
	STREAM_LINKED = 16, /* once, of a stream over another one: that is connected, and CONNECTED
			       follows when this is (its handshake) */
};

typedef void (*stream_ready_fn)(struct stream *stream, unsigned events);

struct stream_transport;

struct stream {
	const struct stream_transport *transport;
	stream_ready_fn ready;
	struct loop *loop;
	struct watch watch; /* fd -1 when closed or when the transport has none */
	void *state;        /* the transport's, if it needs any */
	int failure;        /* positive errno, kept until the stream is connected anew */
	bool is_connecting;
	bool is_accepted;
	bool is_blocked; /* the last send came up short */
	bool has_ended;  /* the peer's end has arrived, behind what is still to be received */
};

struct stream_connect {
	struct endpoint remote;
	struct endpoint
		local; /* family 0: any; port 0: any, bound late (IP_BIND_ADDRESS_NO_PORT) */
	/* Look for a free local port between these first (IP_LOCAL_PORT_RANGE); 0: anywhere.
	 * connect() tries all ports of one parity before the others, so beyond half of the range a
	 * connection costs 14,000 looks; a small window that moves on costs a few. */
	uint16_t port_low;
	uint16_t port_high;
	/* The remote's port is none that the kernel chooses, so a connection can't meet itself and
	 * is not asked for its own: 1 % of a short connection. */
	bool is_port_distinct;
	const struct socket_options *options; /* may be NULL */
	void *network;                        /* the memory transport's network, else NULL */
	/* stream_tls: what it runs over, whom it trusts, and whose certificate it wants. */
	const struct stream_transport *below;
	const struct tls_client *tls;
	const char *server_name;
	struct stream_dump *dump; /* stream_dump: what it runs over, and who is told */
};

struct listen_options {
	/* Port 0: the kernel chooses, see listener.local. Family 0 or [::]: all addresses, IPv4
	 * too. */
	struct endpoint local;
	int backlog;    /* 0: somaxconn */
	bool is_shared; /* SO_REUSEPORT: one listener a worker */
	/* With is_shared: accept where the packets arrive, by classic BPF that maps the arriving
	 * cpu to this many listeners in the order they were opened; 0 = the kernel's hash. Put on
	 * once, by the last of them. */
	unsigned steer_to_count;
	const struct socket_options *options;
	void *network;
	const struct stream_transport *below; /* stream_tls: what it runs over */
	const struct tls_server *tls;
	const char *protocols; /* to choose from by ALPN, the best first: "\x02h2"; constant */
};

/* From TCP_INFO; all zero where the transport has none (is_known false), and single ones where the
 * kernel is too old for them. Bytes are payload of the TCP connection: without SYN and FIN, with
 * TLS's own. */
struct stream_info {
	bool is_known;
	bool is_fast_opened; /* the SYN carried bytes, and they were acknowledged */
	bool has_timestamps; /* in every segment, beside its payload */
	uint64_t rtt_ns;     /* smoothed */
	uint64_t rtt_min_ns;
	uint64_t rtt_variation_ns;
	uint64_t retransmitted_segments;
	uint64_t sent_segments; /* with those, and with mere acknowledgements */
	uint64_t received_segments;
	uint64_t bytes_acked;
	uint64_t queued_bytes; /* in the send buffer: sent and not acknowledged, or unsent */
	uint64_t unsent_bytes; /* of these */
	uint64_t unacked_segments;
	uint64_t path_mtu;
	uint64_t mss_bytes; /* of what we send */
	uint64_t receive_mss_bytes;
	uint64_t timeouts; /* of retransmission, one after another since the last progress */
	uint64_t congestion_window_bytes;
	uint64_t reordering_segments; /* so far apart as the kernel has seen them come */
	uint64_t delivery_bytes_per_s;
	/* So long there was something to send or to be acknowledged; of this, the peer's window, or
	 * our send buffer, held it up. */
	uint64_t busy_ns;
	uint64_t receiver_limited_ns;
	uint64_t buffer_limited_ns;
};

/* What takes calls of its own: ask seldom. */
struct stream_description {
	bool is_known;
	bool is_multipath; /* MPTCP, on both sides */
	char congestion[16];
	uint64_t send_buffer_bytes; /* as the kernel counts, with its own room */
	uint64_t receive_buffer_bytes;
};

struct stream_transport {
	const char *name; /* "tcp" */
	int (*connect)(struct stream *stream, const struct stream_connect *connect);
	int (*accept)(struct listener *listener, struct stream *stream);
	ssize_t (*send)(struct stream *stream, const struct iovec *parts, int count);
	ssize_t (*receive)(struct stream *stream, void *data, size_t size);
	ssize_t (*skip)(struct stream *stream, size_t size);
	int (*set_low_water)(struct stream *stream, size_t bytes); /* NULL: it has none */
	int (*finish)(struct stream *stream);
	void (*close)(struct stream *stream);
	void (*reset)(struct stream *stream);
	int (*info)(struct stream *stream, struct stream_info *ret);
	int (*describe)(struct stream *stream, struct stream_description *ret); /* NULL: unknown */
	int (*endpoints)(struct stream *stream, struct endpoint *local, struct endpoint *remote);
	int (*listen)(struct listener *listener, const struct listen_options *options);
	void (*stop_listening)(struct listener *listener);
};

extern const struct stream_transport stream_tcp;
extern const struct stream_transport stream_tls; /* over any other, see net/tls.h */

/* Starts to connect; the answer is `ready` with STREAM_CONNECTED or STREAM_FAILED, never from
 * within this call. -errno if it could not even start (EMFILE, EADDRNOTAVAIL, ENETUNREACH...);
 * then the stream is closed. */
nodiscard int stream_connect(struct stream *stream, const struct stream_transport *transport,
			     struct loop *loop, const struct stream_connect *connect,
			     stream_ready_fn ready);

/* Bytes taken, 0 < n; -EAGAIN when there is no room (STREAM_WRITABLE follows); else -errno. */
nodiscard ssize_t stream_send(struct stream *stream, const struct iovec *parts, int count);
/* Bytes got; 0 at the peer's end; -EAGAIN; else -errno (ECONNRESET...). */
nodiscard ssize_t stream_receive(struct stream *stream, void *data, size_t size);
/* The same, but the bytes are thrown away without a copy where the transport can (MSG_TRUNC). */
nodiscard ssize_t stream_skip(struct stream *stream, size_t size);
/* READABLE waits until so much is there, where the transport can (SO_RCVLOWAT): fewer wake-ups of
 * who reads in bulk. The peer's end and failures are told at once, and receiving takes what there
 * is; 1: back to every byte. Best effort. */
void stream_set_low_water(struct stream *stream, size_t bytes);
/* Ends our direction (FIN); receiving goes on. 0 or -errno. */
nodiscard int stream_finish(struct stream *stream);
/* Closes regularly. No `ready` comes afterwards. Harmless on a closed stream. */
void stream_close(struct stream *stream);
/* Closes with a reset where there is one: the peer sees ECONNRESET, no TIME-WAIT is left. */
void stream_reset(struct stream *stream);
/* The positive errno that failed the stream, 0 if none. */
nodiscard int stream_error(struct stream *stream);
nodiscard int stream_info(struct stream *stream, struct stream_info *ret);
nodiscard int stream_describe(struct stream *stream, struct stream_description *ret);
/* Either may be NULL. */
nodiscard int stream_endpoints(struct stream *stream, struct endpoint *local,
			       struct endpoint *remote);
bool stream_is_open(const struct stream *stream);

/* A listening place. `arrived` is told that connections wait: accept until -EAGAIN. */
struct listener {
	const struct stream_transport *transport;
	void (*arrived)(struct listener *listener);
	struct loop *loop;
	struct watch watch;
	void *state;
	struct endpoint local; /* as bound, with the real port */
};
/* 0 or -errno (EADDRINUSE, EACCES...). */
nodiscard int listener_open(struct listener *listener, const struct stream_transport *transport,
			    struct loop *loop, const struct listen_options *options,
			    void (*arrived)(struct listener *listener));
/* 0: `stream` is connected; its `ready` will be told what arrives and what is there already, never
 * from within this call; who speaks first sends at once. -EAGAIN: none waits. -EMFILE and such:
 * the connection still waits, but `arrived` is not told again for it. */
nodiscard int listener_accept(struct listener *listener, struct stream *stream,
			      stream_ready_fn ready);
/* What waits unaccepted is refused by the kernel. Harmless twice. */
void listener_close(struct listener *listener);
