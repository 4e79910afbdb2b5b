/* The matrix: who there is, in the order of places, what each says of each, and how to read it. */
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "base/xml.h"
#include "view/mesh_page_grid.h"

enum rank { RANK_SELF, RANK_BAD, RANK_ROW, RANK_PAIR, RANK_LISTED };

/* ---- who */

static int compare_names(const void *a, const void *b)
{
	const struct grid_node *left = a, *right = b;
	int difference = strcmp(left->name, right->name);
	return difference ? difference : left->rank - right->rank;
}

static int compare_ranks(const void *a, const void *b)
{
	const struct grid_node *left = a, *right = b;
	int difference = left->rank - right->rank;
	return difference ? difference : strcmp(left->name, right->name);
}

static int compare_places(const void *a, const void *b)
{
	const struct grid_node *left = a, *right = b;
	int difference = strcmp(left->location, right->location);
	return difference ? difference : strcmp(left->name, right->name);
}

static void sort(struct grid *grid, int (*compare)(const void *, const void *))
{
	if (grid->count > 0)
		qsort(grid->nodes, grid->count, sizeof(*grid->nodes), compare);
}

static void add(struct grid *grid, const char *name, const char *location, enum rank rank)
{
	if (name[0])
		grid->nodes[grid->count++] = (struct grid_node){ .name = name,
								 .location = location,
								 .rank = (uint8_t)rank };
}

/* Each as often as it is spoken of. */
static void add_all(struct grid *grid, const struct mesh_page *page)
{
	const struct mesh_state *state = page->state;

	add(grid, state->snapshot->node.name, state->snapshot->node.location, RANK_SELF);
	for (uint32_t i = 0; i < page->count; i++) {
		const struct mesh_page_line *line = &page->lines[i];
		if (line->peer == NULL || line->peer->life != MESH_LIFE_GONE)
			add(grid, line->name, line->location,
			    mesh_verdict_is_bad(mesh_page_verdict(line)) ? RANK_BAD : RANK_PAIR);
	}
	for (uint32_t i = 0; i < state->peers->count; i++) {
		const struct mesh_peer *peer = &state->peers->peers[i];
		if (!peer->is_self && !peer->is_chosen && peer->life != MESH_LIFE_GONE)
			add(grid, peer->name, peer->location, RANK_LISTED);
	}
	for (uint32_t i = 0; state->rows && i < state->rows->count; i++)
		add(grid, state->rows->rows[i].node, state->rows->rows[i].location, RANK_ROW);
}

static void join_same(struct grid *grid)
{
	uint32_t kept = 0;

	sort(grid, compare_names);
	for (uint32_t i = 0; i < grid->count; i++) {
		struct grid_node *before = kept ? &grid->nodes[kept - 1] : NULL;
		if (before == NULL || strcmp(before->name, grid->nodes[i].name) != 0)
			grid->nodes[kept++] = grid->nodes[i];
		else if (before->location[0] == '\0')
			before->location = grid->nodes[i].location;
	}
	grid->count = kept;
}

static void find_nodes(struct grid *grid, const struct mesh_page *page)
{
	const struct mesh_rows *rows = page->state->rows;
	size_t most = 1 + (size_t)page->count + page->state->peers->count;

	grid->nodes = calloc(most + (rows ? rows->count : 0), sizeof(*grid->nodes));
	if (grid->nodes == NULL)
		return;
	add_all(grid, page);
	join_same(grid);
	if (grid->count > GRID_NODES_MAX) {
		sort(grid, compare_ranks);
		grid->omitted = grid->count - GRID_NODES_MAX;
		grid->count = GRID_NODES_MAX;
	}
	sort(grid, compare_places);
	for (uint32_t i = 0; i < grid->count; i++) {
		if (i > 0 && strcmp(grid->nodes[i].location, grid->nodes[i - 1].location) != 0)
			grid->groups++;
		grid->nodes[i].group = grid->groups;
	}
	grid->groups++;
}

/* ---- what each says of each */

struct index {
	const char *name;
	uint32_t node;
};

static int compare_index(const void *a, const void *b)
{
	const struct index *left = a, *right = b;
	return strcmp(left->name, right->name);
}

static const struct index *find(const struct index *index, uint32_t count, const char *name)
{
	struct index wanted = { .name = name };
	return bsearch(&wanted, index, count, sizeof(*index), compare_index);
}

static void fill_row(struct grid *grid, uint32_t row, const struct index *index,
		     const struct mesh_row *told)
{
	struct grid_cell *cells = &grid->cells[(size_t)row * grid->count];

	for (uint32_t i = 0; i < grid->count; i++)
		cells[i].knowledge = GRID_BLANK;
	for (uint32_t i = 0; i < told->count; i++) {
		const struct mesh_cell *cell = &told->cells[i];
		const struct index *to = find(index, grid->count, cell->name);
		if (to == NULL || cell->verdict >= MESH_VERDICTS || cell->blame >= MESH_BLAMES)
			continue;
		cells[to->node] = (struct grid_cell){ .knowledge = GRID_KNOWN,
						      .verdict = cell->verdict,
						      .blame = cell->blame,
						      .loss_permille = cell->loss_permille,
						      .rtt_us = cell->rtt_us,
						      .mtu_bytes = cell->mtu_bytes };
	}
	grid->nodes[row].row = told;
}

