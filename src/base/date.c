/* See date.h. */
#include "base/date.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"

/* The moment rounded down to a second; the rest, positive, in `ret_rest_ns`. */
static const char *format_seconds(int64_t unix_ns, char text[DATE_TEXT_MAX], int64_t *ret_rest_ns)
{
	const int64_t second = (int64_t)NS_PER_S;
	*ret_rest_ns = (unix_ns % second + second) % second;
	time_t seconds = (time_t)((unix_ns - *ret_rest_ns) / second);
	struct tm date = { 0 };
	(void)gmtime_r(&seconds, &date);
	(void)strftime(text, DATE_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &date);
	return text;
}

const char *date_format_ms(int64_t unix_ns, char text[DATE_TEXT_MAX])
{
	int64_t rest = 0;
	size_t used = strlen(format_seconds(unix_ns, text, &rest));
	(void)snprintf(text + used, DATE_TEXT_MAX - used, ".%03dZ", (int)(rest / 1000000));
	return text;
}

const char *date_format_ns(int64_t unix_ns, char text[DATE_TEXT_MAX])
{
	int64_t rest = 0;
	size_t used = strlen(format_seconds(unix_ns, text, &rest));
	(void)snprintf(text + used, DATE_TEXT_MAX - used, ".%09dZ", (int)rest);
	return text;
}

/* The number in `count` digits; -1 if one of them is none. */
static int digits(const char *text, size_t count)
{
	int number = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = 10 * number + (text[i] - '0');
	}
	return number;
}

int date_parse_ms(const char *text, int64_t *ret_unix_ns)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	char again[DATE_TEXT_MAX];
	if (strlen(text) != strlen(form))
		return -EINVAL;
	struct tm date = {
		.tm_year = digits(text, 4) - 1900,
		.tm_mon = digits(text + 5, 2) - 1,
		.tm_mday = digits(text + 8, 2),
		.tm_hour = digits(text + 11, 2),
		.tm_min = digits(text + 14, 2),
		.tm_sec = digits(text + 17, 2),
	};
	int milliseconds = digits(text + 20, 3);
	if (date.tm_year < 70 || date.tm_year >= 300 || milliseconds < 0)
		return -EINVAL;
	int64_t unix_ns =
		(int64_t)timegm(&date) * (int64_t)NS_PER_S + milliseconds * (int64_t)NS_PER_MS;
	/* What isn't written the same again was no date: a 30th of February, a blank for a T. */
	if (strcmp(date_format_ms(unix_ns, again), text) != 0)
		return -EINVAL;
	*ret_unix_ns = unix_ns;
	return 0;
}

/* ".303" as ns; goes on behind it. */
static int64_t parse_fraction(const char **text)
{
	int64_t ns = 0;
	if (**text != '.')
		return 0;
	(*text)++;
	for (int64_t unit = (int64_t)NS_PER_S / 10; **text >= '0' && **text <= '9'; unit /= 10)
		ns += unit * (*(*text)++ - '0');
	return ns;
}

/* "Z", "+01:00" in minutes, to the end of the text. */
static int parse_zone(const char *text, int *ret_minutes)
{
	*ret_minutes = 0;
	if (strcmp(text, "Z") == 0)
		return 0;
	if (strlen(text) != strlen("+00:00") || (*text != '+' && *text != '-') || text[3] != ':')
		return -EINVAL;
	int hours = digits(text + 1, 2);
	int minutes = digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret_minutes = (*text == '-' ? -1 : 1) * (60 * hours + minutes);
	return 0;
}

int date_parse(const char *text, int64_t *ret_unix_ns)
{
	static const char seconds_form[] = "0000-00-00T00:00:00";
	char seconds[DATE_TEXT_MAX];
	size_t size = strlen(seconds_form);
	int minutes = 0;
	if (strlen(text) <= size)
		return -EINVAL;
	(void)snprintf(seconds, sizeof(seconds), "%.*s.000Z", (int)size, text);
	if (date_parse_ms(seconds, ret_unix_ns) < 0)
		return -EINVAL;
	text += size;
	int64_t fraction_ns = parse_fraction(&text);
	if (parse_zone(text, &minutes) < 0)
		return -EINVAL;
	*ret_unix_ns += fraction_ns - minutes * 60 * (int64_t)NS_PER_S;
	/* The offset may lead out of those years. */
	return date_parse_ms(date_format_ms(*ret_unix_ns, seconds), &fraction_ns);
}
