/* What `report diff` prints. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report_diff.h"
#include "view/text.h"

struct diff_names {
	const char *a; /* the files, as typed: "main.json", "a1.json,a2.json" */
	const char *b;
	double max_regress; /* as report_diff() got it */
};

void diff_text_write(const struct diff *diff, const struct diff_side *a, const struct diff_side *b,
		     const struct diff_names *names, const struct text_style *style,
		     struct buffer *out);
