#include "run/mesh_push.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "run/otlp_sender.h"
#include "run/statsd_sender.h"
#include "view/mesh_otlp.h"
#include "view/mesh_statsd.h"

/* What a StatsD daemon flushes at. */
#define STATSD_INTERVAL_NS (10 * NS_PER_S)
#define END_NS             (2 * NS_PER_S)

struct mesh_push {
	struct mesh_push_setup setup;
	struct otlp_sender *otlp;     /* NULL: not asked for */
	struct statsd_sender *statsd; /* the same */
	struct timer tick;
	struct mesh_statsd *told;
	bool is_cut;
	char host_name[256];
};

/* ---- contents ---- */

static void write_otlp(void *context, int64_t started_unix_ns, int64_t now_unix_ns,
		       struct buffer *body)
{
	struct mesh_push *push = context;
	const struct mesh_state *state = push->setup.look(push->setup.context);
	(void)started_unix_ns;
	(void)now_unix_ns; /* the state has its own */
	if (!state)
		return;
	mesh_otlp_write(body, push->host_name, push->setup.worst, state);
	push->setup.release(push->setup.context);
}

static void write_statsd(struct mesh_push *push)
{
	const struct statsd_writer writer = {
		.name_space = push->setup.plan->options->statsd_namespace,
		.send = statsd_sender_send,
		.context = push->statsd,
	};
	const struct mesh_state *state = push->setup.look(push->setup.context);
	if (!state)
		return;
	/* Without memory this time is left out, and the next one tells it. */
	(void)mesh_statsd_write(&writer, push->setup.plan->options->is_dogstatsd, push->told,
				state);
	push->setup.release(push->setup.context);
}

static void on_tick(struct timer *timer)
{
	struct mesh_push *push = container_of(timer, struct mesh_push, tick);
	struct loop *loop = push->setup.loop;
	loop_set_timer(loop, timer, loop_now(loop) + STATSD_INTERVAL_NS);
	if (statsd_sender_turn(push->statsd))
		write_statsd(push);
}

static void on_opened(void *context)
{
	struct mesh_push *push = context;
	write_statsd(push);
}

static void tell(void *context, const char *line)
{
	const struct mesh_push *push = context;
	push->setup.tell(push->setup.context, line);
}

/* ---- the course ---- */

void mesh_push_start(struct mesh_push *push)
{
	if (push && push->statsd) {
		struct loop *loop = push->setup.loop;
		statsd_sender_start(push->statsd);
		loop_set_timer(loop, &push->tick, loop_read_clock(loop) + STATSD_INTERVAL_NS);
	}
	if (push && push->otlp)
		otlp_sender_start(push->otlp);
}

void mesh_push_count(const struct mesh_push *push, uint64_t *ret_pushes, uint64_t *ret_dropped)
{
	uint64_t statsd[2] = { 0 }, otlp[2] = { 0 };
	if (push && push->statsd)
		statsd_sender_count(push->statsd, &statsd[0], &statsd[1]);
	if (push && push->otlp)
		otlp_sender_count(push->otlp, &otlp[0], &otlp[1]);
	*ret_pushes = statsd[0] + otlp[0];
	*ret_dropped = statsd[1] + otlp[1];
}

static void end_statsd(struct mesh_push *push)
{
	loop_clear_timer(push->setup.loop, &push->tick);
	if (statsd_sender_is_open(push->statsd))
		write_statsd(push);
	statsd_sender_close(push->statsd);
}

/* Others stop the loop too. */
static void end_otlp(struct mesh_push *push)
{
	struct loop *loop = push->setup.loop;
	uint64_t deadline_ns = loop_read_clock(loop) + END_NS;
	otlp_sender_end(push->otlp);
	while (otlp_sender_is_busy(push->otlp) && !push->is_cut && loop_now(loop) < deadline_ns)
		if (loop_run(loop, deadline_ns) < 0)
			break;
	otlp_sender_close(push->otlp);
}

void mesh_push_stop(struct mesh_push *push)
{
	if (push && push->statsd)
		end_statsd(push);
	if (push && push->otlp)
		end_otlp(push);
}

void mesh_push_cut(struct mesh_push *push)
{
	if (!push)
		return;
	push->is_cut = true;
	loop_stop(push->setup.loop);
}

/* ---- life ---- */

static int open_statsd(struct mesh_push *push)
{
	const struct statsd_sender_setup setup = {
		.loop = push->setup.loop,
		.plan = push->setup.plan,
		.opened = on_opened,
		.tell = tell,
		.context = push,
	};
	push->told = calloc(1, sizeof(*push->told));
	return push->told ? statsd_sender_new(&setup, &push->statsd) : -ENOMEM;
}

static int open_otlp(struct mesh_push *push, struct error *error)
{
	const struct otlp_sender_setup setup = {
		.loop = push->setup.loop,
		.plan = push->setup.plan,
		.write = write_otlp,
		.tell = tell,
		.context = push,
	};
	return otlp_sender_new(&setup, error, &push->otlp);
}

int mesh_push_new(const struct mesh_push_setup *setup, struct error *error, struct mesh_push **ret)
{
	const struct push_plan *plan = setup->plan;
	int result = 0;
	if (!plan->has_statsd && !plan->has_otlp)
		return 0;
	struct mesh_push *push = calloc(1, sizeof(*push));
	if (!push)
		return error_set(error, ENOMEM, "out of memory");
	push->setup = *setup;
	timer_init(&push->tick, on_tick);
	(void)gethostname(push->host_name, sizeof(push->host_name) - 1);
	if (plan->has_statsd && open_statsd(push) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result >= 0 && plan->has_otlp)
		result = open_otlp(push, error);
	if (result < 0) {
		mesh_push_free(push);
		return result;
	}
	*ret = push;
	return 0;
}

void mesh_push_free(struct mesh_push *push)
{
	if (!push)
		return;
	loop_clear_timer(push->setup.loop, &push->tick);
	statsd_sender_free(push->statsd);
	otlp_sender_free(push->otlp);
	free(push->told);
	free(push);
}
