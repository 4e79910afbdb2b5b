/* -o svg, -o png, -o html: a report as a picture, and as a page with it. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void plot_write_svg(const struct report *report, struct buffer *out);
/* Only where png_library() says that there is one. */
void plot_write_png(const struct report *report, struct buffer *out);
/* One file that fetches nothing. */
void plot_write_html(const struct report *report, struct buffer *out);
