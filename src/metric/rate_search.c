/* Climbs or descends to where the verdict changes, then narrows down by the odds of the knee. */
#include "metric/rate_search.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "metric/knee.h"

/* Of both ends of the interval: the knee lies beyond one of them once in 20 times. */
#define TAIL 0.02
/* Where trials near its ends are. */
#define EDGE 0.1
/* The interval is narrow enough. */
#define PRECISE_RATIO 1.04

/* Trials by what is known: parts of the longest. */
#define SHORT_PART  20
#define MIDDLE_PART 4
/* Down to these ratios of the interval's ends. */
#define SHORT_RATIO  1.4
#define MIDDLE_RATIO 1.12
/* Where verdicts contradict each other, so many shorter trials are enough before longer ones. */
#define SHORT_MAX  7
#define MIDDLE_MAX 18
/* A trial has at least so many messages: a p99 of fewer would be of one. */
#define MESSAGES_MIN 200
/* Below the first rate: where even this many messages don't hold, none will. */
#define STEP_DOWN       4
#define LOWEST_MESSAGES 10
enum stage { CLIMB, DESCEND, NARROW, OVER };

struct rate_search {
	struct rate_search_plan plan;
	enum stage stage;
	enum rate_search_end end;
	struct rate_trial trials[RATE_SEARCH_TRIALS_MAX];
	int count;
	uint64_t spent_ns;
	struct rate_trial next;
	/* Of the rate that is tried while it climbs or descends. */
	int held, failed;
	int narrowed;     /* trials since it narrows down */
	double low;       /* the highest that held; 0: none */
	double high;      /* the lowest that did not; 0: none */
	struct knee knee; /* while it narrows down */
};

const char *rate_verdict_name(enum rate_verdict verdict)
{
	static const char *const names[] = {
#define RATE_VERDICT(symbol, name) [RATE_##symbol] = (name),
		RATE_VERDICT_TABLE
#undef RATE_VERDICT
	};
	assert(verdict < array_size(names));
	return names[verdict];
}

const char *rate_search_end_name(enum rate_search_end end)
{
	static const char *const names[] = {
		[RATE_SEARCH_GOES_ON] = "interrupted",     [RATE_SEARCH_PRECISE] = "precise",
		[RATE_SEARCH_OUT_OF_TIME] = "out_of_time", [RATE_SEARCH_AT_HIGHEST] = "highest",
		[RATE_SEARCH_AT_LOWEST] = "lowest",
	};
	return names[end];
}

/* ---- numbers ---- */

/* Three digits, as people say them. */
static double rounded(double rate, double (*to_whole)(double))
{
	double digit = pow(10, floor(log10(rate)) - 2);
	return to_whole(rate / digit) * digit;
}

static uint64_t length_for(const struct rate_search *search, double rate, uint64_t wanted_ns)
{
	uint64_t most_ns = search->plan.length_ns;
	double least_ns = MESSAGES_MIN / rate * 1e9;
	if (least_ns >= (double)most_ns)
		return most_ns;
	return wanted_ns > (uint64_t)least_ns ? wanted_ns : (uint64_t)least_ns;
}

static bool is_full(const struct rate_search *search, const struct rate_trial *trial)
{
	return trial->length_ns >= search->plan.length_ns;
}

/* ---- the odds of the knee ---- */

static void weigh(struct rate_search *search, const struct rate_trial *trial)
{
	double part = (double)search->plan.length_ns / (double)trial->length_ns - 1;
	knee_weigh(&search->knee, &(struct knee_evidence){
					  .rate = trial->rate,
					  .shortness = part / (SHORT_PART - 1),
					  .has_held = trial->verdict == RATE_HELD,
				  });
}

static void begin_narrowing(struct rate_search *search)
{
	search->stage = NARROW;
	knee_init(&search->knee, search->low, search->high);
	for (int i = 0; i < search->count; i++)
		weigh(search, &search->trials[i]);
}

/* ---- the trial that stands for a rate ---- */

/* More full trials of this rate held than did not. */
static bool has_held(const struct rate_search *search, double rate)
{
	int held = 0;
	int failed = 0;
	for (int i = 0; i < search->count; i++) {
		const struct rate_trial *trial = &search->trials[i];
		if (trial->rate != rate || !is_full(search, trial))
			continue;
		held += trial->verdict == RATE_HELD;
		failed += trial->verdict != RATE_HELD;
	}
	return held > failed;
}

