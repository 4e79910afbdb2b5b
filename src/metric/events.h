/* What happened, as it happened: a bounded ring from one worker to one reader. When it is full an
 * event is dropped and counted, and the worker never waits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/outcome.h"

/* EVENT(symbol, name): raw events, one a slot or flow; views sum them up. */
/* clang-format off */
#define EVENT_TABLE \
	EVENT(SLOT_SILENT,    "slot_silent")    /* a stall began; span = silence so far */ \
	EVENT(SLOT_ANSWERS,   "slot_answers")   /* a stall ended by an answer; span = its length */ \
	EVENT(SLOT_ENDED,     "slot_ended")     /* the connection ended: outcome, count = lost */ \
	EVENT(SLOT_REFUSED,   "slot_refused")   /* an attempt to connect failed: outcome */ \
	EVENT(SLOT_CONNECTED, "slot_connected") /* a connection had its first reply; count = which one */ \
	EVENT(SLOT_LOSS,      "slot_loss")      /* datagram slot: an interruption began */ \
	EVENT(SLOT_GOOD,      "slot_good")      /* datagram slot: an interruption ended */ \
	EVENT(NEW_FAILED,     "new_failed")     /* an attempt of stream new failed: outcome */ \
	EVENT(NEW_GOOD,       "new_good")       /* the first that answered after a failure */ \
	EVENT(PATH_OUT,       "path_out")       /* a flow's outage began */ \
	EVENT(PATH_BACK,      "path_back")      /* ... ended; span = its length */ \
	EVENT(PATH_ANSWERED,  "path_answered")  /* the first datagram came back: the record begins */ \
	EVENT(PATH_SILENT,    "path_silent")    /* the first probes had no answer: no path record */ \
	EVENT(SATURATED,      "saturated")      /* this host fell behind the schedule; span = debt */ \
	EVENT(LIMIT,          "limit")          /* a listener's limit turned a client away */ \
	EVENT(MARK,           "mark")           /* the user's */ \
	EVENT(STOP,          "stop")           /* a reply held what ends the run (--stop-on) */ \
	EVENT(DRAIN,          "drain")          /* serve: draining began; count = connections */ \
	EVENT(PROCESS_LOST,   "process_lost")   /* a process of this program ended too early */

enum event_kind {
#define EVENT(symbol, name) EVENT_##symbol,
	EVENT_TABLE
#undef EVENT
	EVENT_KIND_COUNT,
};
/* clang-format on */
const char *event_kind_name(enum event_kind kind);

#define BACKEND_UNKNOWN UINT16_MAX

struct event {
	uint64_t at_ns; /* monotonic */
	uint64_t span_ns;
	uint64_t count;
	uint32_t slot;
	uint16_t backend; /* index into the run's names, BACKEND_UNKNOWN if none */
	uint8_t kind;
	uint8_t outcome;
	uint8_t stream;
	uint8_t reserved0;
	uint16_t code; /* errno, HTTP status or WebSocket close code; 0 if none */
	uint8_t reserved[4];
};

struct event_ring;
/* `capacity` is a power of two. The memory is shared with processes that are forked later. */
nodiscard int event_ring_new(uint32_t capacity, struct event_ring **ret);
void event_ring_free(struct event_ring *ring);
/* The worker. */
void event_ring_put(struct event_ring *ring, const struct event *event);
/* The reader. False when empty. */
bool event_ring_take(struct event_ring *ring, struct event *ret);
/* Any thread: dropped so far. */
uint64_t event_ring_dropped(const struct event_ring *ring);
