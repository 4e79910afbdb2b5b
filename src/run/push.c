#include "run/push.h"

#include <errno.h>
#include <stdlib.h>

#include "run/push_otlp.h"
#include "run/push_statsd.h"

struct push {
	struct push_source source;
	struct push_statsd *statsd; /* NULL: not asked for */
	struct push_otlp *otlp;
	bool is_ending;
	bool is_cut;
};

void push_start(struct push *push)
{
	if (push && push->statsd)
		push_statsd_start(push->statsd);
	if (push && push->otlp)
		push_otlp_start(push->otlp);
}

void push_begin(struct push *push)
{
	if (push)
		push->source.has_begun = true;
}

/* Others stop the loop too. */
static void await_otlp(struct push *push)
{
	struct loop *loop = push->source.loop;
	uint64_t deadline_ns = loop_read_clock(loop) + PUSH_END_NS;
	push_otlp_end(push->otlp);
	while (push_otlp_is_busy(push->otlp) && !push->is_cut && loop_now(loop) < deadline_ns)
		if (loop_run(loop, deadline_ns) < 0)
			break;
	push_otlp_close(push->otlp);
}

void push_end(struct push *push)
{
	if (!push)
		return;
	push->is_ending = true;
	if (push->statsd)
		push_statsd_end(push->statsd);
	if (push->otlp)
		await_otlp(push);
}

void push_give(const struct push *push, struct report *report)
{
	if (push && push->statsd)
		push_statsd_give(push->statsd, report);
	if (push && push->otlp)
		push_otlp_give(push->otlp, report);
}

bool push_signal(struct push *push)
{
	if (!push || !push->is_ending)
		return false;
	push->is_cut = true;
	loop_stop(push->source.loop);
	return true;
}

int push_new(const struct push_source *source, struct error *error, struct push **ret)
{
	const struct push_plan *plan = source->plan;
	int result = 0;
	if (!plan->has_statsd && !plan->has_otlp)
		return 0;
	struct push *push = calloc(1, sizeof(*push));
	if (!push)
		return error_set(error, ENOMEM, "out of memory");
	push->source = *source;
	if (plan->has_statsd && push_statsd_new(&push->source, &push->statsd) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result >= 0 && plan->has_otlp)
		result = push_otlp_new(&push->source, error, &push->otlp);
	if (result < 0) {
		push_free(push);
		return result;
	}
	*ret = push;
	return 0;
}

void push_free(struct push *push)
{
	if (!push)
		return;
	push_statsd_free(push->statsd);
	push_otlp_free(push->otlp);
	free(push);
}
