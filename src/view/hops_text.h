/* Traced hops for people: who answered on the way, path by path, the worst first, what is no loss
 * though it looks like it, and where what is lost begins to be. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report_hops.h"
#include "view/text.h"

/* A table a path, each below a line that says what it is of. */
void hops_text_write(const struct report_hops *hops, const struct text_style *style,
		     struct buffer *out);
/* A part of a sentence: "by udp 8 source ports take 2 paths, 1 of them bad; 48 % of small packets
 * are lost behind hop 2 (10.9.4.2)". */
void hops_text_sentence(const struct report_hops *hops, struct buffer *out);
