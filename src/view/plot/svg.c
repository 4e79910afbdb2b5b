/* See svg.h. Colours are classes: f-NAME fills, s-NAME strokes. */
#include "view/plot/svg.h"

#include <stdio.h>

#include "base/xml.h"

/* ---- colours ---- */

static void write_ink(struct buffer *out, const char *name, uint32_t color)
{
	buffer_append_format(out, ".f-%s{fill:#%06x}.s-%s{stroke:#%06x}\n", name, color, name,
			     color);
}

/* Paper is always white. */
void svg_write_style(struct buffer *out)
{
	for (int i = 0; i < INK_COUNT; i++)
		write_ink(out, ink_table[i].name, ink_table[i].light);
	buffer_append_text(out, "@media screen and (prefers-color-scheme:dark){\n");
	for (int i = 0; i < INK_COUNT; i++)
		write_ink(out, ink_table[i].name, ink_table[i].dark);
	buffer_append_text(out, "}\n");
}

/* ---- shapes ---- */

/* A tenth of a pixel is as fine as anybody sees. */
static void write_number(struct buffer *out, double number)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%.1f", number);
	if (length > 2 && text[length - 1] == '0')
		text[length - 2] = '\0';
	buffer_append_text(out, text[0] == '-' && text[1] == '0' && !text[2] ? "0" : text);
}

static void write_pair(struct buffer *out, const char *command, double x, double y)
{
	buffer_append_text(out, command);
	write_number(out, x);
	buffer_append_text(out, " ");
	write_number(out, y);
}

static void write_boxes(struct buffer *out, const struct point *points, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2) {
		write_pair(out, "M", points[i].x, points[i].y);
		buffer_append_text(out, "H");
		write_number(out, points[i + 1].x);
		buffer_append_text(out, "V");
		write_number(out, points[i + 1].y);
		buffer_append_text(out, "H");
		write_number(out, points[i].x);
		buffer_append_text(out, "z");
	}
}

static void write_crosses(struct buffer *out, const struct point *points, size_t count, double size)
{
	for (size_t i = 0; i < count; i++) {
		write_pair(out, "M", points[i].x - size / 2, points[i].y - size / 2);
		write_pair(out, "l", size, size);
		write_pair(out, "m", -size, 0);
		write_pair(out, "l", size, -size);
	}
}

static void write_path(struct buffer *out, const struct shape *shape, const struct point *points)
{
	switch (shape->kind) {
	case SHAPE_BOXES:
		write_boxes(out, points, shape->count);
		break;
	case SHAPE_CROSSES:
		write_crosses(out, points, shape->count, shape->size);
		break;
	case SHAPE_DOTS:
		for (size_t i = 0; i < shape->count; i++) {
			write_pair(out, "M", points[i].x, points[i].y);
			buffer_append_text(out, "h0");
		}
		break;
	default:
		for (size_t i = 0; i < shape->count; i++)
			write_pair(out, i ? "L" : "M", points[i].x, points[i].y);
		if (shape->kind == SHAPE_AREA)
			buffer_append_text(out, "z");
	}
}

static void write_stroke(struct buffer *out, const struct shape *shape)
{
	buffer_append_format(out, "<path class=\"s-%s\" fill=\"none\" stroke-width=\"",
			     ink_table[shape->ink].name);
	write_number(out, shape->kind == SHAPE_CROSSES ? 1.6 : shape->size);
	buffer_append_text(out, shape->kind == SHAPE_DOTS ? "\" stroke-linecap=\"round\" d=\""
				: shape->is_dashed        ? "\" stroke-dasharray=\"4 3\" d=\""
							  : "\" stroke-linejoin=\"round\" d=\"");
}

static void write_text(struct buffer *out, const struct shape *shape, struct point at)
{
	static const char *const anchors[] = {
		[ANCHOR_START] = "",
		[ANCHOR_MIDDLE] = " text-anchor=\"middle\"",
		[ANCHOR_END] = " text-anchor=\"end\"",
	};
	buffer_append_format(out, "<text class=\"f-%s\"", ink_table[shape->ink].name);
	buffer_append_text(out, " x=\"");
	write_number(out, at.x);
	buffer_append_text(out, "\" y=\"");
	write_number(out, at.y);
	buffer_append_format(out, "\" font-size=\"%g\"%s%s>", shape->size, anchors[shape->anchor],
			     shape->is_bold ? " font-weight=\"bold\"" : "");
	xml_append(out, shape->text);
	buffer_append_text(out, "</text>\n");
}

static void write_shape(struct buffer *out, const struct shape *shape, const struct point *points)
{
	bool is_filled = shape->kind == SHAPE_AREA || shape->kind == SHAPE_BOXES;
	if (shape->count == 0)
		return;
	if (shape->kind == SHAPE_TEXT) {
		write_text(out, shape, points[0]);
		return;
	}
	if (is_filled)
		buffer_append_format(out, "<path class=\"f-%s\" d=\"", ink_table[shape->ink].name);
	else
		write_stroke(out, shape);
	write_path(out, shape, points);
	buffer_append_text(out, "\"/>\n");
}

static void write_shapes(const struct drawing *drawing, struct buffer *out)
{
	for (size_t i = 0; i < drawing->shape_count; i++)
		write_shape(out, &drawing->shapes[i], &drawing->points[drawing->shapes[i].first]);
}

/* ---- the whole ---- */

static void write_head(const struct drawing *drawing, const char *title, struct buffer *out)
{
	buffer_append_format(out,
			     "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" "
			     "font-family=\"'DejaVu Sans',Verdana,sans-serif\" role=\"img\">\n"
			     "<title>",
			     drawing->width, drawing->height);
	xml_append(out, title);
	buffer_append_text(out, "</title>\n");
}

void svg_write_inline(const struct drawing *drawing, const char *title, struct buffer *out)
{
	write_head(drawing, title, out);
	write_shapes(drawing, out);
	buffer_append_text(out, "</svg>\n");
}

void svg_write(const struct drawing *drawing, const char *title, struct buffer *out)
{
	buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	write_head(drawing, title, out);
	buffer_append_text(out, "<style>\n");
	svg_write_style(out);
	buffer_append_text(out, "</style>\n<rect class=\"f-paper\" width=\"100%\" "
				"height=\"100%\"/>\n");
	write_shapes(drawing, out);
	buffer_append_text(out, "</svg>\n");
}
