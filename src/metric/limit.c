/* See limit.h. */
#include "metric/limit.h"

#include <assert.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/units.h"

/* From where on something explains a run: most of the time, nearly all of a cpu, one message in a
 * hundred. A loop on an idle machine wakes within 0.1 ms. */
#define MOST     0.5
#define CPU_FULL 0.9
#define FEW      0.01
#define WAITED   0.05
#define LAG_NS   (20 * NS_PER_MS)
#define LATE_NS  (10 * NS_PER_MS)

static const struct {
	const char *who;
	const char *cause;
} rows[LIMIT_COUNT] = {
#define LIMIT(symbol, who, cause) [LIMIT_##symbol] = { who, cause },
	LIMIT_TABLE
#undef LIMIT
};

const char *limit_who(enum limit limit)
{
	assert(limit < LIMIT_COUNT);
	return rows[limit].who;
}

const char *limit_cause(enum limit limit)
{
	assert(limit < LIMIT_COUNT);
	return rows[limit].cause;
}

static double share_of(uint64_t part, uint64_t whole)
{
	if (whole == 0)
		return 0;
	return part < whole ? (double)part / (double)whole : 1;
}

static bool is_schedule_kept(const struct limit_evidence *evidence)
{
	return evidence->is_paced && evidence->missed_generator == 0 &&
	       evidence->missed_peer == 0 && evidence->missed_no_connection == 0 &&
	       evidence->send_error_p99_ns <= LATE_NS;
}

/* Busy, and neither the peer's window nor our buffer held it up: the congestion window did, where
 * something waited for it whenever the kernel was asked. */
static double window_share(const struct limit_evidence *evidence)
{
	uint64_t others_ns = evidence->receiver_limited_ns + evidence->buffer_limited_ns;
	if (share_of(evidence->looks_full, evidence->looks) < MOST || evidence->busy_ns < others_ns)
		return 0;
	return share_of(evidence->busy_ns - others_ns, evidence->watched_ns);
}

enum limit limit_of_wait(double worker_wait, double throttled)
{
	if (worker_wait < WAITED)
		return LIMIT_UNKNOWN;
	return throttled >= worker_wait * MOST ? LIMIT_QUOTA : LIMIT_STARVED;
}

/* Waiting for a cpu explains a run that would have used all of one, or that was late. */
static double wait_share(const struct limit_evidence *evidence, enum limit limit)
{
	bool is_wanted = evidence->worker_cpu + evidence->worker_wait >= CPU_FULL;
	bool was_late = share_of(evidence->missed_generator, evidence->scheduled) >= FEW ||
			evidence->loop_lag_p99_ns > LAG_NS;
	if (limit_of_wait(evidence->worker_wait, evidence->throttled) != limit ||
	    !(is_wanted || was_late))
		return 0;
	return evidence->worker_wait < 1 ? evidence->worker_wait : 1;
}

/* In this order: a receiver that does not read idles all others, and a cpu that is full explains
 * what looks like a slow network. */
struct limit_verdict limit_judge(const struct limit_evidence *evidence)
{
	const struct {
		enum limit limit;
		double share;
		double least;
	} causes[] = {
		{ LIMIT_RECEIVE_WINDOW,
		  share_of(evidence->receiver_limited_ns, evidence->watched_ns), MOST },
		{ LIMIT_CPU, evidence->worker_cpu < 1 ? evidence->worker_cpu : 1, CPU_FULL },
		{ LIMIT_QUOTA, wait_share(evidence, LIMIT_QUOTA), WAITED },
		{ LIMIT_STARVED, wait_share(evidence, LIMIT_STARVED), WAITED },
		{ LIMIT_LATE, share_of(evidence->missed_generator, evidence->scheduled), FEW },
		{ LIMIT_QUEUE, share_of(evidence->queue_overflows, evidence->received), FEW },
		{ LIMIT_SEND_BUFFER, share_of(evidence->buffer_limited_ns, evidence->watched_ns),
		  MOST },
		{ LIMIT_WINDOW, window_share(evidence), MOST },
	};
	if (is_schedule_kept(evidence))
		return (struct limit_verdict){ .limit = LIMIT_SCHEDULE };
	for (size_t i = 0; i < array_size(causes); i++)
		if (causes[i].share >= causes[i].least)
			return (struct limit_verdict){ causes[i].limit, causes[i].share };
	if (evidence->loop_lag_p99_ns > LAG_NS)
		return (struct limit_verdict){ .limit = LIMIT_LAG };
	if (evidence->awaits_replies)
		return (struct limit_verdict){ .limit = LIMIT_REPLIES };
	return (struct limit_verdict){ .limit = LIMIT_UNKNOWN };
}
