/* The three lines that can be pasted alone: what was run, the answer in one sentence, and whether
 * to believe it. Pure. */
#pragma once

#include "metric/report.h"

/* Fills headline, result, trust and generator.verdict and .evidence from all the rest, which is
 * complete, expectations evaluated. They hold "±" in UTF-8, which the text view may replace. */
void sentence_build(struct report *report);
