/* How a sample is written, in Prometheus text as in OpenMetrics: heads of families, labels, numbers
 * and bounds. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "view/prometheus_family.h"

#define PROMETHEUS_BOUND_MAX 24

/* Behind what `labels` holds already: name="value", with a comma between. A value that is longer
 * than 256 bytes is cut between characters; what is no UTF-8 is replaced. */
void prometheus_append_label(struct buffer *labels, const char *name, const char *value);
void prometheus_append_integer(struct buffer *out, uint64_t value);
/* Exact, however long it is. */
void prometheus_append_seconds(struct buffer *out, uint64_t ns);
/* By the family's unit: seconds are kept in ns. */
void prometheus_append_value(struct buffer *out, const struct prometheus_family *family,
			     uint64_t value);
/* "5e-05", "0.0001", "2.5", "60.0": as OpenMetrics writes a bound. Whole microseconds; returns
 * `text`. */
const char *prometheus_format_bound(uint64_t ns, char text[PROMETHEUS_BOUND_MAX]);
/* # HELP, # TYPE and, where the format has it, # UNIT. */
void prometheus_append_head(struct buffer *out, enum prometheus_format format,
			    const struct prometheus_family *family);
