/* The matrix as SVG. Cells of one colour are one path, whatever their number; those that are titled
 * are as many as a browser carries well. */
#include "view/mesh_page_grid.h"

#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/xml.h"

#define WIDTH_MAX      1244 /* of the whole, on a screen of 1280 */
#define CELLS_HEIGHT   574  /* of all cells, on one of 800 */
#define CELL_MIN       4
#define TITLES_ALL_MAX 40 /* nodes: beyond, a good cell has no title */
#define TITLES_MAX     4000

/* ---- where */

double grid_x(const struct grid_layout *layout, uint32_t column)
{
	return layout->left + column * layout->cell_width +
	       layout->grid->nodes[column].group * GRID_GAP;
}

double grid_y(const struct grid_layout *layout, uint32_t row)
{
	return layout->top + row * layout->cell_height + layout->grid->nodes[row].group * GRID_GAP;
}

double grid_x_end(const struct grid_layout *layout)
{
	return grid_x(layout, layout->grid->count - 1) + layout->cell_width;
}

double grid_y_end(const struct grid_layout *layout)
{
	return grid_y(layout, layout->grid->count - 1) + layout->cell_height;
}

size_t grid_letters(const char *text)
{
	size_t count = 0;

	while (*text) {
		size_t length = utf8_length(text);
		text += length ? length : 1;
		count++;
	}
	return count;
}

/* "node-" of node-01 and node-12: up to the last sign that parts. */
static size_t common_prefix(const struct grid *grid)
{
	size_t length = strlen(grid->nodes[0].name), parted = 0;

	for (uint32_t i = 1; i < grid->count; i++) {
		size_t same = 0;
		while (same < length && grid->nodes[i].name[same] == grid->nodes[0].name[same])
			same++;
		length = same;
	}
	for (size_t i = 0; grid->count > 1 && i < length; i++) {
		if (strchr("-._", grid->nodes[0].name[i]))
			parted = i + 1;
	}
	return parted;
}

static size_t longest(const struct grid_layout *layout, bool is_location)
{
	size_t most = 0;

	for (uint32_t i = 0; i < layout->grid->count; i++) {
		const struct grid_node *node = &layout->grid->nodes[i];
		size_t length = grid_letters(is_location ? node->location : node->name);
		most = length > most ? length : most;
	}
	return most < GRID_LABEL_MAX ? most : GRID_LABEL_MAX;
}

