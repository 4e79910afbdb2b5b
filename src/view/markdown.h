/* -o md: what a reviewer of a pull request wants to see, in GitHub's Markdown: the answer, what was
 * expected, the tables of the text report, and folded below how it was run. Texts from elsewhere
 * hold no markup and call nobody. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void markdown_write(const struct report *report, struct buffer *out);