/* The highest within these rates; -1: none. */
static int find_held(const struct rate_search *search, double low, double high)
{
	int best = -1;
	for (int i = 0; i < search->count; i++) {
		const struct rate_trial *trial = &search->trials[i];
		if (trial->verdict != RATE_HELD || trial->rate < low || trial->rate > high ||
		    !is_full(search, trial) || !has_held(search, trial->rate))
			continue;
		if (best < 0 || trial->rate >= search->trials[best].rate)
			best = i;
	}
	return best;
}

/* The lowest above `rate` that did not hold, a full one if there is any. */
static int find_failed(const struct rate_search *search, double rate)
{
	int best = -1;
	for (int i = 0; i < search->count; i++) {
		const struct rate_trial *trial = &search->trials[i];
		const struct rate_trial *other = best < 0 ? NULL : &search->trials[best];
		if (trial->verdict == RATE_HELD || trial->rate <= rate)
			continue;
		bool is_longer = other && trial->length_ns > other->length_ns;
		bool is_shorter = other && trial->length_ns < other->length_ns;
		if (!other || is_longer || (!is_shorter && trial->rate < other->rate))
			best = i;
	}
	return best;
}

/* ---- what to try next ---- */

static void finish(struct rate_search *search, enum rate_search_end end)
{
	search->stage = OVER;
	search->end = end;
}

static void plan_trial(struct rate_search *search, double rate, uint64_t wanted_ns)
{
	uint64_t most_ns = RATE_SEARCH_LENGTHS_MAX * search->plan.length_ns;
	uint64_t length_ns = length_for(search, rate, wanted_ns);
	if (search->count == RATE_SEARCH_TRIALS_MAX || search->spent_ns + length_ns > most_ns) {
		finish(search, RATE_SEARCH_OUT_OF_TIME);
		return;
	}
	search->next = (struct rate_trial){ .rate = rate, .length_ns = length_ns };
}

/* What is highest has to hold for long at once. */
static void try_rate(struct rate_search *search, double rate)
{
	bool is_highest = rate >= search->plan.highest;
	uint64_t length_ns = search->plan.length_ns;
	search->held = 0;
	search->failed = 0;
	plan_trial(search, is_highest ? search->plan.highest : rate,
		   is_highest ? length_ns : length_ns / SHORT_PART);
}

/* Longer ones where shorter ones have told what they can. */
static uint64_t length_by(const struct rate_search *search, double ratio)
{
	uint64_t length_ns = search->plan.length_ns;
	if (ratio > SHORT_RATIO && search->narrowed < SHORT_MAX)
		return length_ns / SHORT_PART;
	if (ratio > MIDDLE_RATIO && search->narrowed < MIDDLE_MAX)
		return length_ns / MIDDLE_PART;
	return length_ns;
}

static bool is_last_chance(const struct rate_search *search, uint64_t length_ns)
{
	uint64_t most_ns = RATE_SEARCH_LENGTHS_MAX * search->plan.length_ns;
	return search->count + 2 > RATE_SEARCH_TRIALS_MAX ||
	       search->spent_ns + length_ns + search->plan.length_ns > most_ns;
}

/* First in the middle of what is possible. Then near its ends by turns: in the middle either
 * verdict is as likely as the other and tells little of how far the ends are. */
static double place_of(const struct rate_search *search, double ratio)
{
	if (ratio > MIDDLE_RATIO && search->narrowed < MIDDLE_MAX)
		return 0.5;
	return search->count % 2 == 0 ? EDGE : 1 - EDGE;
}

/* But a rate is told only if it held for as long as it has to. */
static void narrow(struct rate_search *search)
{
	double low = knee_quantile(&search->knee, TAIL);
	double middle = knee_quantile(&search->knee, 0.5);
	double ratio = knee_quantile(&search->knee, 1 - TAIL) / low;
	double safe = rounded(low, ceil);
	uint64_t length_ns = length_by(search, ratio);
	bool has_one = find_held(search, low, middle) >= 0;
	if (ratio <= PRECISE_RATIO && has_one)
		finish(search, RATE_SEARCH_PRECISE);
	else if (!has_one && (ratio <= PRECISE_RATIO || is_last_chance(search, length_ns)))
		plan_trial(search, safe, search->plan.length_ns);
	else
		plan_trial(search,
			   rounded(knee_quantile(&search->knee, place_of(search, ratio)), round),
			   length_ns);
}

static void narrow_from(struct rate_search *search)
{
	begin_narrowing(search);
	narrow(search);
}

static void go_up(struct rate_search *search)
{
	search->low = search->next.rate;
	if (search->low >= search->plan.highest)
		finish(search, RATE_SEARCH_AT_HIGHEST);
	else if (search->high > 0)
		narrow_from(search);
	else
		try_rate(search, search->low * 2);
}

