/* -o json: the report as it is stored. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void json_view_write(const struct report *report, struct buffer *out);
