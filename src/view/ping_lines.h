/* The lines of `ping`, one a probe as it comes: phases in columns that add up, what failed in the
 * column where it did, and a clause. Pure. */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "metric/report.h"
#include "view/text.h"

struct ping_layout {
	unsigned phases;       /* columns: bits 1u << PROBE_... */
	unsigned target_width; /* of the first column; 0: there is one target, which has none */
	unsigned number_width;
};

/* Of a report whose streams are described, if not measured yet. */
void ping_layout_of(const struct report *report, struct ping_layout *ret);
/* "  #   total = resolve  connect    tls   send    wait  transfer   status" */
void ping_lines_head(const struct ping_layout *layout, struct buffer *out);
/* One line; `target` is the stream's. */
void ping_line(const struct ping_layout *layout, const struct text_style *style, const char *target,
	       const struct report_probe *probe, struct buffer *out);

/* "connect timed out after 2.00 s (SYN sent 2 times)", "refused" */
void ping_failure_text(const struct report_probe *probe, struct buffer *out);
/* What the answer said: "200", "SERVING", "ttl 64"; "-" where it says nothing. */
#define PING_STATUS_MAX 48
const char *ping_status_text(const struct report_probe *probe, char text[PING_STATUS_MAX]);
/* Milliseconds with two decimals: "31.41". */
#define PING_MS_MAX 32
const char *ping_ms(uint64_t ns, char text[PING_MS_MAX]);
