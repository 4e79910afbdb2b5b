/* See report_diff.h. */
#include "metric/report_diff.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "metric/spread.h"

/* A percentile needs ten samples above it. */
#define SAMPLES_ABOVE 10

enum worse { WORSE_UP, WORSE_DOWN };
enum noise {
	NOISE_PERCENTILE, /* of `latency`, and of its seconds */
	NOISE_RATE,       /* of the seconds */
	NOISE_EXACT,      /* a count that chance does not move */
	NOISE_COUNT,
	NOISE_LENGTH, /* of the intervals at `intervals` */
};

/* Which figures are compared, in the order of the text. */
static const struct rule {
	const char *figure;
	enum worse worse;
	enum noise noise;
	double percentile;
	enum latency latency;
	size_t intervals;
	bool is_always_told; /* also where it is 0 on both sides */
} rules[] = {
#define PERCENTILE(name, number, which)                                              \
	{                                                                            \
		.figure = (name), .noise = NOISE_PERCENTILE, .percentile = (number), \
		.latency = LATENCY_##which                                           \
	}
#define COUNT(name)                                    \
	{                                              \
		.figure = (name), .noise = NOISE_COUNT \
	}
#define LENGTH(name, member)                                        \
	{                                                           \
		.figure = (name), .noise = NOISE_LENGTH,            \
		.intervals = offsetof(struct report_stream, member) \
	}
	PERCENTILE("response.p99", 99, RESPONSE),
	PERCENTILE("response.p50", 50, RESPONSE),
	PERCENTILE("total.p99", 99, TOTAL),
	PERCENTILE("total.p50", 50, TOTAL),
	PERCENTILE("first_reply.p99", 99, FIRST_REPLY),
	PERCENTILE("first_reply.p50", 50, FIRST_REPLY),
	{ .figure = "goodput", .worse = WORSE_DOWN, .noise = NOISE_RATE },
	{ .figure = "lost", .noise = NOISE_COUNT, .is_always_told = true },
	COUNT("missed"),
	COUNT("failed"),
	COUNT("corrupted"),
	LENGTH("interruptions.max", interruptions),
	LENGTH("stalls.max", stalls),
	LENGTH("outages.max", outages),
	{ .figure = "survival.untouched", .worse = WORSE_DOWN, .noise = NOISE_EXACT },
};

/* The same of the whole run, which is no stream's. */
static const struct rule rules_of_run[] = {
	{ .figure = "path.mtu", .worse = WORSE_DOWN, .noise = NOISE_EXACT, .is_always_told = true },
	{ .figure = "path.mtu_reverse", .worse = WORSE_DOWN, .noise = NOISE_EXACT },
	{ .figure = "hops.bad_paths", .noise = NOISE_EXACT, .is_always_told = true },
	{ .figure = "hops.lost", .noise = NOISE_COUNT, .is_always_told = true },
	{ .figure = "peers", .worse = WORSE_DOWN, .noise = NOISE_EXACT, .is_always_told = true },
	{ .figure = "peers.bad", .noise = NOISE_EXACT, .is_always_told = true },
	{ .figure = "peers.silent", .noise = NOISE_EXACT },
	{ .figure = "mtu.blackholes", .noise = NOISE_EXACT },
};

/* ---- one figure of one side ---- */

struct values {
	double numbers[DIFF_RUNS_MAX];
	size_t count;
	double whole; /* of all runs together */
	size_t bounds;
};

static bool has_samples(const struct rule *rule, const struct report_stream *stream)
{
	double above = (1 - rule->percentile / 100) * (double)stream->latency[rule->latency].count;
	return rule->noise != NOISE_PERCENTILE || above + 1e-6 >= SAMPLES_ABOVE;
}

static bool has_figure(const struct report *report, const struct report_stream *stream,
		       const struct rule *rule, const struct figure_row *figure)
{
	if (!stream)
		return figure_is_of_run(figure, report);
	return has_samples(rule, stream) && figure_is_of(figure, report, stream);
}

/* False unless every run has it. `name`: NULL, a figure of the run. */
static bool take_values(const struct diff_side *side, const char *name, const struct rule *rule,
			const struct figure_row *figure, struct values *ret)
{
	*ret = (struct values){ .count = side->count };
	for (size_t i = 0; i < side->count; i++) {
		const struct report_stream *stream =
			name ? report_stream(side->runs[i], name) : NULL;
		struct figure_value value;
		if ((name && !stream) || !has_figure(side->runs[i], stream, rule, figure))
			return false;
		figure_value(side->runs[i], stream, figure, &value);
		if (!value.is_measured)
			return false;
		ret->numbers[i] = value.number;
		ret->whole += value.whole;
		ret->bounds += value.is_lower_bound;
	}
	return true;
}

