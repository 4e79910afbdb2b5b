/* The inside of h2.h, where nghttp2 is seen: only for proto/h2*.c. */
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "base/slab.h"
#include "proto/h2.h"
#include "proto/h2_watch.h"

/* What is open: nghttp2 keeps no list. */
struct h2_stream {
	struct list node; /* in `streams` */
	struct h2 *h2;
	void *owned; /* the owner's */
	int32_t id;
	size_t header_bytes; /* of the head under way */
	char status_class;   /* of it: the first digit of its :status, 0: it has none */
	bool has_ended;      /* the peer's side */
	const char *why;     /* the peer broke the rules on it */
};

struct h2 {
	nghttp2_session *session;
	const struct h2_handler *handler;
	void *owner;
	struct list streams;
	struct slab pool; /* of them */
	struct h2_watch watch;
	const char *complaint;
	const char *suspicion; /* what nghttp2 objected to last */
	size_t memory_bytes;
	size_t memory_max;
	uint32_t open; /* streams */
	enum h2_role role;
	bool has_announced;
};

/* For the allocations of one connection: no more than memory_max (h2_memory.c). */
nghttp2_mem h2_memory(struct h2 *h2);

/* What nghttp2 tells (h2_events.c). NULL: out of memory. */
nghttp2_session_callbacks *h2_callbacks_new(void);
ssize_t h2_fill_body(nghttp2_session *session, int32_t id, uint8_t *data, size_t room,
		     uint32_t *flags, nghttp2_data_source *source, void *owner);

/* NULL: out of memory. */
struct h2_stream *h2_stream_new(struct h2 *h2, int32_t id);
void h2_stream_free(struct h2_stream *stream);
/* Keeps the first complaint and says goodbye with this code. */
void h2_complain(struct h2 *h2, const char *complaint, uint32_t code);
