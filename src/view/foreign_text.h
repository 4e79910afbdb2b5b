/* Result and trust of a report that was read from another program's file. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void foreign_result(const struct report *report, struct buffer *out);
/* The evidence behind the verdict, which is always "weak": what that program doesn't see. */
const char *foreign_evidence(const struct report *report);
