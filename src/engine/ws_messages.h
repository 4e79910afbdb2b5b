/* What a script says on a WebSocket: messages as masked frames, any stretch of them at a time, and
 * what an echo of them has to be. All is a function of a message's place, so one that was sent in
 * part is written again from there on.
 *
 * Each message has a key of its own, out of the run's seed: it varies as RFC 6455 5.3 wants it, but
 * who knows the seed can tell it. That protects nobody from the author of the messages, who is the
 * user here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attributes.h"
#include "engine/script.h"

struct worker;

/* For one speaker. */
struct ws_messages {
	const struct script *script;
	const uint8_t *zeros;
	uint64_t stride;     /* connections of the run */
	struct iovec *parts; /* of one segment */
	uint8_t *scratch;
	bool has_time; /* places need their unix_ns */
	/* Where all messages are the same, small and constant: so many frames of them in a row,
	 * each with a key of its own, which come again and again. NULL: they are not. */
	uint8_t *ring;
	size_t ring_count;
	size_t same_size; /* of a message in it */
};

struct ws_place {
	uint64_t sequence; /* of the message in its connection */
	uint64_t unix_ns;  /* when its first byte was written */
	uint32_t uid;      /* of the connection */
	/* Which of the first 32 segments are no UTF-8 and go as binary: a large message is not
	 * looked at again for each stretch. Found out at offset 0. */
	uint32_t binaries;
};

/* -ENOMEM. */
nodiscard int ws_messages_init(struct ws_messages *messages, const struct script *script,
			       const struct worker *worker);
void ws_messages_deinit(struct ws_messages *messages);
/* False: the script says nothing more at this place, nor later. */
bool ws_messages_has(const struct ws_messages *messages, uint64_t sequence);
/* Writes what lies `offset` bytes behind the start of the message. Returns how many bytes;
 * `ret_is_whole`: with these it is complete. */
size_t ws_messages_write(const struct ws_messages *messages, struct ws_place *place,
			 uint64_t offset, struct iovec room, bool *ret_is_whole);

/* How an echo of the message comes: data messages, and bytes in all of them together. */
struct ws_echo {
	uint32_t messages; /* at least 1 */
	uint64_t size;
};
struct ws_echo ws_messages_measure(const struct ws_messages *messages,
				   const struct ws_place *place);
/* Whether these `size` bytes belong there, `at` bytes behind the start of the echo. */
bool ws_messages_is_echo(const struct ws_messages *messages, const struct ws_place *place,
			 uint64_t at, const uint8_t *data, size_t size);
