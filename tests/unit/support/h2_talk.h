/* A client of HTTP/2 without a network: requests in, bytes out; bytes in, answers out as text. And
 * frames as they are, for what no client does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "proto/h2.h"

#define H2_TALK_STREAMS_MAX 32

struct h2_talk_stream {
	const void *body; /* to send */
	size_t size;
	size_t sent;
	bool is_open_ended; /* never says that it ends */
	char status[8];
	char trailer[80]; /* " grpc-status: 5" and such */
	struct buffer got;
	const char *fate; /* "" as long as it is open */
};

struct h2_talk {
	struct h2 *h2;
	struct h2_talk_stream streams[H2_TALK_STREAMS_MAX];
	size_t count;
	struct buffer out;
	struct buffer text;
	uint64_t now_ns;
	bool is_going;
};

void h2_talk_init(struct h2_talk *talk);
void h2_talk_deinit(struct h2_talk *talk);
/* `type` may be NULL; a body of NULL is none. */
struct h2_talk_stream *h2_talk_ask(struct h2_talk *talk, const char *method, const char *path,
				   const char *type, const void *body, size_t size);
/* Moves what is to be sent to `out`. */
void h2_talk_write(struct h2_talk *talk);
/* Hears all of it. */
void h2_talk_read(struct h2_talk *talk, const void *data, size_t size);
/* Each answer in the order in which they were asked for: "200 hello|", of larger ones "200 1000
 * bytes|", with trailers; "REFUSED_STREAM|" and such; "-|" as long as there is none. */
const char *h2_talk_text(struct h2_talk *talk);

void h2_talk_frame(struct buffer *out, uint8_t type, uint8_t flags, uint32_t id,
		   const void *payload, size_t size);