static double median_of(const struct values *values)
{
	struct values copy = *values;
	return spread_median(copy.numbers, copy.count);
}

/* ---- what chance does within a run ---- */

/* NaN is no number: the other one counts. */
static double larger(double a, double b)
{
	return fmax(a, b);
}

static double spread_of_seconds(const struct report_stream *stream, enum spread_series series,
				double number, struct arena *arena)
{
	double *values = arena_take_array(arena, stream->sample_count, sizeof(*values));
	size_t count = spread_seconds(stream, series, values);
	return spread_relative(values, count) * number;
}

static double spread_of_lengths(const struct report_intervals *intervals, struct arena *arena)
{
	double *lengths = arena_take_array(arena, intervals->list_count, sizeof(*lengths));
	double resolution = (double)intervals->resolution_ns;
	for (uint32_t i = 0; i < intervals->list_count; i++)
		lengths[i] = (double)(intervals->list[i].end_ns - intervals->list[i].start_ns);
	double median = spread_median(lengths, intervals->list_count);
	double spread = median * spread_relative(lengths, intervals->list_count);
	return larger(spread, resolution > 0 ? resolution : NAN);
}

/* How much a second differs from the next can't be seen in fewer; by half, then, for all we know.
 */
#define SECONDS_ENOUGH 5
#define SHORT_SPREAD   0.5

static bool is_too_short(const struct report_stream *stream)
{
	return stream->sample_count > 0 &&
	       stream->sample_count * stream->sample_interval_ns < SECONDS_ENOUGH * NS_PER_S;
}

static double spread_of_run(const struct report_stream *stream, const struct rule *rule,
			    double number, struct arena *arena)
{
	switch (rule->noise) {
	case NOISE_PERCENTILE: {
		enum spread_series series =
			rule->percentile > 50 ? SPREAD_RESPONSE_P99 : SPREAD_RESPONSE_P50;
		double seconds = rule->latency == LATENCY_RESPONSE
					 ? spread_of_seconds(stream, series, number, arena)
					 : NAN;
		if (is_too_short(stream))
			seconds = SHORT_SPREAD * number;
		return larger(seconds, spread_of_percentile(&stream->latency[rule->latency],
							    rule->percentile));
	}
	case NOISE_RATE:
		return spread_of_seconds(stream, SPREAD_RECEIVED, number, arena);
	case NOISE_LENGTH:
		return spread_of_lengths((const void *)((const char *)stream + rule->intervals),
					 arena);
	default:
		return NAN;
	}
}

/* The largest of all runs. */
static double spread_of_side(const struct diff_side *side, const char *name,
			     const struct rule *rule, const struct values *values,
			     struct arena *arena)
{
	double spread = NAN;
	for (size_t i = 0; i < side->count; i++)
		spread = larger(spread, spread_of_run(report_stream(side->runs[i], name), rule,
						      values->numbers[i], arena));
	return spread;
}

/* ---- one figure of both ---- */

static double spread_by_chance(const struct rule *rule, const struct diff_row *row)
{
	return rule->noise == NOISE_EXACT ? 0 : 2 * sqrt(row->base + row->b);
}

static bool is_worse(const struct diff_row *row, enum worse worse, double max_regress)
{
	double sign = worse == WORSE_UP ? 1 : -1;
	double change = sign * (row->b - row->base);
	if (row->is_a_bound && row->is_b_bound)
		return false;
	if (change <= 0 || change <= max_regress * fabs(row->base))
		return false;
	if (row->has_interval)
		return worse == WORSE_UP ? row->low > 0 : row->high < 0;
	return isnan(row->spread) || change > row->spread;
}

static void bootstrap(const struct values *a, const struct values *b, double scale, uint64_t seed,
		      struct diff_row *row)
{
	double scaled[DIFF_RUNS_MAX];
	for (size_t i = 0; i < a->count; i++)
		scaled[i] = scale * a->numbers[i];
	struct spread_interval interval =
		spread_bootstrap(scaled, a->count, b->numbers, b->count, seed);
	row->has_interval = true;
	row->low = interval.low;
	row->high = interval.high;
}

