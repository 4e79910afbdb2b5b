/* What became of each slot: one class by its first break, summing to the number of slots. Pure. */
#pragma once

#include <stdbool.h>

#include "base/outcome.h"

/* SURVIVAL(symbol, name, sentence) */
#define SURVIVAL_TABLE                                                  \
	SURVIVAL(UNTOUCHED, "untouched", "untouched")                   \
	SURVIVAL(RECOVERED, "recovered", "stalled and came back")       \
	SURVIVAL(STALLED, "stalled", "still silent at the end")         \
	SURVIVAL(RESET, "reset", "reset")                               \
	SURVIVAL(CLOSED, "closed", "closed by peer")                    \
	SURVIVAL(TIMED_OUT, "timed_out", "timed out")                   \
	SURVIVAL(CORRUPTED, "corrupted", "answered with other bytes")   \
	SURVIVAL(NEVER_CONNECTED, "never_connected", "never connected") \
	SURVIVAL(UNKNOWN, "unknown", "unknown: its process was lost")

enum survival {
#define SURVIVAL(symbol, name, sentence) SURVIVAL_##symbol,
	SURVIVAL_TABLE
#undef SURVIVAL
		SURVIVAL_COUNT,
};
const char *survival_name(enum survival survival);
const char *survival_sentence(enum survival survival);

/* The state of one slot; starts as NEVER_CONNECTED. Three bytes, flat. */
struct survival_state {
	unsigned char class; /* enum survival */
	bool is_broken;      /* the class is settled */
	bool is_silent;      /* in a stall now */
};
void survival_init(struct survival_state *state);
/* A connection of the slot came up: its first, or a later one, which changes nothing. */
void survival_connected(struct survival_state *state);
void survival_stall_began(struct survival_state *state);
/* The connection answers again; harmless where no stall had begun. */
void survival_stall_ended(struct survival_state *state);
/* An attempt failed or the run itself ended the connection (neither changes anything), or else
 * the connection broke. A stall that ends so is that class. */
void survival_ended(struct survival_state *state, enum outcome outcome);
/* The class at the end of the run. */
enum survival survival_class(const struct survival_state *state);
