/* The report of `ping` for people: a headline with what was found at the target, lines
 * (ping_lines.h), Result and Trust, and tables. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"
#include "view/text.h"

/* Headline, result and trust of a report of `ping`, into it. */
void ping_sentences(struct report *report);
/* The headline alone, before the end: of what is in the report by then. */
void ping_headline(const struct report *report, struct buffer *out);
/* The result alone: PASS or FAIL with it where something was expected. */
void ping_result(const struct report *report, struct buffer *out);

/* What of it the style wants. Of many probes only those lines that failed; of many targets none. */
void ping_text_write(const struct report *report, const struct text_style *style,
		     struct buffer *out);
/* The targets, worst first: their indexes, from the arena. */
uint32_t *ping_order(const struct report *report, struct arena *arena);
/* Was it to wait until all answer (--wait)? */
bool ping_is_waiting(const struct report *report);
