/* What limited a run, from evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "metric/limit.h"

#define PERCENT(n) ((n)*NS_PER_S / 10) /* of ten seconds */

/* clang-format off */
#define BULK .watched_ns = 10 * NS_PER_S, .busy_ns = PERCENT(99), .looks = 100, .looks_full = 97
#define PACED .is_paced = true, .scheduled = 1000
/* clang-format on */

static const struct {
	const char *name;
	struct limit_evidence evidence;
	enum limit limit;
	const char *who;
	double share;
} cases[] = {
	{ "nothing is known", { 0 }, LIMIT_UNKNOWN, "unknown", 0 },
	{ "the window is full",
	  { BULK, .receiver_limited_ns = PERCENT(2), .buffer_limited_ns = PERCENT(1) },
	  LIMIT_WINDOW,
	  "network",
	  0.96 },
	{ "busy, but nothing waits: the replies are short of the program",
	  { .watched_ns = 10 * NS_PER_S, .busy_ns = PERCENT(99), .looks = 100, .looks_full = 10 },
	  LIMIT_UNKNOWN,
	  "unknown",
	  0 },
	{ "the same, and each message waits for its reply",
	  { .watched_ns = 10 * NS_PER_S,
	    .busy_ns = PERCENT(99),
	    .looks = 100,
	    .awaits_replies = true },
	  LIMIT_REPLIES,
	  "unknown",
	  0 },
	{ "the receiver does not read",
	  { BULK, .receiver_limited_ns = PERCENT(80) },
	  LIMIT_RECEIVE_WINDOW,
	  "receiver",
	  0.8 },
	{ "... whatever the cpu does",
	  { BULK, .receiver_limited_ns = PERCENT(80), .worker_cpu = 0.95 },
	  LIMIT_RECEIVE_WINDOW,
	  "receiver",
	  0.8 },
	{ "the cpu is full", { BULK, .worker_cpu = 0.98 }, LIMIT_CPU, "host", 0.98 },
	{ "more than a cpu can't be", { BULK, .worker_cpu = 1.02 }, LIMIT_CPU, "host", 1 },
	{ "half a cpu is none", { BULK, .worker_cpu = 0.5 }, LIMIT_WINDOW, "network", 0.99 },
	{ "a small send buffer",
	  { BULK, .buffer_limited_ns = PERCENT(70) },
	  LIMIT_SEND_BUFFER,
	  "host",
	  0.7 },
	{ "more held up than busy: a clock apart",
	  { .watched_ns = 10 * NS_PER_S,
	    .busy_ns = 1,
	    .buffer_limited_ns = 2,
	    .looks = 1,
	    .looks_full = 1 },
	  LIMIT_UNKNOWN,
	  "unknown",
	  0 },
	{ "woke late", { .loop_lag_p99_ns = 21 * NS_PER_MS }, LIMIT_LAG, "host", 0 },
	{ "the window, though it woke late",
	  { BULK, .loop_lag_p99_ns = 21 * NS_PER_MS },
	  LIMIT_WINDOW,
	  "network",
	  0.99 },
	{ "the queue overflows",
	  { .received = 100, .queue_overflows = 5 },
	  LIMIT_QUEUE,
	  "host",
	  0.05 },
	{ "the schedule is kept",
	  { PACED, .worker_cpu = 0.95, BULK },
	  LIMIT_SCHEDULE,
	  "schedule",
	  0 },
	{ "kept, but late",
	  { PACED, .send_error_p99_ns = 11 * NS_PER_MS, BULK },
	  LIMIT_WINDOW,
	  "network",
	  0.99 },
	{ "others have the cpu that it wants all of",
	  { .worker_cpu = 0.5, .worker_wait = 0.45, .awaits_replies = true },
	  LIMIT_STARVED,
	  "host",
	  0.45 },
	{ "... and that it wants half of: not what limits it",
	  { .worker_cpu = 0.25, .worker_wait = 0.25, .awaits_replies = true },
	  LIMIT_REPLIES,
	  "unknown",
	  0 },
	{ "... but late for it",
	  { .worker_cpu = 0.25, .worker_wait = 0.25, .loop_lag_p99_ns = 21 * NS_PER_MS },
	  LIMIT_STARVED,
	  "host",
	  0.25 },
	{ "missed because others have the cpu",
	  { PACED, .missed_generator = 20, .worker_wait = 0.06, .throttled = 0.02 },
	  LIMIT_STARVED,
	  "host",
	  0.06 },
	{ "missed because of a quota",
	  { PACED, .missed_generator = 20, .worker_wait = 0.8, .throttled = 0.5 },
	  LIMIT_QUOTA,
	  "host",
	  0.8 },
	{ "missed, and a wait too short for it",
	  { PACED, .missed_generator = 20, .worker_wait = 0.04 },
	  LIMIT_LATE,
	  "host",
	  0.02 },
	{ "two clocks: no more than all the time",
	  { .worker_wait = 1.1 },
	  LIMIT_STARVED,
	  "host",
	  1 },
	{ "missed for want of cpu", { PACED, .missed_generator = 20 }, LIMIT_LATE, "host", 0.02 },
	{ "missed for want of room",
	  { PACED, .missed_peer = 20, BULK, .receiver_limited_ns = PERCENT(60) },
	  LIMIT_RECEIVE_WINDOW,
	  "receiver",
	  0.6 },
	{ "missed for want of a connection",
	  { PACED, .missed_no_connection = 20 },
	  LIMIT_UNKNOWN,
	  "unknown",
	  0 },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct limit_verdict verdict = limit_judge(&cases[i].evidence);
		double off = verdict.share - cases[i].share;
		if (verdict.limit != cases[i].limit || off > 1e-9 || off < -1e-9)
			fail_msg("%s: %s (%s) %g", cases[i].name, limit_who(verdict.limit),
				 limit_cause(verdict.limit), verdict.share);
		assert_string_equal(limit_who(verdict.limit), cases[i].who);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
