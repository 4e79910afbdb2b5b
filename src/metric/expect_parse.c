/* Of expect.h what reads texts: expectations, and the sets of them. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/closest.h"
#include "base/units.h"
#include "metric/expect.h"

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

const char *expect_relation_text(enum expect_relation relation)
{
	return relations[relation];
}

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
		return error_set(error, EINVAL,
				 "no figure \"%s\"; did you mean %.*s%s? " EXPECT_HELP, name,
				 (int)(rest - name), name, near_rest);
	if (near)
		return error_set(error, EINVAL, "no figure \"%s\"; did you mean %s? " EXPECT_HELP,
				 name, near);
	return error_set(error, EINVAL, "no figure \"%s\" " EXPECT_HELP, name);
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
