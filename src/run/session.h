/* One run on its way from plan to exit code: between run.c, which drives it, and
 * session_report.c, which says what came of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "metric/expect.h"
#include "metric/report.h"
#include "net/loop.h"
#include "run/hand.h"
#include "run/keys.h"
#include "run/marks.h"
#include "run/monitor.h"
#include "run/outputs.h"
#include "run/push.h"
#include "run/run.h"
#include "run/sampler.h"
#include "run/signals.h"
#include "run/wrap.h"

struct exporter;

struct session {
	const struct run *run;
	struct expect_list expect;
	struct outputs outputs;
	struct engine *engine;
	struct sampler *sampler;
	struct monitor *monitor;
	struct push_plan push_plan;
	struct push *push; /* NULL: nothing is sent elsewhere */
	struct marks *marks;
	struct wrap *wrap; /* NULL: no command is wrapped */
	struct report *report;
	struct loop *loop;
	struct endpoint metrics;   /* where they are asked for */
	struct exporter *exporter; /* NULL: nobody asks for metrics */
	struct signals signals;
	struct keys keys;
	struct hand hand;
	struct timer poll;
	struct timer duration; /* the end of -T */
	struct timer warmup;   /* --warmup is over */
	bool is_warm;
	uint64_t begin_ns; /* 0: the ramp goes on */
	uint64_t tick;     /* the newest that was taken */
	int64_t started_unix_ns;
	uint64_t end_ns; /* when the workers were told to end, 0: not */
	bool has_ended;  /* the commands were told too */
	uint64_t cpu_at_begin_ns;
	uint64_t throttled_at_begin_ns;
	uint64_t overflows_at_begin;
	bool is_interrupted;
	bool has_nothing_up; /* no connection came up in the ramp */
	bool is_cut_in_ramp; /* by a signal: nothing was measured */
	int exit_code;
};

/* Fills the report from what was measured; the engine has been joined. */
void session_fill_report(struct session *session);
/* The report of a run that could not begin: `code` and the sentence say why. */
void session_fill_unmeasured(struct session *session, int code, const struct error *error);
