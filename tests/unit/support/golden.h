/* Comparing output with a file of tests/golden; UPDATE=1 rewrites it, and the diff is reviewed. */
#pragma once

#include "base/buffer.h"

void golden_check(const char *name, const struct buffer *out);
