/* One attempt of the stream of new connections: connect, say one message, hear the answer, close.
 * Between attempts.c (the schedule of all) and attempt.c (the course of one). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slab.h"
#include "engine/schedule.h"
#include "engine/speaker.h"
#include "engine/unanswered.h"
#include "engine/worker.h"
#include "metric/gap.h"
#include "metric/window.h"

struct attempts {
	struct activity activity;
	struct worker *worker;
	const struct plan *plan;
	struct recorder *recorder;
	struct counters *counters;
	struct speakers speakers;
	struct speech_parts parts;
	struct schedule schedule;
	struct schedule_cursor cursor;
	struct pacer pacer;
	struct slab slab;
	struct list live;
	struct window window;
	void *window_storage;
	struct gap outage;
	uint64_t outage_sequence; /* the first attempt of it */
	struct unanswered unanswered;
	struct source_pool *sources;
	const char *why; /* what the peer did wrong, while that is acted on; else NULL */
	bool is_failing; /* the newest attempt to settle failed */
};

struct attempt {
	struct stream stream;
	struct timer timer;
	struct list node; /* in attempts->live */
	struct attempts *attempts;
	uint64_t sequence; /* in the window, and its number */
	uint64_t due_ns;
	uint64_t started_ns;
	uint64_t connected_ns;
	uint64_t written_ns; /* first byte of its message; 0: it was not sent yet */
	uint16_t target;
	bool is_linked;  /* the transport below is connected: connected_ns is that moment */
	bool has_speech; /* begun, with the connection */
	bool is_up;      /* messages may be sent */
	bool is_partial; /* its message is partly sent */
	max_align_t speech[];
};

/* Of attempts.c: outages end or begin with what has settled. */
void attempts_take_finals(struct attempts *attempts);

/* One falls due. */
void attempt_start(struct attempts *attempts, uint64_t due_ns);
/* The run is over. */
void attempt_abandon(struct attempt *attempt);
/* Closes the stream and frees what the speech holds; nothing is counted. */
void attempt_close(struct attempt *attempt);
