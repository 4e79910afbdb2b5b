/* A command on the loop: all that it writes is taken at once, whatever becomes of it, so that it
 * never waits for us; the last of it is kept. Its owner is told of output and of the end. */
#pragma once

#include "base/arena.h"
#include "base/attributes.h"
#include "base/tail.h"
#include "metric/report.h"
#include "net/loop.h"
#include "sys/child.h"

struct task;

struct task_owner {
	/* Bytes that it wrote. NULL: nobody wants them. */
	void (*wrote)(struct task *task, const char *bytes, size_t size);
	/* It has ended; or it did not even when it was killed. */
	void (*ended)(struct task *task);
};

struct task {
	const struct task_owner *owner;
	const char *text; /* the command as it was given */
	struct loop *loop;
	struct child child;
	struct watch output;
	struct watch exit;
	struct timer patience; /* since it was told to stop */
	struct tail kept;
	struct child_end end;
	uint64_t ended_ns;       /* monotonic; 0: not yet */
	int start_error;         /* errno: why it could not be started */
	const char *stop_reason; /* why we ended it: "the run ended"; NULL: we did not */
	bool is_running;
	bool is_killed; /* by us, as it did not stop */
};

/* From being told to stop to SIGKILL, and from there to being left alone. */
#define TASK_PATIENCE_NS UINT64_C(5000000000)

/* Texts and owner outlive it. */
void task_init(struct task *task, const struct task_owner *owner, const char *text);
/* -errno, also why the program could not be executed; then there is no end to be told of. */
nodiscard int task_start(struct task *task, struct loop *loop, char *const *words,
			 enum child_input input);
/* The signal to its process group, and SIGKILL where that is not enough. `reason` is NULL for a
 * signal that is only passed on. Harmless when it does not run. */
void task_stop(struct task *task, int number, const char *reason);
/* How it ended, for people: "exit 0", "killed by SIGKILL", "cannot be started: ...". */
const char *task_end_text(const struct task *task, struct arena *arena);
/* After its end; moments count from `begin_ns`. */
void task_report(const struct task *task, uint64_t begin_ns, struct arena *arena,
		 struct report_command *ret);
/* Lets go of it; the end is not told any more. */
void task_deinit(struct task *task);
