/* An HdrHistogram log (version 1.3 and older) as a report, as far as it goes. A tag
 * "persistent.response", as ours are, names stream and latency; any other one is a stream of its
 * own with response times. Values are taken for ns, as ours are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

/* Does the text begin as such a log does? No JSON begins so. */
bool hdr_log_is_one(const char *text, size_t size);
/* Fills `report`, which is new. -EINVAL with the sentence. */
nodiscard int hdr_log_read(const char *text, size_t size, struct report *report,
			   struct error *error);
