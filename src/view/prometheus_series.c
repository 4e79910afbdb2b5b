#include "view/prometheus_series.h"

#include <assert.h>

#include "base/units.h"

/* 1, 2.5, 5 of each decade: what the client libraries of Prometheus take. */
const uint64_t prometheus_bounds_ns[PROMETHEUS_BOUNDS] = {
	100 * NS_PER_US, 250 * NS_PER_US, 500 * NS_PER_US, 1 * NS_PER_MS,    2500 * NS_PER_US,
	5 * NS_PER_MS,   10 * NS_PER_MS,  25 * NS_PER_MS,  50 * NS_PER_MS,   100 * NS_PER_MS,
	250 * NS_PER_MS, 500 * NS_PER_MS, 1 * NS_PER_S,    2500 * NS_PER_MS, 5 * NS_PER_S,
	10 * NS_PER_S,   30 * NS_PER_S,   60 * NS_PER_S,
};

const char *prometheus_class_name(unsigned index)
{
	static const char *const names[PROMETHEUS_CLASSES] = { "1xx", "2xx", "3xx",
							       "4xx", "5xx", "other" };

	assert(index < PROMETHEUS_CLASSES);
	return names[index];
}

static void raise(uint64_t *value, uint64_t now)
{
	if (now > *value)
		*value = now;
}

static void take_counters(struct counters *into, const struct counters *now)
{
	for (size_t i = 0; i < counter_table_size; i++) {
		const struct counter_row *row = &counter_table[i];
		uint64_t *value = (uint64_t *)(void *)((char *)into + row->offset);
		if (row->kind == COUNTER_TOTAL)
			raise(value, counter_value(now, row));
		else
			*value = counter_value(now, row);
	}
}

static void take_hist(struct prometheus_hist *into, const struct hist *now)
{
	struct hist_bucket bucket;
	uint64_t below = 0;
	unsigned bound = 0;

	for (int64_t at = hist_next(now, 0, &bucket); at >= 0; at = hist_next(now, at, &bucket)) {
		for (; bound < PROMETHEUS_BOUNDS && bucket.lowest > prometheus_bounds_ns[bound];
		     bound++)
			raise(&into->counts[bound], below);
		below += bucket.count;
	}
	for (; bound < PROMETHEUS_BOUNDS; bound++)
		raise(&into->counts[bound], below);
	raise(&into->count, now->count);
	raise(&into->sum_ns, now->sum);
}

static void take_errors(struct prometheus_series *series, const struct recorder *now)
{
	uint64_t sums[PHASE_COUNT][OUTCOME_COUNT] = { 0 };

	for (size_t i = 0; i < ERROR_ROWS_MAX; i++) {
		const struct error_row *row = &now->errors[i];
		if (row->count > 0 && row->phase < PHASE_COUNT && row->outcome < OUTCOME_COUNT)
			sums[row->phase][row->outcome] += row->count;
	}
	for (size_t phase = 0; phase < PHASE_COUNT; phase++)
		for (size_t outcome = 0; outcome < OUTCOME_COUNT; outcome++)
			raise(&series->errors[phase][outcome], sums[phase][outcome]);
}

static void take_statuses(struct prometheus_series *series, const struct recorder *now)
{
	uint64_t sums[PROMETHEUS_CLASSES] = { 0 };

	for (size_t i = 0; i < STATUS_ROWS_MAX; i++) {
		uint32_t class = now->statuses[i].code / 100;
		bool is_known = class >= 1 && class <= 5;
		sums[is_known ? class - 1 : PROMETHEUS_CLASSES - 1] += now->statuses[i].count;
	}
	for (size_t i = 0; i < PROMETHEUS_CLASSES; i++)
		raise(&series->classes[i], sums[i]);
}

void prometheus_series_take(struct prometheus_series *series, const struct recorder *now)
{
	take_counters(&series->counters, &now->counters);
	for (enum latency i = 0; i < LATENCY_RECORDED; i++)
		take_hist(&series->latencies[i], recorder_hist_const(now, i));
	take_errors(series, now);
	take_statuses(series, now);
}
