/* A histogram in a report: its figures, and all of its counts as HdrHistogram text. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"
#include "base/error.h"
#include "metric/hist.h"
#include "metric/report.h"

/* The figures of `hist`, which may be empty; its text is in `arena`. */
struct report_latency report_latency_of(const struct hist *hist, struct arena *arena);
/* The way back: fills `ret`, which is empty, of the range of a stream. Minimum, maximum, mean and
 * censored are as they were; `saturated` is lost. -ENODATA: the report holds figures alone (one by
 * an older conntest); -EINVAL: it contradicts itself. */
nodiscard int report_latency_hist(const struct report_latency *latency, struct error *error,
				  struct hist *ret);
