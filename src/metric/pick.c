/* See pick.h. */
#include "metric/pick.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define UNKNOWN 18446744073709551615.0

int pick_wrong(struct pick *pick, const char *format, ...)
{
	char sentence[256];
	va_list arguments;
	if (pick->failure < 0)
		return pick->failure;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	pick->failure =
		error_set(pick->error, EINVAL, "not %s that can be read: %s", pick->what, sentence);
	return pick->failure;
}

static const json_t *value_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

int64_t pick_moment(struct pick *pick, const json_t *object, const char *key)
{
	const json_t *value = value_of(object, key);
	double number = json_number_value(value);
	if (!value || number >= UNKNOWN)
		return 0;
	bool is_whole = json_is_integer(value) || (json_is_real(value) && number == floor(number));
	if (!is_whole || fabs(number) > (double)PICK_MAX) {
		(void)pick_wrong(pick, "\"%s\" is not a whole number in its range", key);
		return 0;
	}
	return json_is_integer(value) ? (int64_t)json_integer_value(value) : (int64_t)number;
}

uint64_t pick_count(struct pick *pick, const json_t *object, const char *key)
{
	int64_t number = pick_moment(pick, object, key);
	if (number < -1)
		(void)pick_wrong(pick, "\"%s\" is negative", key);
	return number < 0 ? 0 : (uint64_t)number;
}

double pick_real(struct pick *pick, const json_t *object, const char *key)
{
	const json_t *value = value_of(object, key);
	double number = json_number_value(value);
	if (value && (!json_is_number(value) || !(fabs(number) <= (double)PICK_MAX))) {
		(void)pick_wrong(pick, "\"%s\" is not a number in its range", key);
		return 0;
	}
	return number;
}

const char *pick_text(struct pick *pick, const json_t *object, const char *key)
{
	const json_t *value = value_of(object, key);
	if (value && !json_is_string(value))
		(void)pick_wrong(pick, "\"%s\" is not text", key);
	return json_string_value(value);
}

const json_t *pick_object(struct pick *pick, const json_t *object, const char *key)
{
	const json_t *value = value_of(object, key);
	if (value && !json_is_object(value)) {
		(void)pick_wrong(pick, "\"%s\" is not an object", key);
		return NULL;
	}
	return value;
}

const json_t *pick_list(struct pick *pick, const json_t *object, const char *key)
{
	const json_t *value = value_of(object, key);
	if (value && !json_is_array(value)) {
		(void)pick_wrong(pick, "\"%s\" is not a list", key);
		return NULL;
	}
	return value;
}
