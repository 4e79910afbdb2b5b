/* See png.h. Cairo is loaded when a picture is drawn: it brings twenty libraries with it, 1.9 MiB
 * of memory and half of the time of each start, which no daemon needs. */
#include <cairo.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "view/plot/png.h"

#define LIBRARY "libcairo.so.2"

/* ---- the library ---- */

/* clang-format off */
#define CALLS(CALL) \
	CALL(create) CALL(destroy) CALL(fill) CALL(image_surface_create) CALL(line_to) \
	CALL(move_to) CALL(new_path) CALL(paint) CALL(rectangle) CALL(rel_line_to) \
	CALL(rel_move_to) CALL(scale) CALL(select_font_face) CALL(set_dash) \
	CALL(set_font_size) CALL(set_line_cap) CALL(set_line_width) CALL(set_source_rgb) \
	CALL(show_text) CALL(status) CALL(stroke) CALL(surface_destroy) \
	CALL(surface_write_to_png_stream) CALL(text_extents) CALL(version_string)
/* clang-format on */

/* Each as <cairo.h> declares it. */
struct calls {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a member's name */
#define CALL(name) __typeof__(cairo_##name) *name;
	CALLS(CALL)
#undef CALL
};

/* A picture that is being drawn. */
struct canvas {
	struct calls calls;
	cairo_t *cairo;
};

static bool find(void *library, const char *name, void *ret_call)
{
	void *call = dlsym(library, name);

	memcpy(ret_call, &call, sizeof(call));
	return call != NULL;
}

/* It stays, as others that were loaded with it may hold on to it. False: it is not here. */
static bool load(struct calls *ret)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	bool is_whole = library != NULL;

#define CALL(name) is_whole = is_whole && find(library, "cairo_" #name, &ret->name);
	CALLS(CALL)
#undef CALL
	return is_whole;
}

static void use_ink(const struct canvas *canvas, enum ink ink)
{
	uint32_t color = ink_table[ink].light;
	canvas->calls.set_source_rgb(canvas->cairo, (color >> 16 & 0xff) / 255.0,
				     (color >> 8 & 0xff) / 255.0, (color & 0xff) / 255.0);
}

/* ---- shapes ---- */

static void add_boxes(const struct canvas *canvas, const struct point *points, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		canvas->calls.rectangle(canvas->cairo, points[i].x, points[i].y,
					points[i + 1].x - points[i].x,
					points[i + 1].y - points[i].y);
}

static void add_dots(const struct canvas *canvas, const struct point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		canvas->calls.move_to(canvas->cairo, points[i].x, points[i].y);
		canvas->calls.rel_line_to(canvas->cairo, 0, 0);
	}
}

static void add_crosses(const struct canvas *canvas, const struct point *points, size_t count,
			double size)
{
	for (size_t i = 0; i < count; i++) {
		canvas->calls.move_to(canvas->cairo, points[i].x - size / 2,
				      points[i].y - size / 2);
		canvas->calls.rel_line_to(canvas->cairo, size, size);
		canvas->calls.rel_move_to(canvas->cairo, -size, 0);
		canvas->calls.rel_line_to(canvas->cairo, size, -size);
	}
}

static void draw_text(const struct canvas *canvas, const struct shape *shape, struct point at)
{
	cairo_text_extents_t extents;
	canvas->calls.select_font_face(canvas->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
				       shape->is_bold ? CAIRO_FONT_WEIGHT_BOLD
						      : CAIRO_FONT_WEIGHT_NORMAL);
	canvas->calls.set_font_size(canvas->cairo, shape->size);
	canvas->calls.text_extents(canvas->cairo, shape->text, &extents);
	double before = shape->anchor == ANCHOR_END      ? extents.x_advance
			: shape->anchor == ANCHOR_MIDDLE ? extents.x_advance / 2
							 : 0;
	canvas->calls.move_to(canvas->cairo, at.x - before, at.y);
	canvas->calls.show_text(canvas->cairo, shape->text);
}

static void set_stroke(const struct canvas *canvas, const struct shape *shape)
{
	static const double dashes[] = { 4, 3 };
	canvas->calls.set_line_width(canvas->cairo,
				     shape->kind == SHAPE_CROSSES ? 1.6 : shape->size);
	canvas->calls.set_line_cap(canvas->cairo, shape->kind == SHAPE_DOTS ? CAIRO_LINE_CAP_ROUND
									    : CAIRO_LINE_CAP_BUTT);
	canvas->calls.set_dash(canvas->cairo, dashes, shape->is_dashed ? 2 : 0, 0);
}

static void draw_shape(const struct canvas *canvas, const struct shape *shape,
		       const struct point *points)
{
	if (shape->count == 0)
		return;
	canvas->calls.new_path(canvas->cairo); /* text left a point behind */
	use_ink(canvas, shape->ink);
	set_stroke(canvas, shape);
	switch (shape->kind) {
	case SHAPE_TEXT:
		draw_text(canvas, shape, points[0]);
		return;
	case SHAPE_BOXES:
		add_boxes(canvas, points, shape->count);
		canvas->calls.fill(canvas->cairo);
		return;
	case SHAPE_DOTS:
		add_dots(canvas, points, shape->count);
		break;
	case SHAPE_CROSSES:
		add_crosses(canvas, points, shape->count, shape->size);
		break;
	default:
		for (size_t i = 0; i < shape->count; i++)
			canvas->calls.line_to(canvas->cairo, points[i].x, points[i].y);
	}
	if (shape->kind == SHAPE_AREA)
		canvas->calls.fill(canvas->cairo);
	else
		canvas->calls.stroke(canvas->cairo);
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
	struct calls calls;

	return load(&calls) ? calls.version_string() : NULL;
}

static cairo_status_t draw(const struct canvas *canvas, const struct drawing *drawing)
{
	canvas->calls.scale(canvas->cairo, PNG_SCALE, PNG_SCALE);
	use_ink(canvas, INK_PAPER);
	canvas->calls.paint(canvas->cairo);
	for (size_t i = 0; i < drawing->shape_count; i++)
		draw_shape(canvas, &drawing->shapes[i], &drawing->points[drawing->shapes[i].first]);
	return canvas->calls.status(canvas->cairo);
}

int png_write(const struct drawing *drawing, struct buffer *out)
{
	struct canvas canvas;

	if (!load(&canvas.calls))
		return -ENOSYS;
	cairo_surface_t *surface = canvas.calls.image_surface_create(
		CAIRO_FORMAT_RGB24, (int)drawing->width * PNG_SCALE,
		(int)drawing->height * PNG_SCALE);
	canvas.cairo = canvas.calls.create(surface);
	cairo_status_t status = draw(&canvas, drawing);
	if (status == CAIRO_STATUS_SUCCESS)
		status = canvas.calls.surface_write_to_png_stream(surface, append, out);
	canvas.calls.destroy(canvas.cairo);
	canvas.calls.surface_destroy(surface);
	return status == CAIRO_STATUS_SUCCESS ? 0 : -ENOMEM;
}
