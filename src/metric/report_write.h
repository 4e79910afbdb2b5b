/* A report as one JSON object, conntest.report/1. Pure. */
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/json.h"
#include "metric/report.h"

/* The object as the next value of `json`. */
void report_write_json(struct json *json, const struct report *report);
/* The same of one of its probes. */
void report_write_probe(struct json *json, const struct report_probe *probe);
/* The object on one line and a newline. Errors stay in `out`. */
void report_write(const struct report *report, struct buffer *out);
