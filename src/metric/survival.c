#include "metric/survival.h"

#include <assert.h>

static const struct {
	const char *name;
	const char *sentence;
} classes[] = {
#define SURVIVAL(symbol, name, sentence) { name, sentence },
	SURVIVAL_TABLE
#undef SURVIVAL
};

const char *survival_name(enum survival survival)
{
	assert(survival < SURVIVAL_COUNT);
	return classes[survival].name;
}

const char *survival_sentence(enum survival survival)
{
	assert(survival < SURVIVAL_COUNT);
	return classes[survival].sentence;
}

void survival_init(struct survival_state *state)
{
	*state = (struct survival_state){ .class = SURVIVAL_NEVER_CONNECTED };
}

void survival_connected(struct survival_state *state)
{
	if (state->class == SURVIVAL_NEVER_CONNECTED)
		state->class = SURVIVAL_UNTOUCHED;
}

/* Only the first break of a slot that had a connection counts. */
static void break_as(struct survival_state *state, enum survival class)
{
	if (state->is_broken || state->class == SURVIVAL_NEVER_CONNECTED)
		return;
	state->is_broken = true;
	state->class = (unsigned char)class;
}

void survival_stall_began(struct survival_state *state)
{
	state->is_silent = true;
}

void survival_stall_ended(struct survival_state *state)
{
	if (!state->is_silent)
		return;
	state->is_silent = false;
	break_as(state, SURVIVAL_RECOVERED);
}

/* How a connection that was up came to its end. What has no class of its own goes to the nearest:
 * an unreachable peer shows as a time-out with an ICMP error to explain it. */
static enum survival class_of(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_CLOSED:
	case OUTCOME_LIMITED:
		return SURVIVAL_CLOSED;
	case OUTCOME_TIMED_OUT:
	case OUTCOME_CONNECT_TIMEOUT:
	case OUTCOME_NO_REPLY:
	case OUTCOME_UNREACHABLE:
	case OUTCOME_PROHIBITED:
		return SURVIVAL_TIMED_OUT;
	case OUTCOME_CORRUPTED:
	case OUTCOME_PROTOCOL:
		return SURVIVAL_CORRUPTED;
	default:
		return SURVIVAL_RESET;
	}
}

void survival_ended(struct survival_state *state, enum outcome outcome)
{
	if (outcome == OUTCOME_OPEN || outcome == OUTCOME_DONE)
		return;
	state->is_silent = false;
	break_as(state, class_of(outcome));
}

enum survival survival_class(const struct survival_state *state)
{
	/* One that came back from a stall and fell silent again has not recovered. */
	bool has_only_stalled = !state->is_broken || state->class == SURVIVAL_RECOVERED;
	if (has_only_stalled && state->is_silent)
		return SURVIVAL_STALLED;
	return (enum survival)state->class;
}
