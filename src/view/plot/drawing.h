/* A picture as data: shapes in the order in which they are painted, which svg.h and png.h put on
 * paper. Lengths are px of a page that is as wide as its drawing says, y goes down. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "view/plot/ink.h"

enum shape_kind {
	SHAPE_LINE,    /* through its points; size: the width */
	SHAPE_AREA,    /* what the points enclose */
	SHAPE_BOXES,   /* two points each: corners */
	SHAPE_DOTS,    /* one point each; size: the diameter */
	SHAPE_CROSSES, /* one point each; size: the width */
	SHAPE_TEXT,    /* at its point, on the base line; size: of the letters */
};
enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

struct point {
	double x;
	double y;
};

struct shape {
	enum shape_kind kind;
	enum ink ink;
	enum anchor anchor;
	double size;
	bool is_dashed;
	bool is_bold;
	const char *text;
	size_t first; /* of the drawing's points */
	size_t count;
};

/* Shapes and points beyond are left out. */
#define DRAWING_SHAPES_MAX 20000
#define DRAWING_POINTS_MAX 400000

struct drawing {
	struct arena arena;
	double width;
	double height;
	struct shape *shapes;
	size_t shape_count;
	size_t shape_capacity;
	struct point *points;
	size_t point_count;
	size_t point_capacity;
};

void drawing_init(struct drawing *drawing, double width, double height);
void drawing_deinit(struct drawing *drawing);

/* Begins a shape; the points that are added next are its own. Its text is copied. */
void drawing_begin(struct drawing *drawing, const struct shape *shape);
void drawing_point(struct drawing *drawing, double x, double y);
/* The corners of a box, into a shape of boxes. */
void drawing_box(struct drawing *drawing, double x, double y, double width, double height);

/* Whole shapes in one call. */
void drawing_line(struct drawing *drawing, enum ink ink, struct point from, struct point to);
void drawing_fill(struct drawing *drawing, enum ink ink, struct point corner, struct point other);
/* `style` says ink, size, anchor and weight. */
void drawing_text(struct drawing *drawing, const struct shape *style, struct point at,
		  const char *text);

/* The width of a text, as letters of DejaVu Sans are: most others are narrower. */
double drawing_text_width(const char *text, const struct shape *style);
/* The text, or what fits of it into `width` and "…"; in the drawing's memory. */
const char *drawing_fit_text(struct drawing *drawing, const char *text, const struct shape *style,
			     double width);
