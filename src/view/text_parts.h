/* The tables of the text report, each a part of its own; one that has nothing to say writes
 * nothing. Each is followed by its caller's own empty line. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"
#include "view/phrase.h"
#include "view/text.h"

typedef void text_part(const struct report *report, const struct text_style *style,
		       struct buffer *out);

text_part text_marks;        /* lines, not a table: when it was good again after each mark */
text_part text_tls;          /* a line, not a table: what was agreed on */
text_part text_search;       /* every trial, in order */
text_part text_path;         /* what passes each way, and what TCP makes of it */
text_part text_mesh;         /* the peers of a mesh, the worst first */
text_part text_expectations; /* what was expected, what is, first and last */
text_part text_backends;     /* what became of the clients, by backend, worst first */
text_part text_intervals;    /* outages, and interruptions where no backend tells them */
text_part text_tcp;          /* bytes by interval and in sum, and what TCP made of them */
text_part text_datagrams;    /* lines: losses in bursts, and delay variation */
text_part text_latencies;    /* with what is counted below */
text_part text_counts;       /* lines: answers by status, ends, the identity of messages */

/* The first table of text_tcp: a row an interval. */
void text_samples(const struct report *report, const struct report_stream *stream,
		  const struct text_style *style, struct buffer *out);
/* All bytes one way, nothing answered, over TCP. */
bool text_is_bulk(const struct report_stream *stream);

/* Answers with a status of 400 or more: where there are fewer than rejected ones, something else
 * was not as expected. */
uint64_t text_error_statuses(const struct report_stream *stream);

/* A row of the first table as a sentence, without a newline: "persistent.lost == 0: FAILED, is 7;
 * first, last +8.7 s, +8.8 s; all on web-3". */
void text_expectation_sentence(const struct report *report,
			       const struct report_expectation *expectation, struct buffer *out);

/* A row of text_search() as a line, without a newline: "trial 3  400/s  1.2 s  held  response.p99
 * 0.31 ms". */
void text_trial(const struct report_trial *trial, uint32_t number, struct buffer *out);

/* What it is: "323 of 20,000", ">2000 ms". Of one that was measured. */
const char *text_expectation_value(const struct report *report,
				   const struct report_expectation *expectation,
				   char text[PHRASE_MAX]);
