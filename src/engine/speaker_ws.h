/* What the parts of speaker_ws share: set-up (speaker_ws.c), sending (speaker_ws_write.c) and
 * answers (speaker_ws_hear.c). What is sent is written into the speaker's window, as masking copies
 * anyway: a send is one part. What is small and always the same has been masked before, and is sent
 * from there. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/needle.h"
#include "base/random.h"
#include "base/slab.h"
#include "engine/speaker.h"
#include "engine/stamps.h"
#include "engine/ws_controls.h"
#include "engine/ws_messages.h"
#include "proto/http1.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"

/* Larger messages are written and masked in stretches of this; what a send did not take is written
 * again, so it is not much more than a socket's buffer takes. */
#define WS_WINDOW_BYTES (128 * 1024)
/* A request, or the rest of a message, a control frame and the messages behind them. */
#define WS_SPANS_MAX (SPEECH_BATCH_MAX + 3)

struct ws_opening {
	struct http1 http;
	struct websocket_opening handshake;
	uint32_t sent; /* of the request */
};

/* What a speech needs only now and then. */
union ws_extra {
	struct ws_opening opening;
	struct ws_controls controls;
};

struct ws_speech {
	struct websocket_reader reader;
	struct ws_place sending;  /* the message that is next or partly sent */
	uint64_t offset;          /* bytes of it that are sent */
	uint64_t answering;       /* sequence of the message to be answered next */
	uint64_t echoed;          /* bytes of its echo */
	uint32_t echoed_messages; /* messages of its echo */
	uint32_t stop_matched;    /* what --stop-on and --expect-text have matched */
	uint32_t expect_matched;
	struct stamp_queue stamps; /* unix_ns of unanswered messages, where their echo needs it */
	union ws_extra *extra;
	bool is_open;
	bool has_said_goodbye; /* or is about to */
	bool has_stopped;      /* what was to end the run has been told */
	bool is_expected;      /* what was expected is in the message that is arriving */
};
static_assert(sizeof(struct ws_speech) <= 128, "memory of a connection");

/* What the last write() gave, in order. */
enum ws_span_kind { WS_SPAN_REQUEST, WS_SPAN_CONTROL, WS_SPAN_MESSAGE, WS_SPAN_SAME };
struct ws_span {
	enum ws_span_kind kind;
	size_t size;
	uint32_t binaries; /* of a message */
	bool is_whole;     /* with this the message is sent */
};

struct ws_state {
	struct ws_messages messages;
	struct buffer request; /* up to the key */
	struct needle stop;    /* no bytes: nothing is looked for */
	struct needle expect;
	bool is_echo;
	struct slab extras;
	struct stamp_pool stamps;
	struct random random; /* keys of handshakes and of control frames */
	struct ws_span spans[WS_SPANS_MAX];
	uint32_t span_count;
	uint64_t unix_ns; /* of the last write() */
	uint8_t window[WS_WINDOW_BYTES];
};

/* For what there is to say or to hear beside messages; NULL: no memory. */
struct ws_controls *ws_controls_of(struct ws_state *state, struct ws_speech *speech);
/* The opening is over, or what was beside messages. */
void ws_drop_extra(struct ws_state *state, struct ws_speech *speech);

void ws_write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
	      struct speech_parts *ret);
uint32_t ws_wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial);
void ws_hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
	     struct heard *ret);
