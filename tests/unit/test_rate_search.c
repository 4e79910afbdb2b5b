/* The search for a rate: courses with verdicts that are given, and a simulated server of a known
 * knee with queue, noise and hiccups, many times over. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "base/units.h"
#include "metric/rate_search.h"

#define SEEDS 100

/* ---- a server ---- */

struct server {
	double capacity;           /* messages a second */
	double drift;              /* of the capacity from trial to trial, a standard deviation */
	double jitter;             /* of each message's work, as a share of it */
	double hiccups_per_second; /* it stands still */
	double hiccup_s;
	double credit_s;   /* of work that it does ahead, or buffers hide */
	double host_limit; /* this host sends no more; 0: any */
};

struct course {
	const char *name;
	struct server server;
	double from;
	unsigned precise_min; /* so many of 100 end before the time does */
};

static double gauss(struct random *random)
{
	double u = 1 - random_unit(random);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * random_unit(random));
}

/* The moment of the next hiccup. */
static double hiccup_after(const struct server *server, struct random *random, double now)
{
	if (server->hiccups_per_second <= 0)
		return INFINITY;
	return now - log(1 - random_unit(random)) / server->hiccups_per_second;
}

/* One queue, served in order: does 99 in 100 take less than 10 ms? */
static enum rate_verdict serve(const struct server *server, const struct rate_trial *trial,
			       struct random *random)
{
	double length = (double)trial->length_ns / 1e9;
	double work = 1 / (server->capacity * (1 + server->drift * gauss(random)));
	double free_at = 0;
	double hiccup = hiccup_after(server, random, 0);
	uint64_t count = (uint64_t)(trial->rate * length);
	uint64_t slow = 0;
	if (server->host_limit > 0 && trial->rate > server->host_limit)
		return RATE_HOST;
	for (uint64_t i = 0; i < count; i++) {
		double due = (double)i / trial->rate;
		double start = fmax(free_at, due - server->credit_s);
		if (start > hiccup) {
			start += server->hiccup_s;
			hiccup = hiccup_after(server, random, start);
		}
		free_at = start + work * (1 + server->jitter * (2 * random_unit(random) - 1));
		slow += free_at - due > 0.010;
	}
	return slow * 100 > count ? RATE_FAILED : RATE_HELD;
}

/* The rate at which half of the longest trials hold, no hiccup in them. */
static double knee_of(const struct server *server, uint64_t length_ns)
{
	struct server calm = *server;
	struct random random;
	double low = calm.capacity * 0.9;
	double high = calm.capacity * 1.05;
	calm.hiccups_per_second = 0;
	if (calm.host_limit > 0)
		return calm.host_limit;
	random_init(&random, 4711);
	for (int step = 0; step < 8; step++) {
		struct rate_trial trial = { .rate = (low + high) / 2, .length_ns = length_ns };
		int held = 0;
		for (int i = 0; i < 21; i++)
			held += serve(&calm, &trial, &random) == RATE_HELD;
		*(held > 10 ? &low : &high) = trial.rate;
	}
	return (low + high) / 2;
}

struct sums {
	double errors[SEEDS]; /* of the rate that was told, as a share of the knee */
	unsigned found, near, inside, host;
	unsigned precise;
	unsigned trials;
};

static void run_search(const struct course *course, const struct rate_search_plan *plan,
		       uint64_t seed, struct rate_search_result *ret, unsigned *ret_trials)
{
	struct rate_search *search = NULL;
	struct rate_trial trial;
	struct random random;
	uint64_t spent_ns = 0;
	*ret_trials = 0;
	random_init(&random, seed);
	assert_int_equal(rate_search_new(plan, &search), 0);
	while (rate_search_next(search, &trial)) {
		assert_true((*ret_trials)++ < RATE_SEARCH_TRIALS_MAX);
		assert_true(trial.rate > 0 && trial.rate <= plan->highest);
		assert_true(trial.length_ns > 0 && trial.length_ns <= plan->length_ns);
		spent_ns += trial.length_ns;
		rate_search_add(search, serve(&course->server, &trial, &random));
	}
	assert_true(spent_ns <= RATE_SEARCH_LENGTHS_MAX * plan->length_ns);
	rate_search_result(search, ret);
	rate_search_free(search);
}

