/* Sends metrics to an OTLP/HTTP receiver, on the loop of its owner: at an interval and at the end,
 * whatever they are of. A receiver that is dead, slow or resets costs the oldest pushes, which are
 * counted and told once; nothing waits but the end, and that only as long as its owner does. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "metric/report.h"
#include "net/loop.h"
#include "run/push_plan.h"

struct otlp_sender;

struct otlp_sender_setup {
	struct loop *loop;
	const struct push_plan *plan; /* outlives it */
	/* An ExportMetricsServiceRequest of now, in JSON; what rises was 0 when it started. */
	void (*write)(void *context, int64_t started_unix_ns, int64_t now_unix_ns,
		      struct buffer *body);
	/* A line for people. */
	void (*tell)(void *context, const char *line);
	void *context;
};

/* -errno with the sentence. */
nodiscard int otlp_sender_new(const struct otlp_sender_setup *setup, struct error *error,
			      struct otlp_sender **ret);
/* Takes NULL. */
void otlp_sender_free(struct otlp_sender *sender);
void otlp_sender_start(struct otlp_sender *sender);
/* The last push is on its way; when it is there, or has failed, the loop is stopped. */
void otlp_sender_end(struct otlp_sender *sender);
/* After the end: something is still to be taken. */
bool otlp_sender_is_busy(const struct otlp_sender *sender);
/* Tells how many were dropped, those that are still on their way among them. */
void otlp_sender_close(struct otlp_sender *sender);
void otlp_sender_give(const struct otlp_sender *sender, struct report *report);
