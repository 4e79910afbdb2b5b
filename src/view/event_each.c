#include "view/event_each.h"

#include <inttypes.h>

#include "base/units.h"
#include "view/phrase.h"

/* What the number of an event counts, and what is said of it. */
struct form {
	const char *noun; /* NULL: none */
	const char *words;
	bool has_outcome;
	bool has_span;
	bool has_lost;
};

static const struct form forms[EVENT_KIND_COUNT] = {
	[EVENT_SLOT_SILENT] = { .noun = "slot", .words = "silent for", .has_span = true },
	[EVENT_SLOT_ANSWERS] = { .noun = "slot", .words = "answers again after", .has_span = true },
	[EVENT_SLOT_ENDED] = { .noun = "slot", .words = "", .has_outcome = true, .has_lost = true },
	[EVENT_SLOT_REFUSED] = { .noun = "slot", .words = "not connected: ", .has_outcome = true },
	[EVENT_SLOT_CONNECTED] = { .noun = "slot", .words = "connected" },
	[EVENT_SLOT_LOSS] = { .noun = "flow", .words = "no answer for", .has_span = true },
	[EVENT_SLOT_GOOD] = { .noun = "flow", .words = "answered again after", .has_span = true },
	[EVENT_NEW_FAILED] = { .noun = "new connection", .words = "", .has_outcome = true },
	[EVENT_NEW_GOOD] = { .noun = "new connection",
			     .words = "answered, the first since a failure" },
	[EVENT_PATH_OUT] = { .noun = "path flow", .words = "no answer for", .has_span = true },
	[EVENT_PATH_BACK] = { .noun = "path flow", .words = "back after", .has_span = true },
	[EVENT_PATH_ANSWERED] = { .words = "path: datagrams are answered, the UDP probe begins" },
	[EVENT_PATH_SILENT] = { .words = "path: datagrams are not answered, no UDP probe" },
	[EVENT_SATURATED] = { .words = "this host is behind its schedule by", .has_span = true },
	[EVENT_LIMIT] = { .words = "a limit turned a client away" },
	[EVENT_MARK] = { .words = "mark" },
	[EVENT_STOP] = { .words = "an answer holds what ends the run" },
	[EVENT_DRAIN] = { .words = "draining" },
	[EVENT_PROCESS_LOST] = { .words = "a process of this program was lost" },
};

void event_each_write(struct buffer *out, const struct event *event, const char *backend)
{
	const struct form *form = &forms[event->kind];
	char span[UNITS_TEXT_MAX], count[PHRASE_MAX];
	if (form->noun)
		buffer_append_format(out, "%s %" PRIu32, form->noun, event->slot);
	if (form->noun && backend)
		buffer_append_format(out, " (%s)", backend);
	buffer_append_format(out, "%s%s", form->noun ? ": " : "", form->words);
	if (form->has_outcome)
		buffer_append_text(out, outcome_sentence(event->outcome));
	if (form->has_span)
		buffer_append_format(out, " %s ms", units_format_ms(event->span_ns, span));
	if (form->has_lost && event->count > 0)
		buffer_append_format(out, ", %s lost",
				     phrase_count(event->count, "message", count));
}
