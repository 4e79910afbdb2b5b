/* What happened in a mesh, numbered: a bounded log in memory that a reader resumes by number. One
 * thread. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/mesh_pair.h"

/* MESH_EVENT(symbol, name): began and ended are of a finding (mesh_judge.h), the others say what
 * they are. */
/* clang-format off */
#define MESH_EVENT_TABLE \
	MESH_EVENT(BEGAN,    "began") \
	MESH_EVENT(CHANGED,  "changed") /* the same subject, another verdict or blame */ \
	MESH_EVENT(ENDED,    "ended") \
	MESH_EVENT(JOINED,   "joined") /* a peer */ \
	MESH_EVENT(LEAVING,  "leaving") \
	MESH_EVENT(GONE,     "gone") \
	MESH_EVENT(RENAMED,  "renamed") /* two peers claim one name, or one has another now */ \
	MESH_EVENT(SOURCE,   "source") /* of peers: fails, or works again */ \
	MESH_EVENT(CLOCK,    "clock") /* the wall clock was set */ \
	MESH_EVENT(MARK,     "mark") \
	MESH_EVENT(RELOAD,   "reload") \
	MESH_EVENT(START,    "start") \
	MESH_EVENT(STOP,     "stop")

enum mesh_event_kind {
#define MESH_EVENT(symbol, name) MESH_EVENT_##symbol,
	MESH_EVENT_TABLE
#undef MESH_EVENT
	MESH_EVENTS,
};
/* clang-format on */
const char *mesh_event_kind_name(enum mesh_event_kind kind);

#define MESH_EVENTS_MAX     256
#define MESH_EVENT_TEXT_MAX 320

struct mesh_event {
	uint64_t number; /* from 1; never again in this process */
	uint64_t at_ns;
	int64_t unix_ns;
	int64_t since_unix_ns; /* when what is told began; 0: it is a moment */
	uint8_t kind;
	uint8_t scope;   /* enum mesh_scope */
	uint8_t verdict; /* enum mesh_verdict; UNKNOWN: not of a verdict */
	uint8_t blame;
	uint32_t pairs;
	uint32_t of;
	uint32_t witnesses;
	char subject[MESH_NAME_MAX];    /* "": this node */
	char text[MESH_EVENT_TEXT_MAX]; /* the evidence, or the sentence */
};

struct mesh_events;
nodiscard int mesh_events_new(struct mesh_events **ret);
void mesh_events_free(struct mesh_events *events); /* takes NULL */
/* What is added from now on happened at this time. */
void mesh_events_set_time(struct mesh_events *events, uint64_t now_ns, int64_t unix_ns);
/* Copied; the number and, where at_ns is 0, the time are filled in. */
void mesh_events_add(struct mesh_events *events, const struct mesh_event *event);
/* A moment without a verdict. */
void mesh_events_note(struct mesh_events *events, enum mesh_event_kind kind, const char *subject,
		      const char *format, ...) printf_like(4, 5);
/* The newest number; 0: none yet. */
uint64_t mesh_events_newest(const struct mesh_events *events);
/* The oldest that is still there. */
uint64_t mesh_events_oldest(const struct mesh_events *events);
/* NULL: it is not there any more, or not yet. */
const struct mesh_event *mesh_events_at(const struct mesh_events *events, uint64_t number);
