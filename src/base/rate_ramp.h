/* A rate that changes while a run goes on, as typed: "0..5k/30s" rises in 30 s, "1k/10s,2k/10s,5k"
 * are stairs; the last rate stays. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/units.h"

#define RATE_RAMP_PARTS_MAX 31

/* What a schedule can keep, in messages a second; 0 is a pause. */
#define RATE_RAMP_RATE_MIN 1e-6
#define RATE_RAMP_RATE_MAX 1e9
/* Of all parts together: a year. */
#define RATE_RAMP_TIME_MAX_NS (365 * 86400 * NS_PER_S)

struct rate_ramp_part {
	double from; /* messages a second */
	double to;
	uint64_t length_ns; /* 0 only in the last part: for the rest of the run */
};

/* After its last part the rate stays at that one's `to`. */
struct rate_ramp {
	struct rate_ramp_part parts[RATE_RAMP_PARTS_MAX];
	uint32_t count;
	bool is_per_connection;
};

/* -EINVAL with a sentence that names the part that is wrong. */
nodiscard int rate_ramp_parse(const char *text, struct error *error, struct rate_ramp *ret);
/* Makes rates that were given for each of `connections` those of the whole run. -EINVAL with a
 * sentence where that is too fast. */
nodiscard int rate_ramp_multiply(struct rate_ramp *ramp, uint32_t connections, struct error *error);
/* The rate so long after its begin. */
double rate_ramp_at(const struct rate_ramp *ramp, uint64_t after_ns);
/* The highest of its rates, above 0. */
double rate_ramp_highest(const struct rate_ramp *ramp);
