/* See phrase.h. */
#include "view/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"

/* Of the room that text has: 2^64 ns have 20 digits. */
#define RESOLUTION_MAX 32

/* How a length of this resolution is written. */
struct digits {
	double unit_ns;
	const char *unit;
	int decimals;
};

static struct digits digits_for(uint64_t resolution_ns)
{
	struct digits digits = { .unit_ns = 1e9, .unit = "s" };
	if (resolution_ns > 0 && resolution_ns < NS_PER_MS)
		digits = (struct digits){ .unit_ns = 1e6, .unit = "ms" };
	double smallest = resolution_ns > 0 ? (double)resolution_ns / digits.unit_ns : 0.1;
	while (digits.decimals < 3 && smallest * pow(10, digits.decimals) < 1)
		digits.decimals++;
	return digits;
}

const char *phrase_resolution(uint64_t resolution_ns, char text[PHRASE_MAX])
{
	struct digits digits = digits_for(resolution_ns);
	double scale = pow(10, digits.decimals);
	double value = ceil((double)resolution_ns / digits.unit_ns * scale - 1e-9) / scale;
	(void)snprintf(text, RESOLUTION_MAX, "±%.*f", digits.decimals, value);
	return text;
}

const char *phrase_span(uint64_t ns, uint64_t resolution_ns, char text[PHRASE_MAX])
{
	struct digits digits = digits_for(resolution_ns);
	int used = snprintf(text, PHRASE_MAX, "%.*f %s", digits.decimals,
			    (double)ns / digits.unit_ns, digits.unit);
	if (resolution_ns > 0) {
		text[used] = ' ';
		(void)phrase_resolution(resolution_ns, text + used + 1);
	}
	return text;
}

const char *phrase_duration(uint64_t ns, char text[PHRASE_MAX])
{
	char seconds[UNITS_TEXT_MAX];
	uint64_t tenths = ns / (NS_PER_S / 10) + (ns % (NS_PER_S / 10) >= NS_PER_S / 20);
	(void)units_format_grouped(tenths / 10, seconds);
	(void)snprintf(text, PHRASE_MAX, "%s.%d s", seconds, (int)(tenths % 10));
	return text;
}

const char *phrase_offset(int64_t ns, char text[PHRASE_MAX])
{
	uint64_t length = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	uint64_t milliseconds = (length + NS_PER_MS / 2) / NS_PER_MS;
	(void)snprintf(text, PHRASE_MAX, "%c%llu.%03d s", ns < 0 ? '-' : '+',
		       (unsigned long long)(milliseconds / 1000), (int)(milliseconds % 1000));
	return text;
}

const char *phrase_rate(double per_second, char text[PHRASE_MAX])
{
	double whole = round(per_second);
	if (whole >= 1 && whole < 1e15 && fabs(per_second - whole) < whole * 1e-9)
		return units_format_grouped((uint64_t)whole, text);
	(void)snprintf(text, PHRASE_MAX, "%.3g", per_second);
	return text;
}

/* "1KiB" as "1 KiB" */
static const char *spaced(const char *quantity, char text[PHRASE_MAX])
{
	int digits = (int)strspn(quantity, "0123456789.");
	(void)snprintf(text, PHRASE_MAX, "%.*s %s", digits, quantity, quantity + digits);
	return text;
}

const char *phrase_size(uint64_t bytes, char text[PHRASE_MAX])
{
	char size[UNITS_TEXT_MAX];
	return bytes == 0 ? "0 B" : spaced(units_format_size(bytes, size), text);
}

const char *phrase_time(uint64_t ns, char text[PHRASE_MAX])
{
	char time[UNITS_TEXT_MAX];
	return ns == 0 ? "0 s" : spaced(units_format_time(ns, time), text);
}

const char *phrase_volume(uint64_t bytes, char text[PHRASE_MAX])
{
	static const char *const names[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 1000 && unit + 1 < array_size(names)) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(text, PHRASE_MAX, "%.*f %s", unit > 0 ? 1 : 0, value, names[unit]);
	return text;
}

const char *phrase_count(uint64_t count, const char *noun, char text[PHRASE_MAX])
{
	char number[UNITS_TEXT_MAX];
	(void)snprintf(text, PHRASE_MAX, "%s %s%s", units_format_grouped(count, number), noun,
		       count == 1 ? "" : "s");
	return text;
}

const char *phrase_none(uint64_t count, char text[PHRASE_MAX])
{
	if (count > 0)
		return units_format_grouped(count, text);
	(void)snprintf(text, PHRASE_MAX, "none");
	return text;
}

const char *phrase_host(const char *target)
{
	const char *scheme = strstr(target, "://");
	return scheme ? scheme + strlen("://") : target;
}
