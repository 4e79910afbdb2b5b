/* What other nodes of the sample say of their peers. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "support/sample_mesh_parts.h"

static enum mesh_blame blame_of(enum mesh_verdict verdict)
{
	static const uint8_t blames[MESH_VERDICTS] = {
		[MESH_VERDICT_AGENT] = MESH_BLAME_AGENT,
		[MESH_VERDICT_MTU_REDUCED] = MESH_BLAME_NETWORK,
		[MESH_VERDICT_SLOW] = MESH_BLAME_PEER_HOST,
		[MESH_VERDICT_LOSS] = MESH_BLAME_NETWORK,
		[MESH_VERDICT_BLACK_HOLE] = MESH_BLAME_NETWORK,
		[MESH_VERDICT_REFUSED] = MESH_BLAME_SERVICE,
		[MESH_VERDICT_SILENT] = MESH_BLAME_UNDECIDED,
	};
	return blames[verdict];
}

static struct mesh_cell cell_of(const struct sample_mesh *sample, uint32_t from, uint32_t to)
{
	enum mesh_verdict verdict = sample_mesh_between(sample, from, to, sample->setup.windows);
	uint64_t rtt_ns = sample_mesh_rtt_ns(sample, from, to);
	bool is_mute = verdict == MESH_VERDICT_SILENT || verdict == MESH_VERDICT_REFUSED ||
		       verdict == MESH_VERDICT_LEAVING;
	struct mesh_cell cell = {
		.verdict = (uint8_t)verdict,
		.blame = (uint8_t)blame_of(verdict),
		.loss_permille = is_mute                        ? 1000
				 : verdict == MESH_VERDICT_LOSS ? 117
								: 0,
		.rtt_us = (uint32_t)(rtt_ns / NS_PER_US * (verdict == MESH_VERDICT_SLOW ? 40 : 1)),
		.mtu_bytes = verdict == MESH_VERDICT_BLACK_HOLE    ? 1400
			     : verdict == MESH_VERDICT_MTU_REDUCED ? 1450
								   : 1500,
	};

	sample_mesh_write_name(sample, to, cell.name);
	if (is_mute)
		cell.rtt_us = cell.mtu_bytes = 0;
	return cell;
}

static void fill_row(struct sample_mesh *sample, struct mesh_row *row, uint32_t from)
{
	uint64_t now_ns = sample->snapshot->node.now_ns;
	bool is_dead = sample_mesh_between(sample, SAMPLE_MESH_SELF, from, sample->setup.windows) ==
		       MESH_VERDICT_SILENT;

	sample_mesh_write_name(sample, from, row->node);
	sample_mesh_write_place(sample, from, row->location);
	row->is_bad = is_dead || from == 12;
	if (row->is_bad)
		(void)snprintf(row->problem, sizeof(row->problem), "%s",
			       is_dead ? "the connection was not answered in time"
				       : "the answer was cut short");
	if (is_dead)
		return;
	row->asked_ns = now_ns - (row->is_bad ? 95 : 8) * NS_PER_S;
	row->cells = calloc(MESH_CELLS_MAX, sizeof(*row->cells));
	assert(row->cells);
	for (uint32_t to = 1; to <= sample->setup.peers + 1; to++) {
		if (to == from)
			continue;
		if (row->count == MESH_CELLS_MAX)
			row->omitted++;
		else
			row->cells[row->count++] = cell_of(sample, from, to);
	}
}

void sample_mesh_ask_rows(struct sample_mesh *sample)
{
	uint32_t wanted = sample->setup.rows;

	sample->rows.rows = calloc(wanted, sizeof(*sample->rows.rows));
	assert(sample->rows.rows);
	/* Spread over the numbers, so that few rows are not all of one place. */
	uint32_t step = wanted < sample->setup.peers ? sample->setup.peers / wanted : 1;
	for (uint32_t number = sample->setup.peers + 1;
	     number > 0 && sample->rows.count<wanted; number -= number> step ? step : number) {
		if (number != SAMPLE_MESH_SELF)
			fill_row(sample, &sample->rows.rows[sample->rows.count++], number);
	}
	sample->state.rows = &sample->rows;
}
