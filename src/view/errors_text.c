/* See errors_text.h. */
#include "view/errors_text.h"

#include <stdio.h>

#include "base/status.h"
#include "base/units.h"
#include "view/clauses.h"

#define ERRORS_TOLD 4

/* The same outcome in two phases is two things, and the phase tells them apart. */
static bool is_in_other_phase(const struct report_stream *stream, const struct report_error *error)
{
	for (uint32_t i = 0; i < stream->error_count; i++)
		if (stream->errors[i].outcome == error->outcome &&
		    stream->errors[i].phase != error->phase)
			return true;
	return false;
}

const char *error_words(const struct report_error *error, char text[PHRASE_MAX])
{
	bool has_status = error->outcome == OUTCOME_REJECTED && error->code >= 100;
	char status[STATUS_TEXT_MAX];
	if (has_status)
		(void)snprintf(text, PHRASE_MAX, "%s%s", error->code < STATUS_GRPC ? "status " : "",
			       status_format(error->code, status));
	else
		(void)snprintf(text, PHRASE_MAX, "%s", outcome_sentence(error->outcome));
	return text;
}

const struct report_error *errors_text(const struct report_stream *stream, struct buffer *out)
{
	const struct report_error *first = NULL;
	char count[UNITS_TEXT_MAX], words[PHRASE_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < stream->error_count && i < ERRORS_TOLD; i++) {
		const struct report_error *error = &stream->errors[i];
		bool has_phase = is_in_other_phase(stream, error);
		if (!outcome_is_failure(error->outcome))
			continue;
		first = first ? first : error;
		buffer_append_format(clauses_next(&clauses), "%s%s%s %s", error_words(error, words),
				     has_phase ? " in " : "",
				     has_phase ? phase_name(error->phase) : "",
				     units_format_grouped(error->count, count));
	}
	return first;
}

void errors_text_of(const struct report_stream *stream, enum outcome outcome, struct buffer *out)
{
	char count[UNITS_TEXT_MAX], words[PHRASE_MAX];
	uint32_t told = 0;
	struct clauses clauses;
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < stream->error_count && told < ERRORS_TOLD; i++) {
		const struct report_error *error = &stream->errors[i];
		if (error->outcome != outcome)
			continue;
		told++;
		buffer_append_format(clauses_next(&clauses), "%s %s", error_words(error, words),
				     units_format_grouped(error->count, count));
	}
}

const char *error_likely_cause(const struct report_error *error)
{
	switch (error->outcome) {
	case OUTCOME_REFUSED:
		return "has no listener, or something rejects";
	case OUTCOME_CONNECT_TIMEOUT:
	case OUTCOME_TIMED_OUT:
		if (error->phase == PHASE_TLS)
			return "takes connections but doesn't answer a TLS handshake";
		if (error->phase == PHASE_TRANSFER)
			return "began to answer and did not come to the end of it";
		return "is not there, or something drops the packets";
	case OUTCOME_UNREACHABLE:
		return "has no route from here, or its last router can't find it";
	case OUTCOME_PROHIBITED:
		return "is behind a filter that says so";
	case OUTCOME_CLOSED:
	case OUTCOME_RESET:
		return "takes connections and ends them: no backend behind a balancer?";
	case OUTCOME_NO_REPLY:
		if (error->phase == PHASE_TLS)
			return "takes connections but doesn't answer a TLS handshake";
		if (error->phase == PHASE_UPGRADE)
			return "takes connections but doesn't answer the upgrade to WebSocket";
		if (error->phase == PHASE_WAIT)
			return "takes connections but doesn't answer";
		return "takes connections but doesn't answer: does `conntest serve` run there?";
	case OUTCOME_CORRUPTED:
		return "answers with other bytes: is it an echo service?";
	default:
		return NULL;
	}
}
