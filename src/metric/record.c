#include "metric/record.h"

#include <assert.h>
#include <stddef.h>

#include "metric/pages.h"

static_assert(sizeof(struct interval) == 48, "there are many: see INTERVALS_MAX");
static_assert(sizeof(struct connection_record) == 104, "there is one a slot");

int interval_log_new(uint32_t capacity, struct interval_log *ret)
{
	void *pages = NULL;
	int result = pages_new(capacity * sizeof(struct interval), PAGES_PRIVATE, &pages);

	if (result < 0)
		return result;
	*ret = (struct interval_log){ .items = pages, .capacity = capacity };
	return 0;
}

void interval_log_free(struct interval_log *log)
{
	pages_free(log->items, log->capacity * sizeof(struct interval));
	*log = (struct interval_log){ 0 };
}

static void add_to_totals(struct interval_log *log, const struct interval *interval)
{
	assert(interval->stream < INTERVAL_STREAMS_MAX && interval->kind < INTERVAL_KIND_COUNT);
	struct interval_totals *totals = &log->totals[interval->stream][interval->kind];
	uint64_t length_ns = interval->end_ns - interval->start_ns;

	totals->count++;
	totals->open += interval->is_open;
	totals->total_ns += length_ns;
	if (length_ns > totals->max_ns)
		totals->max_ns = length_ns;
}

void interval_log_add(struct interval_log *log, const struct interval *interval)
{
	add_to_totals(log, interval);
	if (log->count == log->capacity)
		log->omitted++;
	else
		log->items[log->count++] = *interval;
}

int connection_log_new(uint32_t capacity, struct connection_log *ret)
{
	void *pages = NULL;
	int result = pages_new(capacity * sizeof(struct connection_record), PAGES_PRIVATE, &pages);

	if (result < 0)
		return result;
	*ret = (struct connection_log){ .items = pages, .capacity = capacity };
	return 0;
}

void connection_log_free(struct connection_log *log)
{
	pages_free(log->items, log->capacity * sizeof(struct connection_record));
	*log = (struct connection_log){ 0 };
}

void connection_log_add(struct connection_log *log, const struct connection_record *record)
{
	if (log->count == log->capacity)
		log->omitted++;
	else
		log->items[log->count++] = *record;
}
