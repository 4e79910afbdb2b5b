/* The units of options: text to number and back. Times are ns, rates are per second, bandwidths
 * are bits per second, sizes are bytes. Letters in any case except b and B in a bandwidth.
 * Parsers return 0 or -EINVAL with the sentence in `error`; a time or bandwidth without a unit
 * names the corrected words ("60" has no unit: 60s, 60m or 60ms?). None accepts a sign, blanks,
 * NaN, infinity or anything that overflows. Counts, times and sizes are exact: what isn't a whole
 * number of ns or bytes is refused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

nodiscard int units_parse_count(const char *text, struct error *error, uint64_t *ret);
nodiscard int units_parse_time(const char *text, struct error *error, uint64_t *ret_ns);
nodiscard int units_parse_size(const char *text, struct error *error, uint64_t *ret_bytes);

/* "10k", "10k/s", "0.1/conn", "5/s/conn". */
struct rate {
	double per_second;
	bool is_per_connection;
};
nodiscard int units_parse_rate(const char *text, struct error *error, struct rate *ret);

/* "500Mbps", "60MBps", "2Mbps/conn". */
struct bandwidth {
	double bits_per_second;
	bool is_per_connection;
};
nodiscard int units_parse_bandwidth(const char *text, struct error *error, struct bandwidth *ret);

#define UNITS_TEXT_MAX 48

/* As short as exact: "1.5s", "200ms", "0"; parses back to the same number. */
const char *units_format_time(uint64_t ns, char text[UNITS_TEXT_MAX]);
const char *units_format_size(uint64_t bytes, char text[UNITS_TEXT_MAX]); /* "1KiB", "100kB" */
const char *units_format_rate(const struct rate *rate, char text[UNITS_TEXT_MAX]);
const char *units_format_bandwidth_exact(const struct bandwidth *bandwidth,
					 char text[UNITS_TEXT_MAX]);

/* For people: "20,000". */
const char *units_format_grouped(uint64_t count, char text[UNITS_TEXT_MAX]);
/* Milliseconds with three significant digits and at most two decimals: "0.33", "12.4", "1030". */
const char *units_format_ms(uint64_t ns, char text[UNITS_TEXT_MAX]);
/* Payload bandwidth in the words of the options: "9.41 Gbps", "497.6 Mbps"; "500 Mbps" when
 * exactly that. Not negative. */
const char *units_format_bandwidth(double bits_per_second, char text[UNITS_TEXT_MAX]);