static void add_search(const struct course *course, double knee, uint64_t seed, struct sums *sums)
{
	struct rate_search_plan plan = { course->from, 1e6, 10 * NS_PER_S };
	struct rate_search_result result;
	unsigned trials;
	run_search(course, &plan, seed, &result, &trials);
	sums->trials += trials;
	sums->found += result.is_found;
	sums->errors[seed - 1] = fabs(result.rate / knee - 1);
	sums->near += sums->errors[seed - 1] <= 0.05;
	sums->inside += result.low <= knee && knee <= result.high;
	sums->host += result.is_host_limited;
	sums->precise += result.end == RATE_SEARCH_PRECISE;
	assert_true(result.low <= result.rate && result.rate <= result.high);
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;
	return (a > b) - (a < b);
}

static const struct course courses[] = {
	/* clang-format off */
	{ "even", { .capacity = 4137 }, 100, 100 },
	{ "each message takes another time", { .capacity = 4137, .jitter = 0.9 }, 100, 95 },
	{ "no two trials are alike", { .capacity = 3300, .jitter = 0.5, .drift = 0.01 }, 100, 90 },
	{ "it stands still now and then, so that one in seven of the longest trials fails",
	  { .capacity = 5555, .jitter = 0.5, .drift = 0.005, .hiccups_per_second = 1.0 / 60,
	    .hiccup_s = 0.3 }, 100, 85 },
	{ "begun above it", { .capacity = 777, .jitter = 0.5, .drift = 0.005 }, 10000, 90 },
	{ "buffers hide for a while that it is too much",
	  { .capacity = 4700, .jitter = 0.5, .drift = 0.005, .credit_s = 0.5 }, 100, 85 },
	{ "this host is the limit", { .capacity = 9000, .drift = 0.005, .host_limit = 3000 }, 100,
	  100 },
	/* clang-format on */
};

static void test_finds_the_knee(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(courses); i++) {
		const struct course *course = &courses[i];
		struct sums sums = { 0 };
		double knee = knee_of(&course->server, 10 * NS_PER_S);
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			add_search(course, knee, seed, &sums);
		qsort(sums.errors, SEEDS, sizeof(sums.errors[0]), compare_doubles);
		print_message("%s: off by %.1f %% (half), %.1f %% (95 of 100), %.1f %% (all); %u "
			      "inside, %u precise, %.1f trials\n",
			      course->name, sums.errors[SEEDS / 2 - 1] * 100,
			      sums.errors[SEEDS * 95 / 100 - 1] * 100, sums.errors[SEEDS - 1] * 100,
			      sums.inside, sums.precise, (double)sums.trials / SEEDS);
		assert_int_equal(sums.found, SEEDS);
		assert_true(sums.near >= 95);
		assert_true(sums.inside >= 95);
		assert_true(sums.precise >= course->precise_min);
		assert_int_equal(sums.host, course->server.host_limit > 0 ? SEEDS : 0);
	}
}

/* ---- courses whose verdicts are given ---- */

struct script {
	const char *name;
	struct rate_search_plan plan;
	const char *verdicts; /* + held, - failed, h host; the last one goes on */
	/* Of the trials: rate and length in ms. */
	struct {
		double rate;
		unsigned length_ms;
	} trials[12];
	enum rate_search_end end;
	bool is_found;
	double rate, low, high;
};

#define PLAN(from, highest)                      \
	{                                        \
		(from), (highest), 10 * NS_PER_S \
	}

