/* The one table of outcomes (outcome.def): the same words in every view, document and test. */
#pragma once

#include <stdbool.h>

enum outcome {
#define OUTCOME(symbol, name, is_failure, sentence) OUTCOME_##symbol,
#include "base/outcome.def"
#undef OUTCOME
	OUTCOME_COUNT,
};

const char *outcome_name(enum outcome outcome);
const char *outcome_sentence(enum outcome outcome);
bool outcome_is_failure(enum outcome outcome);

/* The outcome with this name, or OUTCOME_COUNT. */
enum outcome outcome_find(const char *name);

/* What an errno of connect(), send() or receive() means on the wire (positive errno).
 * During connect ETIMEDOUT is CONNECT_TIMEOUT, later TIMED_OUT: the caller knows which. */
enum outcome outcome_from_errno(int code);
