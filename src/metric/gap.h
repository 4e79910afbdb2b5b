/* Runs of unanswered messages in order of due time: interruptions (slots), service outages (new
 * connections) and path outages (datagram flows) differ only in the threshold. Pure; the caller
 * brings the times. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gap {
	uint64_t start_ns;   /* due time of the first unanswered message of the run */
	uint64_t unanswered; /* in the run that is under way; 0: none is */
	uint32_t threshold;  /* this many in a row make a gap */
};

/* A gap that ended, or one that is open at the end. */
struct gap_span {
	uint64_t start_ns;
	uint64_t end_ns; /* due time of the next answered message; open: the end of the run */
	uint64_t unanswered;
	bool is_open; /* nothing was answered up to end_ns */
};

void gap_init(struct gap *gap, uint32_t threshold);
/* Must be told in order of due time. True when this one makes the run a gap. */
bool gap_unanswered(struct gap *gap, uint64_t due_ns);
/* `count` messages in a row, the first due at `due_ns`. */
bool gap_unanswered_many(struct gap *gap, uint64_t due_ns, uint64_t count);
/* True when this ends a gap, which is then in `ret`. */
bool gap_answered(struct gap *gap, uint64_t due_ns, struct gap_span *ret);
bool gap_is_open(const struct gap *gap);
/* At the end of the run: true if one is open, which is then in `ret` with end_ns = end. Changes
 * nothing, so that a view can ask while it runs. */
bool gap_finish(const struct gap *gap, uint64_t end_ns, struct gap_span *ret);
