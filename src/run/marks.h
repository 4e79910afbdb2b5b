/* The marks of a run: noted when a signal comes, a moment is reached, a command starts; measured by
 * what the run tells; handed to the report. Runs in the owner's thread, on its loop. */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"
#include "metric/report.h"
#include "net/loop.h"
#include "run/mark_plan.h"
#include "run/monitor.h"
#include "run/task.h"

struct marks;

struct marks_setup {
	const struct mark_plan *plan; /* NULL: only what others note */
	const struct plan *run;
	struct loop *loop;
	struct monitor *monitor;
	/* A command of a mark has ended. */
	void (*changed)(void *context);
	void *context;
};

/* -ENOMEM. */
nodiscard int marks_new(const struct marks_setup *setup, struct marks **ret);
void marks_free(struct marks *marks);

/* Counting begins at this moment; those of the plan count from it. */
void marks_begin(struct marks *marks, uint64_t begin_ns);
/* The run ends at this moment: commands are stopped, what was not reached is told. Once. */
void marks_end(struct marks *marks, uint64_t end_ns);
/* A command has not ended. */
bool marks_are_busy(const struct marks *marks);

/* True if it is one to mark on. */
bool marks_signal(struct marks *marks, int number);
/* A mark now; kinds: report.h. `task` is NULL or outlives this. */
void marks_note(struct marks *marks, const char *kind, const char *name, const struct task *task);

/* The user changed the run at this moment, which may be past: told, and no mark to measure by. */
void marks_note_key(struct marks *marks, const char *name, uint64_t at_ns);

/* What happens in the run, while it happens. */
void marks_event(struct marks *marks, const struct event *event);
void marks_tick(struct marks *marks, uint64_t tick, const struct recorder *persistent);

/* Fills report->marks, after engine_join(). */
void marks_give(struct marks *marks, const struct engine *engine, struct report *report);
