/* Pushes a run's metrics to an OTLP/HTTP receiver: see run/otlp_sender.h. */
#pragma once

#include "base/attributes.h"
#include "base/error.h"
#include "metric/report.h"
#include "run/push_source.h"

struct push_otlp;

/* `source` outlives it. -errno with the sentence. */
nodiscard int push_otlp_new(const struct push_source *source, struct error *error,
			    struct push_otlp **ret);
/* Takes NULL. */
void push_otlp_free(struct push_otlp *otlp);
void push_otlp_start(struct push_otlp *otlp);
/* The last push is on its way. */
void push_otlp_end(struct push_otlp *otlp);
/* After the end: something is still to be taken. */
bool push_otlp_is_busy(const struct push_otlp *otlp);
/* Tells how many were dropped, those that are still on their way among them. */
void push_otlp_close(struct push_otlp *otlp);
void push_otlp_give(const struct push_otlp *otlp, struct report *report);
