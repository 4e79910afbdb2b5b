/* What `serve` says first: where it listens, how many it takes, and what to type elsewhere. */
#pragma once

#include "engine/engine.h"
#include "run/run.h"

/* To the text and the ndjson outputs, when the ports are known. */
void serve_started(const struct run *run, const struct engine *engine, struct outputs *outputs);
