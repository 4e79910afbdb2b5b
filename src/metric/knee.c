#include "metric/knee.h"

#include <math.h>

/* Widths of the zone, as logarithms of a ratio of rates. */
static const double widths[KNEE_WIDTHS] = { 0.002, 0.008, 0.025, 0.07 };
/* How often a trial fails although the rate is below the knee. */
static const double accidents[KNEE_ACCIDENTS] = { 0.01, 0.05, 0.2 };
/* How often one holds far above it: seldom, as what is too much is too much. */
#define LUCK 0.01
/* But what is too much shows slowly, and buffers hide it for a while: that one of the shortest
 * holds tells the knee with this uncertainty besides. */
static const double slacks[KNEE_SLACKS] = { 0.05, 0.4 };

#define ODDS (KNEE_SLACKS * KNEE_WIDTHS * KNEE_ACCIDENTS * KNEE_CELLS)

bool knee_is_weighed(const struct knee *knee)
{
	return knee->step > 0;
}

void knee_init(struct knee *knee, double low, double high)
{
	double *odds = &knee->odds[0][0][0][0];
	double margin = log(high / low);
	knee->first = log(low) - margin;
	knee->step = 3 * margin / (KNEE_CELLS - 1);
	for (size_t i = 0; i < ODDS; i++)
		odds[i] = 1;
}

static double logistic(double x)
{
	return 1 / (1 + exp(-x));
}

/* That a trial holds if the knee is at e^`place` and there are no accidents. */
static double chance_to_hold(const struct knee_evidence *trial, double place,
			     const double unsure[2])
{
	double above = place - log(trial->rate);
	double slack = unsure[1] * trial->shortness;
	return logistic(above / (above < 0 ? unsure[0] + slack : unsure[0]));
}

/* What one trial makes of the odds of a width and a slack. */
static double weigh_one(const struct knee *knee, const struct knee_evidence *trial,
			const double unsure[2], double odds[KNEE_ACCIDENTS][KNEE_CELLS])
{
	double sum = 0;
	for (size_t i = 0; i < KNEE_CELLS; i++) {
		double place = knee->first + (double)i * knee->step;
		double plain = chance_to_hold(trial, place, unsure);
		for (size_t a = 0; a < KNEE_ACCIDENTS; a++) {
			double holds = LUCK + (1 - LUCK - accidents[a]) * plain;
			odds[a][i] *= trial->has_held ? holds : 1 - holds;
			sum += odds[a][i];
		}
	}
	return sum;
}

void knee_weigh(struct knee *knee, const struct knee_evidence *trial)
{
	double *odds = &knee->odds[0][0][0][0];
	double sum = 0;
	for (size_t s = 0; s < KNEE_SLACKS; s++)
		for (size_t w = 0; w < KNEE_WIDTHS; w++)
			sum += weigh_one(knee, trial, (double[]){ widths[w], slacks[s] },
					 knee->odds[s][w]);
	for (size_t i = 0; i < ODDS; i++)
		odds[i] /= sum;
}

static double cell_odds(const struct knee *knee, size_t i)
{
	const double *odds = &knee->odds[0][0][0][0];
	double sum = 0;
	for (; i < ODDS; i += KNEE_CELLS)
		sum += odds[i];
	return sum;
}

double knee_quantile(const struct knee *knee, double share)
{
	double sum = 0;
	double odds = cell_odds(knee, 0);
	size_t i = 0;
	for (; i + 1 < KNEE_CELLS && sum + odds < share; odds = cell_odds(knee, ++i))
		sum += odds;
	double within = odds > 0 ? fmin((share - sum) / odds, 1) : 0;
	return exp(knee->first + ((double)i - 0.5 + within) * knee->step);
}
