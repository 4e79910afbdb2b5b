/* The result of iperf3 -J as a report, as far as it goes. What it sent and received is told in
 * blocks, of UDP in datagrams, as messages; over TCP a part of a block rounds down. */
#pragma once

#include <jansson.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

/* Fills `report`, which is new. -EINVAL with the sentence, also for a run that failed. */
nodiscard int iperf3_read(const json_t *json, struct report *report, struct error *error);
