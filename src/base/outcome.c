/* See outcome.h. Constant tables: any thread. */
#include "base/outcome.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct outcome_row {
	const char *name;
	const char *sentence;
	bool is_failure;
};

static const struct outcome_row outcome_rows[OUTCOME_COUNT] = {
#define OUTCOME(symbol, name, is_failure, sentence) \
	[OUTCOME_##symbol] = { name, sentence, is_failure },
#include "base/outcome.def"
#undef OUTCOME
};

static const struct outcome_row *outcome_row(enum outcome outcome)
{
	assert((unsigned)outcome < OUTCOME_COUNT);
	return &outcome_rows[outcome];
}

const char *outcome_name(enum outcome outcome)
{
	return outcome_row(outcome)->name;
}

const char *outcome_sentence(enum outcome outcome)
{
	return outcome_row(outcome)->sentence;
}

bool outcome_is_failure(enum outcome outcome)
{
	return outcome_row(outcome)->is_failure;
}

enum outcome outcome_find(const char *name)
{
	unsigned outcome = 0;
	while (outcome < OUTCOME_COUNT && strcmp(outcome_rows[outcome].name, name) != 0)
		outcome++;
	return (enum outcome)outcome;
}

enum outcome outcome_from_errno(int code)
{
	switch (code) {
	case 0:
		return OUTCOME_DONE;
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return OUTCOME_RESET;
	case ETIMEDOUT:
		return OUTCOME_TIMED_OUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return OUTCOME_UNREACHABLE;
	case EACCES:
	case EPERM:
		return OUTCOME_PROHIBITED;
	case EMFILE:
	case ENFILE:
		return OUTCOME_NO_DESCRIPTORS;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return OUTCOME_NO_PORTS;
	case EPROTO:
		return OUTCOME_PROTOCOL;
	case EKEYREJECTED:
		return OUTCOME_UNTRUSTED;
	case EKEYREVOKED:
		return OUTCOME_TLS;
	case ENOMEM:
	case ENOBUFS:
		return OUTCOME_NO_MEMORY;
	default:
		return OUTCOME_OTHER;
	}
}
