/* The one table of figures (figures.def): what --expect, JSON's `figures`, CSV and `conntest help
 * figures` name, and how each is taken from a report. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "metric/report.h"

enum figure_unit {
	FIGURE_COUNT,
	FIGURE_TIME,      /* ns */
	FIGURE_BANDWIDTH, /* bits a second */
	FIGURE_SIZE,      /* bytes */
	FIGURE_NUMBER,    /* with decimals: cpus, shares */
	FIGURE_UNIT_COUNT,
};

/* Which streams have a figure: by report_stream.kind and transport. */
enum figure_scope {
	FIGURE_SLOTS_TCP = 1,
	FIGURE_SLOTS_UDP = 2,
	FIGURE_ATTEMPTS = 4,
	FIGURE_PROBES = 8,
	FIGURE_SERVICE = 16,
	FIGURE_RUN = 32,     /* of the whole run, no stream's */
	FIGURE_COMMAND = 64, /* of these: only where the run wraps a command */
	FIGURE_PING = 128,   /* a target of ping */
	FIGURE_PATH = 256,   /* of these: only of `conntest path` */
	FIGURE_MESH = 512,   /* a kind of probe of `conntest mesh --once`; of RUN: only there */
};

/* What a figure needs of a stream besides its kind. */
enum figure_need {
	FIGURE_OPEN = 1,     /* messages that are due at a time: an open loop */
	FIGURE_ANSWERED = 2, /* messages that have an answer */
	FIGURE_TLS = 4,
	FIGURE_FIRST_BYTE = 8, /* answers that are not taken for read with their first byte */
	FIGURE_UPGRADE = 16,   /* a protocol that is opened by a request: a WebSocket */
	FIGURE_COUNTED = 32,   /* messages that are counted as they come here, or their answers */
	FIGURE_DELAYS = 64,    /* datagrams that tell when they were sent */
	/* Of ping, phases that its probes go through, and datagrams. */
	FIGURE_RESOLVED = 128,
	FIGURE_CONNECTED = 256,
	FIGURE_SENT = 512,
	FIGURE_WAITED = 1024,
	FIGURE_TRANSFERRED = 2048,
	FIGURE_UNORDERED = 4096, /* datagrams, or what is not of ping */
};

struct figure_source {
	/* NULL when `ret` is the value, else why it was not measured. `stream` is NULL for RUN. */
	const char *(*get)(const struct report *report, const struct report_stream *stream,
			   const struct figure_source *source, double *ret);
	size_t outer; /* what get() looks at: an offset in the stream, then one in that */
	size_t inner;
};

struct figure_row {
	const char *name; /* "response.p99" */
	const char *key;  /* the same with its unit: "response.p99_ns" */
	enum figure_unit unit;
	unsigned scopes;   /* enum figure_scope */
	unsigned needs;    /* enum figure_need */
	const char *whole; /* what a percentage of it is of, in words; NULL: takes none */
	struct figure_source source;
	struct figure_source whole_source;
	const char *help;
};

extern const struct figure_row figure_table[];
extern const size_t figure_table_size;

const struct figure_row *figure_find(const char *name);
/* The nearest name to a misspelt one, or NULL. */
const char *figure_closest(const char *name);
/* The word of a unit in help: "count", "time". */
const char *figure_unit_name(enum figure_unit unit);

/* The scope of a stream by its kind and transport ("slots", "udp"); 0: unknown kind. */
unsigned figure_scope_of(const char *kind, const char *transport);
/* Which of what figures need it has not; of a run of ours. */
unsigned figure_lacks_of(const struct report_stream *stream);
/* Has this stream the figure? */
bool figure_is_of(const struct figure_row *row, const struct report *report,
		  const struct report_stream *stream);

/* Has the whole run it? */
bool figure_is_of_run(const struct figure_row *row, const struct report *report);

struct figure_value {
	bool is_measured;
	const char *reason;  /* why not: "nothing was answered" */
	double number;       /* in the row's unit; counts are exact up to 2^53 */
	double whole;        /* of what a percentage is; 0 if the row takes none */
	bool is_lower_bound; /* a latency that falls among the unanswered */
};
/* `stream` is NULL for a figure of the run. The stream must be in the row's scopes. */
void figure_value(const struct report *report, const struct report_stream *stream,
		  const struct figure_row *row, struct figure_value *ret);

/* `conntest help figures`. */
void figures_help(struct buffer *out);