/* Rounded up, so that a single lost packet shows. */
static uint16_t permille(const struct mesh_window_series *series)
{
	uint64_t all = (uint64_t)series->lost + series->received;
	uint64_t lost = all ? (series->lost * UINT64_C(1000) + all - 1) / all : 0;

	return (uint16_t)lost;
}

static struct grid_cell own_cell(const struct mesh_page_line *line)
{
	const struct mesh_window *window = &line->pair->closed;
	const struct mesh_window_series *series = &window->probes[mesh_page_probe(window)];
	const struct mesh_mtu_direction *forward = &line->pair->mtu.forward;
	uint64_t rtt_us = mesh_window_median(series) / NS_PER_US;

	return (struct grid_cell){
		.knowledge = GRID_KNOWN,
		.verdict = (uint8_t)mesh_page_verdict(line),
		.blame = line->judged ? line->judged->blame : MESH_BLAME_NONE,
		.loss_permille = permille(series),
		.rtt_us = rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX,
		.mtu_bytes = forward->verdict < PATH_VERDICTS ? forward->mtu_bytes : 0,
	};
}

static void fill_own(struct grid *grid, uint32_t row, const struct index *index,
		     const struct mesh_page *page)
{
	struct grid_cell *cells = &grid->cells[(size_t)row * grid->count];

	for (uint32_t i = 0; i < grid->count; i++)
		cells[i].knowledge = GRID_BLANK;
	for (uint32_t i = 0; i < page->count; i++) {
		const struct index *to = find(index, grid->count, page->lines[i].name);
		if (to)
			cells[to->node] = own_cell(&page->lines[i]);
	}
}

static void fill(struct grid *grid, const struct index *index, const struct mesh_page *page)
{
	const struct mesh_rows *rows = page->state->rows;
	const struct index *own = find(index, grid->count, page->state->snapshot->node.name);

	for (size_t i = 0; i < (size_t)grid->count * grid->count; i++)
		grid->cells[i].knowledge = GRID_UNKNOWN;
	for (uint32_t i = 0; rows && i < rows->count; i++) {
		const struct index *from = find(index, grid->count, rows->rows[i].node);
		if (from && rows->rows[i].asked_ns > 0)
			fill_row(grid, from->node, index, &rows->rows[i]);
	}
	if (own)
		fill_own(grid, own->node, index, page);
	for (uint32_t i = 0; i < grid->count; i++)
		grid->cells[(size_t)i * grid->count + i].knowledge = GRID_SELF;
}

/* ---- how they compare */

static int compare_times(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;
	return *left < *right ? -1 : *left > *right;
}

static void measure(struct grid *grid)
{
	size_t all = (size_t)grid->count * grid->count, known = 0;
	uint32_t *times = calloc(all ? all : 1, sizeof(*times));

	for (size_t i = 0; i < all; i++) {
		const struct grid_cell *cell = &grid->cells[i];
		if (cell->knowledge != GRID_KNOWN)
			continue;
		if (times && cell->rtt_us > 0)
			times[known++] = cell->rtt_us;
		if (cell->mtu_bytes > grid->mtu_most)
			grid->mtu_most = cell->mtu_bytes;
		struct grid_node *to = &grid->nodes[i % grid->count];
		to->told++;
		if (!mesh_verdict_is_bad(cell->verdict))
			continue;
		grid->nodes[i / grid->count].bad++;
		to->accused[cell->verdict]++;
	}
	if (known > 0) {
		qsort(times, known, sizeof(*times), compare_times);
		grid->rtt_median_us = times[known / 2];
	}
	free(times);
}

double grid_rtt_bound(unsigned step)
{
	static const double bounds[] = { 2, 4, 8, 16, 64 };
	return step < array_size(bounds) ? bounds[step] : 0;
}

static uint8_t step_of(const struct grid *grid, const struct grid_cell *cell,
		       enum mesh_page_colour colour)
{
	static const uint16_t losses[] = { 0, 20, 100, 500, 999 };
	uint8_t step = 0;

	if (colour == MESH_PAGE_LOSS) {
		while (step < 5 && cell->loss_permille > losses[step])
			step++;
	} else if (colour == MESH_PAGE_RTT) {
		while (step < 5 && cell->rtt_us > grid->rtt_median_us * grid_rtt_bound(step))
			step++;
	} else if (colour == MESH_PAGE_MTU && cell->mtu_bytes < grid->mtu_most) {
		step = cell->verdict == MESH_VERDICT_BLACK_HOLE ? 4 : 3;
	}
	return step;
}

