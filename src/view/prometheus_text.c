#include "view/prometheus_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"

/* A value of a label stands in every sample: of a longer one this much does. */
#define LABEL_BYTES_MAX 256
#define DIGITS_MAX      20

/* Printable ASCII that needs no escape: most of what labels are made of, copied at one go. */
static size_t plain_length(const char *text, size_t most)
{
	size_t size = 0;

	while (size < most && text[size] >= ' ' && text[size] <= '~' && text[size] != '\\' &&
	       text[size] != '"')
		size++;
	return size;
}

static void append_character(struct buffer *out, const char *text, size_t size)
{
	if (*text == '\n')
		buffer_append_text(out, "\\n");
	else if (*text == '\\' || *text == '"')
		buffer_append_format(out, "\\%c", *text);
	else if (size > 0)
		buffer_append(out, text, size);
	else
		buffer_append_text(out, UTF8_REPLACEMENT);
}

static void append_escaped(struct buffer *out, const char *text)
{
	size_t left = LABEL_BYTES_MAX;

	while (*text != '\0') {
		size_t plain = plain_length(text, left);
		size_t size = plain > 0 ? plain : utf8_length(text);
		size_t step = size > 0 ? size : 1;
		if (step > left)
			return;
		left -= step;
		if (plain > 0)
			buffer_append(out, text, plain);
		else
			append_character(out, text, size);
		text += step;
	}
}

void prometheus_append_label(struct buffer *labels, const char *name, const char *value)
{
	if (labels->size > 0)
		buffer_append(labels, ",", 1);
	buffer_append_text(labels, name);
	buffer_append(labels, "=\"", 2);
	append_escaped(labels, value);
	buffer_append(labels, "\"", 1);
}

/* ---- numbers */

/* From the last digit to the first: printf() takes longer than the rest of a sample together. */
static char *put_digits(char *end, uint64_t value, unsigned least)
{
	for (; value > 0 || least > 0; value /= 10) {
		*--end = (char)('0' + value % 10);
		least -= least > 0;
	}
	return end;
}

void prometheus_append_integer(struct buffer *out, uint64_t value)
{
	char text[DIGITS_MAX];
	char *end = text + sizeof(text);
	const char *begin = put_digits(end, value, 1);

	buffer_append(out, begin, (size_t)(end - begin));
}

void prometheus_append_seconds(struct buffer *out, uint64_t ns)
{
	char text[DIGITS_MAX + 1];
	char *end = text + sizeof(text);
	char *begin = put_digits(end, ns % NS_PER_S, 9);

	*--begin = '.';
	begin = put_digits(begin, ns / NS_PER_S, 1);
	buffer_append(out, begin, (size_t)(end - begin));
}

void prometheus_append_value(struct buffer *out, const struct prometheus_family *family,
			     uint64_t value)
{
	if (family->unit != NULL && strcmp(family->unit, "seconds") == 0)
		prometheus_append_seconds(out, value);
	else
		prometheus_append_integer(out, value);
}

/* Below 0.0001 the canonical form has an exponent. */
const char *prometheus_format_bound(uint64_t ns, char text[PROMETHEUS_BOUND_MAX])
{
	uint64_t us = ns / NS_PER_US;
	int size = snprintf(text, PROMETHEUS_BOUND_MAX, "%" PRIu64 ".%06" PRIu64, ns / NS_PER_S,
			    ns % NS_PER_S / NS_PER_US);

	while (text[size - 1] == '0' && text[size - 2] != '.')
		text[--size] = '\0';
	if (us >= 100 || us == 0)
		return text;
	if (us < 10 || us % 10 == 0)
		(void)snprintf(text, PROMETHEUS_BOUND_MAX, "%" PRIu64 "e-%s",
			       us < 10 ? us : us / 10, us < 10 ? "06" : "05");
	else
		(void)snprintf(text, PROMETHEUS_BOUND_MAX, "%" PRIu64 ".%" PRIu64 "e-05", us / 10,
			       us % 10);
	return text;
}

/* ---- families */

/* OpenMetrics has a unit only where the name ends in it. */
static bool has_unit(const struct prometheus_family *family)
{
	size_t name = strlen(family->name);
	size_t unit = family->unit != NULL ? strlen(family->unit) : 0;

	return unit > 0 && name > unit && strcmp(family->name + name - unit, family->unit) == 0;
}

void prometheus_append_head(struct buffer *out, enum prometheus_format format,
			    const struct prometheus_family *family)
{
	const struct prometheus_words words = prometheus_words(family, format);

	buffer_append_format(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, words.suffix,
			     family->help, family->name, words.suffix, words.type);
	if (format == PROMETHEUS_OPENMETRICS && has_unit(family))
		buffer_append_format(out, "# UNIT %s %s\n", family->name, family->unit);
}
