#include "probe/hops_course.h"

#include <errno.h>
#include <stdlib.h>

/* More than go out within a timeout: 64 hops at their gap. A power of two. */
#define FLIGHT_MAX 4096

struct flight {
	struct hops_question question;
	uint64_t sent_ns;
	bool is_open;
};

struct course_flow {
	uint32_t round; /* that goes on; of both sizes, one after the other */
	uint8_t ttl;    /* to ask next */
	uint8_t end;    /* the last to ask; 0: not known yet */
	uint8_t heard;  /* the highest that has answered */
	uint32_t in_flight;
	bool is_held;
	bool is_done; /* asks nothing any more */
};

struct hops_course {
	struct hops_course_setup setup;
	struct hops *hops;
	struct course_flow flows[HOPS_FLOWS_MAX];
	uint64_t free_at_ns[HOPS_TTL_MAX]; /* [TTL - 1] */
	uint64_t next_ns;                  /* for any */
	uint64_t due_ns;
	uint32_t turn; /* whose flow's it is */
	/* In the order of their numbers, and so of their timeouts. */
	uint32_t first;
	uint32_t end;
	struct flight flights[FLIGHT_MAX];
};

int hops_course_new(const struct hops_course_setup *setup, struct hops_course **ret)
{
	struct hops_course *course = calloc(1, sizeof(*course));
	if (!course)
		return -ENOMEM;
	course->setup = *setup;
	int rc = hops_new(setup->way, setup->flows, setup->ttl_max, setup->rounds, &course->hops);
	if (rc < 0) {
		free(course);
		return rc;
	}
	for (uint32_t i = 0; i < setup->flows; i++)
		course->flows[i].ttl = 1;
	*ret = course;
	return 0;
}

void hops_course_free(struct hops_course *course)
{
	if (!course)
		return;
	hops_free(course->hops);
	free(course);
}

struct hops *hops_course_result(struct hops_course *course)
{
	return course->hops;
}

static struct hop *hop_of(struct hops_course *course, const struct hops_question *question)
{
	return &course->hops->flows[question->flow].hops[question->ttl - 1];
}

/* ---- what is in flight */

static struct flight *flight_at(const struct hops_course *course, uint32_t number)
{
	return (struct flight *)&course->flights[number % FLIGHT_MAX];
}

static struct flight *find_flight(const struct hops_course *course, uint32_t number)
{
	struct flight *flight = flight_at(course, number);
	bool is_within = number - course->first < course->end - course->first;
	return is_within && flight->is_open ? flight : NULL;
}

static void close_flight(struct hops_course *course, struct flight *flight)
{
	flight->is_open = false;
	course->flows[flight->question.flow].in_flight--;
	while (course->first != course->end && !flight_at(course, course->first)->is_open)
		course->first++;
}

static void give_up_old(struct hops_course *course, uint64_t now_ns)
{
	while (course->first != course->end) {
		struct flight *flight = flight_at(course, course->first);
		if (now_ns < flight->sent_ns + course->setup.timeout_ns)
			return;
		close_flight(course, flight);
	}
}

/* ---- flows */

/* The hops that count. Of a silent end one row is left, which says so. */
static void set_end(struct hops_course *course, uint32_t index, uint8_t end)
{
	course->flows[index].end = end;
	course->hops->flows[index].hop_count = end;
}

static uint8_t ahead_max(const struct hops_course *course, const struct course_flow *flow)
{
	uint32_t most = flow->heard + HOPS_SILENT_MAX;
	return (uint8_t)(most < course->setup.ttl_max ? most : course->setup.ttl_max);
}

/* Whether the first round is over: silence so far that the way ends here. */
static bool find_silent_end(struct hops_course *course, uint32_t index)
{
	struct course_flow *flow = &course->flows[index];

	if (flow->ttl <= ahead_max(course, flow))
		return true;
	if (flow->in_flight > 0)
		return false;
	uint32_t end = flow->heard + 1u;
	set_end(course, index,
		(uint8_t)(end < course->setup.ttl_max ? end : course->setup.ttl_max));
	return true;
}

static uint32_t half_rounds(const struct hops_course *course)
{
	return course->setup.rounds * (course->setup.has_full ? 2 : 1);
}

static void end_round(struct hops_course *course, struct course_flow *flow)
{
	if (flow->end == 0 || flow->ttl <= flow->end)
		return;
	flow->ttl = 1;
	flow->round++;
	if (flow->round == half_rounds(course))
		flow->is_done = true;
}

/* When this flow may send, with its place in the round brought up to date; UINT64_MAX: not before
 * something is told. */
static uint64_t flow_due(struct hops_course *course, uint32_t index)
{
	struct course_flow *flow = &course->flows[index];

	if (flow->is_done || flow->is_held || (course->setup.is_one_by_one && flow->in_flight > 0))
		return UINT64_MAX;
	if (flow->end == 0 && !find_silent_end(course, index))
		return UINT64_MAX;
	end_round(course, flow);
	if (flow->is_done)
		return UINT64_MAX;
	uint64_t free_ns = course->free_at_ns[flow->ttl - 1];
	return free_ns > course->next_ns ? free_ns : course->next_ns;
}

static void put_in_flight(struct hops_course *course, uint32_t index, uint64_t now_ns,
			  struct hops_question *ret)
{
	struct course_flow *flow = &course->flows[index];