void grid_init(struct grid *grid, const struct mesh_page *page)
{
	*grid = (struct grid){ 0 };
	find_nodes(grid, page);
	size_t all = (size_t)grid->count * grid->count;
	struct index *index = calloc(grid->count ? grid->count : 1, sizeof(*index));
	grid->cells = calloc(all ? all : 1, sizeof(*grid->cells));
	if (index == NULL || grid->cells == NULL) {
		grid->count = 0;
		free(index);
		return;
	}
	for (uint32_t i = 0; i < grid->count; i++)
		index[i] = (struct index){ grid->nodes[i].name, i };
	qsort(index, grid->count, sizeof(*index), compare_index);
	fill(grid, index, page);
	free(index);
	measure(grid);
	for (size_t i = 0; i < all; i++)
		grid->cells[i].step = step_of(grid, &grid->cells[i], page->style.colour);
}

void grid_deinit(struct grid *grid)
{
	free(grid->nodes);
	free(grid->cells);
}

/* ---- in words */

static void write_swatch(struct buffer *out, unsigned step)
{
	buffer_append_format(out,
			     "<span><svg width=\"15\" height=\"13\"><rect class=\"n-%u\" "
			     "width=\"15\" height=\"13\"/></svg>",
			     step);
}

static void write_verdicts(struct buffer *out)
{
	for (enum mesh_verdict i = 0; i < MESH_VERDICTS; i++) {
		buffer_append_text(out, "<span>");
		mesh_page_write_mark(out, i);
		buffer_append_format(out, " %s</span>\n", mesh_verdict_name(i));
	}
}

static void write_losses(struct buffer *out)
{
	static const char *const texts[] = {
		"nothing lost", "up to 2 %", "up to 10 %", "up to 50 %", "more", "all lost",
	};
	for (unsigned i = 0; i < array_size(texts); i++) {
		write_swatch(out, i);
		buffer_append_format(out, "%s</span>\n", texts[i]);
	}
}

static void write_times(struct buffer *out, const struct grid *grid)
{
	char text[UNITS_TEXT_MAX];

	for (unsigned i = 0; i <= 5; i++) {
		double bound = grid_rtt_bound(i) * grid->rtt_median_us * 1e3;
		write_swatch(out, i);
		if (bound > 0)
			buffer_append_format(out, "to %s ms</span>\n",
					     units_format_ms((uint64_t)bound, text));
		else
			buffer_append_text(out, "more</span>\n");
	}
}

static void write_sizes(struct buffer *out, const struct grid *grid)
{
	write_swatch(out, 0);
	mesh_page_write_bytes(out, grid->mtu_most);
	buffer_append_text(out, " B</span>\n");
	write_swatch(out, 3);
	buffer_append_text(out, "less</span>\n");
	write_swatch(out, 4);
	buffer_append_text(out, "less, and nobody says so</span>\n");
}

static void write_legend(const struct grid *grid, const struct mesh_page *page)
{
	struct buffer *out = page->out;

	buffer_append_text(out, "<div class=\"legend\">\n");
	if (page->style.colour == MESH_PAGE_VERDICT)
		write_verdicts(out);
	else if (page->style.colour == MESH_PAGE_LOSS)
		write_losses(out);
	else if (page->style.colour == MESH_PAGE_RTT)
		write_times(out, grid);
	else
		write_sizes(out, grid);
	buffer_append_text(out, "<span>hatched: the row is not known; empty: not probed</span>\n"
				"</div>\n");
}

/* How many rows are known, and why others are not. */
static void write_state(const struct grid *grid, const struct mesh_page *page)
{
	const struct mesh_rows *rows = page->state->rows;
	struct buffer *out = page->out;
	uint32_t known = 1, failed = 0;

	for (uint32_t i = 0; rows && i < rows->count; i++) {
		known += rows->rows[i].asked_ns > 0;
		failed += rows->rows[i].is_bad;
	}
	buffer_append_format(
		out,
		"<p class=\"line\">A row is what its node says of the others: %u of %u "
		"are known",
		known, grid->count);
	if (grid->omitted > 0)
		buffer_append_format(out, "; %u more nodes are not drawn", grid->omitted);
	for (uint32_t i = 0, told = 0; rows && i < rows->count && told < 3; i++) {
		if (!rows->rows[i].is_bad)
			continue;
		buffer_append_text(out, "; ");
		xml_append(out, rows->rows[i].node);
		buffer_append_text(out, " did not tell: ");
		xml_append(out, rows->rows[i].problem);
		told++;
	}
	if (failed > 3)
		buffer_append_format(out, "; %u more did not", failed - 3);
	buffer_append_text(out, "</p>\n");
}

void mesh_page_write_matrix(const struct mesh_page *page)
{
	cleanup(grid_deinit) struct grid grid;

	grid_init(&grid, page);
	write_legend(&grid, page);
	grid_draw(&grid, page);
	write_state(&grid, page);
}
