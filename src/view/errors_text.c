/* See errors_text.h. */
#include "view/errors_text.h"

#include "base/units.h"
#include "view/clauses.h"

#define ERRORS_TOLD 4

const struct report_error *errors_text(const struct report_stream *stream, struct buffer *out)
{
	const struct report_error *first = NULL;
	char count[UNITS_TEXT_MAX];
	struct clauses clauses;
	clauses_init(&clauses, out, ", ");
	for (uint32_t i = 0; i < stream->error_count && i < ERRORS_TOLD; i++) {
		const struct report_error *error = &stream->errors[i];
		if (!outcome_is_failure(error->outcome))
			continue;
		first = first ? first : error;
		buffer_append_format(clauses_next(&clauses), "%s %s",
				     outcome_sentence(error->outcome),
				     units_format_grouped(error->count, count));
	}
	return first;
}
