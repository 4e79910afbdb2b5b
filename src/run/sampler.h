/* The samples of a report: one a tick from the published copies, and at 3,600 of them the interval
 * doubles, so that a run of any length stays readable. Memory is the report's. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"
#include "engine/engine.h"
#include "metric/report.h"

#define SAMPLES_MAX 3600

struct sampler;

nodiscard int sampler_new(const struct engine *engine, struct sampler **ret);
void sampler_free(struct sampler *sampler);
/* Takes what was published up to `tick`; call it when engine_tick() has risen. */
void sampler_take(struct sampler *sampler, uint64_t tick);
/* The last one, after engine_join(): what was published last, at the moment when the run ended. A
 * rest shorter than half an interval goes into the sample before. */
void sampler_end(struct sampler *sampler, int64_t at_ns);
/* The sums of a stream as they were last taken; NULL if the plan has no such stream. */
const struct recorder *sampler_now(const struct sampler *sampler, enum plan_stream stream);
/* The tick that this was. */
uint64_t sampler_tick(const struct sampler *sampler);
/* Hands the samples of a stream to a report. */
void sampler_give(const struct sampler *sampler, enum plan_stream stream, struct arena *arena,
		  struct report_stream *ret);
