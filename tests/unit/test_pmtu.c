/* The search for the largest packet against paths that are simulated: what it finds, how it calls
 * it, and what that costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "base/units.h"
#include "probe/pmtu.h"

#define EVENTS_MAX 64
#define START_NS   (5 * NS_PER_S)
#define RTT_NS     (10 * NS_PER_MS)

/* A path: how it treats what is sent. */
struct path {
	uint32_t mtu_bytes;
	uint32_t told_bytes;      /* what ICMP names; 0: it is silent */
	bool is_told_without;     /* ICMP says "too large" and no size */
	uint32_t interface_bytes; /* what the sender's kernel lets out; 0: all */
	uint32_t liar_bytes;      /* forged ICMP that answers every large one; 0: none */
	unsigned loss_percent;    /* of a probe or its answer */
	bool is_deaf;
};

struct event {
	uint64_t at_ns;
	struct pmtu_probe probe;
	uint32_t told_bytes;
	bool is_signal;
};

struct world {
	const struct path *path;
	struct random random;
	struct event events[EVENTS_MAX];
	size_t event_count;
	uint64_t now_ns;
	uint64_t probes;
	uint64_t last_large_ns; /* when the last large one was sent */
	uint64_t nearest_ns;    /* between two large ones */
};

static const struct endpoint router = { .family = AF_INET, .address = { 10, 9, 1, 254 } };

static void add(struct world *world, const struct event *event)
{
	assert_true(world->event_count < EVENTS_MAX);
	world->events[world->event_count++] = *event;
}

static void add_answers(struct world *world, const struct pmtu_probe *probe)
{
	const struct path *path = world->path;
	bool is_too_large = probe->bytes > path->mtu_bytes;
	struct event event = { .at_ns = world->now_ns + RTT_NS, .probe = *probe };
	if (path->liar_bytes && probe->bytes > path->liar_bytes) {
		struct event lie = event;
		lie.is_signal = true;
		lie.told_bytes = path->liar_bytes;
		add(world, &lie);
	}
	if (is_too_large && (path->told_bytes || path->is_told_without)) {
		event.is_signal = true;
		event.told_bytes = path->told_bytes;
		add(world, &event);
	}
	bool is_lost = random_below(&world->random, 100) < path->loss_percent;
	if (!is_too_large && !is_lost && !path->is_deaf)
		add(world, &event);
}

static void send_one(struct world *world, struct pmtu *pmtu, const struct pmtu_probe *probe)
{
	const struct path *path = world->path;
	if (path->interface_bytes && probe->bytes > path->interface_bytes) {
		pmtu_refused(pmtu, probe->number, path->interface_bytes);
		return;
	}
	world->probes++;
	if (probe->bytes > pmtu->setup.small_bytes) {
		uint64_t gap_ns = world->now_ns - world->last_large_ns;
		if (gap_ns < world->nearest_ns)
			world->nearest_ns = gap_ns;
		world->last_large_ns = world->now_ns;
	}
	add_answers(world, probe);
}

/* Lets time pass until `until_ns` or the next event, which happens. */
static void pass(struct world *world, struct pmtu *pmtu, uint64_t until_ns)
{
	size_t next = world->event_count;
	for (size_t i = 0; i < world->event_count; i++)
		if (world->events[i].at_ns <= until_ns &&
		    (next == world->event_count ||
		     world->events[i].at_ns < world->events[next].at_ns))
			next = i;
	if (next == world->event_count) {
		world->now_ns = until_ns;
		return;
	}
	struct event event = world->events[next];
	memmove(&world->events[next], &world->events[next + 1],
		(--world->event_count - next) * sizeof(event));
	world->now_ns = event.at_ns;
	if (event.is_signal)
		pmtu_signalled(pmtu, event.probe.number, event.told_bytes, &router);
	else
		pmtu_answered(pmtu, event.probe.number, world->now_ns);
}

