/* Who probes whom: whatever the order of the members, evenly, everywhere, and nearly the same when
 * one more is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "mesh/pinglist.h"

#define MEMBERS_MAX 10000

static char names[MEMBERS_MAX][16];
static char racks[MEMBERS_MAX][16];
static char locations[MEMBERS_MAX][16];
static struct pinglist_member members[MEMBERS_MAX];

/* `location_count` and `rack_count` (in each location) of 0: none are told. */
static struct pinglist_setup make(uint32_t count, uint32_t location_count, uint32_t rack_count)
{
	for (uint32_t i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "node-%u", i);
		locations[i][0] = racks[i][0] = '\0';
		if (location_count > 0)
			(void)snprintf(locations[i], sizeof(locations[i]), "zone-%u",
				       i % location_count);
		if (rack_count > 0)
			(void)snprintf(racks[i], sizeof(racks[i]), "rack-%u",
				       i / (location_count + !location_count) % rack_count);
		members[i] = (struct pinglist_member){ names[i], locations[i], racks[i] };
	}
	return (struct pinglist_setup){
		.members = members,
		.count = count,
		.k = PINGLIST_K_USUAL,
		.all = PINGLIST_ALL,
		.seed = 1,
	};
}

static bool has(const uint32_t *list, uint32_t count, uint32_t what)
{
	for (uint32_t i = 0; i < count; i++) {
		if (list[i] == what)
			return true;
	}
	return false;
}

static void a_small_mesh_is_whole(void **state)
{
	struct pinglist_setup setup = make(PINGLIST_ALL, 0, 0);
	uint32_t list[64];

	assert_int_equal(pinglist_of(&setup, 3, list, 64), PINGLIST_ALL - 1);
	assert_false(has(list, PINGLIST_ALL - 1, 3));
	setup = make(PINGLIST_ALL + 1, 0, 0);
	assert_int_equal(pinglist_of(&setup, 3, list, 64), PINGLIST_K_USUAL);
	assert_int_equal(pinglist_of(&setup, 3, list, 4), 4);
	setup.k = 0;
	assert_int_equal(pinglist_of(&setup, 3, list, 64), PINGLIST_ALL);
	setup.count = 1;
	assert_int_equal(pinglist_of(&setup, 0, list, 64), 0);
}

