/* See report_intervals.h. */
#include "metric/report_intervals.h"

#include <stdlib.h>

static int compare_lengths(const void *left, const void *right)
{
	const struct report_interval *a = left;
	const struct report_interval *b = right;
	int64_t a_ns = a->end_ns - a->start_ns;
	int64_t b_ns = b->end_ns - b->start_ns;
	if (a_ns != b_ns)
		return a_ns < b_ns ? 1 : -1;
	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

void report_intervals_sort(struct report_intervals *intervals)
{
	if (intervals->list_count > 0)
		qsort(intervals->list, intervals->list_count, sizeof(*intervals->list),
		      compare_lengths);
}

void report_intervals_cut(struct report_intervals *intervals)
{
	if (intervals->list_count <= REPORT_INTERVALS_MAX)
		return;
	intervals->list_omitted += intervals->list_count - REPORT_INTERVALS_MAX;
	intervals->list_count = REPORT_INTERVALS_MAX;
}

/* ---- over all flows of the path ---- */

struct edge {
	int64_t at_ns;
	int change; /* +1 an outage begins, -1 it ends */
};

static int compare_edges(const void *left, const void *right)
{
	const struct edge *a = left;
	const struct edge *b = right;
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return a->change - b->change;
}

void report_intervals_group(struct report_intervals *outages, uint64_t flows)
{
	uint32_t count = 2 * outages->list_count;
	struct edge *edges = calloc(count ? count : 1, sizeof(*edges));
	if (!edges)
		abort();
	for (uint32_t i = 0; i < outages->list_count; i++) {
		edges[2 * i] = (struct edge){ outages->list[i].start_ns, 1 };
		edges[2 * i + 1] = (struct edge){ outages->list[i].end_ns, -1 };
	}
	qsort(edges, count, sizeof(*edges), compare_edges);
	uint64_t out = 0;
	uint64_t most = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t since = i ? (uint64_t)(edges[i].at_ns - edges[i - 1].at_ns) : 0;
		outages->any_ns += out > 0 ? since : 0;
		outages->all_ns += out == flows ? since : 0;
		out = (uint64_t)((int64_t)out + edges[i].change);
		most = out > most ? out : most;
	}
	outages->largest_share = flows ? (double)most / (double)flows : 0;
	free(edges);
}