	*ret = (struct hops_question){
		.number = course->end,
		.flow = index,
		.ttl = flow->ttl,
		.size = course->setup.has_full && flow->round % 2 ? HOPS_FULL : HOPS_SMALL,
	};
	*flight_at(course, course->end++) =
		(struct flight){ .question = *ret, .sent_ns = now_ns, .is_open = true };
	hop_note_sent(hop_of(course, ret), ret->size);
	course->free_at_ns[flow->ttl - 1] = now_ns + course->setup.gap_ns;
	course->next_ns = now_ns + course->setup.spacing_ns;
	flow->ttl++;
	flow->in_flight++;
	course->turn = (index + 1) % course->setup.flows;
}

bool hops_course_next(struct hops_course *course, uint64_t now_ns, struct hops_question *ret)
{
	uint64_t due_ns = UINT64_MAX;

	give_up_old(course, now_ns);
	for (uint32_t i = 0; i < course->setup.flows; i++) {
		uint32_t index = (course->turn + i) % course->setup.flows;
		uint64_t at_ns = flow_due(course, index);
		if (at_ns <= now_ns && course->end - course->first < FLIGHT_MAX) {
			put_in_flight(course, index, now_ns, ret);
			return true;
		}
		due_ns = at_ns < due_ns ? at_ns : due_ns;
	}
	if (course->first != course->end) {
		uint64_t old_ns = flight_at(course, course->first)->sent_ns;
		old_ns += course->setup.timeout_ns;
		due_ns = old_ns < due_ns ? old_ns : due_ns;
	}
	course->due_ns = due_ns;
	return false;
}

uint64_t hops_course_due(const struct hops_course *course)
{
	return course->due_ns;
}

/* ---- what is told */

void hops_course_unsent(struct hops_course *course, uint32_t number)
{
	struct flight *flight = find_flight(course, number);
	if (!flight)
		return;
	hop_of(course, &flight->question)->counts[flight->question.size].sent--;
	course->hops->unsent++;
	close_flight(course, flight);
}

/* Nobody behind this TTL is on this way. */
static void reach_end(struct hops_course *course, const struct hops_question *question,
		      enum hop_answer_kind kind)
{
	struct course_flow *flow = &course->flows[question->flow];

	if (flow->end == 0 || question->ttl < flow->end)
		set_end(course, question->flow, question->ttl);
	if (kind == HOP_TARGET && question->ttl <= flow->end)
		course->hops->flows[question->flow].is_reached = true;
}

bool hops_course_answered(struct hops_course *course, uint32_t number,
			  const struct hop_answer *answer, uint64_t now_ns)
{
	struct flight *flight = find_flight(course, number);
	if (!flight)
		return false;
	struct hops_question question = flight->question;
	struct course_flow *flow = &course->flows[question.flow];

	hop_note_answer(hop_of(course, &question), question.size, answer,
			now_ns == HOP_NOT_TIMED ? HOP_NOT_TIMED : now_ns - flight->sent_ns);
	if (answer->kind != HOP_TOO_BIG && question.ttl > flow->heard)
		flow->heard = question.ttl;
	if (answer->kind == HOP_TARGET || answer->kind == HOP_STOPPED)
		reach_end(course, &question, answer->kind);
	else if (answer->kind == HOP_EXPIRED && question.ttl == flow->end)
		flow->end = 0; /* what seemed the end of the way is not: it is looked for again */
	close_flight(course, flight);
	return true;
}

void hops_course_lost(struct hops_course *course, uint32_t number)
{
	struct flight *flight = find_flight(course, number);
	if (flight)
		close_flight(course, flight);
}

bool hops_course_only(const struct hops_course *course, uint32_t flow, uint32_t *ret_number)
{
	if (course->flows[flow].in_flight != 1)
		return false;
	uint32_t number = course->first;
	while (!flight_at(course, number)->is_open ||
	       flight_at(course, number)->question.flow != flow)
		number++;
	*ret_number = number;
	return true;
}

void hops_course_hold(struct hops_course *course, uint32_t flow)
{
	course->flows[flow].is_held = true;
}

void hops_course_let_go(struct hops_course *course, uint32_t flow)
{
	course->flows[flow].is_held = false;
}

void hops_course_end_flow(struct hops_course *course, uint32_t flow, int failure)
{
	struct course_flow *one = &course->flows[flow];
	one->is_done = true;
	one->is_held = false;
	course->hops->flows[flow].failure = failure;
	if (one->end == 0)
		set_end(course, flow, one->heard);
}

struct hops *hops_course_take(struct hops_course *course)
{
	struct hops *hops = course->hops;

	for (uint32_t i = 0; i < course->setup.flows; i++) {
		if (course->flows[i].end == 0)
			set_end(course, i, course->flows[i].heard);
	}
	while (course->first != course->end) {
		struct flight *flight = flight_at(course, course->first);
		hop_of(course, &flight->question)->counts[flight->question.size].sent--;
		close_flight(course, flight);
	}
	course->hops = NULL;
	return hops;
}

bool hops_course_is_over(const struct hops_course *course)
{
	for (uint32_t i = 0; i < course->setup.flows; i++) {
		if (!course->flows[i].is_done)
			return false;
	}
	return course->first == course->end;
}

double hops_course_progress(const struct hops_course *course)
{
	uint32_t done = 0;
	for (uint32_t i = 0; i < course->setup.flows; i++)
		done += course->flows[i].is_done ? half_rounds(course) : course->flows[i].round;
	return (double)done / ((double)half_rounds(course) * course->setup.flows);
}
