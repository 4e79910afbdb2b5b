/* What the pushes of a run are made of: its streams as they were last read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "net/loop.h"
#include "run/monitor.h"
#include "run/push_plan.h"
#include "run/sampler.h"

/* The run is never held up at its end for longer. */
#define PUSH_END_NS UINT64_C(2000000000)

struct push_source {
	const struct push_plan *plan;
	const struct plan *run;
	const char *command;
	const char *target; /* as used */
	const struct engine *engine;
	struct sampler *sampler;
	struct monitor *monitor; /* is told what goes wrong */
	struct loop *loop;
	bool has_begun; /* counting: from then on the sampler is read by its owner */
};

/* In the ramp nobody else reads. */
static inline void push_source_look(const struct push_source *source)
{
	if (!source->has_begun)
		sampler_take(source->sampler, 0);
}
