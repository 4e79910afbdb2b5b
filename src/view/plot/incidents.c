/* See incidents.h. */
#include "view/plot/incidents.h"

#include <stdlib.h>

#include "base/units.h"

/* Time around an incident: so much of its length, of the run, and not less than this. */
#define MARGIN_SHARE     2
#define MARGIN_RUN_SHARE 20000
#define MARGIN_MIN_NS    ((int64_t)NS_PER_S)

struct spans {
	struct span *items;
	size_t count;
	size_t capacity;
};

static void add(struct spans *spans, int64_t from_ns, int64_t to_ns)
{
	if (spans->count == spans->capacity) {
		spans->capacity = spans->capacity ? 2 * spans->capacity : 256;
		spans->items = realloc(spans->items, spans->capacity * sizeof(*spans->items));
		if (!spans->items)
			abort();
	}
	spans->items[spans->count++] = (struct span){ from_ns, to_ns };
}

static void add_intervals(struct spans *spans, const struct report_intervals *intervals)
{
	for (uint32_t i = 0; i < intervals->list_count; i++)
		add(spans, intervals->list[i].start_ns, intervals->list[i].end_ns);
}

static void add_stream(struct spans *spans, const struct report_stream *stream)
{
	add_intervals(spans, &stream->interruptions);
	add_intervals(spans, &stream->stalls);
	add_intervals(spans, &stream->outages);
	for (uint32_t i = 0; i < stream->sample_count; i++) {
		const struct report_sample *sample = &stream->samples[i];
		if (sample->unanswered || sample->failed || sample->silent || sample->interrupted)
			add(spans, sample->at_ns - (int64_t)stream->sample_interval_ns,
			    sample->at_ns);
	}
	for (uint32_t i = 0; i < stream->attempt_count; i++) {
		const struct report_attempt *attempt = &stream->attempts[i];
		if (attempt->failed_ns)
			add(spans, attempt->at_ns, attempt->at_ns);
	}
}

static int compare_spans(const void *left, const void *right)
{
	const struct span *a = left;
	const struct span *b = right;
	return a->from_ns < b->from_ns ? -1 : a->from_ns > b->from_ns;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Spans that come within `apart_ns` of one another become one; in order. */
static void join(struct spans *spans, int64_t apart_ns)
{
	size_t kept = 0;
	for (size_t i = 0; i < spans->count; i++) {
		struct span *last = &spans->items[kept ? kept - 1 : 0];
		if (kept && spans->items[i].from_ns - last->to_ns <= apart_ns)
			last->to_ns = larger(last->to_ns, spans->items[i].to_ns);
		else
			spans->items[kept++] = spans->items[i];
	}
	spans->count = kept;
}

static void widen(struct spans *spans, int64_t end_ns)
{
	for (size_t i = 0; i < spans->count; i++) {
		struct span *span = &spans->items[i];
		int64_t margin_ns = larger((span->to_ns - span->from_ns) / MARGIN_SHARE,
					   larger(end_ns / MARGIN_RUN_SHARE, MARGIN_MIN_NS));
		span->from_ns = larger(span->from_ns - margin_ns, 0);
		span->to_ns = larger(span->to_ns + margin_ns, 0);
		if (span->from_ns > end_ns)
			span->from_ns = end_ns;
		if (span->to_ns > end_ns)
			span->to_ns = end_ns;
	}
}

unsigned incidents_find(const struct report *report, struct span ret[INCIDENTS_MAX])
{
	struct spans spans = { 0 };
	int64_t end_ns = (int64_t)report->duration_ns;
	unsigned count = 0;
	for (uint32_t i = 0; i < report->stream_count; i++)
		add_stream(&spans, &report->streams[i]);
	if (spans.count)
		qsort(spans.items, spans.count, sizeof(*spans.items), compare_spans);
	join(&spans, 0);
	widen(&spans, end_ns);
	join(&spans, 0);
	for (int64_t apart_ns = end_ns / 1000 + 1; spans.count > INCIDENTS_MAX; apart_ns *= 2)
		join(&spans, apart_ns);
	for (; count < spans.count; count++)
		ret[count] = spans.items[count];
	free(spans.items);
	return count;
}
