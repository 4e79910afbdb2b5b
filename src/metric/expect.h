/* Expectations: "[STREAM.]NAME OP VALUE" (--expect), and the sets `graceful` and `hitless`. Parsed
 * and checked against the plan before anything is sent, evaluated on the report. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/figures.h"
#include "metric/report.h"

enum expect_relation {
	EXPECT_EQUAL,
	EXPECT_NOT_EQUAL,
	EXPECT_AT_MOST,
	EXPECT_AT_LEAST,
	EXPECT_LESS,
	EXPECT_GREATER,
};

/* Ends the sentences of mistakes. */
#define EXPECT_HELP "(\"conntest help figures\")"

#define EXPECT_WORD_MAX 64
struct expect {
	const struct figure_row *figure;
	const char *set;                  /* the set it came from, NULL: given by itself */
	char stream[EXPECT_WORD_MAX];     /* "": every stream that has the figure; "run" */
	char value_text[EXPECT_WORD_MAX]; /* as typed: "1s", "0.1%" */
	double value;                     /* in the figure's unit, or percent */
	unsigned needs;                   /* of enum figure_need, besides the figure's own */
	bool is_percent;
	enum expect_relation relation;
};

#define EXPECT_MAX 64
struct expect_list {
	struct expect items[EXPECT_MAX];
	size_t count;
};

/* A stream that the plan has; one that wraps a command has also "run" of the kind "command". */
struct expect_stream {
	const char *name;      /* "persistent" */
	const char *kind;      /* report_stream.kind: slots, attempts, probes, service */
	const char *transport; /* tcp, udp, tls */
	unsigned lacks;        /* of enum figure_need */
};

/* Appends one expectation, or those of a set. -EINVAL with the sentence that goes behind
 * "--expect: "; the list is unchanged then. */
nodiscard int expect_parse(const char *text, struct error *error, struct expect_list *list);

const char *expect_relation_text(enum expect_relation relation); /* "<=" */
/* The sets' names; NULL behind the last. */
const char *expect_set_name(size_t index);
/* Is there one of this figure? */
bool expect_has(const struct expect_list *list, const char *figure);

/* Can this plan measure them? -EINVAL with the sentence. Members of a set that the plan has no
 * stream for are taken out; a set of which nothing is left is an error. */
nodiscard int expect_check(struct expect_list *list, const struct expect_stream *streams,
			   size_t stream_count, struct error *error);

/* Fills report->expectations (from the report's arena). A figure that was not measured is not
 * held; one without STREAM gives a row for each stream that has it, but for a path that was not
 * measured where clients have the figure too. */
void expect_evaluate(const struct expect_list *list, struct report *report);

/* All held? True when there are none. */
bool expect_all_held(const struct report *report);
