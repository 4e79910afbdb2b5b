/* A drawing as SVG 1.1. */
#pragma once

#include "base/buffer.h"
#include "view/plot/drawing.h"

/* A file: with its colours for light and dark screens and for paper. `title` is for those who
 * cannot see it. */
void svg_write(const struct drawing *drawing, const char *title, struct buffer *out);
/* For the inside of an HTML page, which has the rules of svg_write_style() in its style. */
void svg_write_inline(const struct drawing *drawing, const char *title, struct buffer *out);
void svg_write_style(struct buffer *out);
