/* An echo server on the in-memory network that can be told to misbehave, for tests of clients. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/memory.h"

enum peer_mood {
	PEER_ECHOES,
	PEER_IS_SILENT,    /* reads and never answers */
	PEER_IS_FROZEN,    /* does not even read; goes on with what waits when it echoes again */
	PEER_GARBLES,      /* answers other bytes */
	PEER_SPEAKS_UP,    /* answers, and sends zeros that nobody asked for */
	PEER_HALF_ANSWERS, /* answers half of what it reads */
	PEER_RESETS,       /* as soon as it accepts */
};

struct peer;

/* Listens on tcp and udp at `endpoint`; `name` goes over the head of what it answers. */
struct peer *peer_new(struct loop *loop, struct memory_network *network,
		      const struct endpoint *endpoint, const char *name);
void peer_free(struct peer *peer);
void peer_set_mood(struct peer *peer, enum peer_mood mood);
/* Closes every connection regularly. */
void peer_close_all(struct peer *peer);
/* Refuses new connections from now on. */
void peer_stop_listening(struct peer *peer);
/* The counts of datagrams begin anew, as after a restart. */
void peer_forget_counts(struct peer *peer);
uint64_t peer_received_bytes(const struct peer *peer);
