/* Do other nodes see it too: their rows, as far as they are newer than what they are asked about.
 */
#include <string.h>

#include "base/hash.h"
#include "metric/mesh_judge_parts.h"

static uint32_t slot_of(const struct mesh_judge *judge, const char *name)
{
	return (uint32_t)hash_mix(hash_text(HASH_BEGIN, name)) & (judge->slots - 1);
}

static void list_by_name(struct mesh_judge *judge)
{
	char text[ENDPOINT_TEXT_MAX];

	memset(judge->table, 0, judge->slots * sizeof(*judge->table));
	for (uint32_t i = 0; i < judge->places; i++) {
		const struct mesh_seen *seen = &judge->seen[i];
		uint32_t slot = 0;

		if (seen->pair == NULL || !mesh_verdict_is_bad(seen->sight.verdict))
			continue;
		slot = slot_of(judge, mesh_seen_name(seen, text));
		while (judge->table[slot] != 0)
			slot = (slot + 1) & (judge->slots - 1);
		judge->table[slot] = i + 1;
	}
}

static struct mesh_seen *find(struct mesh_judge *judge, const char *name)
{
	char text[ENDPOINT_TEXT_MAX];
	uint32_t slot = slot_of(judge, name);

	for (; judge->table[slot] != 0; slot = (slot + 1) & (judge->slots - 1)) {
		struct mesh_seen *seen = &judge->seen[judge->table[slot] - 1];
		if (strcmp(mesh_seen_name(seen, text), name) == 0)
			return seen;
	}
	return NULL;
}

/* The same, or what it looks like from elsewhere. Loss counts before they have spoken. */
static bool is_same(uint8_t verdict, const struct mesh_cell *cell)
{
	uint8_t other = cell->verdict;

	switch (verdict) {
	case MESH_VERDICT_SILENT:
	case MESH_VERDICT_REFUSED:
	case MESH_VERDICT_SERVICE:
		return other == MESH_VERDICT_SILENT || other == MESH_VERDICT_REFUSED ||
		       other == MESH_VERDICT_SERVICE || cell->loss_permille >= 500;
	case MESH_VERDICT_LOSS:
		return other == MESH_VERDICT_LOSS || other == MESH_VERDICT_SILENT ||
		       cell->loss_permille >= 20;
	default:
		return other == verdict;
	}
}

static void weigh(const struct mesh_judge *judge, const struct mesh_row *row,
		  const struct mesh_cell *cell, struct mesh_seen *seen)
{
	const struct mesh_settings *settings = judge->settings;
	uint64_t since_ns = seen->judged.bad_in_a_row > 0 ? seen->bad_since_ns : judge->began_ns;
	/* Its newest window, or the run of them that it speaks after, began after ours was bad. */
	uint64_t settled_ns = since_ns + (settings->windows_needed + 1) * settings->window_ns;

	if (row->asked_ns < since_ns)
		return;
	if (is_same(seen->sight.verdict, cell))
		seen->others_bad++;
	else if (cell->verdict == MESH_VERDICT_OK && cell->loss_permille <= 5 &&
		 row->asked_ns >= settled_ns)
		seen->others_good++;
}

void mesh_judge_ask_rows(struct mesh_judge *judge, const struct mesh_rows *rows)
{
	const char *own = judge->snapshot->node.name;

	list_by_name(judge);
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct mesh_row *row = &rows->rows[i];
		struct mesh_seen *teller = find(judge, row->node);

		if (row->asked_ns == 0 || strcmp(row->node, own) == 0)
			continue;
		for (uint32_t j = 0; j < row->count; j++) {
			struct mesh_seen *seen = find(judge, row->cells[j].name);

			if (seen != NULL && seen != teller)
				weigh(judge, row, &row->cells[j], seen);
			if (teller != NULL && strcmp(row->cells[j].name, own) == 0)
				teller->theirs = &row->cells[j];
		}
	}
}
