/* In the place of png_cairo.c where cairo is not there. See png.h. */
#include <errno.h>
#include <stddef.h>

#include "view/plot/png.h"

const char *png_library(void)
{
	return NULL;
}

int png_write(const struct drawing *drawing, struct buffer *out)
{
	(void)drawing;
	(void)out;
	return -ENOSYS;
}
