/* A drawing as PNG, through cairo where this program was built with it. */
#pragma once

#include "base/attributes.h"
#include "base/buffer.h"
#include "view/plot/drawing.h"

/* Pixels a px of the drawing. */
#define PNG_SCALE 2

/* The version of the library; NULL: built without it, or it is not on this host, and png_write() is
 * not to be called. */
const char *png_library(void);
/* On light paper. -ENOMEM; -ENOSYS: without the library. */
nodiscard int png_write(const struct drawing *drawing, struct buffer *out);
