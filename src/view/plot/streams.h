/* The streams of a report as pictures need them: with their samples at the time of what they tell,
 * not of when it became known. Inside plot/. */
#pragma once

#include "view/plot/panel.h"

/* The measured stream of this kind, with its own samples; NULL: there is none. */
const struct report_stream *streams_add(struct plot *plot, const char *kind);
