/* See option_value.h. */
#include "cli/option_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/closest.h"

#define SECRET_MAX        65536
#define CHOICES_MAX       32
#define CHOICES_MAX_BYTES 256

/* Any type of number, so that limits are checked in one place. */
struct number {
	uint64_t whole;
	double real;
	bool is_per_connection;
};

static void *field_of(const struct option_row *row, void *options)
{
	return (char *)options + row->offset;
}

static const void *const_field_of(const struct option_row *row, const void *options)
{
	return (const char *)options + row->offset;
}

static int number_parse(enum option_type type, const char *text, struct error *error,
			struct number *ret)
{
	struct rate rate = { 0 };
	struct bandwidth bandwidth = { 0 };
	int code = 0;
	*ret = (struct number){ 0 };
	switch (type) {
	case OPTION_COUNT:
		return units_parse_count(text, error, &ret->whole);
	case OPTION_TIME:
		return units_parse_time(text, error, &ret->whole);
	case OPTION_SIZE:
		return units_parse_size(text, error, &ret->whole);
	case OPTION_RATE:
		code = units_parse_rate(text, error, &rate);
		*ret = (struct number){ .real = rate.per_second,
					.is_per_connection = rate.is_per_connection };
		return code;
	default:
		assert(type == OPTION_BANDWIDTH);
		code = units_parse_bandwidth(text, error, &bandwidth);
		*ret = (struct number){ .real = bandwidth.bits_per_second,
					.is_per_connection = bandwidth.is_per_connection };
		return code;
	}
}

/* Of one type, so either `whole` or `real` is zero in both. */
static bool is_less(const struct number *a, const struct number *b)
{
	return a->whole < b->whole || a->real < b->real;
}

/* A limit of a row is ours: it has to parse. */
static struct number limit_of(const struct option_row *row, const char *limit)
{
	struct number number;
	int code = number_parse(row->type, limit, NULL, &number);
	assert(code == 0);
	return number;
}

static int check_limits(const struct option_row *row, const char *text, const struct number *number,
			struct error *error)
{
	if (row->minimum) {
		struct number minimum = limit_of(row, row->minimum);
		if (is_less(number, &minimum))
			return error_set(error, EINVAL, "%s is less than %s", text, row->minimum);
	}
	if (row->maximum) {
		struct number maximum = limit_of(row, row->maximum);
		if (is_less(&maximum, number))
			return error_set(error, EINVAL, "%s is more than %s", text, row->maximum);
	}
	return 0;
}

static int set_number(const struct option_row *row, void *options, const char *text,
		      struct error *error)
{
	struct number number;
	int code = number_parse(row->type, text, error, &number);
	if (code < 0 || (code = check_limits(row, text, &number, error)) < 0)
		return code;
	void *field = field_of(row, options);
	if (row->type == OPTION_RATE)
		*(struct rate *)field = (struct rate){ number.real, number.is_per_connection };
	else if (row->type == OPTION_BANDWIDTH)
		*(struct bandwidth *)field =
			(struct bandwidth){ number.real, number.is_per_connection };
	else
		*(uint64_t *)field = number.whole;
	return 0;
}

static int set_flag(const struct option_row *row, void *options, const char *text,
		    struct error *error)
{
	static const char *const words[] = { "true", "1", "yes", "on", "false", "0", "no", "off" };
	for (size_t i = 0; i < array_size(words); i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*(bool *)field_of(row, options) = i < array_size(words) / 2;
		return 0;
	}
	return error_set(error, EINVAL, "\"%s\" is neither true nor false", text);
}

/* "auto always never" as words of their own, cut in `copy`. */
static size_t split_choices(const char *choices, char copy[CHOICES_MAX_BYTES],
			    const char *words[CHOICES_MAX])
{
	size_t count = 0;
	char *rest = NULL;
	(void)snprintf(copy, CHOICES_MAX_BYTES, "%s", choices);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert(count < CHOICES_MAX);
		words[count++] = word;
	}
	return count;
}

static int no_such_choice(const char *text, const char *const *words, size_t count,
			  struct error *error)
{
	const char *closest = closest_word(text, words, count);
	if (closest)
		return error_set(error, EINVAL, "\"%s\" is no choice; did you mean %s?", text,
				 closest);
	struct buffer sentence cleanup(buffer_deinit);
	buffer_init(&sentence, sizeof(error->text));
	for (size_t i = 0; i < count; i++) {
		const char *last = i + 1 < count ? ", " : " or ";
		buffer_append_format(&sentence, "%s%s", i > 0 ? last : "", words[i]);
	}
	return error_set(error, EINVAL, "\"%s\" is not %s", text, buffer_text(&sentence));
}