/* The names that `self` probes, one behind the other. */
static void format_list(const struct pinglist_setup *setup, uint32_t self, char *text, size_t size)
{
	uint32_t list[PINGLIST_K_USUAL];
	uint32_t count = pinglist_of(setup, self, list, PINGLIST_K_USUAL);
	const char *sorted[PINGLIST_K_USUAL];
	size_t used = 0;

	assert_int_equal(count, PINGLIST_K_USUAL);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;
		for (; at > 0 && strcmp(sorted[at - 1], setup->members[list[i]].name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = setup->members[list[i]].name;
	}
	for (uint32_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s ", sorted[i]);
}

static void no_order_of_the_members_shows(void **state)
{
	struct pinglist_setup setup = make(600, 3, 5);
	struct random random;
	static char expected[600][256];

	for (uint32_t i = 0; i < setup.count; i++)
		format_list(&setup, i, expected[i], sizeof(expected[i]));
	random_init(&random, 7);
	for (uint32_t i = setup.count - 1; i > 0; i--) {
		uint32_t other = (uint32_t)random_below(&random, i + 1);
		struct pinglist_member member = members[i];
		members[i] = members[other];
		members[other] = member;
	}
	for (uint32_t i = 0; i < setup.count; i += 7) {
		char text[256];
		uint32_t number = (uint32_t)strtoul(members[i].name + strlen("node-"), NULL, 10);
		format_list(&setup, i, text, sizeof(text));
		assert_string_equal(text, expected[number]);
	}
}

/* How many pairs are in the lists with `gone` and not in those without it. */
static uint32_t pairs_changed(struct pinglist_setup setup, uint32_t gone)
{
	struct pinglist_setup without = setup;
	uint32_t changed = 0;

	without.members = members + 1;
	without.count--;
	for (uint32_t i = 0; i < setup.count; i++) {
		uint32_t before[PINGLIST_K_USUAL], after[PINGLIST_K_USUAL];
		struct pinglist_member swapped = members[gone];
		if (i == gone)
			continue;
		uint32_t count = pinglist_of(&setup, i, before, PINGLIST_K_USUAL);
		/* The one that is gone stands first, where it is left out. */
		members[gone] = members[0];
		members[0] = swapped;
		uint32_t self = (i == 0 ? gone : i) - 1;
		uint32_t left = pinglist_of(&without, self, after, PINGLIST_K_USUAL);
		for (uint32_t n = 0; n < count; n++) {
			uint32_t peer = (before[n] == 0 ? gone : before[n]) - 1;
			if (before[n] == gone)
				peer = UINT32_MAX;
			changed += !has(after, left, peer);
		}
		swapped = members[gone];
		members[gone] = members[0];
		members[0] = swapped;
	}
	return changed;
}

static void one_member_less_changes_few_pairs(void **state)
{
	static const struct {
		uint32_t locations, racks;
	} rows[] = { { 0, 0 }, { 0, 8 }, { 3, 0 }, { 3, 5 } };

	for (size_t i = 0; i < array_size(rows); i++) {
		struct pinglist_setup setup = make(400, rows[i].locations, rows[i].racks);
		uint32_t changed = 0;
		for (uint32_t n = 0; n < 10; n++) {
			uint32_t once = pairs_changed(setup, 37 * n + 5);
			assert_in_range(once, 1, 6 * PINGLIST_K_USUAL);
			changed += once;
		}
		/* Who probed it probes another one: k of the 4,000 pairs. */
		assert_in_range(changed, 5 * PINGLIST_K_USUAL, 20 * PINGLIST_K_USUAL);
	}
}

static void time_changes_one_peer_alone(void **state)
{
	struct pinglist_setup setup = make(500, 2, 4);
	struct pinglist_setup later = setup;
	uint32_t changed = 0;

	later.epoch = 1;
	for (uint32_t i = 0; i < setup.count; i++) {
		uint32_t before[PINGLIST_K_USUAL], after[PINGLIST_K_USUAL];
		uint32_t missing = 0;
		assert_int_equal(pinglist_of(&setup, i, before, PINGLIST_K_USUAL),
				 PINGLIST_K_USUAL);
		assert_int_equal(pinglist_of(&later, i, after, PINGLIST_K_USUAL), PINGLIST_K_USUAL);
		for (uint32_t n = 0; n < PINGLIST_K_USUAL; n++)
			missing += !has(after, PINGLIST_K_USUAL, before[n]);
		assert_in_range(missing, 0, 1);
		changed += missing;
	}
	assert_in_range(changed, 450, 500);
}

static void near_and_far_are_mixed(void **state)
{
	struct pinglist_setup setup = make(600, 2, 6);

	for (uint32_t self = 0; self < setup.count; self++) {
		uint32_t list[PINGLIST_K_USUAL];
		uint32_t same_rack = 0, other_racks = 0, far = 0;
		uint32_t count = pinglist_of(&setup, self, list, PINGLIST_K_USUAL);
		for (uint32_t i = 0; i < count; i++) {
			bool is_near = strcmp(locations[list[i]], locations[self]) == 0;
			bool is_same = is_near && strcmp(racks[list[i]], racks[self]) == 0;
			same_rack += is_same;
			other_racks += is_near && !is_same;
			far += !is_near;
		}
		/* The tenth may be anywhere. */
		assert_in_range(same_rack, 4, 5);
		assert_in_range(other_racks, 3, 4);
		assert_in_range(far, 2, 3);
	}
}

static void everybody_is_probed_evenly(void **state)
{
	static const struct {
		uint32_t count, locations, racks, in_max;
	} rows[] = { { 31, 0, 0, 14 },     { 1000, 0, 0, 12 },  { 1000, 3, 0, 26 },
		     { 1000, 0, 40, 22 },  { 1000, 4, 10, 30 }, { 10000, 0, 0, 12 },
		     { 10000, 3, 100, 32 } };

	for (size_t i = 0; i < array_size(rows); i++) {
		struct pinglist_setup setup = make(rows[i].count, rows[i].locations, rows[i].racks);
		struct pinglist_coverage cover;
		assert_int_equal(pinglist_cover(&setup, &cover), 0);
		assert_int_equal(cover.pairs, (uint64_t)rows[i].count * PINGLIST_K_USUAL);
		assert_int_equal(cover.out_min, PINGLIST_K_USUAL);
		assert_int_equal(cover.out_max, PINGLIST_K_USUAL);
		assert_int_equal(cover.unseen, 0);
		assert_in_range(cover.in_min, 1, PINGLIST_K_USUAL);
		assert_in_range(cover.in_max, PINGLIST_K_USUAL, rows[i].in_max);
		assert_int_equal(cover.place_pairs_covered, cover.place_pairs);
		assert_int_equal(cover.racks,
				 rows[i].racks * (rows[i].locations + !rows[i].locations));
	}
}

/* What is summed up is what each one finds out for itself. */
static void the_sum_is_of_the_lists(void **state)
{
	struct pinglist_setup setup = make(300, 3, 4);
	struct pinglist_coverage cover;
	uint32_t in[300] = { 0 };
	uint32_t in_max = 0;
	bool is_covered[12][12] = { { false } };
	uint32_t rack_pairs = 0;

	assert_int_equal(pinglist_cover(&setup, &cover), 0);
	for (uint32_t self = 0; self < setup.count; self++) {
		uint32_t list[PINGLIST_K_USUAL];
		uint32_t count = pinglist_of(&setup, self, list, PINGLIST_K_USUAL);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t from = self % 3 * 4 + self / 3 % 4;
			uint32_t to = list[i] % 3 * 4 + list[i] / 3 % 4;
			in[list[i]]++;
			rack_pairs += from != to && !is_covered[from][to];
			is_covered[from][to] = true;
		}
	}
	for (uint32_t i = 0; i < setup.count; i++)
		in_max = in[i] > in_max ? in[i] : in_max;
	assert_int_equal(cover.in_max, in_max);
	assert_int_equal(cover.rack_pairs, 12 * 11);
	assert_int_equal(cover.rack_pairs_covered, rack_pairs);
}

/* A rack of two in a place of 4,998: it is probed, and not by all of them. */
static void a_small_place_is_not_flooded(void **state)
{
	struct pinglist_setup setup = make(5000, 0, 0);
	struct pinglist_coverage cover;

	for (uint32_t i = 0; i < setup.count; i++)
		(void)snprintf(locations[i], sizeof(locations[i]), "%s", i < 2 ? "small" : "large");
	assert_int_equal(pinglist_cover(&setup, &cover), 0);
	assert_int_equal(cover.place_pairs_covered, 2);
	assert_int_equal(cover.unseen, 0);
	assert_in_range(cover.in_max, 10, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_mesh_is_whole),
		cmocka_unit_test(no_order_of_the_members_shows),
		cmocka_unit_test(one_member_less_changes_few_pairs),
		cmocka_unit_test(time_changes_one_peer_alone),
		cmocka_unit_test(near_and_far_are_mixed),
		cmocka_unit_test(everybody_is_probed_evenly),
		cmocka_unit_test(the_sum_is_of_the_lists),
		cmocka_unit_test(a_small_place_is_not_flooded),
	};
	return cmocka_run_group_tests_name("pinglist", tests, NULL, NULL);
}