static struct diff_row row_of(const struct figure_row *figure, const struct values *a,
			      const struct values *b)
{
	return (struct diff_row){
		.figure = figure,
		.a = median_of(a),
		.b = median_of(b),
		.is_a_bound = 2 * a->bounds > a->count,
		.is_b_bound = 2 * b->bounds > b->count,
	};
}

struct comparison {
	const struct diff_side *a;
	const struct diff_side *b;
	double max_regress;
	uint64_t seed;
	struct diff *diff;
};

static void compare_figure(const struct comparison *comparison, const char *stream,
			   const struct rule *rule, bool is_main)
{
	const struct figure_row *figure = figure_find(rule->figure);
	struct arena *arena = &comparison->diff->arena;
	struct values a;
	struct values b;
	assert(figure);
	if (!take_values(comparison->a, stream, rule, figure, &a) ||
	    !take_values(comparison->b, stream, rule, figure, &b))
		return;
	/* A count of twice as many messages may be twice as large. */
	double wholes = (b.whole / (double)b.count) / (a.whole / (double)a.count);
	bool is_count = rule->noise == NOISE_COUNT || rule->noise == NOISE_EXACT;
	double scale = is_count && a.whole > 0 && b.whole > 0 ? wholes : 1;
	struct diff_row row = row_of(figure, &a, &b);
	row.stream = is_main ? NULL : stream;
	if (row.a == 0 && row.b == 0 && !rule->is_always_told)
		return;
	row.base = scale * row.a;
	row.is_spread_of_run = !is_count;
	row.spread = is_count ? spread_by_chance(rule, &row)
			      : larger(spread_of_side(comparison->a, stream, rule, &a, arena),
				       spread_of_side(comparison->b, stream, rule, &b, arena));
	if (a.count >= DIFF_RUNS_ENOUGH && b.count >= DIFF_RUNS_ENOUGH)
		bootstrap(&a, &b, scale, comparison->seed, &row);
	row.is_worse = is_worse(&row, rule->worse, comparison->max_regress);
	if (comparison->diff->row_count < DIFF_ROWS_MAX)
		comparison->diff->rows[comparison->diff->row_count++] = row;
}

/* Keeps the order among both kinds. */
static void worse_first(struct diff *diff)
{
	struct diff_row rows[DIFF_ROWS_MAX];
	size_t count = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < diff->row_count; i++) {
			if (diff->rows[i].is_worse == (pass == 0))
				rows[count++] = diff->rows[i];
		}
	}
	memcpy(diff->rows, rows, count * sizeof(*rows));
	diff->has_failed = count > 0 && rows[0].is_worse;
}

/* ---- the whole ---- */

static int check_commands(const struct diff_side *a, const struct diff_side *side,
			  struct error *error)
{
	for (size_t i = 0; i < side->count; i++) {
		if (strcmp(side->runs[i]->command, a->runs[0]->command) != 0)
			return error_set(error, EINVAL,
					 "different commands can't be compared: %s and %s",
					 a->runs[0]->command, side->runs[i]->command);
	}
	return 0;
}

/* Against the first run of all; a setting is told once. */
static void compare_settings(const struct diff_side *a, const struct diff_side *side,
			     struct diff *diff)
{
	for (size_t i = 0; i < side->count && diff->setting_count == 0; i++)
		diff->setting_count = report_settings_compare(a->runs[0], side->runs[i],
							      &diff->arena, &diff->settings);
}

int report_diff(const struct diff_side *a, const struct diff_side *b, double max_regress,
		uint64_t seed, struct error *error, struct diff *ret)
{
	struct comparison comparison = { a, b, max_regress, seed, ret };
	*ret = (struct diff){ .row_count = 0 };
	arena_init(&ret->arena);
	assert(a->count > 0 && b->count > 0);
	if (check_commands(a, a, error) < 0 || check_commands(a, b, error) < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < a->runs[0]->stream_count; i++) {
		bool is_main = i == 0 && !a->runs[0]->has_mesh;
		for (size_t k = 0; k < array_size(rules); k++)
			compare_figure(&comparison, a->runs[0]->streams[i].name, &rules[k],
				       is_main);
	}
	for (size_t k = 0; k < array_size(rules_of_run); k++)
		compare_figure(&comparison, NULL, &rules_of_run[k], true);
	if (ret->row_count == 0)
		return error_set(error, EINVAL, "no figure is in both");
	worse_first(ret);
	compare_settings(a, b, ret);
	compare_settings(a, a, ret);
	return 0;
}

void diff_deinit(struct diff *diff)
{
	arena_deinit(&diff->arena);
}
