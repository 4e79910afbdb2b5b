/* See status_text.h. */
#include "view/status_text.h"

#include "base/status.h"
#include "base/units.h"

#define STATUSES_TOLD  3
#define REPLIES(count) ((count) == 1 ? "reply" : "replies")

void status_text(const struct report_stream *stream, struct clauses *clauses)
{
	char count[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX], code[STATUS_TEXT_MAX];
	uint64_t all = 0;
	uint32_t told = 0;
	struct buffer *out = NULL;
	for (uint32_t i = 0; i < stream->status_count; i++)
		all += stream->statuses[i].count;
	for (uint32_t i = 0; i < stream->status_count && told < STATUSES_TOLD; i++) {
		const struct report_status *status = &stream->statuses[i];
		if (!status_is_error(status->code))
			continue;
		if (told++ == 0) {
			out = clauses_next(clauses);
			buffer_append_format(out, "%s of %s %s %s %s",
					     units_format_grouped(status->count, count),
					     units_format_grouped(all, of), REPLIES(all),
					     status->count == 1 ? "was" : "were",
					     status_format(status->code, code));
		} else {
			buffer_append_format(out, ", %s %s",
					     units_format_grouped(status->count, count),
					     status_format(status->code, code));
		}
	}
}
