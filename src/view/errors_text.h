/* A stream's failures by outcome in words: "refused 20, reset 3". */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"
#include "view/phrase.h"

/* "reset", and of an answer that says it "status 503". */
const char *error_words(const struct report_error *error, char text[PHRASE_MAX]);
/* Appends the most frequent ones and returns the first of them; NULL: there were none. */
const struct report_error *errors_text(const struct report_stream *stream, struct buffer *out);
/* Those of one outcome alone: "status 503 3, status 502 2". */
void errors_text_of(const struct report_stream *stream, enum outcome outcome, struct buffer *out);
/* What may be behind it when not one answer came: "has no listener, or something rejects"; NULL:
 * who knows. Stands behind the host. */
const char *error_likely_cause(const struct report_error *error);
