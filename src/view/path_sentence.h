/* The three lines of `conntest path`. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* As sentence_build(); `scratch` is empty. */
void path_sentence_build(struct report *report, struct buffer *scratch);
