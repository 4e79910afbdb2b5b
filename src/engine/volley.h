/* Datagrams that hold the messages of a script (-m), in turn: several in one system call. What is
 * constant is rendered once. One owner. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "engine/script.h"
#include "net/datagram.h"

#define VOLLEY_BYTES_MAX 65507 /* of a datagram */

struct volley_message;

struct volley {
	const struct script *script;
	struct volley_message *messages; /* one a message of the script */
	uint8_t *bytes;                  /* of the varying ones of a call */
	uint8_t *scratch;
	struct iovec *parts;
	uint32_t most;  /* datagrams of a call */
	size_t largest; /* of those that vary; 0: none does */
};

/* Whose messages, and where they go. */
struct volley_track {
	struct datagram_socket *socket;
	uint64_t uid;
	uint64_t stride; /* between the numbers of two of its messages in the run */
};

/* Messages of VOLLEY_BYTES_MAX at most. -ENOMEM. */
nodiscard int volley_init(struct volley *volley, const struct script *script);
void volley_deinit(struct volley *volley);
/* Sends up to `count` messages from `sequence` on, at this wall clock's time. How many left (>= 1)
 * with `ret_bytes`, or as datagram_send(). */
nodiscard int volley_send(struct volley *volley, const struct volley_track *track,
			  uint64_t sequence, uint32_t count, uint64_t unix_ns, uint64_t *ret_bytes);
