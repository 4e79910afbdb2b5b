/* The command that a run wraps: started a while after counting began, its start and end marked, its
 * output passed on; a while after its end the run is over. Runs in the owner's thread, on its
 * loop. */
#pragma once

#include "base/attributes.h"
#include "net/loop.h"
#include "run/marks.h"
#include "run/monitor.h"
#include "run/sampler.h"

struct wrap_plan {
	char *const *words; /* end with NULL */
	uint64_t before_ns; /* after the start */
	uint64_t after_ns;  /* after its end */
};

struct wrap;

struct wrap_setup {
	const struct wrap_plan *plan;
	const struct plan *run;
	const char *target; /* "https://web.example/" */
	const struct sampler *sampler;
	struct loop *loop;
	struct marks *marks;
	struct monitor *monitor;
	void (*over)(void *context);    /* the run may end */
	void (*changed)(void *context); /* the command has ended */
	void *context;
};

/* -ENOMEM. */
nodiscard int wrap_new(const struct wrap_setup *setup, struct wrap **ret);
/* NULL is no wrapped command, in all of these. */
void wrap_free(struct wrap *wrap);
void wrap_begin(struct wrap *wrap, uint64_t begin_ns);
/* A signal that ends the run is passed on to the command; SIGKILL if that is not enough. */
void wrap_signal(struct wrap *wrap, int number);
/* The run ends: a command that was not passed a signal is terminated, or never started. `reason`
 * goes behind "terminated: ". */
void wrap_end(struct wrap *wrap, const char *reason);
bool wrap_is_busy(const struct wrap *wrap);
