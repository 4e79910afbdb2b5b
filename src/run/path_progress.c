#include "run/path_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "sys/terminal.h"

#define WIPE "\r\033[K"

static void say(const char *text, int length)
{
	/* Who does not read it misses nothing that is in the report. */
	(void)!write(STDERR_FILENO, text, (size_t)length);
}

static void show(struct path_progress *progress, uint64_t now_ns)
{
	char share[16] = "", line[128];
	unsigned seconds = (unsigned)((now_ns - progress->began_ns) / NS_PER_S);

	if (progress->is_terminal && !terminal_is_foreground(STDERR_FILENO))
		return;
	if (progress->trace)
		(void)snprintf(share, sizeof(share), ", %.0f %%",
			       100 * hops_trace_progress(progress->trace));
	int length =
		snprintf(line, sizeof(line), "%s%u s  %s%s%s", progress->is_terminal ? WIPE : "",
			 seconds, progress->stage, share, progress->is_terminal ? "" : "\n");
	say(line, length);
	progress->is_shown = progress->is_terminal;
}

static void on_second(struct timer *timer)
{
	struct path_progress *progress = container_of(timer, struct path_progress, timer);
	uint64_t now_ns = loop_read_clock(progress->loop);

	show(progress, now_ns);
	loop_set_timer(progress->loop, timer, now_ns + NS_PER_S);
}

void path_progress_start(struct path_progress *progress, struct loop *loop,
			 const struct output_options *options)
{
	*progress = (struct path_progress){
		.loop = loop,
		.began_ns = loop_read_clock(loop),
		.is_terminal = terminal_can_rewrite(STDERR_FILENO),
		.stage = "begins",
	};
	timer_init(&progress->timer, on_second);
	progress->has_live = !options->is_quiet && (options->is_monitor || progress->is_terminal);
	if (progress->has_live)
		loop_set_timer(loop, &progress->timer, progress->began_ns + NS_PER_S);
}

void path_progress_stage(struct path_progress *progress, const char *stage,
			 const struct hops_trace *trace)
{
	progress->stage = stage;
	progress->trace = trace;
}

void path_progress_stop(struct path_progress *progress)
{
	if (progress->has_live)
		loop_clear_timer(progress->loop, &progress->timer);
	if (progress->is_shown)
		say(WIPE, sizeof(WIPE) - 1);
	progress->has_live = false;
	progress->is_shown = false;
}
