/* What a tracing of hops sends next, and what becomes of it: the whole of it but for sockets. It is
 * told the time, what was sent, what came back, and writes a struct hops. Rounds go from TTL 1 to
 * the target; the first one finds where that is, a few TTLs ahead of what has answered. No hop is
 * asked more often than its gap allows, whichever flow asks. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "metric/hops.h"

/* The first round goes so far beyond the last hop that answered; so many silent ones in a row end
 * the way. */
#define HOPS_SILENT_MAX 5

struct hops_course_setup {
	enum hops_way way;
	uint32_t flows;
	uint32_t rounds;
	uint32_t ttl_max;
	bool has_full;      /* packets of full size too, a round of each in turn */
	bool is_one_by_one; /* a flow waits for its answer before it asks again */
	uint64_t timeout_ns;
	uint64_t gap_ns;     /* between two packets for the same TTL, of all flows */
	uint64_t spacing_ns; /* between any two */
};

/* One packet; its number is its cookie on the wire. */
struct hops_question {
	uint32_t number;
	uint32_t flow;
	uint8_t ttl;
	enum hops_size size;
};

struct hops_course;

/* -EINVAL, -ENOMEM as hops_new(). */
nodiscard int hops_course_new(const struct hops_course_setup *setup, struct hops_course **ret);
void hops_course_free(struct hops_course *course); /* takes NULL */
/* The course's own, for as long as it lives: the owner may fill in what it knows (addresses). */
struct hops *hops_course_result(struct hops_course *course);
/* The same, and it is the caller's from now on: hops_free(). What is still in flight, when it was
 * interrupted, was never sent. */
struct hops *hops_course_take(struct hops_course *course);

/* Gives up what is too old, then: true: `ret` is to be sent at this moment, and counts as sent;
 * false: nothing is until hops_course_due(). */
bool hops_course_next(struct hops_course *course, uint64_t now_ns, struct hops_question *ret);
/* When to ask again if nothing is told before; UINT64_MAX: not before something is told. */
uint64_t hops_course_due(const struct hops_course *course);
/* It could not be sent after all: not counted. */
void hops_course_unsent(struct hops_course *course, uint32_t number);
/* False: nothing of this number is in flight (it was given up, or never sent). `now_ns`: or
 * HOP_NOT_TIMED, when it is not known since when the answer is there. */
bool hops_course_answered(struct hops_course *course, uint32_t number,
			  const struct hop_answer *answer, uint64_t now_ns);
/* It is known to be lost before its timeout. */
void hops_course_lost(struct hops_course *course, uint32_t number);
/* The only packet of this flow that is in flight, for answers without a cookie; false: there is
 * none, or several. */
bool hops_course_only(const struct hops_course *course, uint32_t flow, uint32_t *ret_number);
/* A flow that asks one by one may not ask yet, though it has its answer; until it is let go. */
void hops_course_hold(struct hops_course *course, uint32_t flow);
void hops_course_let_go(struct hops_course *course, uint32_t flow);
/* The flow can't go on; `failure` a positive errno, 0: none. */
void hops_course_end_flow(struct hops_course *course, uint32_t flow, int failure);
/* Nothing is to be sent and nothing in flight. */
bool hops_course_is_over(const struct hops_course *course);
/* How far it is: questions of all rounds that are behind it, from 0 to 1; a guess at first. */
double hops_course_progress(const struct hops_course *course);
