/* What a search came to, in the words of the report. */
#pragma once

#include "base/arena.h"
#include "metric/path_result.h"
#include "probe/pmtu.h"

/* Texts are in the arena. */
void path_direction_describe(const struct pmtu *pmtu, struct arena *arena,
			     struct path_direction *ret);
