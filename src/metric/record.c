#include "metric/record.h"

#include <assert.h>
#include <stddef.h>

#include "base/pages.h"

static_assert(sizeof(struct interval) == 48, "there are many: see INTERVALS_MAX");
static_assert(sizeof(struct connection_record) == 104, "there is one a slot");
static_assert(sizeof(struct attempt_record) == 32, "there are many: see ATTEMPTS_LOGGED_MAX");

int interval_log_new(uint32_t capacity, enum pages_sharing sharing, struct interval_log *ret)
{
	void *pages = NULL;
	int result = pages_new(capacity * sizeof(struct interval), sharing, &pages);

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

int connection_log_new(uint32_t capacity, enum pages_sharing sharing, struct connection_log *ret)
{
	void *pages = NULL;
	int result = pages_new(capacity * sizeof(struct connection_record), sharing, &pages);

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

int attempt_log_new(uint32_t capacity, enum pages_sharing sharing, struct attempt_log *ret)
{
	void *pages = NULL;
	int result = pages_new(capacity * sizeof(struct attempt_record), sharing, &pages);

	if (result < 0)
		return result;
	*ret = (struct attempt_log){ .items = pages, .capacity = capacity, .stride = 1 };
	return 0;
}

void attempt_log_free(struct attempt_log *log)
{
	pages_free(log->items, log->capacity * sizeof(struct attempt_record));
	*log = (struct attempt_log){ 0 };
}

static void thin_out(struct attempt_log *log)
{
	uint32_t kept = 0;
	log->stride *= 2;
	for (uint32_t i = 0; i < log->answered; i++) {
		if (log->items[i].number % log->stride == 0)
			log->items[kept++] = log->items[i];
	}
	log->omitted += log->answered - kept;
	log->answered = kept;
}

static void add_answered(struct attempt_log *log, const struct attempt_record *record)
{
	if (log->answered == log->capacity / 2)
		thin_out(log);
	bool has_room = log->answered < log->capacity / 2;
	if (has_room && record->number % log->stride == 0)
		log->items[log->answered++] = *record;
	else
		log->omitted++;
}

void attempt_log_add(struct attempt_log *log, const struct attempt_record *record)
{
	uint32_t half = log->capacity / 2;
	if (record->outcome == OUTCOME_DONE)
		add_answered(log, record);
	else if (half + log->failed < log->capacity)
		log->items[half + log->failed++] = *record;
	else
		log->omitted++;
}

const struct attempt_record *attempt_log_at(const struct attempt_log *log, uint32_t index)
{
	bool is_answered = index < log->answered;
	return &log->items[is_answered ? index : log->capacity / 2 + index - log->answered];
}
