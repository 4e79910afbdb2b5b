/* What load --serve was: both ends of every connection in one process. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* "both ends in this process, 2 pairs, each on one cpu", where there are pairs. */
void pairs_text(const struct report *report, struct buffer *out);
