/* Sums over the pairs of a location: what they hold, and that none of them goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metric/mesh_groups.h"
#include "metric/mesh_join.h"

#define PLACES 100

struct bench {
	struct mesh_snapshot *snapshot;
	struct mesh_peer peers[PLACES];
	struct mesh_peer_list list;
	struct mesh_groups *groups;
};

static void open_bench(struct bench *bench)
{
	*bench = (struct bench){ .list.peers = bench->peers };
	bench->snapshot = calloc(1, sizeof(*bench->snapshot) + PLACES * sizeof(struct mesh_pair));
	assert_non_null(bench->snapshot);
	bench->snapshot->places = PLACES;
	assert_int_equal(mesh_groups_new(PLACES, &bench->groups), 0);
}

static void close_bench(struct bench *bench)
{
	mesh_groups_free(bench->groups);
	free(bench->snapshot);
}

static struct mesh_pair *add_pair(struct bench *bench, uint32_t place, uint64_t id,
				  const char *location)
{
	struct mesh_pair *pair = &bench->snapshot->pairs[place];
	struct mesh_peer *peer = &bench->peers[bench->list.count++];

	*pair = (struct mesh_pair){ .id = id, .began_ns = id * 1000 };
	*peer = (struct mesh_peer){ .id = id };
	(void)snprintf(peer->location, sizeof(peer->location), "%s", location);
	return pair;
}

static void count(struct mesh_pair *pair, unsigned probes, uint64_t rtt_ns)
{
	struct mesh_window_series window = { 0 };

	for (unsigned i = 0; i < probes; i++) {
		mesh_series_sent(&pair->probes[MESH_UDP]);
		mesh_series_received(&pair->probes[MESH_UDP], &window, rtt_ns);
	}
}

static void take(struct bench *bench)
{
	const struct mesh_peer *peers[PLACES];

	assert_int_equal(mesh_join(bench->snapshot, &bench->list, peers), 0);
	mesh_groups_take(bench->groups, bench->snapshot, peers);
}

static const struct mesh_group *group(const struct bench *bench, const char *name)
{
	uint32_t count = 0;
	const struct mesh_group *groups = mesh_groups_list(bench->groups, &count);

	for (uint32_t i = 0; i < count; i++)
		if (strcmp(groups[i].name, name) == 0)
			return &groups[i];
	return NULL;
}

static uint64_t received(const struct bench *bench, const char *name)
{
	return group(bench, name)->figures.probes[MESH_UDP].received;
}

static void a_location_has_the_sum_of_its_pairs(void **state)
{
	struct bench bench;
	open_bench(&bench);
	count(add_pair(&bench, 0, 7, "a"), 3, 60000);
	count(add_pair(&bench, 5, 9, "b"), 10, 1000);
	struct mesh_pair *third = add_pair(&bench, 6, 3, "a");
	count(third, 2, UINT64_C(5000000000));
	third->probes[MESH_TCP].lost = 4;
	third->probes[MESH_TCP_LONG].lost = 5;
	third->tcp.retransmitted = UINT64_C(70000);
	take(&bench);
	take(&bench);
	assert_int_equal(received(&bench, "a"), 5);
	assert_int_equal(received(&bench, "b"), 10);
	assert_int_equal(group(&bench, "a")->pairs, 2);
	const struct mesh_figures *figures = &group(&bench, "a")->figures;
	assert_int_equal(figures->rtt_sum_ns[MESH_UDP], UINT64_C(10000180000));
	assert_int_equal(figures->probes[MESH_UDP].rtt[1], 3);
	assert_int_equal(figures->probes[MESH_UDP].rtt[mesh_spread_bucket(5000000000)], 2);
	assert_int_equal(figures->lost_tcp, 9);
	assert_int_equal(figures->retransmitted, 70000);
	close_bench(&bench);
}

static void what_a_forgotten_pair_counted_stays(void **state)
{
	struct bench bench;
	open_bench(&bench);
	count(add_pair(&bench, 0, 7, "a"), 3, 60000);
	count(add_pair(&bench, 1, 8, "a"), 4, 60000);
	take(&bench);
	bench.snapshot->pairs[0].id = 0;
	take(&bench);
	assert_int_equal(received(&bench, "a"), 7);
	/* Its place is another's, who counts from zero. */
	count(add_pair(&bench, 0, 20, "a"), 2, 60000);
	take(&bench);
	assert_int_equal(received(&bench, "a"), 9);
	close_bench(&bench);
}

