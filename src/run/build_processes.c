#include "run/build_processes.h"

#include <stdio.h>
#include <string.h>

#include "view/phrase.h"

#define END_MAX 64

/* "was killed by signal 9 (SIGKILL)" */
static const char *end_of(const struct engine_process *process, char text[END_MAX])
{
	const char *name = sigabbrev_np(process->signal);
	if (process->signal)
		(void)snprintf(text, END_MAX, "was killed by signal %d (SIG%s)", process->signal,
			       name ? name : "?");
	else
		(void)snprintf(text, END_MAX, "ended with status %d", process->status);
	return text;
}

static const char *moment_of(const struct engine_process *process, uint64_t begin_ns,
			     char text[PHRASE_MAX + 8])
{
	char length[PHRASE_MAX];
	if (begin_ns == 0 || process->lost_ns < begin_ns)
		return "in the ramp";
	(void)snprintf(text, PHRASE_MAX + 8, "after %s",
		       phrase_duration(process->lost_ns - begin_ns, length));
	return text;
}

const char *process_sentence(const struct engine *engine, const struct engine_process *process,
			     uint64_t begin_ns, char text[PROCESS_SENTENCE_MAX])
{
	char end[END_MAX], moment[PHRASE_MAX + 8], count[PHRASE_MAX];
	(void)snprintf(text, PROCESS_SENTENCE_MAX,
		       "process %u of %u (pid %d) %s %s: its %s %s not counted from here on",
		       process->index + 1, engine_processes(engine), process->pid,
		       end_of(process, end), moment_of(process, begin_ns, moment),
		       phrase_count(process->connections, "connection", count),
		       process->connections == 1 ? "is" : "are");
	return text;
}

void build_processes(const struct build *build, struct report *report)
{
	struct report_generator *generator = &report->generator;
	unsigned count = engine_processes(build->engine);
	generator->has_processes = count > 0;
	generator->processes =
		arena_take_array(&report->arena, count, sizeof(*generator->processes));
	for (unsigned i = 0; i < count; i++) {
		const struct engine_process *from = engine_process(build->engine, i);
		struct report_process *row = &generator->processes[generator->process_count++];
		char end[END_MAX];
		*row = (struct report_process){ .index = i + 1,
						.pid = (uint64_t)from->pid,
						.workers = from->workers,
						.slots = from->slots,
						.lost_ns = INT64_MIN,
						.connections = from->connections };
		if (!from->is_lost)
			continue;
		row->lost = arena_text(&report->arena, end_of(from, end));
		row->lost_ns = (int64_t)(from->lost_ns - build->begin_ns);
	}
}
