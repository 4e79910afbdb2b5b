/* Of expect.h what asks plans whether they can measure what is expected, and reports whether it
 * held. */
#include "metric/expect.h"

#include <errno.h>
#include <string.h>

static bool is_named(const struct expect *expect, const char *stream)
{
	return !*expect->stream || strcmp(expect->stream, stream) == 0;
}

static bool is_possible_in(const struct expect *expect, const struct expect_stream *stream)
{
	const struct figure_row *figure = expect->figure;
	unsigned needs = figure->needs | expect->needs;
	return is_named(expect, stream->name) && (needs & stream->lacks) == 0 &&
	       (figure->scopes & figure_scope_of(stream->kind, stream->transport)) != 0;
}

static bool is_of_run(const struct expect *expect)
{
	return (expect->figure->scopes & FIGURE_RUN) != 0;
}

static bool is_of_command(const struct expect *expect)
{
	return (expect->figure->scopes & FIGURE_COMMAND) != 0;
}

/* The command that alone measures it; NULL: others do, too. */
static const char *own_command(const struct expect *expect)
{
	if (!is_of_run(expect))
		return NULL;
	if (expect->figure->scopes & FIGURE_PATH)
		return "conntest path";
	return expect->figure->scopes & FIGURE_MESH ? "conntest mesh --once" : NULL;
}

static bool is_possible(const struct expect *expect, const struct expect_stream *streams,
			size_t count)
{
	if (is_of_run(expect) && !is_of_command(expect) && !own_command(expect))
		return !*expect->stream || strcmp(expect->stream, "run") == 0;
	for (size_t i = 0; i < count; i++) {
		if (is_possible_in(expect, &streams[i]))
			return true;
	}
	return false;
}

/* Why none of these streams has it although one is of its kind; "" where none is. */
static const char *lack_text(const struct expect *expect, const struct expect_stream *streams,
			     size_t count)
{
	static const struct {
		unsigned need;
		const char *text;
	} texts[] = {
		{ FIGURE_ANSWERED, ": nothing is answered" },
		{ FIGURE_COUNTED, ": nobody counts what arrives" },
		{ FIGURE_OPEN, ": nothing is due at a time without a rate" },
		{ FIGURE_TLS, ": nothing goes over TLS" },
		{ FIGURE_UPGRADE, ": no WebSocket is opened" },
		{ FIGURE_RESOLVED, ": the target is an address, no name" },
		{ FIGURE_CONNECTED | FIGURE_SENT | FIGURE_WAITED | FIGURE_TRANSFERRED,
		  ": probes of this target have no such phase" },
		{ FIGURE_UNORDERED, ": only datagrams can" },
	};
	unsigned lacks = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned scope = figure_scope_of(streams[i].kind, streams[i].transport);
		if (is_named(expect, streams[i].name) && (expect->figure->scopes & scope))
			lacks |= streams[i].lacks & expect->figure->needs;
	}
	for (size_t i = 0; i < array_size(texts); i++)
		if (lacks & texts[i].need)
			return texts[i].text;
	return "";
}

static int not_possible(const struct expect *expect, const struct expect_stream *streams,
			size_t count, struct error *error)
{
	char names[EXPECT_WORD_MAX * 4] = "";
	bool has_stream = !*expect->stream;
	for (size_t i = 0, used = 0; i < count; i++) {
		has_stream |= strcmp(expect->stream, streams[i].name) == 0;
		int size = snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
				    streams[i].name);
		used += size > 0 && (size_t)size < sizeof(names) - used ? (size_t)size : 0;
	}
	if (is_of_command(expect) && (!*expect->stream || strcmp(expect->stream, "run") == 0))
		return error_set(error, EINVAL,
				 "\"%s\": this run wraps no command (TARGET -- COMMAND)",
				 expect->figure->name);
	if (own_command(expect) && (!*expect->stream || strcmp(expect->stream, "run") == 0))
		return error_set(error, EINVAL, "\"%s\": `%s` measures it", expect->figure->name,
				 own_command(expect));
	if (is_of_run(expect))
		return error_set(error, EINVAL, "\"%s.%s\": %s is a figure of the whole run",
				 expect->stream, expect->figure->name, expect->figure->name);
	if (!has_stream)
		return error_set(error, EINVAL,
				 "\"%s.%s\": this run has no stream \"%s\"; it has %s",
				 expect->stream, expect->figure->name, expect->stream, names);
	return error_set(error, EINVAL, "this run can't measure \"%s%s%s\"%s " EXPECT_HELP,
			 expect->stream, *expect->stream ? "." : "", expect->figure->name,
			 lack_text(expect, streams, count));
}

bool expect_has(const struct expect_list *list, const char *figure)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].figure->name, figure) == 0)
			return true;
	}
	return false;
}

