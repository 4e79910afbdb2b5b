/* What a search came to, in the words of the report. */
#pragma once

#include "metric/path_result.h"
#include "probe/pmtu.h"

void path_direction_describe(const struct pmtu *pmtu, struct path_direction *ret);
