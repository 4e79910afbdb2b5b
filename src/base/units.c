/* See units.h. A number is read as an integer and a power of ten, so that "1.5s" is exact. */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef unsigned __int128 uint128;

/* digits / 10^scale */
struct decimal {
	uint128 digits;
	unsigned scale;
};

/* 10^24 times the largest factor of a unit, a day's 8.64 * 10^13, fits into 128 bits. */
#define DIGITS_MAX 24

/* Digits behind the point that text has room for; the smallest number that parses has 23. */
#define FRACTION_MAX 30

struct unit {
	const char *name;
	uint64_t factor;
};

/* What a parser says of its values. */
struct quantity {
	const char *noun;     /* "a time" */
	const char *smallest; /* "ns": what a value is a whole number of */
	const char *examples; /* "10s or 200ms" */
	const struct unit *units;
	size_t unit_count;
};

/* clang-format off */
static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "s", NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "d", 86400 * NS_PER_S },
};
static const struct unit count_units[] = {
	{ "", 1 },
	{ "k", 1000 },
	{ "M", 1000000 },
	{ "G", 1000000000 },
};
static const struct unit size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "kB", 1000 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "MB", 1000000 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "GB", 1000000000 },
	{ "GiB", UINT64_C(1) << 30 },
};
/* The first four are bits, and what output uses. */
#define BIT_UNIT_COUNT 4
static const struct unit bandwidth_units[] = {
	{ "bps", 1 },
	{ "kbps", 1000 },
	{ "Mbps", 1000000 },
	{ "Gbps", 1000000000 },
	{ "Bps", 8 },
	{ "kBps", 8000 },
	{ "MBps", 8000000 },
	{ "GBps", UINT64_C(8000000000) },
};
static const struct quantity time_quantity = {
	"a time", "ns", "10s or 200ms", time_units, array_size(time_units)
};
static const struct quantity count_quantity = {
	"a count", "", "20 or 10k", count_units, array_size(count_units)
};
static const struct quantity size_quantity = {
	"a size", "bytes", "64KiB or 100kB", size_units, array_size(size_units)
};
/* clang-format on */

static const char conn_suffix[] = "/conn";

/* Reads digits with at most one point; returns what follows them, NULL if there is no number. */
static const char *decimal_parse(const char *text, struct decimal *ret)
{
	bool is_fraction = false;
	unsigned count = 0;
	*ret = (struct decimal){ 0 };
	for (;; text++) {
		if (*text == '.' && !is_fraction && count > 0) {
			is_fraction = true;
			if (!isdigit((unsigned char)text[1]))
				return NULL;
			continue;
		}
		if (!isdigit((unsigned char)*text))
			return count > 0 ? text : NULL;
		if (count == DIGITS_MAX)
			return NULL;
		ret->digits = 10 * ret->digits + (unsigned)(*text - '0');
		ret->scale += is_fraction;
		count++;
	}
}

static uint128 power_of_ten(unsigned exponent)
{
	uint128 power = 1;
	while (exponent-- > 0)
		power *= 10;
	return power;
}

static const struct unit *find_unit(const struct quantity *quantity, const char *name)
{
	for (size_t i = 0; i < quantity->unit_count; i++) {
		if (strcasecmp(quantity->units[i].name, name) == 0)
			return &quantity->units[i];
	}
	return NULL;
}

static int no_such_quantity(const char *text, const struct quantity *quantity, struct error *error)
{
	return error_set(error, EINVAL, "\"%s\" is not %s (try %s)", text, quantity->noun,
			 quantity->examples);
}

static int integer_parse(const char *text, const struct quantity *quantity, struct error *error,
			 uint64_t *ret)
{
	struct decimal number;
	const char *suffix = decimal_parse(text, &number);
	if (!suffix)
		return no_such_quantity(text, quantity, error);
	if (*suffix == '\0' && number.digits == 0) {
		*ret = 0;
		return 0;
	}
	const struct unit *unit = find_unit(quantity, suffix);
	if (!unit && *suffix == '\0')
		return error_set(error, EINVAL, "\"%s\" has no unit: %ss, %sm or %sms?", text, text,
				 text, text);
	if (!unit)
		return no_such_quantity(text, quantity, error);

	uint128 divisor = power_of_ten(number.scale);
	uint128 product = number.digits * unit->factor;
	if (product % divisor != 0)
		return error_set(error, EINVAL, "\"%s\" is not a whole number%s%s", text,
				 *quantity->smallest ? " of " : "", quantity->smallest);
	if (product / divisor > UINT64_MAX)
		return error_set(error, EINVAL, "\"%s\" is too large", text);
	*ret = (uint64_t)(product / divisor);
	return 0;
}

