#include "run/path_hops.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "metric/report_hops.h"
#include "probe/hops.h"

static void on_finished(void *context)
{
	loop_stop(context);
}

/* Of each size a hop is asked once a round by each flow. */
static uint32_t rounds_of(const struct path_hops_run *run, enum hops_way way)
{
	const struct path_hops_plan *plan = run->plan;
	uint64_t sizes = way != HOPS_SYN && run->full_bytes > 0 ? 2 : 1;
	uint64_t rounds = PATH_HOPS_SECONDS * plan->rate / (plan->flows * sizes);

	if (plan->rounds > 0)
		return (uint32_t)plan->rounds;
	if (rounds > PATH_HOPS_ROUNDS_MAX)
		return PATH_HOPS_ROUNDS_MAX;
	return rounds < PATH_HOPS_ROUNDS_MIN ? PATH_HOPS_ROUNDS_MIN : (uint32_t)rounds;
}

static struct hops_setup setup_of(const struct path_hops_run *run, enum hops_way way,
				  uint64_t token)
{
	const struct path_hops_plan *plan = run->plan;
	return (struct hops_setup){
		.loop = run->loop,
		.target = run->remote,
		.source = way == HOPS_UDP ? run->udp_source : run->source,
		.way = way,
		.service = run->uri->service,
		.is_tls = run->uri->transport == TRANSPORT_TLS,
		.host = run->uri->host,
		.flows = (uint32_t)plan->flows,
		.rounds = rounds_of(run, way),
		.ttl_max = (uint32_t)plan->ttl_max,
		.full_bytes = run->full_bytes,
		.timeout_ns = run->timeout_ns,
		.gap_ns = NS_PER_S / plan->rate,
		.token = token,
		.finished = on_finished,
		.context = run->loop,
	};
}

static int keep(struct hops_trace *trace, struct report *report, struct report_hops *ret)
{
	struct hops *hops = hops_trace_take(trace);
	int rc = report_hops_fill(&report->arena, hops, ret);
	hops_free(hops);
	return rc;
}

static const char *stage_of(enum hops_way way)
{
	static const char *const stages[HOPS_WAYS] = {
		[HOPS_UDP] = "hops by udp",
		[HOPS_SYN] = "hops by syn",
		[HOPS_TCP] = "hops inside tcp",
	};
	return stages[way];
}

static int trace_way(const struct path_hops_run *run, enum hops_way way, struct report *report,
		     struct report_hops *ret)
{
	struct hops_trace *trace;
	struct error error = { "" };
	uint64_t token = 0;

	if (getentropy(&token, sizeof(token)) < 0)
		return -errno;
	struct hops_setup setup = setup_of(run, way, token);
	int rc = hops_trace_new(&setup, &error, &trace);
	if (rc < 0) {
		*ret = (struct report_hops){
			.way = hops_way_name(way),
			.reason = arena_text(&report->arena, error.text),
		};
		return 0;
	}
	path_progress_stage(run->progress, stage_of(way), trace);
	hops_trace_start(trace);
	rc = loop_run(run->loop, UINT64_MAX);
	if (rc >= 0)
		rc = keep(trace, report, ret);
	path_progress_stage(run->progress, stage_of(way), NULL);
	hops_trace_free(trace);
	return rc;
}

int path_hops_trace(const struct path_hops_run *run, struct report *report, struct error *error)
{
	struct path_result *path = &report->path;
	struct report_hops *all = arena_take_array(&report->arena, HOPS_WAYS, sizeof(*all));

	path->hops = all;
	for (enum hops_way way = 0; way < HOPS_WAYS && !*run->is_interrupted; way++) {
		if ((run->plan->ways & 1u << way) == 0)
			continue;
		int rc = trace_way(run, way, report, &all[path->hops_count]);
		if (rc < 0)
			return error_set(error, -rc, "cannot trace the hops: %s",
					 strerrordesc_np(-rc));
		path->hops_count++;
	}
	return 0;
}
