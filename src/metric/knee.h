/* Near the knee the odds of where it lies stand on a grid of rates (Bayes): a trial holds below it
 * and fails above, but for chance. How wide the zone is in which both happen, and how often a trial
 * fails for another reason, are unknown, so that all combinations of a few are weighed; they weigh
 * themselves by how well they explain what was seen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define KNEE_WIDTHS    4
#define KNEE_ACCIDENTS 3
#define KNEE_SLACKS    2
#define KNEE_CELLS     512

struct knee {
	/* Cell i stands for the rate exp(first + i * step). */
	double first;
	double step; /* 0: it was not begun */
	double odds[KNEE_SLACKS][KNEE_WIDTHS][KNEE_ACCIDENTS][KNEE_CELLS];
};

/* What a trial says of it. */
struct knee_evidence {
	double rate;
	double shortness; /* 0: of the longest trials, 1: of the shortest */
	bool has_held;
};

/* Around what held and what did not, wide enough for both to have been chance. */
void knee_init(struct knee *knee, double low, double high);
bool knee_is_weighed(const struct knee *knee);
void knee_weigh(struct knee *knee, const struct knee_evidence *trial);
/* The rate below which it lies with this probability. */
double knee_quantile(const struct knee *knee, double share);
