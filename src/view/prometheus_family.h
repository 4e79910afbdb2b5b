/* The families of an exposition: the samples of one name, its kind, unit and help. */
#pragma once

#include "metric/recorder.h"
#include "view/prometheus.h"

enum prometheus_type {
	PROMETHEUS_COUNTER,
	PROMETHEUS_GAUGE,
	PROMETHEUS_HISTOGRAM,
	PROMETHEUS_SUMMARY,
	PROMETHEUS_INFO,
	PROMETHEUS_BARE_COUNTER, /* without _total: OpenMetrics has no such, and calls it unknown */
};

#define PROMETHEUS_NAME_MAX 80
/* `unit` NULL: it counts things. */
struct prometheus_family {
	char name[PROMETHEUS_NAME_MAX]; /* without _total */
	enum prometheus_type type;
	const char *unit;
	const char *help;
};

struct prometheus_family prometheus_family_of_counter(const struct counter_row *row);
struct prometheus_family prometheus_family_of_latency(enum latency latency);

/* Those that no other table has. */
enum prometheus_own {
	PROMETHEUS_OWN_BUILD,
	PROMETHEUS_OWN_ERRORS,
	PROMETHEUS_OWN_RESPONSES,
	PROMETHEUS_OWN_CPU,
	PROMETHEUS_OWN_START,
	PROMETHEUS_OWN_DROPPED,
	PROMETHEUS_OWN_LAG_MAX,
	PROMETHEUS_OWN_LAG,
	PROMETHEUS_OWN_COUNT,
};
extern const struct prometheus_family prometheus_own[];

/* OpenMetrics names a family, the older text its samples: with this suffix. */
struct prometheus_words {
	const char *type;
	const char *suffix;
};
struct prometheus_words prometheus_words(const struct prometheus_family *family,
					 enum prometheus_format format);

/* A line of it: the name as Prometheus stores it, the kind, and what it holds. */
void prometheus_help_family(struct buffer *out, const struct prometheus_family *family);
/* `conntest help metrics`: every name, with its kind and what it holds. */
void prometheus_help(struct buffer *out);
