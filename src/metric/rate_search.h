/* The search for the highest rate that holds: which rate to try next and for how long, and what the
 * verdicts together say. Short trials first: they double the rate until one fails, and narrow down
 * where it does; the long ones are near it. One verdict may be chance: a first failure is tried
 * again, and near the knee every verdict only moves the odds of where it is. Pure: no clock, no
 * I/O. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/* RATE_VERDICT(symbol, name): the names stand in the report. */
#define RATE_VERDICT_TABLE                                                                       \
	RATE_VERDICT(HELD, "held")                                                               \
	RATE_VERDICT(FAILED, "failed")                                                           \
	RATE_VERDICT(HOST, "host") /* this host could not send so much: says nothing of the peer \
				    */

enum rate_verdict {
#define RATE_VERDICT(symbol, name) RATE_##symbol,
	RATE_VERDICT_TABLE
#undef RATE_VERDICT
};
const char *rate_verdict_name(enum rate_verdict verdict);

#define RATE_SEARCH_TRIALS_MAX 64
/* All trials together send no longer than so many of the longest. */
#define RATE_SEARCH_LENGTHS_MAX 20
/* A first rate that does not hold is lowered to this part of it, no further; nor to one of which
 * the longest trial has but a few messages. */
#define RATE_SEARCH_DESCENT 1024

struct rate_search_plan {
	double from;        /* messages a second of the first trial */
	double highest;     /* is not exceeded */
	uint64_t length_ns; /* of the longest trials; what a rate has to hold for */
};

struct rate_trial {
	double rate;
	uint64_t length_ns;
	enum rate_verdict verdict;
};

enum rate_search_end {
	RATE_SEARCH_GOES_ON,     /* or was ended by others */
	RATE_SEARCH_PRECISE,     /* the interval is as narrow as is asked for */
	RATE_SEARCH_OUT_OF_TIME, /* or of trials: the interval is wider */
	RATE_SEARCH_AT_HIGHEST,  /* it holds even there */
	RATE_SEARCH_AT_LOWEST,   /* it does not hold even there */
};

/* As in the report: "precise". */
const char *rate_search_end_name(enum rate_search_end end);

struct rate_search_result {
	enum rate_search_end end;
	bool is_found;
	double rate; /* that held */
	/* Where the highest rate that holds lies, 19 times in 20; of a search that went on it is
	 * what held and what did not. high 0: nothing failed. */
	double low;
	double high;
	bool is_host_limited; /* what failed next above did so on this host */
	int held;             /* the trial that stands for the rate; -1: none */
	int failed;           /* the nearest above that did not hold; -1: none */
};

struct rate_search;

/* -ENOMEM. */
nodiscard int rate_search_new(const struct rate_search_plan *plan, struct rate_search **ret);
void rate_search_free(struct rate_search *search);
/* The trial to make now; false: the search is over. */
bool rate_search_next(const struct rate_search *search, struct rate_trial *ret);
/* What came of the trial that rate_search_next() told. */
void rate_search_add(struct rate_search *search, enum rate_verdict verdict);
/* At any time, of the trials until now. */
void rate_search_result(const struct rate_search *search, struct rate_search_result *ret);