static void run(struct world *world, struct pmtu *pmtu)
{
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = 0;
	for (;;) {
		enum pmtu_step step = pmtu_next(pmtu, world->now_ns, &probe, &wake_ns);
		assert_true(world->probes < 2000);
		if (step == PMTU_OVER)
			return;
		if (step == PMTU_SEND)
			send_one(world, pmtu, &probe);
		else
			pass(world, pmtu, wake_ns);
	}
}

static void world_init(struct world *world, const struct path *path, uint64_t seed)
{
	*world = (struct world){ .path = path, .now_ns = START_NS, .nearest_ns = UINT64_MAX };
	random_init(&world->random, seed);
}

static struct pmtu_setup setup_of(uint32_t max_bytes, uint32_t step_bytes)
{
	return (struct pmtu_setup){
		.small_bytes = 180,
		.base_bytes = PMTU_BASE_BYTES,
		.min_bytes = PMTU_MIN_IPV4,
		.max_bytes = max_bytes,
		.step_bytes = step_bytes,
		.timeout_ns = PMTU_TIMEOUT_NS,
	};
}

static void paths_get_their_verdicts(void **state)
{
	static const struct {
		const char *what;
		struct path path;
		uint32_t max_bytes;
		uint32_t step_bytes;
		enum path_verdict verdict;
		uint32_t low_bytes;
		uint32_t high_bytes;
		uint64_t probes_max;
		uint64_t ms_max;
	} cases[] = {
		/* clang-format off */
		{ "whole", { .mtu_bytes = 1500 }, 1500, 20, PATH_OK, 1500, 0, 3, 25 },
		{ "jumbo", { .mtu_bytes = 9000 }, 9000, 20, PATH_OK, 9000, 0, 3, 25 },
		{ "told", { .mtu_bytes = 1400, .told_bytes = 1400 }, 1500, 20, PATH_REDUCED, 1400, 1500, 5, 100 },
		{ "told, exact", { .mtu_bytes = 1400, .told_bytes = 1400 }, 1500, 1, PATH_REDUCED, 1400, 1401, 12, 400 },
		{ "told without a size", { .mtu_bytes = 1400, .is_told_without = true }, 1500, 20, PATH_REDUCED, 1400, 1420, 40, 1500 },
		{ "hole at a common size", { .mtu_bytes = 1400 }, 1500, 20, PATH_BLACK_HOLE, 1400, 1420, 30, 1000 },
		{ "hole, exact", { .mtu_bytes = 1437 }, 1500, 1, PATH_BLACK_HOLE, 1437, 1438, 60, 2500 },
		{ "hole below the base", { .mtu_bytes = 900 }, 1500, 1, PATH_BLACK_HOLE, 900, 901, 90, 4000 },
		{ "hole, jumbo", { .mtu_bytes = 1500 }, 9000, 20, PATH_BLACK_HOLE, 1500, 1515, 80, 4000 },
		{ "hole one byte wide", { .mtu_bytes = 1499 }, 1500, 1, PATH_BLACK_HOLE, 1499, 1500, 40, 2000 },
		{ "small alone", { .mtu_bytes = 180 }, 1500, 1, PATH_BLACK_HOLE, 180, 181, 120, 6000 },
		{ "told more than passes", { .mtu_bytes = 1300, .told_bytes = 1450 }, 1500, 20, PATH_BLACK_HOLE, 1300, 1320, 60, 3000 },
		{ "forged", { .mtu_bytes = 1500, .liar_bytes = 600 }, 1500, 20, PATH_OK, 1500, 0, 3, 25 },
		{ "impossible size", { .mtu_bytes = 1400, .told_bytes = 20 }, 1500, 20, PATH_BLACK_HOLE, 1400, 1420, 30, 1000 },
		{ "deaf", { .mtu_bytes = 1500, .is_deaf = true }, 1500, 20, PATH_UNDECIDED, 0, 0, 9, 7000 },
		{ "deaf, but a router speaks", { .mtu_bytes = 1400, .told_bytes = 1400, .is_deaf = true }, 1500, 20, PATH_UNDECIDED, 0, 1500, 9, 7000 },
		{ "too large for the interface", { .mtu_bytes = 1400, .interface_bytes = 1500 }, 9000, 20, PATH_BLACK_HOLE, 1400, 1420, 30, 1100 },
		{ "interface and all", { .mtu_bytes = 1500, .interface_bytes = 1500 }, 9000, 20, PATH_OK, 1500, 0, 6, 60 },
		/* clang-format on */
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		struct pmtu_setup setup = setup_of(cases[i].max_bytes, cases[i].step_bytes);
		struct world world;
		struct pmtu pmtu;

		world_init(&world, &cases[i].path, i);
		pmtu_init(&pmtu, &setup);
		run(&world, &pmtu);
		uint64_t ms = (world.now_ns - START_NS) / NS_PER_MS;
		bool is_right = pmtu_verdict(&pmtu) == cases[i].verdict &&
				pmtu.low_bytes == cases[i].low_bytes &&
				pmtu.high_bytes == cases[i].high_bytes;
		if (!is_right || world.probes > cases[i].probes_max || ms > cases[i].ms_max)
			fail_msg("%s: %s, %u to %u B, %lu probes, %lu ms", cases[i].what,
				 path_verdict_name(pmtu_verdict(&pmtu)), pmtu.low_bytes,
				 pmtu.high_bytes, world.probes, ms);
		assert_true(world.nearest_ns >= RTT_NS);
	}
}

