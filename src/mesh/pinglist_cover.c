/* See pinglist.h: the lists of all members together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/pinglist_parts.h"

/* What is counted while all choose. */
struct tally {
	const struct pinglist_table *table;
	uint32_t *in; /* by how many each is probed */
	uint64_t *place_pairs;
	uint64_t *rack_pairs;
	size_t place_pair_count;
	size_t rack_pair_count;
};

static uint32_t named_racks(const struct pinglist_table *table)
{
	uint32_t count = 0;
	bool *is_counted = calloc(table->rack_count + 1, sizeof(bool));

	for (uint32_t i = 0; is_counted && i < table->count; i++) {
		count += table->has_rack[i] && !is_counted[table->racks[i]];
		is_counted[table->racks[i]] = true;
	}
	free(is_counted);
	return count;
}

static void count_pair(struct tally *tally, uint32_t from, uint32_t to)
{
	const struct pinglist_table *table = tally->table;

	tally->in[to]++;
	if (table->locations[from] != table->locations[to])
		tally->place_pairs[tally->place_pair_count++] =
			(uint64_t)table->locations[from] << 32 | table->locations[to];
	if (table->has_rack[from] && table->has_rack[to] && table->racks[from] != table->racks[to])
		tally->rack_pairs[tally->rack_pair_count++] =
			(uint64_t)table->racks[from] << 32 | table->racks[to];
}

static int compare_pairs(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static uint32_t count_different(uint64_t *pairs, size_t count)
{
	uint32_t different = 0;

	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || pairs[i] != pairs[i - 1];
	return different;
}

static void sum_up(struct tally *tally, struct pinglist_coverage *ret)
{
	uint32_t count = tally->table->count;

	ret->in_min = UINT32_MAX;
	for (uint32_t i = 0; i < count; i++) {
		ret->in_min = tally->in[i] < ret->in_min ? tally->in[i] : ret->in_min;
		ret->in_max = tally->in[i] > ret->in_max ? tally->in[i] : ret->in_max;
		ret->unseen += tally->in[i] == 0;
	}
	ret->in_mean = (double)ret->pairs / count;
	ret->place_pairs_covered = count_different(tally->place_pairs, tally->place_pair_count);
	ret->rack_pairs_covered = count_different(tally->rack_pairs, tally->rack_pair_count);
}

static int choose_all(struct pinglist_table *table, struct pinglist_coverage *ret)
{
	size_t most = (size_t)table->count * table->k;
	struct tally tally = {
		.table = table,
		.in = calloc(table->count, sizeof(*tally.in)),
		.place_pairs = malloc(most * sizeof(*tally.place_pairs)),
		.rack_pairs = malloc(most * sizeof(*tally.rack_pairs)),
	};
	bool has_room = tally.in && tally.place_pairs && tally.rack_pairs;
	int result = has_room ? pinglist_table_sort(table) : -ENOMEM;

	ret->out_min = UINT32_MAX;
	for (uint32_t self = 0; result == 0 && self < table->count; self++) {
		uint32_t chosen[PINGLIST_K_MAX];
		uint32_t count = pinglist_choose(table, self, chosen);
		for (uint32_t i = 0; i < count; i++)
			count_pair(&tally, self, chosen[i]);
		ret->pairs += count;
		ret->out_min = count < ret->out_min ? count : ret->out_min;
		ret->out_max = count > ret->out_max ? count : ret->out_max;
	}
	if (result == 0)
		sum_up(&tally, ret);
	free(tally.in);
	free(tally.place_pairs);
	free(tally.rack_pairs);
	return result;
}

static void take_everybody(uint32_t count, struct pinglist_coverage *ret)
{
	uint32_t others = count > 0 ? count - 1 : 0;

	ret->pairs = (uint64_t)count * others;
	ret->out_min = ret->out_max = ret->in_min = ret->in_max = others;
	ret->in_mean = others;
	ret->unseen = others > 0 ? 0 : count;
	ret->place_pairs_covered = ret->place_pairs;
	ret->rack_pairs_covered = ret->rack_pairs;
}

int pinglist_cover(const struct pinglist_setup *setup, struct pinglist_coverage *ret)
{
	struct pinglist_table table;
	int result = pinglist_table_make(setup, &table);

	*ret = (struct pinglist_coverage){ 0 };
	if (result < 0)
		return result;
	ret->places = table.location_count;
	ret->place_pairs = ret->places * (ret->places - (ret->places > 0));
	ret->racks = named_racks(&table);
	ret->rack_pairs = ret->racks * (ret->racks - (ret->racks > 0));
	if (pinglist_is_all(setup))
		take_everybody(setup->count, ret);
	else
		result = choose_all(&table, ret);
	pinglist_table_deinit(&table);
	return result;
}
