/* See plot.h; html.c has the page. */
#include "view/plot/plot.h"

#include "view/plot/picture.h"
#include "view/plot/png.h"
#include "view/plot/svg.h"

void plot_write_svg(const struct report *report, struct buffer *out)
{
	cleanup(drawing_deinit) struct drawing drawing;
	picture_draw(report, &drawing);
	svg_write(&drawing, report->result, out);
}

void plot_write_png(const struct report *report, struct buffer *out)
{
	cleanup(drawing_deinit) struct drawing drawing;
	picture_draw(report, &drawing);
	int result = png_write(&drawing, out);
	if (result < 0 && !out->error)
		out->error = result;
}
