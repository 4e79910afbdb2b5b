/* See expect.h. */
#include "metric/expect.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/closest.h"
#include "base/units.h"

#define HELP "(\"conntest help figures\")"

/* A set's members are expectations like any other. Echoes are what was sent or corrupted: only
 * other answers can be errors. */
#define SET_MEMBERS_MAX 8
/* clang-format off */
#define GRACEFUL \
	{ "persistent.lost == 0", 0 }, \
	{ "new.failed == 0", 0 }, \
	{ "persistent.corrupted == 0", 0 }, \
	{ "persistent.rejected == 0", FIGURE_FIRST_BYTE }, \
	{ "survival.reset == 0", 0 }, \
	{ "survival.timed_out == 0", 0 }
/* clang-format on */
static const struct expect_set {
	const char *name;
	struct {
		const char *text;
		unsigned needs; /* enum figure_need, besides the figure's own */
	} members[SET_MEMBERS_MAX];
} sets[] = {
	{ "graceful", { GRACEFUL } },
	{ "hitless", { GRACEFUL, { "survival.untouched == 100%", 0 } } },
};

static const char *const relations[] = {
	[EXPECT_EQUAL] = "==",    [EXPECT_NOT_EQUAL] = "!=", [EXPECT_AT_MOST] = "<=",
	[EXPECT_AT_LEAST] = ">=", [EXPECT_LESS] = "<",       [EXPECT_GREATER] = ">",
};

static const struct expect_set *set_find(const char *name)
{
	for (size_t i = 0; i < array_size(sets); i++) {
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	}
	return NULL;
}

const char *expect_set_name(size_t index)
{
	return index < array_size(sets) ? sets[index].name : NULL;
}

/* Copies the text without the blanks around it; -EINVAL if it doesn't fit. */
static int word_copy(const char *text, size_t size, char word[EXPECT_WORD_MAX])
{
	while (size > 0 && *text == ' ') {
		text++;
		size--;
	}
	while (size > 0 && text[size - 1] == ' ')
		size--;
	if (size >= EXPECT_WORD_MAX)
		return -EINVAL;
	memcpy(word, text, size);
	word[size] = '\0';
	return 0;
}

struct expect_parts {
	char name[EXPECT_WORD_MAX];
	char value[EXPECT_WORD_MAX];
	enum expect_relation relation;
};

/* Takes "NAME OP VALUE" apart; false if it is not of that form. */
static bool parts_split(const char *text, struct expect_parts *ret)
{
	const char *middle = text + strcspn(text, "=!<>");
	for (size_t i = 0; i < array_size(relations); i++) {
		size_t size = strlen(relations[i]);
		if (strncmp(middle, relations[i], size) != 0)
			continue;
		const char *value = middle + size;
		ret->relation = (enum expect_relation)i;
		return word_copy(text, (size_t)(middle - text), ret->name) == 0 &&
		       word_copy(value, strlen(value), ret->value) == 0 && *ret->name &&
		       *ret->value;
	}
	return false;
}

static int no_such_figure(const char *name, const char *rest, struct error *error)
{
	const char *near = figure_closest(name);
	const char *near_rest = rest ? figure_closest(rest) : NULL;
	if (near_rest && (!near || strcmp(near, near_rest) == 0))
		return error_set(error, EINVAL, "no figure \"%s\"; did you mean %.*s%s? " HELP,
				 name, (int)(rest - name), name, near_rest);
	if (near)
		return error_set(error, EINVAL, "no figure \"%s\"; did you mean %s? " HELP, name,
				 near);
	return error_set(error, EINVAL, "no figure \"%s\" " HELP, name);
}

/* A first word is a stream only if the rest is the name of a figure. */
static int name_parse(const char *name, struct error *error, struct expect *ret)
{
	ret->figure = figure_find(name);
	if (ret->figure)
		return 0;
	const char *point = strchr(name, '.');
	const char *rest = point ? point + 1 : NULL;
	ret->figure = rest ? figure_find(rest) : NULL;
	if (!ret->figure)
		return no_such_figure(name, rest, error);
	return word_copy(name, (size_t)(point - name), ret->stream);
}

/* "1.5": digits with at most one point, nothing else. */
static int number_parse(const char *text, struct error *error, double *ret)
{
	char *end = NULL;
	bool is_plain = strspn(text, "0123456789.") == strlen(text);
	*ret = is_plain ? strtod(text, &end) : 0;
	if (!is_plain || end == text || *end)
		return error_set(error, EINVAL, "\"%s\" is not a number", text);
	return 0;
}

static int percent_parse(const char *text, struct error *error, struct expect *ret)
{
	char number[EXPECT_WORD_MAX];
	if (!ret->figure->whole)
		return error_set(error, EINVAL, "\"%s\": it has no whole to take a percentage of",
				 text);
	ret->is_percent = true;
	int failure = word_copy(text, strlen(text) - 1, number);
	return failure < 0 ? failure : number_parse(number, error, &ret->value);
}

static int bandwidth_parse(const char *text, struct error *error, double *ret)
{
	struct bandwidth bandwidth = { 0 };
	int failure = units_parse_bandwidth(text, error, &bandwidth);
	if (failure == 0 && bandwidth.is_per_connection)
		failure = error_set(error, EINVAL, "\"%s\": goodput is of the whole stream", text);
	*ret = bandwidth.bits_per_second;
	return failure;
}

