/* The tables of the text report, each a part of its own; one that has nothing to say writes
 * nothing. Each is followed by its caller's own empty line. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"
#include "view/text.h"

typedef void text_part(const struct report *report, const struct text_style *style,
		       struct buffer *out);

text_part text_marks;        /* lines, not a table: when it was good again after each mark */
text_part text_expectations; /* what was expected, what is, first and last */
text_part text_backends;     /* what became of the clients, by backend, worst first */
text_part text_intervals;    /* outages, and interruptions where no backend tells them */
text_part text_latencies;    /* with the identity of messages below */
