/* The picture of a run: its panels over one time axis, marks through all of them, the result as
 * its title. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"
#include "view/plot/axis.h"
#include "view/plot/drawing.h"

#define PICTURE_WIDTH  1200
#define PICTURE_HEIGHT 860

/* The four panels with title and footer; `drawing` is initialised here. */
void picture_draw(const struct report *report, struct drawing *drawing);
/* For HTML, which has its own head: the same panels and the others, without title and footer. */
void picture_draw_all(const struct report *report, struct drawing *drawing);

/* Where its moments are. */
void picture_time(const struct report *report, struct time_axis *ret);

/* The names of the panels that this report fills: "clients by state, new connections, ...". */
void picture_contents(const struct report *report, struct buffer *out);
void picture_contents_all(const struct report *report, struct buffer *out);

/* "conntest 0.1.0 · conntest.report/1, 92.1 kB · times ±0.1 s (one message per 100 ms and client)"
 */
void picture_origin(const struct report *report, struct buffer *out);
