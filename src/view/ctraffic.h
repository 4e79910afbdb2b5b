/* -o ctraffic: the statistics of Nordix' ctraffic, so that its users' scripts go on working: one
 * line with its keys, order and types (ConnStats and Samples always, Err always a string). */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

void ctraffic_write(const struct report *report, struct buffer *out);
