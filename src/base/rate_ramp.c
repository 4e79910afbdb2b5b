#include "base/rate_ramp.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* One part, ended by its NUL: longer than any that is right. */
#define PART_MAX 160

#define TRY "(try 0..5k/30s or 1k/10s,2k/10s,5k)"

/* One part taken apart. */
struct words {
	char text[PART_MAX]; /* cut into the three, which point into it */
	const char *from;    /* NULL: a constant rate */
	const char *to;
	const char *time; /* NULL: none given */
	bool is_last;
};

/* "/s" and "/conn" belong to a rate, whatever else follows a slash is a time. */
static bool ends_a_rate(const char *word)
{
	return strcasecmp(word, "s") == 0 || strcasecmp(word, "conn") == 0;
}

static void take_apart(struct words *words)
{
	char *slash = strrchr(words->text, '/');
	char *dots = strstr(words->text, "..");

	words->from = NULL;
	words->to = words->text;
	words->time = NULL;
	if (slash && !ends_a_rate(slash + 1)) {
		*slash = '\0';
		words->time = slash + 1;
	}
	if (dots && (!slash || dots < slash)) {
		*dots = '\0';
		words->from = words->text;
		words->to = dots + 2;
	}
}

static int parse_rate(const char *text, struct error *error, struct rate *ret)
{
	int result = units_parse_rate(text, error, ret);

	if (result < 0)
		return result;
	if (ret->per_second > 0 && ret->per_second < RATE_RAMP_RATE_MIN)
		return error_set(error, EINVAL, "\"%s\" is too slow (at least one in 11 days)",
				 text);
	if (ret->per_second > RATE_RAMP_RATE_MAX)
		return error_set(error, EINVAL, "\"%s\" is too fast (at most 1G)", text);
	return 0;
}

/* "0..10/conn": the end says it for the beginning. */
static bool is_at_odds(const struct rate *from, const struct rate *to)
{
	return from->is_per_connection && !to->is_per_connection && to->per_second > 0;
}

static int parse_rates(const struct words *words, struct error *error, struct rate_ramp_part *part,
		       struct rate *ret_to)
{
	struct rate from = { 0 };
	int result = parse_rate(words->to, error, ret_to);

	if (result >= 0 && words->from)
		result = parse_rate(words->from, error, &from);
	if (result < 0)
		return result;
	if (words->from && is_at_odds(&from, ret_to))
		return error_set(error, EINVAL, "\"%s\" and \"%s\" differ: give all /conn or none",
				 words->from, words->to);
	ret_to->is_per_connection |= from.is_per_connection;
	part->from = words->from ? from.per_second : ret_to->per_second;
	part->to = ret_to->per_second;
	return 0;
}

static int parse_time(const struct words *words, const char *text, struct error *error,
		      uint64_t *ret_ns)
{
	*ret_ns = 0;
	if (!words->time && words->is_last && !words->from)
		return 0;
	if (!words->time)
		return error_set(error, EINVAL, "\"%s\" does not say how long: %s/10s?", text,
				 text);
	int result = units_parse_time(words->time, error, ret_ns);
	if (result < 0)
		return result;
	if (*ret_ns == 0)
		return error_set(error, EINVAL, "\"%s\" lasts no time", text);
	if (*ret_ns > RATE_RAMP_TIME_MAX_NS)
		return error_set(error, EINVAL, "\"%s\" lasts more than a year", text);
	return 0;
}

/* A rate of 0 is neither for each connection nor for all. */
static int add_part(const struct rate_ramp_part *part, const struct rate *to, const char *text,
		    struct rate_ramp *ramp, struct error *error)
{
	bool is_zero = part->from <= 0 && part->to <= 0;
	bool is_known = rate_ramp_highest(ramp) > 0;

	if (!is_zero && is_known && to->is_per_connection != ramp->is_per_connection)
		return error_set(error, EINVAL,
				 "\"%s\" and the rates before it differ: give all /conn or none",
				 text);
	if (!is_zero)
		ramp->is_per_connection = to->is_per_connection;
	ramp->parts[ramp->count++] = *part;
	return 0;
}

static int parse_part(const char *text, size_t length, struct rate_ramp *ramp, struct error *error)
{
	char whole[PART_MAX];
	struct words words = { .is_last = text[length] == '\0' };
	struct rate_ramp_part part = { 0 };
	struct rate to;

	if (length == 0)
		return error_set(error, EINVAL, "a rate is missing " TRY);
	if (length >= sizeof(whole))
		return error_set(error, EINVAL, "\"%.20s...\" is not a rate and a time " TRY, text);
	if (ramp->count == RATE_RAMP_PARTS_MAX)
		return error_set(error, EINVAL, "more than %d parts", RATE_RAMP_PARTS_MAX);
	memcpy(whole, text, length);
	whole[length] = '\0';
	memcpy(words.text, whole, length + 1);
	take_apart(&words);

	int result = parse_rates(&words, error, &part, &to);
	if (result >= 0)
		result = parse_time(&words, whole, error, &part.length_ns);
	if (result < 0)
		return result;
	return add_part(&part, &to, whole, ramp, error);
}

static int check_whole(const char *text, const struct rate_ramp *ramp, struct error *error)
{
	uint64_t length_ns = 0;

	for (uint32_t i = 0; i < ramp->count; i++)
		length_ns += ramp->parts[i].length_ns;
	if (length_ns > RATE_RAMP_TIME_MAX_NS)
		return error_set(error, EINVAL, "\"%s\" lasts more than a year", text);
	if (rate_ramp_highest(ramp) <= 0)
		return error_set(error, EINVAL, "\"%s\" never sends anything " TRY, text);
	return 0;
}

int rate_ramp_parse(const char *text, struct error *error, struct rate_ramp *ret)
{
	const char *part = text;

	*ret = (struct rate_ramp){ 0 };
	for (;;) {
		size_t length = strcspn(part, ",");
		int result = parse_part(part, length, ret, error);

		if (result < 0)
			return result;
		if (part[length] == '\0')
			return check_whole(text, ret, error);
		part += length + 1;
	}
}

int rate_ramp_multiply(struct rate_ramp *ramp, uint32_t connections, struct error *error)
{
	if (!ramp->is_per_connection)
		return 0;
	for (uint32_t i = 0; i < ramp->count; i++) {
		ramp->parts[i].from *= connections;
		ramp->parts[i].to *= connections;
	}
	ramp->is_per_connection = false;
	if (rate_ramp_highest(ramp) > RATE_RAMP_RATE_MAX)
		return error_set(error, EINVAL, "too fast over all connections (at most 1G)");
	return 0;
}

double rate_ramp_at(const struct rate_ramp *ramp, uint64_t after_ns)
{
	for (uint32_t i = 0; i < ramp->count; i++) {
		const struct rate_ramp_part *part = &ramp->parts[i];
		if (after_ns < part->length_ns)
			return part->from +
			       (part->to - part->from) * (double)after_ns / (double)part->length_ns;
		after_ns -= part->length_ns;
	}
	return ramp->parts[ramp->count - 1].to;
}

double rate_ramp_highest(const struct rate_ramp *ramp)
{
	double highest = 0;

	for (uint32_t i = 0; i < ramp->count; i++) {
		const struct rate_ramp_part *part = &ramp->parts[i];
		double higher = part->from > part->to ? part->from : part->to;

		highest = higher > highest ? higher : highest;
	}
	return highest;
}
