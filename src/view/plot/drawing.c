/* See drawing.h. */
#include "view/plot/drawing.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define TEXT_MAX 65536

/* ---- storage ---- */

void drawing_init(struct drawing *drawing, double width, double height)
{
	*drawing = (struct drawing){ .width = width, .height = height };
	arena_init(&drawing->arena);
}

void drawing_deinit(struct drawing *drawing)
{
	arena_deinit(&drawing->arena);
	free(drawing->shapes);
	free(drawing->points);
	*drawing = (struct drawing){ 0 };
}

/* Room for one more item; false at the maximum. Out of memory ends the program, as in an arena. */
static bool grow(void **items, size_t item_size, size_t count, size_t *capacity, size_t maximum)
{
	if (count < *capacity)
		return true;
	if (*capacity == maximum)
		return false;
	size_t wanted = *capacity ? 2 * *capacity : 256;
	*capacity = wanted < maximum ? wanted : maximum;
	*items = realloc(*items, *capacity * item_size);
	if (!*items)
		abort();
	return true;
}

/* Names come from the wire: what is no character would stop a back end. */
static const char *printable(struct drawing *drawing, const char *text)
{
	cleanup(buffer_deinit) struct buffer clean;
	buffer_init(&clean, TEXT_MAX);
	while (*text) {
		size_t length = utf8_length(text);
		bool is_control = (unsigned char)*text < ' ' || *text == '\x7f';
		if (length == 0 || is_control)
			buffer_append_text(&clean, UTF8_REPLACEMENT);
		else
			buffer_append(&clean, text, length);
		text += length ? length : 1;
	}
	return arena_text(&drawing->arena, buffer_text(&clean));
}

void drawing_begin(struct drawing *drawing, const struct shape *shape)
{
	void *shapes = drawing->shapes;
	if (!grow(&shapes, sizeof(*shape), drawing->shape_count, &drawing->shape_capacity,
		  DRAWING_SHAPES_MAX))
		return;
	drawing->shapes = shapes;
	struct shape *copy = &drawing->shapes[drawing->shape_count++];
	*copy = *shape;
	copy->text = shape->text ? printable(drawing, shape->text) : NULL;
	copy->first = drawing->point_count;
	copy->count = 0;
}

void drawing_point(struct drawing *drawing, double x, double y)
{
	void *points = drawing->points;
	if (drawing->shape_count == 0 ||
	    !grow(&points, sizeof(*drawing->points), drawing->point_count, &drawing->point_capacity,
		  DRAWING_POINTS_MAX))
		return;
	drawing->points = points;
	drawing->points[drawing->point_count++] = (struct point){ x, y };
	drawing->shapes[drawing->shape_count - 1].count++;
}

void drawing_box(struct drawing *drawing, double x, double y, double width, double height)
{
	drawing_point(drawing, x, y);
	drawing_point(drawing, x + width, y + height);
}

/* ---- whole shapes ---- */

void drawing_line(struct drawing *drawing, enum ink ink, struct point from, struct point to)
{
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_LINE, .ink = ink, .size = 1 });
	drawing_point(drawing, from.x, from.y);
	drawing_point(drawing, to.x, to.y);
}

void drawing_fill(struct drawing *drawing, enum ink ink, struct point corner, struct point other)
{
	drawing_begin(drawing, &(struct shape){ .kind = SHAPE_BOXES, .ink = ink });
	drawing_point(drawing, corner.x, corner.y);
	drawing_point(drawing, other.x, other.y);
}

void drawing_text(struct drawing *drawing, const struct shape *style, struct point at,
		  const char *text)
{
	struct shape shape = *style;
	shape.kind = SHAPE_TEXT;
	shape.text = text;
	drawing_begin(drawing, &shape);
	drawing_point(drawing, at.x, at.y);
}

/* ---- how wide text is ---- */

/* DejaVu Sans, 1/1000 of the size, from the blank to the tilde. Its bold letters are wider. */
static const short letter_widths[] = {
	318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
	636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
	1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
	603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
	500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
	635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
};
#define OTHER_WIDTH 850
#define BOLD_FACTOR 1.12

static double letter_width(unsigned char byte, const struct shape *style)
{
	bool is_continued = (byte & 0xc0) == 0x80;
	if (is_continued)
		return 0;
	size_t index = (size_t)byte - ' ';
	double width = byte >= ' ' && index < array_size(letter_widths) ? letter_widths[index]
									: OTHER_WIDTH;
	return width / 1000 * style->size * (style->is_bold ? BOLD_FACTOR : 1);
}

double drawing_text_width(const char *text, const struct shape *style)
{
	double width = 0;
	for (; *text; text++)
		width += letter_width((unsigned char)*text, style);
	return width;
}

const char *drawing_fit_text(struct drawing *drawing, const char *text, const struct shape *style,
			     double width)
{
	double used = OTHER_WIDTH / 1000.0 * style->size; /* of the dots */
	size_t fits = 0;
	if (drawing_text_width(text, style) <= width)
		return arena_text(&drawing->arena, text);
	for (size_t i = 0; text[i]; i++) {
		used += letter_width((unsigned char)text[i], style);
		bool is_boundary = (text[i + 1] & 0xc0) != 0x80;
		if (used > width)
			break;
		if (is_boundary)
			fits = i + 1;
	}
	return arena_format(&drawing->arena, "%.*s…", (int)fits, text);
}
