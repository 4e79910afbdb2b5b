/* What `conntest mesh --once` found, for people: the three lines and the table. Pure. */
#pragma once

#include "base/buffer.h"
#include "metric/report.h"

/* As sentence_build(), of a report that has a mesh; `scratch` is empty. */
void mesh_sentence_build(struct report *report, struct buffer *scratch);
