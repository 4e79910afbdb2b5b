/* Raw events (one a slot) summed up into sentences for people: those of a kind, backend and
 * outcome that come together become one. At most ten a second, then "N more events". One caller
 * at a time; the caller brings the time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/outcome.h"
#include "metric/events.h"

struct summary_event {
	uint64_t at_ns; /* of the first, or what the text says; monotonic */
	enum event_kind kind;
	bool is_in_ramp; /* told before the run's beginning was known */
	const char
		*text; /* "web-3: 50 of 50 clients silent for more than 0.2 s"; until it returns */
	uint64_t count;
	uint64_t of;         /* of so many there were; 0: no such whole */
	const char *backend; /* NULL: none known */
	const char *outcome; /* its name, NULL where the kind has none */
	uint64_t span_ns;    /* the longest */
};
struct summary_sink {
	void (*tell)(void *context, const struct summary_event *event);
	void *context;
};

struct summary_setup {
	struct summary_sink sink;
	/* The name of a backend of struct event; NULL: none. Valid as long as the summary. */
	const char *(*backend_name)(void *context, uint16_t backend);
	void *backend_context;
	const char *target;      /* "tcp://10.20.0.5:5003": who refuses */
	const char *client_word; /* NULL: "client"; datagrams: "flow" */
	const char *limit_word;  /* NULL: "a limit"; of a listener: "--max-connections" */
	uint32_t slots;
	uint32_t flows; /* of the path stream */
	uint64_t stall_after_ns;
	const char *cause;   /* see summary_set_cause() */
	uint64_t drain_ns;   /* how long serve drains at most; 0: not said */
	uint64_t started_ns; /* offsets inside sentences count from it; 0: in the ramp, see
				 summary_set_started() */
};

struct summary;
nodiscard int summary_new(const struct summary_setup *setup, struct summary **ret);
void summary_free(struct summary *summary);
void summary_set_started(struct summary *summary, uint64_t started_ns);
/* What the next draining is because of: "SIGTERM". */
void summary_set_cause(struct summary *summary, const char *cause);
/* So many slots are with this backend now (when the run begins). Where nobody calls this, the first
 * EVENT_SLOT_CONNECTED of each slot does the same. */
void summary_set_backend_slots(struct summary *summary, uint16_t backend, uint64_t slots);
void summary_add(struct summary *summary, const struct event *event);
/* Tells what is due by now; call it at least every 50 ms, or at summary_deadline_ns(). */
void summary_tick(struct summary *summary, uint64_t now_ns);
/* When something falls due; UINT64_MAX: nothing waits. */
uint64_t summary_deadline_ns(const struct summary *summary);
/* Tells all that waits (at the end). */
void summary_flush(struct summary *summary);
