/* The inside of the probers whose questions and answers are datagrams (UDP echo, ICMP, DNS):
 * sockets, what is in flight, and what is still remembered of what was. What a question is made of,
 * and what an answer says, stands in a packet_kind. Only for probe/packet_*.c. */
#pragma once

#include "base/slab.h"
#include "net/datagram.h"
#include "probe/address.h"
#include "probe/probe.h"

struct packet_prober;
struct packet_look;
struct packet_socket;

struct packet_kind {
	const struct datagram_transport *transport; /* where the target has none */
	uint32_t bytes_min;                         /* of a payload */
	uint32_t bytes_usual;
	uint32_t bytes_max;
	uint32_t head_bytes; /* of a datagram, before the payload */
	uint32_t room_bytes; /* for an answer, at least; 0: as much as the question */
	bool is_session;     /* one socket for all, whatever the target says */
	/* 0, or -errno with the sentence; NULL: nothing to do. `own` is the kind's. */
	int (*open)(struct packet_prober *owner, struct error *error);
	void (*close)(struct packet_prober *owner);
	/* The question of this look into owner->out, the same bytes each time. Its size. */
	size_t (*write)(const struct packet_look *look, uint8_t *out);
	/* Whose answer this is, or, with an ICMP error, whose question it quotes. False: it does
	 * not say. */
	bool (*read)(const struct packet_socket *socket, const uint8_t *data, size_t size,
		     uint64_t *ret_serial);
	bool (*read_quote)(const struct packet_socket *socket, const uint8_t *data, size_t size,
			   uint64_t *ret_serial);
	/* The answer to a look under way: ends its probe or, false, is none. */
	bool (*hear)(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns);
	/* An answer that is nobody's while one look alone is under way on this socket; may be NULL.
	 */
	void (*wonder)(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns);
	/* The look's deadline has passed; may be NULL. */
	void (*give_up)(struct packet_look *look);
};

#define PACKET_COOKIE_BYTES 8

struct packet_socket {
	struct packet_prober *owner;
	struct datagram_socket socket;
	struct address_search *search;
	struct list waiting;        /* looks, until it is open */
	struct deferred hearing_on; /* there may be more to receive */
	uint32_t looks;             /* that hold it */
	uint32_t addresses;
	struct endpoint remote;
	bool is_open;
};

/* A question, from its start until nothing more is expected to come back for it. */
struct packet_look {
	struct list node; /* of socket->waiting */
	struct packet_prober *owner;
	struct packet_socket *socket; /* NULL: let go of */
	struct probe *probe;          /* NULL: over */
	uint64_t serial;
	uint64_t number; /* the probe's */
	uint64_t keep_until_ns;
	uint64_t began_ns; /* of sending */
	uint64_t sent_ns;  /* 0: it was not; by the kernel's stamp where it has told */
	uint32_t stamp;    /* the number that it is told under */
	bool is_stamped;
	bool is_answered;
	void *own;        /* the kind's, of this look */
	const char *note; /* why nothing came; NULL: nothing to say */
};

struct packet_prober {
	const struct packet_kind *kind;
	struct prober *prober;
	struct address_book book;
	struct slab looks;
	struct slab sockets;
	struct packet_socket *kept;
	uint32_t open_sockets;
	/* The looks that are remembered, by serial: from `oldest` up to, not including, `next`. */
	struct packet_look **ring;
	uint64_t ring_mask; /* places - 1 */
	uint64_t oldest;
	uint64_t next;
	uint8_t cookie[PACKET_COOKIE_BYTES];
	size_t payload_bytes;
	uint8_t *out;
	uint8_t *in;
	size_t in_bytes;
	void *own; /* the kind's */
};

/* ---- of the kinds (packet_prober.c) */

nodiscard int packet_open(struct prober *prober, const struct packet_kind *kind,
			  struct error *error);
void packet_close(struct prober *prober);
void packet_start(struct prober *prober, struct probe *probe);
void packet_give_up(struct prober *prober, struct probe *probe);
static inline const struct probe_target *packet_target(const struct packet_look *look)
{
	return look->owner->prober->target;
}

/* ---- sockets (packet_socket.c) */

/* Finds the address, opens, and sends what waits; the looks may be over afterwards. */
void packet_socket_seek(struct packet_socket *socket);
void packet_socket_send(struct packet_look *look);
void packet_socket_free(struct packet_socket *socket);
/* On whatever has come there. */
void packet_socket_hear(struct packet_socket *socket);
void packet_socket_hear_on(struct deferred *deferred);

/* ---- what is remembered (packet_window.c) */

/* NULL: no memory, or too many are under way. */
struct packet_look *packet_window_add(struct packet_prober *owner, struct probe *probe);
/* NULL: it is forgotten, or never was. */
struct packet_look *packet_window_find(const struct packet_prober *owner, uint64_t serial);
/* The serial of which these are the last 16 bits, of those that may be remembered. */
uint64_t packet_window_widen(const struct packet_prober *owner, uint16_t low);
/* The only one that was sent from this socket and is under way; NULL: none or several. */
struct packet_look *packet_window_only(const struct packet_socket *socket);
/* The one that has waited longest there. */
struct packet_look *packet_window_first(const struct packet_socket *socket);
/* Forgets what has been over for long enough. */
void packet_window_expire(struct packet_prober *owner, uint64_t now_ns);
void packet_window_clear(struct packet_prober *owner);

/* ---- the end of a look; afterwards it is only remembered */

void packet_look_done(struct packet_look *look, uint64_t at_ns);
void packet_look_rejected(struct packet_look *look, uint64_t at_ns, const char *why);
void packet_look_failed(struct packet_look *look, enum outcome outcome, const char *why);