static bool has_set(const struct expect_list *list, const char *set)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].set && strcmp(list->items[i].set, set) == 0)
			return true;
	}
	return false;
}

int expect_check(struct expect_list *list, const struct expect_stream *streams, size_t stream_count,
		 struct error *error)
{
	struct expect_list kept = { 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct expect *expect = &list->items[i];
		if (is_possible(expect, streams, stream_count))
			kept.items[kept.count++] = *expect;
		else if (!expect->set)
			return not_possible(expect, streams, stream_count, error);
	}
	const char *set = NULL;
	for (size_t i = 0; (set = expect_set_name(i)); i++) {
		if (has_set(list, set) && !has_set(&kept, set))
			return error_set(error, EINVAL,
					 "this run can't measure any of \"%s\" " EXPECT_HELP, set);
	}
	*list = kept;
	return 0;
}

static bool is_true(double left, enum expect_relation relation, double right)
{
	switch (relation) {
	case EXPECT_EQUAL:
		return left == right;
	case EXPECT_NOT_EQUAL:
		return left != right;
	case EXPECT_AT_MOST:
		return left <= right;
	case EXPECT_AT_LEAST:
		return left >= right;
	case EXPECT_LESS:
		return left < right;
	case EXPECT_GREATER:
		return left > right;
	}
	return false;
}

/* `stream` is the name to put before the figure's, or NULL. */
static void record(const struct expect *expect, struct report *report, const char *stream,
		   const struct figure_value *value)
{
	double left = expect->is_percent ? value->number * 100 : value->number;
	double right = expect->is_percent ? expect->value * value->whole : expect->value;
	bool has_no_whole = expect->is_percent && value->whole == 0;
	bool is_measured = value->is_measured && !has_no_whole;
	report->expectations[report->expectation_count++] = (struct report_expectation){
		.text = arena_format(&report->arena, "%s%s%s %s %s", stream ? stream : "",
				     stream ? "." : "", expect->figure->name,
				     expect_relation_text(expect->relation), expect->value_text),
		.set = expect->set,
		.value = is_measured ? value->number : 0,
		.whole = is_measured ? value->whole : 0,
		.is_measured = is_measured,
		.is_held = is_measured && is_true(left, expect->relation, right),
		.reason = value->is_measured && has_no_whole
				  ? "there is nothing to take a percentage of"
				  : value->reason,
	};
}

/* What a path that was not measured may be left out of: figures that clients have as well. The path
 * is probed of conntest's own accord, and where nobody answers it the question is theirs. An outage
 * is not: new connections say nothing of it. */
static bool may_leave_out(const struct expect *expect, const struct report_stream *stream)
{
	unsigned clients = FIGURE_SLOTS_TCP | FIGURE_SLOTS_UDP;
	return !*expect->stream && (expect->figure->scopes & clients) && !stream->is_measured &&
	       figure_scope_of(stream->kind, stream->transport) == FIGURE_PROBES;
}

static bool has_figure(const struct expect *expect, const struct report *report,
		       const struct report_stream *stream)
{
	return is_named(expect, stream->name) && figure_is_of(expect->figure, report, stream);
}

/* How many streams have the figure, and how many of these may be left out. */
static uint32_t count_streams(const struct expect *expect, const struct report *report,
			      uint32_t *ret_left_out)
{
	uint32_t count = 0;
	*ret_left_out = 0;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (!has_figure(expect, report, stream))
			continue;
		count++;
		*ret_left_out += may_leave_out(expect, stream);
	}
	return count;
}

static void evaluate(const struct expect *expect, struct report *report)
{
	struct figure_value value = { .reason = "this run had no such stream" };
	uint32_t left_out = 0;
	uint32_t streams = count_streams(expect, report, &left_out);
	bool has_name = *expect->stream || streams > 1;
	if (is_of_run(expect))
		figure_value(report, NULL, expect->figure, &value);
	if (streams == 0)
		record(expect, report, NULL, &value);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (!has_figure(expect, report, stream) ||
		    (left_out < streams && may_leave_out(expect, stream)))
			continue;
		figure_value(report, stream, expect->figure, &value);
		record(expect, report, has_name ? stream->name : NULL, &value);
	}
}

void expect_evaluate(const struct expect_list *list, struct report *report)
{
	report->expectation_count = 0;
	report->expectations =
		arena_take_array(&report->arena, list->count * (report->stream_count + 1),
				 sizeof(*report->expectations));
	for (size_t i = 0; i < list->count; i++)
		evaluate(&list->items[i], report);
}

bool expect_all_held(const struct report *report)
{
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		if (!report->expectations[i].is_held)
			return false;
	}
	return true;
}
