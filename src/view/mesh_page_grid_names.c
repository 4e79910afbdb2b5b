/* The names around the matrix: where all can't be there, those that there is a reason to read. */
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "base/utf8.h"
#include "base/xml.h"
#include "view/mesh_page_grid.h"

static void write_short(struct buffer *out, const char *text, size_t most)
{
	char cut[MESH_NAME_MAX + 8] = "";
	const char *end = text;

	if (grid_letters(text) <= most) {
		xml_append(out, text);
		return;
	}
	for (size_t i = 0; i + 1 < most && *end; i++) {
		size_t length = utf8_length(end);
		end += length ? length : 1;
	}
	(void)snprintf(cut, sizeof(cut), "%.*s\xe2\x80\xa6", (int)(end - text), text);
	xml_append(out, cut);
}

/* What more than half of the others say of it; OK: nothing bad. */
static enum mesh_verdict common_verdict(const struct grid_node *node)
{
	for (enum mesh_verdict i = 0; i < MESH_VERDICTS; i++) {
		if (2 * (uint32_t)node->accused[i] > node->told)
			return i;
	}
	return MESH_VERDICT_OK;
}

static bool has_reason(const struct grid_layout *layout, uint32_t node, double size)
{
	return size >= 10 || layout->grid->nodes[node].rank == 0 || grid_is_chosen(layout, node) ||
	       common_verdict(&layout->grid->nodes[node]) != MESH_VERDICT_OK;
}

/* Where names would touch, first those that there is a reason to read. `taken_to` is where the one
 * before ends. */
static bool is_named(const struct grid_layout *layout, uint32_t node, double size, double *taken_to)
{
	uint32_t near = (uint32_t)(10 / size) + 1;
	double at = node * size + layout->grid->nodes[node].group * GRID_GAP;

	if (at < *taken_to)
		return false;
	for (uint32_t i = node + 1; i < node + near && i < layout->grid->count; i++) {
		if (!has_reason(layout, node, size) && has_reason(layout, i, size))
			return false;
	}
	*taken_to = at + (size < 10 ? 10 : 0);
	return true;
}

static void write_anchor(const struct grid_layout *layout, uint32_t node)
{
	struct mesh_page_style style = layout->page->style;

	style.peer = grid_is_chosen(layout, node) ? "" : layout->grid->nodes[node].name;
	buffer_append_text(layout->out, "<a ");
	mesh_page_write_link(layout->out, &style);
	buffer_append_text(layout->out, "><title>");
	xml_append(layout->out, layout->grid->nodes[node].name);
	buffer_append_text(layout->out, "</title>");
}

static void write_row_names(const struct grid_layout *layout)
{
	struct buffer *out = layout->out;
	double taken_to = 0;

	for (uint32_t i = 0; i < layout->grid->count; i++) {
		const struct grid_node *node = &layout->grid->nodes[i];
		double y = grid_y(layout, i) + layout->cell_height / 2;
		if (!is_named(layout, i, layout->cell_height, &taken_to))
			continue;
		write_anchor(layout, i);
		buffer_append_format(out, "<text text-anchor=\"end\" x=\"%g\" y=\"%g\"%s>",
				     layout->left - 5, y + 3.5,
				     node->row && node->row->is_bad ? " class=\"q\""
				     : node->rank == 0              ? " class=\"own\""
								    : "");
		write_short(out, node->name, GRID_LABEL_MAX);
		buffer_append_text(out, "</text></a>\n");
		if (node->bad > 0)
			buffer_append_format(out,
					     "<text class=\"much\" x=\"%g\" y=\"%g\">%u</text>\n",
					     grid_x_end(layout) + 4, y + 3.5, node->bad);
	}
}

static void write_column_name(const struct grid_layout *layout, uint32_t column)
{
	struct buffer *out = layout->out;
	double x = grid_x(layout, column) + layout->cell_width / 2;
	enum mesh_verdict verdict = common_verdict(&layout->grid->nodes[column]);

	write_anchor(layout, column);
	if (layout->is_turned)
		buffer_append_format(out, "<text transform=\"translate(%g %g)rotate(-90)\">",
				     x + 3.5, layout->top - 4);
	else
		buffer_append_format(out, "<text text-anchor=\"middle\" x=\"%g\" y=\"%g\">", x,
				     layout->top - 4);
	write_short(out, layout->grid->nodes[column].name + layout->prefix, 14);
	if (layout->cell_width < 9 && verdict != MESH_VERDICT_OK)
		buffer_append_format(out, " %s", mesh_page_looks[verdict].letter);
	buffer_append_text(out, "</text></a>\n");
}

/* Of a location: above its columns, and behind its rows. */
static void write_place(const struct grid_layout *layout, uint32_t first, uint32_t last)
{
	struct buffer *out = layout->out;
	const char *location = layout->grid->nodes[first].location;
	double x = grid_x(layout, first), x_last = grid_x(layout, last) + layout->cell_width;
	double y = grid_y(layout, first), y_last = grid_y(layout, last) + layout->cell_height;
	size_t most = (size_t)((x_last - x) / GRID_LETTER_WIDTH);

	buffer_append_format(out,
			     "<path class=\"zone\" d=\"M%g 14H%gM%g %gV%g\"/>\n"
			     "<text class=\"q\" text-anchor=\"middle\" x=\"%g\" y=\"10\">",
			     x, x_last, grid_x_end(layout) + 22, y, y_last, (x + x_last) / 2);
	write_short(out, location[0] ? location : "?", most > 1 ? most : 1);
	buffer_append_format(out, "</text>\n<text class=\"q\" x=\"%g\" y=\"%g\">",
			     grid_x_end(layout) + 27, (y + y_last) / 2 + 3.5);
	write_short(out, location[0] ? location : "?", GRID_LABEL_MAX);
	buffer_append_text(out, "</text>\n");
}

static void write_places(const struct grid_layout *layout)
{
	const struct grid *grid = layout->grid;

	for (uint32_t first = 0, i = 0; i < grid->count; i++) {
		bool is_last =
			i + 1 == grid->count || grid->nodes[i + 1].group != grid->nodes[i].group;
		if (!is_last)
			continue;
		write_place(layout, first, i);
		first = i + 1;
	}
}

void grid_write_names(const struct grid_layout *layout)
{
	double taken_to = 0;

	write_row_names(layout);
	for (uint32_t i = 0; i < layout->grid->count; i++) {
		if (is_named(layout, i, layout->cell_width, &taken_to))
			write_column_name(layout, i);
	}
	write_places(layout);
}