/* What random loss makes of it, over many seeds: the size stays the true one. */
static void loss_is_not_taken_for_size(void **state)
{
	static const struct {
		struct path path;
		enum path_verdict verdict;
		unsigned wrong_max; /* of 200 */
	} cases[] = {
		{ { .mtu_bytes = 1500, .loss_percent = 5 }, PATH_OK, 1 },
		{ { .mtu_bytes = 1500, .loss_percent = 20 }, PATH_OK, 2 },
		{ { .mtu_bytes = 1400, .loss_percent = 10 }, PATH_BLACK_HOLE, 3 },
		{ { .mtu_bytes = 1400, .told_bytes = 1400, .loss_percent = 10 }, PATH_REDUCED, 3 },
	};

	for (size_t i = 0; i < array_size(cases); i++) {
		unsigned wrong = 0;

		for (uint64_t seed = 0; seed < 200; seed++) {
			struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
			struct world world;
			struct pmtu pmtu;

			world_init(&world, &cases[i].path, seed);
			pmtu_init(&pmtu, &setup);
			run(&world, &pmtu);
			wrong += pmtu_verdict(&pmtu) != cases[i].verdict ||
				 pmtu.low_bytes != cases[i].path.mtu_bytes;
		}
		if (wrong > cases[i].wrong_max)
			fail_msg("case %zu: %u of 200 wrong", i, wrong);
	}
}

/* Who looks all the time, as a mesh does, accuses no path of more than it does. */
static void random_loss_is_no_black_hole(void **state)
{
	static const unsigned percents[] = { 5, 10, 20 };

	for (size_t i = 0; i < array_size(percents); i++) {
		struct path path = { .mtu_bytes = 1500, .loss_percent = percents[i] };
		unsigned holes = 0;

		for (uint64_t seed = 0; seed < 3000; seed++) {
			struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
			struct world world;
			struct pmtu pmtu;

			world_init(&world, &path, seed);
			pmtu_init(&pmtu, &setup);
			run(&world, &pmtu);
			holes += pmtu_verdict(&pmtu) == PATH_BLACK_HOLE;
		}
		if (holes > 0)
			fail_msg("%u %%: %u of 3000", percents[i], holes);
	}
}