/* Sent = received + lost + in flight, whatever becomes of the pairs. */
static void what_was_in_flight_is_somewhere(void **state)
{
	struct bench bench;
	open_bench(&bench);
	struct mesh_pair *pair = add_pair(&bench, 0, 7, "a");
	count(add_pair(&bench, 1, 8, "a"), 4, 60000);
	mesh_series_sent(&pair->probes[MESH_UDP]);
	mesh_series_sent(&pair->probes[MESH_UDP]);
	mesh_series_sent(&pair->probes[MESH_TCP]);
	take(&bench);
	assert_int_equal(group(&bench, "a")->in_flight[MESH_UDP], 2);
	pair->id = 0;
	take(&bench);
	take(&bench);
	const struct mesh_group *a = group(&bench, "a");
	assert_int_equal(a->in_flight[MESH_UDP], 0);
	assert_int_equal(a->figures.probes[MESH_UDP].sent, 6);
	assert_int_equal(a->figures.probes[MESH_UDP].lost, 2);
	assert_int_equal(a->figures.probes[MESH_UDP].failures[MESH_REASON_ABORTED], 2);
	assert_int_equal(a->figures.probes[MESH_TCP].lost, 1);
	assert_int_equal(a->figures.lost_tcp, 1);
	close_bench(&bench);
}

static void a_new_address_counts_nothing_twice(void **state)
{
	struct bench bench;
	open_bench(&bench);
	count(add_pair(&bench, 0, 7, "a"), 3, 60000);
	take(&bench);
	bench.snapshot->pairs[0].id = 70;
	bench.peers[0].id = 70;
	count(&bench.snapshot->pairs[0], 1, 60000);
	take(&bench);
	assert_int_equal(received(&bench, "a"), 4);
	close_bench(&bench);
}

/* A peer tells its location only with its first answer. */
static void what_was_counted_elsewhere_stays_there(void **state)
{
	struct bench bench;
	open_bench(&bench);
	struct mesh_pair *moving = add_pair(&bench, 0, 7, "");
	count(moving, 3, 60000);
	count(add_pair(&bench, 1, 8, ""), 1, 60000);
	take(&bench);
	assert_int_equal(received(&bench, "unknown"), 4);
	(void)snprintf(moving->told_place, sizeof(moving->told_place), "a");
	count(moving, 2, 60000);
	take(&bench);
	assert_int_equal(received(&bench, "unknown"), 4);
	assert_int_equal(received(&bench, "a"), 2);
	assert_int_equal(group(&bench, "unknown")->pairs, 1);
	close_bench(&bench);
}

static void a_location_without_pairs_is_forgotten(void **state)
{
	struct bench bench;
	open_bench(&bench);
	count(add_pair(&bench, 0, 7, "a"), 3, 60000);
	count(add_pair(&bench, 1, 8, "b"), 4, 60000);
	count(add_pair(&bench, 2, 9, "c"), 5, 60000);
	take(&bench);
	bench.snapshot->pairs[0].id = 0;
	take(&bench);
	assert_null(group(&bench, "a"));
	/* The others are still who they were. */
	count(&bench.snapshot->pairs[2], 1, 60000);
	take(&bench);
	assert_int_equal(received(&bench, "b"), 4);
	assert_int_equal(received(&bench, "c"), 6);
	close_bench(&bench);
}

static void too_many_locations_are_one(void **state)
{
	struct bench bench;
	uint32_t all = 0;
	open_bench(&bench);
	for (uint32_t i = 0; i < PLACES; i++) {
		char location[MESH_PLACE_MAX];
		(void)snprintf(location, sizeof(location), "zone-%u", i);
		count(add_pair(&bench, i, i + 1, location), 1, 60000);
	}
	take(&bench);
	take(&bench);
	const struct mesh_group *groups = mesh_groups_list(bench.groups, &all);
	uint64_t sum = 0;
	for (uint32_t i = 0; i < all; i++)
		sum += groups[i].figures.probes[MESH_UDP].received;
	assert_int_equal(all, MESH_GROUPS_MAX);
	assert_int_equal(sum, PLACES);
	assert_int_equal(received(&bench, "others"), PLACES - (MESH_GROUPS_MAX - 1));
	/* One goes, and there is still only one for the rest. */
	bench.snapshot->pairs[0].id = 0;
	take(&bench);
	take(&bench);
	(void)mesh_groups_list(bench.groups, &all);
	assert_true(all <= MESH_GROUPS_MAX);
	assert_int_equal(group(&bench, "others")->pairs + all - 1, PLACES - 1);
	close_bench(&bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_location_has_the_sum_of_its_pairs),
		cmocka_unit_test(what_a_forgotten_pair_counted_stays),
		cmocka_unit_test(what_was_in_flight_is_somewhere),
		cmocka_unit_test(a_new_address_counts_nothing_twice),
		cmocka_unit_test(what_was_counted_elsewhere_stays_there),
		cmocka_unit_test(a_location_without_pairs_is_forgotten),
		cmocka_unit_test(too_many_locations_are_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
