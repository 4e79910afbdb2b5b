/* See phrase.h. */
#include "view/phrase.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"

/* Of the room that text has: 2^64 ns have 20 digits. */
#define FIXED_MAX  40
#define COMMAS_MAX 10

/* How a length of this resolution is written. */
struct digits {
	double unit_ns;
	const char *unit;
	int decimals;
};

/* As printf does it, with commas in thousands. */
static void print_fixed(double value, int decimals, char text[FIXED_MAX])
{
	(void)snprintf(text, FIXED_MAX - COMMAS_MAX, "%.*f", decimals, value);
	for (size_t at = strcspn(text, "."); at > 3;) {
		at -= 3;
		memmove(text + at + 1, text + at, strlen(text + at) + 1);
		text[at] = ',';
	}
}

const char *phrase_number(double value, int digits, char text[PHRASE_MAX])
{
	int decimals = 0;
	for (double first = value; first > 0 && first < pow(10, digits - 1) && decimals < 12;
	     first *= 10)
		decimals++;
	print_fixed(value, decimals, text);
	char *end = text + strlen(text);
	while (decimals > 0 && end[-1] == '0')
		*--end = '\0';
	if (decimals > 0 && end[-1] == '.')
		end[-1] = '\0';
	return text;
}

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
	char number[FIXED_MAX];
	print_fixed(value, digits.decimals, number);
	(void)snprintf(text, FIXED_MAX + sizeof("±"), "±%s", number);
	return text;
}

const char *phrase_span(uint64_t ns, uint64_t resolution_ns, char text[PHRASE_MAX])
{
	struct digits digits = digits_for(resolution_ns);
	char number[FIXED_MAX];
	print_fixed((double)ns / digits.unit_ns, digits.decimals, number);
	int used = snprintf(text, PHRASE_MAX, "%s %s", number, digits.unit);
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
	return phrase_number(per_second, 3, text);
}

const char *phrase_share(uint64_t part, uint64_t whole, char text[PHRASE_MAX])
{
	double percent = whole > 0 ? 100 * (double)part / (double)whole : 0;
	(void)phrase_number(percent, 2, text);
	if (part < whole && percent > 99)
		(void)snprintf(text, PHRASE_MAX, "over 99");
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

const char *phrase_interval(uint64_t ns, char text[PHRASE_MAX])
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	char number[PHRASE_MAX];
	size_t unit = 0;
	/* What rounds to 1,000 of a unit is 1 of the next. */
	while (unit + 1 < array_size(units) && (double)ns >= 999.5 * units[unit].ns)
		unit++;
	(void)phrase_number((double)ns / units[unit].ns, 3, number);
	(void)snprintf(text, PHRASE_MAX, "%.*s %s", FIXED_MAX, number, units[unit].name);
	return text;
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

const char *phrase_goodput_source(enum goodput_source source)
{
	static const char *const phrases[] = {
		[GOODPUT_READ] = "received",
		[GOODPUT_RECEIVER] = "received at the far end",
		[GOODPUT_ACKED] = "acknowledged by the far end",
	};
	return phrases[source];
}

const char *phrase_host(const char *target, char text[PHRASE_MAX])
{
	const char *scheme = strstr(target, "://");
	const char *host = scheme ? scheme + strlen("://") : target;
	(void)snprintf(text, PHRASE_MAX, "%.*s", (int)strcspn(host, "/? "), host);
	return text;
}