/* A rate of which a trial has too few messages tells nothing. */
static double lowest(const struct rate_search *search)
{
	double least = LOWEST_MESSAGES * 1e9 / (double)search->plan.length_ns;
	return fmin(search->plan.from, fmax(least, search->plan.from / RATE_SEARCH_DESCENT));
}

static void go_down(struct rate_search *search)
{
	search->high = search->next.rate;
	search->stage = search->low > 0 ? search->stage : DESCEND;
	if (search->low > 0)
		narrow_from(search);
	else if (search->high <= lowest(search))
		finish(search, RATE_SEARCH_AT_LOWEST);
	else
		try_rate(search, fmax(search->high / STEP_DOWN, lowest(search)));
}

/* The median of at most three: the first that holds does, a failure is tried again. */
static void decide(struct rate_search *search, bool is_held)
{
	search->held += is_held;
	search->failed += !is_held;
	if (search->failed == 2)
		go_down(search);
	else if (search->failed == 0 || search->held == 2)
		go_up(search);
	else
		plan_trial(search, search->next.rate, search->next.length_ns);
}

void rate_search_add(struct rate_search *search, enum rate_verdict verdict)
{
	assert(search->stage != OVER);
	struct rate_trial *trial = &search->trials[search->count++];
	*trial = search->next;
	trial->verdict = verdict;
	search->spent_ns += trial->length_ns;
	if (search->stage != NARROW) {
		decide(search, verdict == RATE_HELD);
		return;
	}
	weigh(search, trial);
	search->narrowed++;
	narrow(search);
}

bool rate_search_next(const struct rate_search *search, struct rate_trial *ret)
{
	*ret = search->next;
	return search->stage != OVER;
}

/* ---- what came of it ---- */

/* Of the trials above it that are near, most failed for want of this host. */
static bool is_host_limited(const struct rate_search *search,
			    const struct rate_search_result *result)
{
	int here = 0;
	int there = 0;
	double most = result->failed < 0 ? 0 : search->trials[result->failed].rate * 1.05;
	for (int i = 0; i < search->count; i++) {
		const struct rate_trial *trial = &search->trials[i];
		if (trial->rate < result->rate || trial->rate > most)
			continue;
		here += trial->verdict == RATE_HOST;
		there += trial->verdict == RATE_FAILED;
	}
	return here > there;
}

/* Of a search that was not narrowed down: the last short trial of what held. */
static void result_of_climb(const struct rate_search *search, struct rate_search_result *ret)
{
	ret->rate = search->low;
	ret->low = search->low;
	ret->high = search->high;
	for (int i = 0; i < search->count; i++)
		if (search->trials[i].rate == ret->rate && search->trials[i].verdict == RATE_HELD)
			ret->held = i;
}

static void result_of_odds(const struct rate_search *search, struct rate_search_result *ret)
{
	double low = knee_quantile(&search->knee, TAIL);
	ret->low = low;
	ret->high = knee_quantile(&search->knee, 1 - TAIL);
	ret->held = find_held(search, low, knee_quantile(&search->knee, 0.5));
	if (ret->held < 0)
		ret->held = find_held(search, 0, knee_quantile(&search->knee, 0.5));
	if (ret->held < 0) {
		result_of_climb(search, ret);
		ret->high = knee_quantile(&search->knee, 1 - TAIL);
	}
	ret->rate = ret->held < 0 ? 0 : search->trials[ret->held].rate;
	ret->low = ret->rate < low ? ret->rate : low;
}

void rate_search_result(const struct rate_search *search, struct rate_search_result *ret)
{
	*ret = (struct rate_search_result){ .end = search->end, .held = -1 };
	if (knee_is_weighed(&search->knee))
		result_of_odds(search, ret);
	else
		result_of_climb(search, ret);
	ret->is_found = ret->held >= 0;
	ret->failed = find_failed(search, ret->rate);
	ret->is_host_limited = is_host_limited(search, ret);
}

int rate_search_new(const struct rate_search_plan *plan, struct rate_search **ret)
{
	assert(plan->from > 0 && plan->from <= plan->highest && plan->length_ns >= SHORT_PART);
	struct rate_search *search = calloc(1, sizeof(*search));
	if (!search)
		return -ENOMEM;
	search->plan = *plan;
	try_rate(search, plan->from);
	*ret = search;
	return 0;
}

void rate_search_free(struct rate_search *search)
{
	free(search);
}
