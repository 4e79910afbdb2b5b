/* What is sent elsewhere while a run goes on, StatsD and OTLP: on the run's loop, in its thread.
 * Where nothing was asked for there is no push, and every call takes NULL. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"
#include "run/push_source.h"

struct push;

/* `source`: what it is made of, copied. `ret` stays NULL where the plan has nothing. -errno with
 * the sentence. */
nodiscard int push_new(const struct push_source *source, struct error *error, struct push **ret);
void push_free(struct push *push);
/* The threads are about to run. */
void push_start(struct push *push);
/* Counting begins: from now on the owner reads the sampler. */
void push_begin(struct push *push);
/* After sampler_end(): the last figures. Runs the loop for PUSH_END_NS at most. */
void push_end(struct push *push);
/* After it: what became of the pushes. */
void push_give(const struct push *push, struct report *report);
/* A signal came: true if it only ends the end. */
bool push_signal(struct push *push);
