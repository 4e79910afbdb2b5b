/* The statistics of Nordix' ctraffic (-stats summary or all) as a report, as far as they go. */
#pragma once

#include <jansson.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"

/* Fills `report`, which is new. -EINVAL with the sentence. */
nodiscard int ctraffic_read(const json_t *json, struct report *report, struct error *error);
