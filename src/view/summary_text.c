/* The sentences of summed-up events. See summary_group.h. */
#include "base/units.h"
#include "view/clauses.h"
#include "view/errors_text.h"
#include "view/phrase.h"
#include "view/summary_group.h"
#include "view/target_text.h"

const char *summary_backend_name(const struct summary_setup *setup, uint16_t backend)
{
	if (backend == BACKEND_UNKNOWN || !setup->backend_name)
		return NULL;
	return setup->backend_name(setup->backend_context, backend);
}

void summary_group_add_backend(struct summary_group *group, uint16_t backend)
{
	size_t i = 0;
	while (i < GROUP_BACKENDS_MAX && group->to[i].count > 0 && group->to[i].backend != backend)
		i++;
	if (i == GROUP_BACKENDS_MAX) {
		group->to_others++;
		return;
	}
	group->to[i].backend = backend;
	group->to[i].count++;
	while (i > 0 && (group->to[i - 1].count < group->to[i].count ||
			 (group->to[i - 1].count == group->to[i].count &&
			  group->to[i - 1].backend > group->to[i].backend))) {
		uint16_t moved = group->to[i - 1].backend;
		uint64_t count = group->to[i - 1].count;
		group->to[i - 1] = group->to[i];
		group->to[i].backend = moved;
		group->to[i].count = count;
		i--;
	}
}

static const char *client_word(const struct summary_setup *setup)
{
	return setup->client_word ? setup->client_word : "client";
}

/* "50 of 50 clients" */
static void append_part(struct buffer *out, const struct summary_group *group, const char *noun)
{
	char count[UNITS_TEXT_MAX], whole[PHRASE_MAX];
	if (group->of > 0)
		buffer_append_format(out, "%s of %s", units_format_grouped(group->count, count),
				     phrase_count(group->of, noun, whole));
	else
		buffer_append_text(out, phrase_count(group->count, noun, whole));
}

static void append_longest(struct buffer *out, const char *words, uint64_t span_ns)
{
	char span[PHRASE_MAX];
	if (span_ns > 0)
		buffer_append_format(out, ", %s for at most %s", words,
				     phrase_span(span_ns, 0, span));
}

/* "refused by 10.20.0.5:5003" */
static void append_failure(struct buffer *out, const struct summary_group *group,
			   const char *target)
{
	char host[PHRASE_MAX], words[PHRASE_MAX];
	enum outcome outcome = group->outcome;
	const struct report_error error = { .outcome = outcome, .code = group->status };
	bool is_by_target = outcome == OUTCOME_REFUSED || outcome == OUTCOME_RESET;
	bool is_one = target && !strchr(target, ' '); /* of several it is not known which */
	buffer_append_text(out, error_words(&error, words));
	if (is_by_target && is_one)
		buffer_append_format(out, " by %s", phrase_host(target, host));
}

static void silent_text(const struct summary_group *group, const struct summary_setup *setup,
			struct buffer *out)
{
	char after[PHRASE_MAX];
	append_part(out, group, client_word(setup));
	buffer_append_format(out, " silent for more than %s",
			     phrase_span(setup->stall_after_ns, 0, after));
}

/* What is lost of a silence that was told is no news. */
static void ended_text(const struct summary_group *group, const struct summary_setup *setup,
		       struct buffer *out)
{
	char count[PHRASE_MAX];
	append_part(out, group, "connection");
	buffer_append_format(out, " %s", outcome_sentence(group->outcome));
	if (group->sum > 0 && group->has_surprise)
		buffer_append_format(out, ", %s in flight lost",
				     phrase_count(group->sum, target_noun(setup->target), count));
}

/* All of them are back where they were. */
static bool is_unmoved(const struct summary_group *group)
{
	return group->to[0].count == group->count && group->to[0].backend == group->backend;
}

/* ": web-1 17, web-2 17, web-4 16" */
static void connected_text(const struct summary_group *group, const struct summary_setup *setup,
			   struct buffer *out)
{
	char count[UNITS_TEXT_MAX];
	struct clauses clauses;
	append_part(out, group, client_word(setup));
	buffer_append_text(out, " connected again");
	clauses_init(&clauses, out, ", ");
	for (size_t i = 0; i < GROUP_BACKENDS_MAX && group->to[i].count > 0; i++) {
		if (is_unmoved(group))
			break;
		const char *name = summary_backend_name(setup, group->to[i].backend);
		if (!name)
			continue;
		buffer_append_text(out, clauses.has_one ? "" : ": ");
		buffer_append_format(clauses_next(&clauses), "%s %s", name,
				     units_format_grouped(group->to[i].count, count));
	}
	if (group->to_others > 0 && clauses.has_one)
		buffer_append_format(clauses_next(&clauses), "others %s",
				     units_format_grouped(group->to_others, count));
}

/* "the last at +11.600 s", where the line stands under another moment. */
static void append_last(struct buffer *out, const char *before, const struct summary_group *group,
			const struct summary_setup *setup)
{
	char last[PHRASE_MAX];
	if (setup->started_ns > 0)
		buffer_append_format(
			out, "%sthe last at %s", before,
			phrase_offset((int64_t)(group->last_ns - setup->started_ns), last));
}

/* " in 9.9 s": of those that could not be told for so long. */
static void append_time(struct buffer *out, const struct summary_group *group,
			const struct summary_setup *setup)
{
	char time[PHRASE_MAX];
	if (group->at_ns == group->first_ns)
		return;
	buffer_append_format(out, " in %s",
			     phrase_duration(group->last_ns - group->first_ns, time));
	if (group->at_ns != group->last_ns)
		append_last(out, ", ", group, setup);
}