int units_parse_count(const char *text, struct error *error, uint64_t *ret)
{
	return integer_parse(text, &count_quantity, error, ret);
}

int units_parse_time(const char *text, struct error *error, uint64_t *ret_ns)
{
	return integer_parse(text, &time_quantity, error, ret_ns);
}

int units_parse_size(const char *text, struct error *error, uint64_t *ret_bytes)
{
	return integer_parse(text, &size_quantity, error, ret_bytes);
}

/* What people type is exact ("0.1" is the double 0.1); of numbers with more than 64 bits the last
 * may be off by one. */
static double decimal_times(const struct decimal *number, uint64_t factor)
{
	return (double)((long double)(number->digits * factor) /
			(long double)power_of_ten(number->scale));
}

int units_parse_rate(const char *text, struct error *error, struct rate *ret)
{
	static const char *const suffixes[] = { "", "/s", "/conn", "/s/conn" };
	struct decimal number;
	const char *rest = decimal_parse(text, &number);
	uint64_t factor = 1;
	if (rest && *rest && *rest != '/') {
		char letter[2] = { *rest++, '\0' };
		const struct unit *unit = find_unit(&count_quantity, letter);
		factor = unit ? unit->factor : 0;
	}
	for (size_t i = 0; rest && factor && i < array_size(suffixes); i++) {
		if (strcasecmp(rest, suffixes[i]) != 0)
			continue;
		ret->per_second = decimal_times(&number, factor);
		ret->is_per_connection = i >= 2;
		return 0;
	}
	return error_set(error, EINVAL, "\"%s\" is not a rate (try 10k or 5M)", text);
}

/* "mBPS" is "MBps": any case, but b is a bit and B a byte. */
static bool is_bandwidth_unit(const char *text, size_t length, const char *name)
{
	const char *text_bits = memchr(text, 'b', length);
	return length == strlen(name) && strncasecmp(text, name, length) == 0 &&
	       (text_bits != NULL) == (strchr(name, 'b') != NULL);
}

static bool is_multiplier(const char *text, size_t length)
{
	return length == 1 && strchr("kKmMgG", *text);
}

int units_parse_bandwidth(const char *text, struct error *error, struct bandwidth *ret)
{
	struct decimal number;
	const char *unit = decimal_parse(text, &number);
	if (!unit)
		return error_set(error, EINVAL, "\"%s\" is not a bandwidth (try 500Mbps or 60MBps)",
				 text);
	size_t unit_length = strcspn(unit, "/");
	const char *suffix = unit + unit_length;
	bool is_suffix = *suffix == '\0' || strcasecmp(suffix, conn_suffix) == 0;
	bool is_zero = number.digits == 0 && unit_length == 0;

	for (size_t i = 0; is_suffix && i < array_size(bandwidth_units); i++) {
		if (!is_zero && !is_bandwidth_unit(unit, unit_length, bandwidth_units[i].name))
			continue;
		ret->bits_per_second = decimal_times(&number, bandwidth_units[i].factor);
		ret->is_per_connection = *suffix != '\0';
		return 0;
	}
	if (!is_suffix || (unit_length > 0 && !is_multiplier(unit, unit_length)))
		return error_set(error, EINVAL, "\"%s\" is not a bandwidth (try 500Mbps or 60MBps)",
				 text);
	const char *multiplier = unit_length > 0 ? "" : "M";
	int length = (int)(suffix - text);
	return error_set(error, EINVAL,
			 "\"%s\" has no unit: %.*s%sbps%s (bits) or %.*s%sBps%s (bytes)?", text,
			 length, text, multiplier, suffix, length, text, multiplier, suffix);
}

/* Writes value / factor and the unit's name if that is finite and fits. */
static bool format_in_unit(uint64_t value, const struct unit *unit, char text[UNITS_TEXT_MAX])
{
	uint64_t rest = value % unit->factor;
	size_t used = (size_t)snprintf(text, UNITS_TEXT_MAX, "%" PRIu64 "%s", value / unit->factor,
				       rest > 0 ? "." : "");
	size_t name_length = strlen(unit->name);
	while (rest > 0) {
		if (used + name_length + 1 >= UNITS_TEXT_MAX)
			return false;
		text[used++] = (char)('0' + (char)(rest * 10 / unit->factor));
		rest = rest * 10 % unit->factor;
	}
	memcpy(text + used, unit->name, name_length + 1);
	return true;
}

/* The shortest of all ways to write it; of equally short ones the smallest unit's, which has no
 * point. No unit larger than the value is used ("200ms", not "0.2s"). */
