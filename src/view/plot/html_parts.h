/* The parts of the page; inside plot/. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* What is not data: html_assets.c. */
extern const char html_style[];
extern const char html_script[];

/* Backends, interruptions, connections, errors: those that there are. */
void html_write_tables(const struct report *report, struct buffer *out);
/* What the script shows under the pointer: a row of numbers a sample, as JSON. */
void html_write_values(const struct report *report, struct buffer *out);
