/* The answers of a stream that say that they are errors, in words. */
#pragma once

#include "metric/report.h"
#include "view/clauses.h"

/* "118 of 599,988 replies were 503, 2 404"; nothing where there are none. */
void status_text(const struct report_stream *stream, struct clauses *clauses);
