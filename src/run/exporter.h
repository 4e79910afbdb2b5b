/* --metrics: what a run publishes, at http://ADDR:PORT/metrics from before its first connection to
 * its end. It lives on the loop that watches the run, not on a worker's, and asks the workers for
 * nothing but their published copies. */
#pragma once

#include "base/endpoint.h"
#include "base/error.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "run/outputs.h"

struct exporter;

struct exporter_setup {
	struct endpoint local; /* of exporter_parse() */
	struct loop *loop;
	const struct engine *engine;
	const struct plan *plan;
	const char *command; /* its name */
	const char *target;  /* as used */
};

/* "127.0.0.1:9090", "[::1]:9090", ":9090" for all addresses. -EINVAL with a sentence that `option`
 * begins ("--metrics"). */
nodiscard int exporter_parse(const char *text, const char *option, struct error *error,
			     struct endpoint *ret);
/* -EIO with a sentence where it cannot listen, -ENOMEM. */
nodiscard int exporter_open(const struct exporter_setup *setup, struct error *error,
			    struct exporter **ret);
/* Before the loop and the engine; NULL is harmless. */
void exporter_close(struct exporter *exporter);
/* Says where it is, with the port that it got. */
void exporter_tell(const struct exporter *exporter, struct outputs *outputs,
		   const struct output_options *options);