static int set_choice(const struct option_row *row, void *options, const char *text,
		      struct error *error)
{
	char copy[CHOICES_MAX_BYTES];
	const char *words[CHOICES_MAX] = { NULL };
	size_t count = split_choices(row->choices, copy, words);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*(const char **)field_of(row, options) = text;
		return 0;
	}
	return no_such_choice(text, words, count, error);
}

/* The file's text without the line's end. NULL with the sentence if it can't be read. */
static const char *read_secret(const char *path, struct arena *arena, struct error *error)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		(void)error_set(error, errno, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	char *text = arena_take(arena, SECRET_MAX);
	size_t size = fread(text, 1, SECRET_MAX - 1, file);
	bool is_whole = feof(file) && !ferror(file);
	(void)fclose(file);
	if (!is_whole) {
		(void)error_set(error, EINVAL, "cannot read %s as a text of less than 64 KiB",
				path);
		return NULL;
	}
	text[size] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static int set_text(const struct option_row *row, void *options, const char *text,
		    struct arena *arena, struct error *error)
{
	if (row->is_secret && *text == '@') {
		text = read_secret(text + 1, arena, error);
		if (!text)
			return -EINVAL;
	}
	*(const char **)field_of(row, options) = text;
	return 0;
}

static int add_to_list(const struct option_row *row, void *options, const char *text,
		       struct arena *arena, struct error *error)
{
	struct option_list *list = field_of(row, options);
	if (row->is_secret && *text == '@')
		text = read_secret(text + 1, arena, error);
	if (!text)
		return -EINVAL;
	if (*text == '\0')
		return error_set(error, EINVAL, "is empty, it needs %s", row->placeholder);
	if (list->count == OPTION_LIST_MAX)
		return error_set(error, EINVAL, "%d at most", OPTION_LIST_MAX);
	list->items[list->count++] = text;
	return 0;
}

int option_value_set(const struct option_row *row, void *options, const char *text,
		     struct arena *arena, struct error *error)
{
	switch (row->type) {
	case OPTION_FLAG:
		return set_flag(row, options, text, error);
	case OPTION_CHOICE:
		return set_choice(row, options, text, error);
	case OPTION_TEXT:
		return set_text(row, options, text, arena, error);
	case OPTION_LIST:
		return add_to_list(row, options, text, arena, error);
	default:
		return set_number(row, options, text, error);
	}
}

void option_value_clear(const struct option_row *row, void *options)
{
	static const size_t sizes[] = {
		[OPTION_FLAG] = sizeof(bool),
		[OPTION_COUNT] = sizeof(uint64_t),
		[OPTION_TIME] = sizeof(uint64_t),
		[OPTION_SIZE] = sizeof(uint64_t),
		[OPTION_RATE] = sizeof(struct rate),
		[OPTION_BANDWIDTH] = sizeof(struct bandwidth),
		[OPTION_TEXT] = sizeof(const char *),
		[OPTION_CHOICE] = sizeof(const char *),
		[OPTION_LIST] = sizeof(struct option_list),
	};
	memset(field_of(row, options), 0, sizes[row->type]);
}

static bool is_zero(const struct option_row *row, const void *options)
{
	const void *field = const_field_of(row, options);
	switch (row->type) {
	case OPTION_RATE:
		return ((const struct rate *)field)->per_second == 0;
	case OPTION_BANDWIDTH:
		return ((const struct bandwidth *)field)->bits_per_second == 0;
	default:
		return *(const uint64_t *)field == 0;
	}
}

size_t option_value_count(const struct option_row *row, const void *options)
{
	const void *field = const_field_of(row, options);
	switch (row->type) {
	case OPTION_FLAG:
		return 1;
	case OPTION_LIST:
		return ((const struct option_list *)field)->count;
	case OPTION_TEXT:
	case OPTION_CHOICE:
		return *(const char *const *)field != NULL;
	default:
		return row->default_text || !is_zero(row, options);
	}
}

const char *option_value_format(const struct option_row *row, const void *options, size_t index,
				char text[OPTION_VALUE_MAX])
{
	const void *field = const_field_of(row, options);
	if (row->is_secret)
		return "***";
	switch (row->type) {
	case OPTION_FLAG:
		return *(const bool *)field ? "true" : "false";
	case OPTION_COUNT:
		(void)snprintf(text, OPTION_VALUE_MAX, "%" PRIu64, *(const uint64_t *)field);
		return text;
	case OPTION_TIME:
		return units_format_time(*(const uint64_t *)field, text);
	case OPTION_SIZE:
		return units_format_size(*(const uint64_t *)field, text);
	case OPTION_RATE:
		return units_format_rate(field, text);
	case OPTION_BANDWIDTH:
		return units_format_bandwidth_exact(field, text);
	case OPTION_LIST:
		return ((const struct option_list *)field)->items[index];
	default:
		return *(const char *const *)field;
	}
}
