/* Any text as each kind of number. What parses, written and parsed again, is the same. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "base/units.h"
#include "fuzz.h"

static void check_whole_numbers(const char *text)
{
	char written[UNITS_TEXT_MAX];
	struct error error = { "" };
	uint64_t value = 0;
	uint64_t again = 0;
	if (units_parse_count(text, &error, &value) == 0)
		(void)units_format_grouped(value, written);
	if (units_parse_time(text, &error, &value) == 0) {
		int code = units_parse_time(units_format_time(value, written), &error, &again);
		assert(code == 0 && value == again);
		(void)units_format_ms(value, written);
	}
	if (units_parse_size(text, &error, &value) == 0) {
		int code = units_parse_size(units_format_size(value, written), &error, &again);
		assert(code == 0 && value == again);
	}
}

static void check_rates(const char *text)
{
	char written[UNITS_TEXT_MAX];
	struct error error = { "" };
	struct rate rate = { 0 };
	struct rate again = { 0 };
	if (units_parse_rate(text, &error, &rate) < 0)
		return;
	int code = units_parse_rate(units_format_rate(&rate, written), &error, &again);
	assert(code == 0 && rate.per_second == again.per_second);
	assert(rate.is_per_connection == again.is_per_connection);
}

static void check_bandwidths(const char *text)
{
	char written[UNITS_TEXT_MAX];
	struct error error = { "" };
	struct bandwidth bandwidth = { 0 };
	struct bandwidth again = { 0 };
	if (units_parse_bandwidth(text, &error, &bandwidth) < 0)
		return;
	int code = units_parse_bandwidth(units_format_bandwidth_exact(&bandwidth, written), &error,
					 &again);
	assert(code == 0 && bandwidth.bits_per_second == again.bits_per_second);
	(void)units_format_bandwidth(bandwidth.bits_per_second, written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];
	(void)snprintf(text, sizeof(text), "%.*s", (int)(size < sizeof(text) ? size : sizeof(text)),
		       (const char *)data);
	check_whole_numbers(text);
	check_rates(text);
	check_bandwidths(text);
	return 0;
}