/* " since +1.300 s": before it was noticed. */
static void append_since(struct buffer *out, const struct summary_group *group,
			 const struct summary_setup *setup)
{
	char since[PHRASE_MAX];
	if (setup->started_ns > 0 && group->since_ns < group->first_ns)
		buffer_append_format(
			out, " since %s",
			phrase_offset((int64_t)(group->since_ns - setup->started_ns), since));
}

static void spell_text(const struct summary_group *group, const struct summary_setup *setup,
		       struct buffer *out)
{
	char count[UNITS_TEXT_MAX], since[PHRASE_MAX];
	buffer_append_format(out, "new connections: %s failed since %s, ",
			     units_format_grouped(group->count, count),
			     phrase_offset((int64_t)(group->first_ns - setup->started_ns), since));
	if (group->is_open)
		buffer_append_text(out, "to the end");
	else if (group->at_ns == group->last_ns)
		buffer_append_text(out, "this the last");
	else
		append_last(out, "", group, setup);
}

static void slot_text(const struct summary_group *group, const struct summary_setup *setup,
		      struct buffer *out)
{
	const char *backend = summary_backend_name(setup, group->backend);
	if (backend)
		buffer_append_format(out, "%s: ", backend);
	switch (group->kind) {
	case EVENT_SLOT_SILENT:
		silent_text(group, setup, out);
		break;
	case EVENT_SLOT_ENDED:
		ended_text(group, setup, out);
		break;
	case EVENT_SLOT_CONNECTED:
		connected_text(group, setup, out);
		break;
	case EVENT_SLOT_LOSS:
		append_part(out, group, client_word(setup));
		buffer_append_text(out, " without answers");
		append_since(out, group, setup);
		break;
	case EVENT_SLOT_REFUSED:
		append_part(out, group, "attempt");
		buffer_append_text(out, " to connect failed");
		append_time(out, group, setup);
		buffer_append_text(out, " (");
		append_failure(out, group, setup->target);
		buffer_append_text(out, ")");
		break;
	default:
		append_part(out, group, client_word(setup));
		buffer_append_text(out, group->count == 1 ? " answers again" : " answer again");
		append_longest(out, group->kind == EVENT_SLOT_ANSWERS ? "silent" : "out",
			       group->span_ns);
	}
}

static void path_text(const struct summary_group *group, const struct summary_setup *setup,
		      struct buffer *out)
{
	char count[PHRASE_MAX];
	buffer_append_text(out, "path: ");
	switch (group->kind) {
	case EVENT_PATH_OUT:
		append_part(out, group, "flow");
		buffer_append_text(out, " without answers");
		append_since(out, group, setup);
		break;
	case EVENT_PATH_BACK:
		append_part(out, group, "flow");
		buffer_append_text(out, group->count == 1 ? " answers again" : " answer again");
		append_longest(out, "out", group->span_ns);
		break;
	case EVENT_PATH_ANSWERED:
		buffer_append_text(out, "datagrams are answered, the UDP probe begins");
		break;
	default:
		buffer_append_format(out, "%s unanswered, no UDP probe",
				     phrase_count(group->sum, "datagram", count));
	}
}

/* "SIGTERM: draining 67 connections, 5 s at most" */
static void drain_text(const struct summary_group *group, const struct summary_setup *setup,
		       struct buffer *out)
{
	char text[PHRASE_MAX];
	if (setup->cause)
		buffer_append_format(out, "%s: ", setup->cause);
	if (group->sum == 0) {
		buffer_append_text(out, "no connections to drain");
		return;
	}
	buffer_append_format(out, "draining %s", phrase_count(group->sum, "connection", text));
	if (setup->drain_ns > 0)
		buffer_append_format(out, ", %s at most", phrase_interval(setup->drain_ns, text));
}

static const char *limit_text(const struct summary_group *group, const struct summary_setup *setup)
{
	if (group->outcome == OUTCOME_NO_DESCRIPTORS)
		return "ulimit -n";
	return setup->limit_word ? setup->limit_word : "a limit";
}

static void host_text(const struct summary_group *group, const struct summary_setup *setup,
		      struct buffer *out)
{
	char text[PHRASE_MAX];
	switch (group->kind) {
	case EVENT_SATURATED:
		buffer_append_format(out, "this host falls behind its schedule by %s ms",
				     units_format_ms(group->span_ns, text));
		break;
	case EVENT_LIMIT:
		append_part(out, group, "client");
		buffer_append_format(out, " turned away by %s", limit_text(group, setup));
		append_time(out, group, setup);
		break;
	case EVENT_DRAIN:
		drain_text(group, setup, out);
		break;
	case EVENT_STOP:
		buffer_append_text(out, "an answer holds what ends the run (--stop-on)");
		break;
	default:
		buffer_append_text(out, "mark");
	}
}

void summary_group_text(const struct summary_group *group, const struct summary_setup *setup,
			struct buffer *out)
{
	switch (group->kind) {
	case EVENT_NEW_FAILED:
		buffer_append_text(out, "new connections fail (");
		append_failure(out, group, setup->target);
		buffer_append_text(out, ")");
		break;
	case EVENT_NEW_GOOD:
		spell_text(group, setup, out);
		break;
	case EVENT_PATH_OUT:
	case EVENT_PATH_BACK:
	case EVENT_PATH_ANSWERED:
	case EVENT_PATH_SILENT:
		path_text(group, setup, out);
		break;
	case EVENT_SATURATED:
	case EVENT_LIMIT:
	case EVENT_DRAIN:
	case EVENT_STOP:
	case EVENT_MARK:
		host_text(group, setup, out);
		break;
	default:
		slot_text(group, setup, out);
	}
}
