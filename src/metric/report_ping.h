/* What a stream of `ping` has in a report beside its counters and latencies: what was found at the
 * target, and the probes themselves. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/outcome.h"
#include "metric/error_rows.h"
#include "metric/probe_result.h"

/* One look. INT64_MIN: there was no such time. */
struct report_probe {
	uint64_t number; /* from 1 */
	int64_t at_ns;   /* when it was due */
	enum outcome outcome;
	bool has_failed;      /* not answered as it should be */
	enum phase failed_in; /* then */
	int64_t failed_after_ns;
	int64_t phase_ns[PROBE_PHASES]; /* of those that it went through */
	int64_t total_ns;               /* of one whose answer is whole: their sum */
	uint32_t status;                /* base/status.h; 0: none */
	uint64_t body_bytes;
	bool is_cut; /* more than --max-bytes was to come */
	bool is_kept;
	uint64_t ttl;         /* of the answer; 0: unknown */
	const char *why;      /* NULL: no more than the outcome says */
	const char *location; /* where a redirect goes; NULL: nowhere */
	struct endpoint remote;
	/* One way, by the clocks of both ends, ± clock_error_ns. */
	int64_t forward_ns;
	int64_t backward_ns;
	uint64_t clock_error_ns;
};
#define REPORT_PROBES_MAX 20000 /* of one target; of a few, together */

/* Found at the target, by the newest probe that came so far. */
struct report_ping {
	uint64_t timeout_ns;
	bool is_kept; /* one connection or socket for all probes */
	struct endpoint remote;
	uint64_t addresses;   /* of the name; 0: it is an address */
	const char *protocol; /* "h2"; NULL: unknown, or none */
	const char *tls_version;
	int64_t certificate_until_s; /* Unix time; INT64_MIN: none */
	uint64_t tcp_mss_bytes;      /* 0: unknown, as the next ones */
	uint64_t tcp_path_mtu_bytes;
	uint64_t tcp_rtt_min_ns;
	uint64_t own_delay_max_ns; /* of this host: begun after it was due, or from stamps */
	bool has_kernel_stamps;    /* round trips are the kernel's */
	/* Of ours the target had counted, when it said so last; 0: it does not. Of those that are
	 * lost so is told which way: totals.forward_lost never came there. */
	uint64_t peer_counted;
	int64_t first_answered_ns;   /* when the first answer was whole; INT64_MIN: none was */
	uint64_t failures_in_a_row;  /* at the end */
	bool is_stopped;             /* by --max-failures */
	struct report_probe *probes; /* failed ones, and every nth that was answered */
	uint32_t probe_count;
	uint64_t probes_omitted;
};
