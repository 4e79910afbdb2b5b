/* Where a run's figures are sent while it goes on: the options, and what they were found to be. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/uri.h"
#include "cli/option.h"

struct push_options {
	const char *statsd;
	const char *statsd_namespace;
	uint64_t statsd_window_ns;
	bool is_dogstatsd;
	const char *otlp;
	uint64_t otlp_interval_ns;
	struct option_list otlp_headers;
};

/* The rows of these options inside a command's own table: `field` is the member of type struct
 * push_options in `structure`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define PUSH_OPTIONS(structure, field)                                                             \
	OPTION(structure, field.statsd, OPTION_TEXT, .name = "statsd", .placeholder = "HOST:PORT", \
	       .level = OPTION_OUTPUT,                                                             \
	       .help = "sends figures there every 0.25 s, with tcpkali's names"),                  \
		OPTION(structure, field.statsd_namespace, OPTION_TEXT, .name = "statsd-namespace", \
		       .placeholder = "NAME", .default_text = "tcpkali", .level = OPTION_OUTPUT,   \
		       .help = "what these names begin with; under conntest a percentile is "      \
			       "p99_5, else 99.5"),                                                \
		OPTION(structure, field.statsd_window_ns, OPTION_TIME,                             \
		       .name = "statsd-latency-window", .placeholder = "TIME",                     \
		       .default_text = "0", .level = OPTION_OUTPUT,                                \
		       .help = "latencies there are of the last so long, 500ms or more; 0 = of "   \
			       "the whole run"),                                                   \
		OPTION(structure, field.is_dogstatsd, OPTION_FLAG, .name = "dogstatsd",            \
		       .level = OPTION_OUTPUT,                                                     \
		       .help = "each stream on its own there, with DogStatsD's tags"),             \
		PUSH_OTLP_OPTIONS(structure, field)
/* Of a mesh, whose names and times are its own. */
#define PUSH_MESH_OPTIONS(structure, field)                                                        \
	OPTION(structure, field.statsd, OPTION_TEXT, .name = "statsd", .placeholder = "HOST:PORT", \
	       .level = OPTION_OUTPUT, .help = "sends figures of locations there every 10 s"),     \
		OPTION(structure, field.statsd_namespace, OPTION_TEXT, .name = "statsd-namespace", \
		       .placeholder = "NAME", .default_text = "conntest", .level = OPTION_OUTPUT,  \
		       .help = "what their names begin with"),                                     \
		OPTION(structure, field.is_dogstatsd, OPTION_FLAG, .name = "dogstatsd",            \
		       .level = OPTION_OUTPUT,                                                     \
		       .help = "location and probe as DogStatsD's tags there, not in the names"),  \
		PUSH_OTLP_OPTIONS(structure, field)
#define PUSH_OTLP_OPTIONS(structure, field)                                                     \
	OPTION(structure, field.otlp, OPTION_TEXT, .name = "otlp", .placeholder = "URL",        \
	       .level = OPTION_OUTPUT,                                                          \
	       .help = "pushes metrics there as OTLP over HTTP, in JSON; the path is "          \
		       "/v1/metrics unless said"),                                              \
		OPTION(structure, field.otlp_interval_ns, OPTION_TIME, .name = "otlp-interval", \
		       .placeholder = "TIME", .default_text = "10s", .minimum = "100ms",        \
		       .level = OPTION_OUTPUT,                                                  \
		       .help = "between two pushes; there is one more at the end"),             \
		OPTION(structure, field.otlp_headers, OPTION_LIST, .name = "otlp-header",       \
		       .placeholder = "'NAME: VALUE'|@FILE", .is_secret = true,                 \
		       .level = OPTION_OUTPUT, .help = "goes with each push")
/* NOLINTEND(bugprone-macro-parentheses) */

struct push_plan {
	const struct push_options *options;
	bool has_statsd;
	bool has_otlp;
	struct uri statsd;
	struct uri otlp; /* http or https; `path` is that of metrics */
};

/* What was typed; nothing is asked of the network. -EINVAL with the sentence. */
nodiscard int push_plan_parse(const struct push_options *options, struct error *error,
			      struct push_plan *ret);