static double between(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

static void lay_out(struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;
	uint32_t count = grid->count;
	double gaps = (grid->groups - 1) * GRID_GAP;

	layout->prefix = common_prefix(grid);
	layout->left = GRID_LETTER_WIDTH * (double)longest(layout, false) + 8;
	layout->right = GRID_LETTER_WIDTH * (double)longest(layout, true) + 34;
	double room = WIDTH_MAX - layout->left - layout->right - gaps;
	layout->cell_width = between((double)(int)(room / count), CELL_MIN, 38);
	layout->cell_height = between((double)(int)((CELLS_HEIGHT - gaps) / count), CELL_MIN, 20);
	double label = GRID_LETTER_WIDTH * (double)(longest(layout, false) - layout->prefix);
	layout->is_turned = label > layout->cell_width;
	layout->top = 18 + (layout->is_turned ? between(label, 0, 90) + 16 : 14);
}

bool grid_is_chosen(const struct grid_layout *layout, uint32_t node)
{
	return strcmp(layout->grid->nodes[node].name, layout->page->style.peer) == 0;
}

/* ---- cells */

/* All that a cell may look like: verdicts, then steps. */
#define LOOKS (MESH_VERDICTS + 6)

static unsigned look_of(const struct grid_layout *layout, const struct grid_cell *cell)
{
	enum mesh_page_colour colour = layout->page->style.colour;
	bool is_missing = (colour == MESH_PAGE_RTT && cell->rtt_us == 0) ||
			  (colour == MESH_PAGE_MTU && cell->mtu_bytes == 0);

	if (cell->knowledge != GRID_KNOWN)
		return LOOKS;
	if (is_missing)
		return MESH_VERDICT_UNKNOWN;
	return colour == MESH_PAGE_VERDICT ? cell->verdict : MESH_VERDICTS + cell->step;
}

static void write_run(const struct grid_layout *layout, uint32_t row, uint32_t first, uint32_t end)
{
	double width = (end - first) * layout->cell_width;

	buffer_append_format(layout->out, "M%g %gh%gv%gh-%gz", grid_x(layout, first),
			     grid_y(layout, row), width, layout->cell_height, width);
}

static void write_runs(const struct grid_layout *layout, uint32_t row, unsigned look)
{
	const struct grid *grid = layout->grid;
	uint32_t column = 0;

	while (column < grid->count) {
		uint32_t first = column, group = grid->nodes[column].group;
		while (column < grid->count && grid->nodes[column].group == group &&
		       look_of(layout, grid_at(grid, row, column)) == look)
			column++;
		if (column > first)
			write_run(layout, row, first, column);
		else
			column++;
	}
}

static void write_looks(const struct grid_layout *layout)
{
	for (unsigned look = 0; look < LOOKS; look++) {
		size_t before = layout->out->size;
		if (look < MESH_VERDICTS)
			buffer_append_format(layout->out, "<path class=\"v-%s\" d=\"",
					     mesh_page_looks[look].class);
		else
			buffer_append_format(layout->out, "<path class=\"n-%u\" d=\"",
					     look - MESH_VERDICTS);
		size_t begun = layout->out->size;
		for (uint32_t row = 0; row < layout->grid->count; row++)
			write_runs(layout, row, look);
		if (layout->out->size == begun)
			buffer_cut(layout->out, before);
		else
			buffer_append_text(layout->out, "\"/>\n");
	}
}

/* Rows that nobody has told, and each one's cell of itself. */
static void write_rest(const struct grid_layout *layout)
{
	struct buffer *out = layout->out;
	const struct grid *grid = layout->grid;
	double width = grid_x_end(layout) - layout->left;

	buffer_append_text(out, "<path fill=\"url(#hatch)\" d=\"");
	for (uint32_t row = 0; row < grid->count; row++) {
		if (grid_at(grid, row, row ? 0 : grid->count - 1)->knowledge == GRID_UNKNOWN)
			buffer_append_format(out, "M%g %gh%gv%gh-%gz", layout->left,
					     grid_y(layout, row), width, layout->cell_height,
					     width);
	}
	buffer_append_text(out, "\"/>\n<path class=\"self\" d=\"");
	for (uint32_t i = 0; i < grid->count; i++)
		write_run(layout, i, i, i + 1);
	buffer_append_text(out, "\"/>\n");
}

/* Lines in the colour of paper part the cells, where there is room. */
static void write_lines(const struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;

	if (layout->cell_width < 8 || layout->cell_height < 8)
		return;
	buffer_append_text(layout->out, "<path class=\"part\" d=\"");
	for (uint32_t i = 0; i < grid->count; i++)
		buffer_append_format(layout->out, "M%g %gV%gM%g %gH%g", grid_x(layout, i),
				     layout->top, grid_y_end(layout), layout->left,
				     grid_y(layout, i), grid_x_end(layout));
	buffer_append_text(layout->out, "\"/>\n");
}

/* ---- what a cell says */

static void write_figure(const struct grid_layout *layout, const struct grid_cell *cell)
{
	struct buffer *out = layout->out;
	char text[UNITS_TEXT_MAX];

	switch (layout->page->style.colour) {
	case MESH_PAGE_LOSS:
		if (cell->loss_permille > 0)
			buffer_append_format(out, "%u", (cell->loss_permille + 9) / 10);
		break;
	case MESH_PAGE_RTT:
		if (cell->rtt_us > 0)
			buffer_append_text(out, units_format_ms(cell->rtt_us * NS_PER_US, text));
		break;
	case MESH_PAGE_MTU:
		if (cell->mtu_bytes > 0 && cell->mtu_bytes < layout->grid->mtu_most)
			buffer_append_format(out, "%u", cell->mtu_bytes);
		break;
	default:
		if (cell->verdict != MESH_VERDICT_OK)
			buffer_append_text(out, mesh_page_looks[cell->verdict].letter);
	}
}

static const char *figure_class(const struct grid_layout *layout, const struct grid_cell *cell)
{
	unsigned look = look_of(layout, cell);

	if (look == MESH_VERDICT_SILENT || look == MESH_VERDICT_SERVICE ||
	    look == MESH_VERDICTS + 5)
		return "w";
	if (look == MESH_VERDICT_UNKNOWN || look == MESH_VERDICTS)
		return "q";
	return "k";
}

/* Cells too small for a letter share one, where enough of them are the same. */
static bool is_patch(const struct grid_layout *layout, uint32_t row, uint32_t column, uint32_t size)
{
	const struct grid *grid = layout->grid;
	unsigned look = look_of(layout, grid_at(grid, row, column));

	for (uint32_t i = 0; i < size * size; i++) {
		uint32_t y = row + i / size, x = column + i % size;
		if (y >= grid->count || x >= grid->count ||
		    look_of(layout, grid_at(grid, y, x)) != look ||
		    grid->nodes[y].group != grid->nodes[row].group ||
		    grid->nodes[x].group != grid->nodes[column].group)
			return false;
	}
	return look < MESH_VERDICTS && look != MESH_VERDICT_OK && look != MESH_VERDICT_UNKNOWN;
}

static void write_patches(const struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;
	uint32_t size = (uint32_t)(11 / layout->cell_height) + 1;

	for (uint32_t row = 0; row < grid->count; row += size) {
		for (uint32_t column = 0; column < grid->count; column += size) {
			if (!is_patch(layout, row, column, size))
				continue;
			const struct grid_cell *cell = grid_at(grid, row, column);
			buffer_append_format(
				layout->out, "<text class=\"%s\" x=\"%g\" y=\"%g\">%s</text>",
				figure_class(layout, cell),
				grid_x(layout, column) + size * layout->cell_width / 2,
				grid_y(layout, row) + size * layout->cell_height / 2 + 3.5,
				mesh_page_looks[cell->verdict].letter);
		}
	}
}

static void write_figures(const struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;
	bool is_wide = layout->page->style.colour != MESH_PAGE_VERDICT;

	if (!is_wide && (layout->cell_width < 9 || layout->cell_height < 11))
		write_patches(layout);
	if (layout->cell_width < (is_wide ? 27 : 9) || layout->cell_height < 11)
		return;
	for (size_t i = 0; i < (size_t)grid->count * grid->count; i++) {
		const struct grid_cell *cell = &grid->cells[i];
		if (cell->knowledge != GRID_KNOWN)
			continue;
		size_t before = layout->out->size;
		buffer_append_format(layout->out, "<text class=\"%s\" x=\"%g\" y=\"%g\">",
				     figure_class(layout, cell),
				     grid_x(layout, (uint32_t)(i % grid->count)) +
					     layout->cell_width / 2,
				     grid_y(layout, (uint32_t)(i / grid->count)) +
					     layout->cell_height / 2 + 3.5);
		size_t begun = layout->out->size;
		write_figure(layout, cell);
		if (layout->out->size == begun)
			buffer_cut(layout->out, before);
		else
			buffer_append_text(layout->out, "</text>\n");
	}
}

static void write_title(const struct grid_layout *layout, uint32_t row, uint32_t column)
{
	const struct grid_cell *cell = grid_at(layout->grid, row, column);
	struct buffer *out = layout->out;
	const char *blame = mesh_blame_name((enum mesh_blame)cell->blame);

	buffer_append_text(out, "<title>");
	xml_append(out, layout->grid->nodes[row].name);
	buffer_append_text(out, " to ");
	xml_append(out, layout->grid->nodes[column].name);
	buffer_append_format(out, ": %s%s%s, lost %g %%, ",
			     mesh_verdict_name((enum mesh_verdict)cell->verdict),
			     blame[0] ? ", " : "", blame, cell->loss_permille / 10.0);
	mesh_page_write_ms(out, cell->rtt_us * NS_PER_US);
	buffer_append_text(out, " ms, MTU ");
	mesh_page_write_bytes(out, cell->mtu_bytes);
	buffer_append_text(out, "</title>");
}

static void write_titled(const struct grid_layout *layout, uint32_t row, uint32_t column)
{
	struct buffer *out = layout->out;

	buffer_append_format(out, "<rect class=\"z\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\">",
			     grid_x(layout, column), grid_y(layout, row), layout->cell_width,
			     layout->cell_height);
	write_title(layout, row, column);
	buffer_append_text(out, "</rect>\n");
}

static void write_titles(const struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;
	bool has_all = grid->count <= TITLES_ALL_MAX;
	uint32_t written = 0;

	for (uint32_t row = 0; row < grid->count; row++) {
		for (uint32_t column = 0; column < grid->count && written < TITLES_MAX; column++) {
			const struct grid_cell *cell = grid_at(grid, row, column);
			bool is_bad = cell->verdict > MESH_VERDICT_OK || cell->step > 0;
			if (cell->knowledge != GRID_KNOWN || !(has_all || is_bad))
				continue;
			write_titled(layout, row, column);
			written++;
		}
	}
}

static void write_chosen(const struct grid_layout *layout)
{
	for (uint32_t i = 0; i < layout->grid->count; i++) {
		if (!grid_is_chosen(layout, i))
			continue;
		buffer_append_format(
			layout->out,
			"<path class=\"chosen\" d=\"M%g %gH%gv%gH%gzM%g %gV%gh%gV%gz\"/>\n",
			layout->left, grid_y(layout, i), grid_x_end(layout), layout->cell_height,
			layout->left, grid_x(layout, i), layout->top, grid_y_end(layout),
			layout->cell_width, layout->top);
	}
}

/* ---- the whole */

void grid_draw(const struct grid *grid, const struct mesh_page *page)
{
	struct grid_layout layout = { .grid = grid, .page = page, .out = page->out };

	if (grid->count == 0)
		return;
	lay_out(&layout);
	double width = grid_x_end(&layout) + layout.right, height = grid_y_end(&layout) + 2;
	buffer_append_format(page->out,
			     "<div class=\"scroll\">\n<svg class=\"grid-all\" width=\"%g\" "
			     "height=\"%g\" viewBox=\"0 0 %g %g\" role=\"img\">\n"
			     "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
			     "patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" "
			     "d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/></pattern></defs>\n",
			     width, height, width, height);
	write_looks(&layout);
	write_rest(&layout);
	write_lines(&layout);
	write_figures(&layout);
	write_chosen(&layout);
	write_titles(&layout);
	grid_write_names(&layout);
	buffer_append_text(page->out, "</svg>\n</div>\n");
}
