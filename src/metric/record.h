/* Records of a run that are lists: intervals (interruptions, stalls, outages), connections, slots.
 * Flat, append-only, with a stated cap and a count of what was left out. Written by one worker,
 * read after it ended; `sharing` says whether by another process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/outcome.h"
#include "base/pages.h"
#include "metric/survival.h"

enum interval_kind {
	INTERVAL_INTERRUPTION,
	INTERVAL_STALL,
	INTERVAL_OUTAGE,
	INTERVAL_KIND_COUNT,
};

struct interval {
	uint64_t start_ns; /* monotonic */
	uint64_t end_ns;
	uint64_t unanswered;
	uint64_t forward_lost; /* path outage: of these lost on the way there, by the peer */
	uint32_t slot;         /* or flow; of stream new: the number of the first failed attempt */
	uint16_t backend;      /* at its start */
	uint8_t kind;
	uint8_t stream;
	bool is_open;     /* at the end of the run: a lower bound */
	bool has_forward; /* forward_lost is known */
	uint8_t reserved[6];
};

struct interval_totals {
	uint64_t count;
	uint64_t open; /* of these */
	uint64_t total_ns;
	uint64_t max_ns;
};
#define INTERVAL_STREAMS_MAX 8

/* Totals are exact though the list is capped. */
struct interval_log {
	struct interval *items;
	uint32_t count;
	uint32_t capacity;
	uint64_t omitted;
	struct interval_totals totals[INTERVAL_STREAMS_MAX][INTERVAL_KIND_COUNT];
};
#define INTERVALS_MAX 65536 /* a worker; 3 MiB, of which untouched pages are never taken */

nodiscard int interval_log_new(uint32_t capacity, enum pages_sharing sharing,
			       struct interval_log *ret);
void interval_log_free(struct interval_log *log);
void interval_log_add(struct interval_log *log, const struct interval *interval);

/* One connection of a slot, or one failed attempt. 104 bytes. */
struct connection_record {
	struct endpoint local;
	struct endpoint remote;
	uint64_t started_ns;
	uint64_t connected_ns; /* 0: never */
	uint64_t ended_ns;     /* 0: open at the end */
	uint32_t sent;
	uint32_t received;
	uint32_t lost;
	uint32_t retransmits;
	uint64_t rtt_ns;
	uint32_t slot;
	uint16_t backend;
	uint8_t stream;
	uint8_t outcome; /* enum outcome */
};
struct connection_log {
	struct connection_record *items;
	uint32_t count;
	uint32_t capacity;
	uint64_t omitted;
};
#define CONNECTIONS_ENDED_MAX 10000 /* a run: the first of those that ended or failed */

nodiscard int connection_log_new(uint32_t capacity, enum pages_sharing sharing,
				 struct connection_log *ret);
void connection_log_free(struct connection_log *log);
void connection_log_add(struct connection_log *log, const struct connection_record *record);

/* One attempt of the stream of new connections. */
struct attempt_record {
	uint64_t number;
	uint64_t due_ns;
	uint64_t took_ns; /* from then to its first reply, or until it failed */
	uint8_t outcome;  /* enum outcome: DONE, OPEN at the end, or why it failed */
	uint8_t reserved[7];
};

/* Every `stride`th attempt that was answered, over all of the run: when half of the log is full of
 * them, every second one of them goes. The others have the other half to themselves, the first ones
 * stay. */
struct attempt_log {
	struct attempt_record *items; /* in two halves */
	uint32_t answered;            /* in the first half */
	uint32_t failed;              /* in the second one */
	uint32_t capacity;
	uint64_t stride;
	uint64_t omitted;
};
#define ATTEMPTS_LOGGED_MAX 20000 /* 640 kB */

nodiscard int attempt_log_new(uint32_t capacity, enum pages_sharing sharing,
			      struct attempt_log *ret);
void attempt_log_free(struct attempt_log *log);
void attempt_log_add(struct attempt_log *log, const struct attempt_record *record);
/* The nth of answered + failed. */
const struct attempt_record *attempt_log_at(const struct attempt_log *log, uint32_t index);

/* What became of a slot over the whole run. Memory that was never touched tells of one that had no
 * name of a backend and no trouble. */
struct slot_record {
	uint64_t lost;
	uint64_t missed;
	uint64_t longest_ns; /* its longest interruption */
	uint16_t first_name; /* backend + 1 when the run began, 0: BACKEND_UNKNOWN */
	uint16_t last_name;  /* the same at the end; 0: not connected or no name */
	uint16_t reconnects;
	uint8_t survival; /* enum survival */
	bool has_backend_changed;
	bool is_connected_at_end;
	bool is_interrupted;
	bool is_longest_open; /* of the last interruption: it was open at the end */
	uint8_t reserved[5];
};

static inline uint16_t slot_record_first_backend(const struct slot_record *record)
{
	return (uint16_t)(record->first_name - 1);
}

static inline uint16_t slot_record_last_backend(const struct slot_record *record)
{
	return (uint16_t)(record->last_name - 1);
}

static inline void slot_record_begin(struct slot_record *record, uint16_t backend)
{
	if (record->first_name != (uint16_t)(backend + 1))
		record->first_name = (uint16_t)(backend + 1);
}

static inline void slot_record_end(struct slot_record *record, uint16_t backend)
{
	record->last_name = (uint16_t)(backend + 1);
}
