#include "support/sample_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"

struct report *sample_new(const char *command, const char *target)
{
	struct report *report = NULL;
	if (report_new(&report) < 0)
		abort();
	report->tool_version = "0.1.0";
	report->command = command;
	report->target = target;
	report->host_name = "client-1";
	report->kernel = "6.1.0";
	report->started_unix_ns = SAMPLE_STARTED;
	report->reply_timeout_ns = 2 * NS_PER_S;
	report->stall_after_ns = MS(200);
	return report;
}

struct report_latency sample_latency(uint64_t count, uint64_t censored, const double ms[6])
{
	return (struct report_latency){
		.count = count,
		.censored = censored,
		.censored_min_ns = censored > 0 ? 2 * NS_PER_S : 0,
		.min_ns = MS(ms[0] / 2),
		.mean_ns = MS(ms[0] * 1.2),
		.p50_ns = MS(ms[0]),
		.p90_ns = MS(ms[1]),
		.p99_ns = MS(ms[2]),
		.p99_9_ns = MS(ms[3]),
		.p99_99_ns = MS(ms[4]),
		.max_ns = MS(ms[5]),
		.is_measured = true,
	};
}

struct report_tcp sample_tcp(void)
{
	return (struct report_tcp){
		.is_measured = true,
		.congestion = "cubic",
		.facts = { .connections = 1,
			   .described = 1,
			   .mss_min_bytes = 1448,
			   .mss_max_bytes = 1448,
			   .path_mtu_min_bytes = 1500,
			   .path_mtu_max_bytes = 1500,
			   .send_buffer_max_bytes = 4200000,
			   .receive_buffer_max_bytes = 6300000 },
	};
}

void *sample_copy(struct report *report, const void *list, size_t size)
{
	return memcpy(arena_take(&report->arena, size), list, size);
}