static const struct script scripts[] = {
	/* clang-format off */
	{ "doubles while it holds, and holds to the end for as long as is asked for",
	  PLAN(1000, 6000), "+",
	  { { 1000, 500 }, { 2000, 500 }, { 4000, 500 }, { 6000, 10000 } },
	  RATE_SEARCH_AT_HIGHEST, true, 6000, 6000, 0 },
	{ "few messages take longer", PLAN(10, 400), "+",
	  { { 10, 10000 }, { 20, 10000 }, { 40, 5000 }, { 80, 2500 }, { 160, 1250 },
	    { 320, 625 }, { 400, 10000 } },
	  RATE_SEARCH_AT_HIGHEST, true, 400, 400, 0 },
	{ "a failure is tried again, and one of three is none", PLAN(1000, 4000), "+-+++",
	  { { 1000, 500 }, { 2000, 500 }, { 2000, 500 }, { 2000, 500 }, { 4000, 10000 } },
	  RATE_SEARCH_AT_HIGHEST, true, 4000, 4000, 0 },
	{ "nothing holds", PLAN(1024, 4096), "-",
	  { { 1024, 500 }, { 1024, 500 }, { 256, 781 }, { 256, 781 }, { 64, 3125 } },
	  RATE_SEARCH_AT_LOWEST, false, 0, 0, 1 },
	/* clang-format on */
};

static enum rate_verdict verdict_of(const struct script *script, size_t index)
{
	size_t size = strlen(script->verdicts);
	char c = script->verdicts[index < size ? index : size - 1];
	return c == '+' ? RATE_HELD : c == '-' ? RATE_FAILED : RATE_HOST;
}

static void test_courses(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(scripts); i++) {
		const struct script *script = &scripts[i];
		struct rate_search_result result;
		struct rate_search *search = NULL;
		struct rate_trial trial;
		print_message("%s\n", script->name);
		assert_int_equal(rate_search_new(&script->plan, &search), 0);
		for (size_t k = 0; rate_search_next(search, &trial); k++) {
			if (k < array_size(script->trials) && script->trials[k].rate > 0) {
				assert_int_equal(trial.rate, script->trials[k].rate);
				assert_int_equal(trial.length_ns / NS_PER_MS,
						 script->trials[k].length_ms);
			}
			rate_search_add(search, verdict_of(script, k));
		}
		rate_search_result(search, &result);
		assert_int_equal(result.end, script->end);
		assert_int_equal(result.is_found, script->is_found);
		assert_int_equal(result.rate, script->rate);
		assert_int_equal(result.low, script->low);
		assert_int_equal(result.high, script->high);
		rate_search_free(search);
	}
}

/* A search that a signal ends tells what it has. */
static void test_a_search_in_midway(void **state)
{
	struct rate_search_plan plan = PLAN(1000, 1e6);
	struct rate_search_result result;
	struct rate_search *search = NULL;
	struct rate_trial trial;
	(void)state;
	assert_int_equal(rate_search_new(&plan, &search), 0);
	rate_search_result(search, &result);
	assert_false(result.is_found);
	for (int i = 0; i < 3; i++) {
		assert_true(rate_search_next(search, &trial));
		rate_search_add(search, RATE_HELD);
	}
	rate_search_result(search, &result);
	assert_int_equal(result.end, RATE_SEARCH_GOES_ON);
	assert_true(result.is_found);
	assert_int_equal(result.rate, 4000);
	assert_int_equal(result.held, 2);
	assert_int_equal(result.failed, -1);
	assert_int_equal(result.high, 0);
	for (int i = 0; i < 2; i++)
		rate_search_add(search, RATE_FAILED);
	rate_search_result(search, &result);
	assert_int_equal(result.rate, 4000);
	assert_true(result.low <= 4000 && result.high >= 8000);
	assert_int_equal(result.failed, 3);
	rate_search_free(search);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_a_search_in_midway),
		cmocka_unit_test(test_finds_the_knee),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
