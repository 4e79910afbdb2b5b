/* What limited a load: the network, the receiver, this host, or nothing but the rate that was asked
 * for; from evidence alone, so that it can be told again from a report. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* LIMIT(symbol, who, cause): `who` and `cause` are the words in the JSON. */
/* clang-format off */
#define LIMIT_TABLE                                                                                \
	LIMIT(UNKNOWN,        "unknown",  "unknown")                                               \
	LIMIT(SCHEDULE,       "schedule", "the rate that was asked for was kept")                  \
	LIMIT(WINDOW,         "network",  "congestion window full")                                \
	LIMIT(RECEIVE_WINDOW, "receiver", "receive window full")                                   \
	LIMIT(REPLIES,        "unknown",  "each message waits for replies")                        \
	LIMIT(CPU,            "host",     "cpu of one worker")                                     \
	LIMIT(QUOTA,          "host",     "cpu quota of its control group")                        \
	LIMIT(STARVED,        "host",     "others had the cpu")                                    \
	LIMIT(LAG,            "host",     "woke late")                                             \
	LIMIT(LATE,           "host",     "messages not sent in time")                             \
	LIMIT(SEND_BUFFER,    "host",     "send buffer full")                                      \
	LIMIT(QUEUE,          "host",     "receive queue overflowed")
/* clang-format on */

enum limit {
#define LIMIT(symbol, who, cause) LIMIT_##symbol,
	LIMIT_TABLE
#undef LIMIT
		LIMIT_COUNT,
};
const char *limit_who(enum limit limit);
const char *limit_cause(enum limit limit);

struct limit_evidence {
	/* Of the schedule; zero in a closed loop. */
	bool is_paced;
	uint64_t scheduled;
	uint64_t missed_generator;
	uint64_t missed_peer;
	uint64_t missed_no_connection;
	uint64_t send_error_p99_ns;
	/* Of this host. */
	double worker_cpu;  /* the busiest worker's share of a cpu */
	double worker_wait; /* the share of the time that one was ready to run and had no cpu */
	double throttled;   /* the same of all threads together, for their quota's sake */
	uint64_t loop_lag_p99_ns;
	uint64_t queue_overflows;
	uint64_t received;
	/* Of TCP, summed over its connections; watched 0: nothing is known. See counters.def. */
	uint64_t watched_ns;
	uint64_t busy_ns;
	uint64_t receiver_limited_ns;
	uint64_t buffer_limited_ns;
	uint64_t looks;
	uint64_t looks_full;
	bool awaits_replies; /* sends no more than so many messages ahead of the replies */
};

struct limit_verdict {
	enum limit limit;
	double share; /* of the time, of a cpu, of the messages; 0 where it has no meaning */
};

/* Who kept a worker from its cpu, where that was more than a little: LIMIT_QUOTA or LIMIT_STARVED;
 * else LIMIT_UNKNOWN. */
enum limit limit_of_wait(double worker_wait, double throttled);
struct limit_verdict limit_judge(const struct limit_evidence *evidence);
