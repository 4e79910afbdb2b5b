/* Tables for spreadsheets and pandas (RFC 4180, lines end in \n): a head of column names, empty
 * cells where nothing was measured. A text that begins with = + - or @ gets a ' in front, since
 * spreadsheets would run it, and names come over the wire. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* A row for each stream and sample: `time`, `stream`, and the keys of samples in JSON. */
void csv_write_samples(const struct report *report, struct buffer *out);
/* A row a connection: `time` (started), and the keys of connections in JSON. */
void csv_write_connections(const struct report *report, struct buffer *out);
/* A row for each stream and one for the run: `time` (started), `command`, `target`, `stream`, and
 * the keys of figures in JSON. */
void csv_write_figures(const struct report *report, struct buffer *out);
/* The columns of all three. */
void csv_help(struct buffer *out);
