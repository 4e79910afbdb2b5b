/* See png.h. */
#include <cairo.h>
#include <errno.h>

#include "view/plot/png.h"

static void use_ink(cairo_t *cairo, enum ink ink)
{
	uint32_t color = ink_table[ink].light;
	cairo_set_source_rgb(cairo, (color >> 16 & 0xff) / 255.0, (color >> 8 & 0xff) / 255.0,
			     (color & 0xff) / 255.0);
}

/* ---- shapes ---- */

static void add_boxes(cairo_t *cairo, const struct point *points, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		cairo_rectangle(cairo, points[i].x, points[i].y, points[i + 1].x - points[i].x,
				points[i + 1].y - points[i].y);
}

static void add_dots(cairo_t *cairo, const struct point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cairo_move_to(cairo, points[i].x, points[i].y);
		cairo_rel_line_to(cairo, 0, 0);
	}
}

static void add_crosses(cairo_t *cairo, const struct point *points, size_t count, double size)
{
	for (size_t i = 0; i < count; i++) {
		cairo_move_to(cairo, points[i].x - size / 2, points[i].y - size / 2);
		cairo_rel_line_to(cairo, size, size);
		cairo_rel_move_to(cairo, -size, 0);
		cairo_rel_line_to(cairo, size, -size);
	}
}

static void draw_text(cairo_t *cairo, const struct shape *shape, struct point at)
{
	cairo_text_extents_t extents;
	cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
			       shape->is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cairo, shape->size);
	cairo_text_extents(cairo, shape->text, &extents);
	double before = shape->anchor == ANCHOR_END      ? extents.x_advance
			: shape->anchor == ANCHOR_MIDDLE ? extents.x_advance / 2
							 : 0;
	cairo_move_to(cairo, at.x - before, at.y);
	cairo_show_text(cairo, shape->text);
}

static void set_stroke(cairo_t *cairo, const struct shape *shape)
{
	static const double dashes[] = { 4, 3 };
	cairo_set_line_width(cairo, shape->kind == SHAPE_CROSSES ? 1.6 : shape->size);
	cairo_set_line_cap(cairo,
			   shape->kind == SHAPE_DOTS ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
	cairo_set_dash(cairo, dashes, shape->is_dashed ? 2 : 0, 0);
}

static void draw_shape(cairo_t *cairo, const struct shape *shape, const struct point *points)
{
	if (shape->count == 0)
		return;
	cairo_new_path(cairo); /* text left a point behind */
	use_ink(cairo, shape->ink);
	set_stroke(cairo, shape);
	switch (shape->kind) {
	case SHAPE_TEXT:
		draw_text(cairo, shape, points[0]);
		return;
	case SHAPE_BOXES:
		add_boxes(cairo, points, shape->count);
		cairo_fill(cairo);
		return;
	case SHAPE_DOTS:
		add_dots(cairo, points, shape->count);
		break;
	case SHAPE_CROSSES:
		add_crosses(cairo, points, shape->count, shape->size);
		break;
	default:
		for (size_t i = 0; i < shape->count; i++)
			cairo_line_to(cairo, points[i].x, points[i].y);
	}
	if (shape->kind == SHAPE_AREA)
		cairo_fill(cairo);
	else
		cairo_stroke(cairo);
}

/* ---- the whole ---- */

static cairo_status_t append(void *closure, const unsigned char *data, unsigned size)
{
	struct buffer *out = closure;
	buffer_append(out, data, size);
	return out->error ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

const char *png_library(void)
{
	return cairo_version_string();
}

int png_write(const struct drawing *drawing, struct buffer *out)
{
	cairo_surface_t *surface =
		cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)drawing->width * PNG_SCALE,
					   (int)drawing->height * PNG_SCALE);
	cairo_t *cairo = cairo_create(surface);
	cairo_scale(cairo, PNG_SCALE, PNG_SCALE);
	use_ink(cairo, INK_PAPER);
	cairo_paint(cairo);
	for (size_t i = 0; i < drawing->shape_count; i++)
		draw_shape(cairo, &drawing->shapes[i], &drawing->points[drawing->shapes[i].first]);
	cairo_status_t status = cairo_status(cairo);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_write_to_png_stream(surface, append, out);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	return status == CAIRO_STATUS_SUCCESS ? 0 : -ENOMEM;
}