static int value_parse(const char *text, struct error *error, struct expect *ret)
{
	uint64_t whole = 0;
	int failure = 0;
	if (text[strlen(text) - 1] == '%')
		return percent_parse(text, error, ret);
	switch (ret->figure->unit) {
	case FIGURE_BANDWIDTH:
		return bandwidth_parse(text, error, &ret->value);
	case FIGURE_NUMBER:
		return number_parse(text, error, &ret->value);
	case FIGURE_TIME:
		failure = units_parse_time(text, error, &whole);
		break;
	case FIGURE_SIZE:
		failure = units_parse_size(text, error, &whole);
		break;
	default:
		failure = units_parse_count(text, error, &whole);
	}
	ret->value = (double)whole;
	return failure;
}

static int no_such_form(const char *text, struct error *error)
{
	const char *names[array_size(sets)];
	for (size_t i = 0; i < array_size(sets); i++)
		names[i] = sets[i].name;
	const char *close = closest_word(text, names, array_size(sets));
	if (close)
		return error_set(error, EINVAL, "no set \"%s\"; did you mean %s?", text, close);
	return error_set(error, EINVAL,
			 "\"%s\" is neither NAME OP VALUE, like 'lost == 0', nor a set "
			 "(graceful, hitless)",
			 text);
}

static int one_parse(const char *text, const char *set, struct error *error,
		     struct expect_list *list)
{
	struct expect_parts parts = { 0 };
	struct expect expect = { .set = set };
	if (list->count == EXPECT_MAX)
		return error_set(error, EINVAL, "more than %d expectations", EXPECT_MAX);
	if (!parts_split(text, &parts))
		return no_such_form(text, error);
	int failure = name_parse(parts.name, error, &expect);
	if (failure < 0)
		return failure;
	assert(expect.figure);
	failure = value_parse(parts.value, error, &expect);
	if (failure < 0) {
		error_prefix(error, "%s", parts.name);
		return failure;
	}
	expect.relation = parts.relation;
	memcpy(expect.value_text, parts.value, sizeof(expect.value_text));
	list->items[list->count++] = expect;
	return 0;
}

int expect_parse(const char *text, struct error *error, struct expect_list *list)
{
	const struct expect_set *set = set_find(text);
	size_t count = list->count;
	int failure = 0;
	if (!set)
		return one_parse(text, NULL, error, list);
	for (size_t i = 0; i < SET_MEMBERS_MAX && set->members[i].text && failure == 0; i++) {
		failure = one_parse(set->members[i].text, set->name, error, list);
		if (failure == 0)
			list->items[list->count - 1].needs = set->members[i].needs;
	}
	if (failure < 0)
		list->count = count;
	return failure;
}

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

static bool is_possible(const struct expect *expect, const struct expect_stream *streams,
			size_t count)
{
	if (is_of_run(expect) && !is_of_command(expect))
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
	if (is_of_run(expect))
		return error_set(error, EINVAL, "\"%s.%s\": %s is a figure of the whole run",
				 expect->stream, expect->figure->name, expect->figure->name);
	if (!has_stream)
		return error_set(error, EINVAL,
				 "\"%s.%s\": this run has no stream \"%s\"; it has %s",
				 expect->stream, expect->figure->name, expect->stream, names);
	return error_set(error, EINVAL, "this run can't measure \"%s%s%s\"%s " HELP, expect->stream,
			 *expect->stream ? "." : "", expect->figure->name,
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
	for (size_t i = 0; i < array_size(sets); i++) {
		if (has_set(list, sets[i].name) && !has_set(&kept, sets[i].name))
			return error_set(error, EINVAL,
					 "this run can't measure any of \"%s\" " HELP,
					 sets[i].name);
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
				     relations[expect->relation], expect->value_text),
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

/* The streams that have the figure, as bits; `ret_told`: those that are a row. */
static unsigned streams_of(const struct expect *expect, const struct report *report,
			   unsigned *ret_told)
{
	unsigned all = 0;
	unsigned left_out = 0;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (!is_named(expect, stream->name) ||
		    !figure_is_of(expect->figure, report, stream))
			continue;
		all |= 1u << i;
		left_out |= may_leave_out(expect, stream) ? 1u << i : 0;
	}
	*ret_told = all & ~left_out ? all & ~left_out : all;
	return all;
}

static void evaluate(const struct expect *expect, struct report *report)
{
	struct figure_value value = { .reason = "this run had no such stream" };
	unsigned told = 0;
	unsigned streams = streams_of(expect, report, &told);
	bool has_name = *expect->stream || (streams & (streams - 1)) != 0;
	if (is_of_run(expect))
		figure_value(report, NULL, expect->figure, &value);
	if (streams == 0)
		record(expect, report, NULL, &value);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		if (!(told & (1u << i)))
			continue;
		figure_value(report, stream, expect->figure, &value);
		record(expect, report, has_name ? stream->name : NULL, &value);
	}
}

void expect_evaluate(const struct expect_list *list, struct report *report)
{
	report->expectation_count = 0;
	report->expectations = arena_take_array(&report->arena, list->count * REPORT_STREAMS_MAX,
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