static void heavy_loss_is_called_loss(void **state)
{
	struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = 0;
	uint64_t now_ns = START_NS;
	struct pmtu pmtu;
	enum pmtu_step step = PMTU_SEND;

	pmtu_init(&pmtu, &setup);
	/* Of the small ones every fourth is answered, of the large ones none. */
	for (int small = 0; step != PMTU_OVER; now_ns = step == PMTU_WAIT ? wake_ns : now_ns) {
		step = pmtu_next(&pmtu, now_ns, &probe, &wake_ns);
		if (step == PMTU_SEND && probe.bytes == setup.small_bytes && small++ % 4 == 2)
			pmtu_answered(&pmtu, probe.number, now_ns + RTT_NS);
	}
	assert_int_equal(pmtu_verdict(&pmtu), PATH_LOSS);
	assert_true(pmtu.small_sent >= 12);
}

/* Goes on until a large one leaves, which is told. */
static struct pmtu_probe send_until_large(struct pmtu *pmtu, uint64_t *now_ns)
{
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = 0;

	for (;;) {
		enum pmtu_step step = pmtu_next(pmtu, *now_ns, &probe, &wake_ns);
		assert_int_not_equal(step, PMTU_OVER);
		if (step == PMTU_WAIT)
			*now_ns = wake_ns;
		else if (probe.bytes > pmtu->setup.small_bytes)
			return probe;
		else
			pmtu_answered(pmtu, probe.number, *now_ns + NS_PER_MS);
	}
}

static void late_answers_still_count(void **state)
{
	struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
	uint64_t now_ns = START_NS;
	struct pmtu pmtu;

	pmtu_init(&pmtu, &setup);
	struct pmtu_probe first = send_until_large(&pmtu, &now_ns);
	while (!pmtu.high_bytes)
		(void)send_until_large(&pmtu, &now_ns);
	assert_int_equal(pmtu.high_bytes, 1500);
	pmtu_answered(&pmtu, first.number, now_ns);
	assert_int_equal(pmtu.low_bytes, 1500);
	assert_int_equal(pmtu.high_bytes, 0);
	assert_int_equal(pmtu_verdict(&pmtu), PATH_OK);
}

static void numbers_of_nobody_do_no_harm(void **state)
{
	static const uint64_t numbers[] = { 0, 5, 1000, UINT64_MAX };
	struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = 0;
	struct pmtu pmtu;

	pmtu_init(&pmtu, &setup);
	assert_int_equal(pmtu_next(&pmtu, START_NS, &probe, &wake_ns), PMTU_SEND);
	for (size_t i = 0; i < array_size(numbers); i++) {
		pmtu_answered(&pmtu, numbers[i], START_NS);
		pmtu_refused(&pmtu, numbers[i], 600);
		if (numbers[i] > 0)
			pmtu_signalled(&pmtu, numbers[i], 600, &router);
	}
	assert_int_equal(pmtu.low_bytes, 0);
	assert_int_equal(pmtu.setup.max_bytes, 1500);
	assert_false(pmtu.is_signalled);
	assert_int_equal(pmtu_verdict(&pmtu), PATH_UNDECIDED);
}

static void large_ones_keep_their_distance(void **state)
{
	static const struct path path = { .mtu_bytes = 1400 };
	struct pmtu_setup setup = setup_of(1500, PMTU_STEP_BYTES);
	struct world world;
	struct pmtu pmtu;

	world_init(&world, &path, 1);
	pmtu_init(&pmtu, &setup);
	pmtu_space(&pmtu, 2 * NS_PER_S);
	run(&world, &pmtu);
	assert_true(world.nearest_ns >= 2 * NS_PER_S);
	assert_int_equal(pmtu.low_bytes, 1400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_get_their_verdicts),
		cmocka_unit_test(loss_is_not_taken_for_size),
		cmocka_unit_test(random_loss_is_no_black_hole),
		cmocka_unit_test(heavy_loss_is_called_loss),
		cmocka_unit_test(late_answers_still_count),
		cmocka_unit_test(numbers_of_nobody_do_no_harm),
		cmocka_unit_test(large_ones_keep_their_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