static const char *format_shortest(uint64_t value, const struct quantity *quantity,
				   char text[UNITS_TEXT_MAX])
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < quantity->unit_count; i++) {
		const struct unit *unit = &quantity->units[i];
		char candidate[UNITS_TEXT_MAX];
		if (unit->name[0] == '\0' || value < unit->factor ||
		    !format_in_unit(value, unit, candidate) || strlen(candidate) >= best)
			continue;
		best = strlen(candidate);
		memcpy(text, candidate, best + 1);
	}
	if (best == SIZE_MAX)
		memcpy(text, "0", sizeof("0"));
	return text;
}

const char *units_format_time(uint64_t ns, char text[UNITS_TEXT_MAX])
{
	return format_shortest(ns, &time_quantity, text);
}

const char *units_format_size(uint64_t bytes, char text[UNITS_TEXT_MAX])
{
	return format_shortest(bytes, &size_quantity, text);
}

/* Whether the parser makes `value` of the number and the unit's factor. */
static bool reads_back(const char *number, uint64_t factor, double value)
{
	struct decimal decimal;
	const char *end = decimal_parse(number, &decimal);
	return end && *end == '\0' && decimal_times(&decimal, factor) == value;
}

/* value / factor with the fewest digits behind the point that read back. */
static bool format_exact(double value, uint64_t factor, char number[UNITS_TEXT_MAX])
{
	long double quotient = (long double)value / (long double)factor;
	for (int digits = 0; digits <= FRACTION_MAX; digits++) {
		(void)snprintf(number, UNITS_TEXT_MAX, "%.*Lf", digits, quotient);
		if (reads_back(number, factor, value))
			return true;
	}
	return false;
}

/* `value` in that one of the units which gives the shortest text; the first one holds any. */
static const char *format_shortest_double(double value, const struct unit *units, size_t count,
					  const char *suffix, char text[UNITS_TEXT_MAX])
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		char number[UNITS_TEXT_MAX];
		bool is_exact = format_exact(value, units[i].factor, number);
		size_t length = strlen(number) + strlen(units[i].name);
		bool fits = is_exact && value >= (double)units[i].factor && length < best;
		if (i > 0 && !fits)
			continue;
		best = is_exact ? length : SIZE_MAX;
		(void)snprintf(text, UNITS_TEXT_MAX, "%s%s%s", number, units[i].name, suffix);
	}
	return text;
}

const char *units_format_rate(const struct rate *rate, char text[UNITS_TEXT_MAX])
{
	return format_shortest_double(rate->per_second, count_units, array_size(count_units),
				      rate->is_per_connection ? conn_suffix : "", text);
}

const char *units_format_bandwidth_exact(const struct bandwidth *bandwidth,
					 char text[UNITS_TEXT_MAX])
{
	return format_shortest_double(bandwidth->bits_per_second, bandwidth_units, BIT_UNIT_COUNT,
				      bandwidth->is_per_connection ? conn_suffix : "", text);
}

const char *units_format_grouped(uint64_t count, char text[UNITS_TEXT_MAX])
{
	char digits[UNITS_TEXT_MAX];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = text;
	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return text;
}

const char *units_format_ms(uint64_t ns, char text[UNITS_TEXT_MAX])
{
	/* The last digit shown stands for `step`: three digits, but nothing below 0.01 ms. */
	uint64_t step = NS_PER_MS / 100;
	while (ns / step + (ns % step >= step / 2) >= 1000)
		step *= 10;
	uint64_t rounded = ns / step + (ns % step >= step / 2);

	if (step < NS_PER_MS) {
		int decimals = step == NS_PER_MS / 100 ? 2 : 1;
		(void)snprintf(text, UNITS_TEXT_MAX, "%.*f", decimals,
			       (double)(rounded * step) / (double)NS_PER_MS);
	} else {
		(void)snprintf(text, UNITS_TEXT_MAX, "%" PRIu64, rounded * (step / NS_PER_MS));
	}
	return text;
}

const char *units_format_bandwidth(double bits_per_second, char text[UNITS_TEXT_MAX])
{
	size_t unit = 0;
	while (unit + 1 < BIT_UNIT_COUNT &&
	       bits_per_second >= (double)bandwidth_units[unit + 1].factor)
		unit++;
	double value = bits_per_second / (double)bandwidth_units[unit].factor;
	/* 2^53: beyond it every double is whole. */
	bool is_whole = value < 0x1p53 && value == (double)(uint64_t)value;
	int decimals = value < 10 ? 2 : 1;
	(void)snprintf(text, UNITS_TEXT_MAX, "%.*f %s", is_whole ? 0 : decimals, value,
		       bandwidth_units[unit].name);
	return text;
}
