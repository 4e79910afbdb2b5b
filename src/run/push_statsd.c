#include "run/push_statsd.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "run/build.h"
#include "run/statsd_sender.h"
#include "view/statsd.h"

#define INTERVAL_NS (NS_PER_S / 4)

/* A stream, and what of it was told last. */
struct group {
	bool is_wanted;
	enum statsd_side side;
	enum latency message; /* which latency is that of a message */
	unsigned latencies;   /* those it measures: bits of enum statsd_latency */
	struct counters before;
	struct recorder *window; /* as the window began; NULL: there is none */
	char tags[STATSD_TAGS_MAX];
};

struct push_statsd {
	const struct push_source *source;
	struct group groups[PLAN_STREAMS];
	enum plan_stream main_stream; /* whose latencies stand for all where there are no tags */
	struct recorder *delta;       /* scratch */
	struct statsd_sender *sender;
	struct timer tick;
	uint64_t window_ends_ns;
	uint64_t told_tick; /* of the figures that were sent last */
};

/* ---- figures ---- */

static bool has_tags(const struct push_statsd *statsd)
{
	return statsd->source->plan->options->is_dogstatsd;
}

static void write_figures(struct push_statsd *statsd, const struct group *group,
			  const struct statsd_figures *figures)
{
	struct statsd_writer writer = {
		.name_space = statsd->source->plan->options->statsd_namespace,
		.tags = has_tags(statsd) ? group->tags : NULL,
		.send = statsd_sender_send,
		.context = statsd->sender,
	};
	statsd_write(&writer, figures);
}

static void write_zeros(struct push_statsd *statsd)
{
	for (int i = 0; i < PLAN_STREAMS; i++) {
		const struct group *group = &statsd->groups[i];
		struct statsd_figures zeros = { .latencies = group->latencies };
		if (has_tags(statsd) ? group->is_wanted : i == (int)statsd->main_stream)
			write_figures(statsd, group, &zeros);
	}
}

static enum latency latency_of(const struct group *group, enum statsd_latency latency)
{
	if (latency == STATSD_MESSAGE)
		return group->message;
	return latency == STATSD_CONNECT ? LATENCY_CONNECT : LATENCY_FIRST_BYTE;
}

/* Those of the whole run, or what was added in the window. */
static void add_latencies(struct push_statsd *statsd, const struct group *group,
			  const struct recorder *now, struct statsd_figures *figures)
{
	figures->latencies = group->latencies;
	for (int i = 0; i < STATSD_LATENCIES; i++) {
		enum latency latency = latency_of(group, (enum statsd_latency)i);
		figures->hists[i] = recorder_hist_const(now, latency);
		if (!group->window || (group->latencies & 1u << i) == 0)
			continue;
		struct hist *delta = recorder_hist(statsd->delta, latency);
		hist_clear(delta);
		hist_merge(delta, figures->hists[i]);
		hist_subtract(delta, recorder_hist_const(group->window, latency));
		figures->hists[i] = delta;
	}
}

/* Each stream on its own with tags, else all added up. */
static void write_now(struct push_statsd *statsd, uint64_t elapsed_ns)
{
	struct statsd_figures sum = { 0 };
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct group *group = &statsd->groups[i];
		const struct recorder *now = sampler_now(statsd->source->sampler, i);
		struct statsd_figures figures;
		if (!group->is_wanted)
			continue;
		statsd_between(&group->before, &now->counters, elapsed_ns, group->side, &figures);
		group->before = now->counters;
		if (has_tags(statsd)) {
			add_latencies(statsd, group, now, &figures);
			write_figures(statsd, group, &figures);
		} else {
			statsd_add(&sum, &figures);
		}
	}
	if (has_tags(statsd))
		return;
	const struct group *group = &statsd->groups[statsd->main_stream];
	if (group->is_wanted)
		add_latencies(statsd, group,
			      sampler_now(statsd->source->sampler, statsd->main_stream), &sum);
	write_figures(statsd, group, &sum);
}

static void turn_window(struct push_statsd *statsd)
{
	uint64_t now_ns = loop_now(statsd->source->loop);
	uint64_t window_ns = statsd->source->plan->options->statsd_window_ns;
	if (window_ns == 0 || now_ns < statsd->window_ends_ns)
		return;
	statsd->window_ends_ns = now_ns + window_ns;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct group *group = &statsd->groups[i];
		if (!group->window)
			continue;
		recorder_clear(group->window);
		recorder_merge(group->window, sampler_now(statsd->source->sampler, i));
	}
}

/* Rates are by the workers' ticks, which come at their own times. In the ramp nothing that has a
 * rate counts, and later there is nothing to say where no tick came since. */
static void on_tick(struct timer *timer)
{
	struct push_statsd *statsd = container_of(timer, struct push_statsd, tick);
	const struct push_source *source = statsd->source;
	uint64_t tick = sampler_tick(source->sampler);
	loop_set_timer(source->loop, timer, loop_now(source->loop) + INTERVAL_NS);
	push_source_look(source);
	if (!statsd_sender_turn(statsd->sender) || (source->has_begun && tick <= statsd->told_tick))
		return;
	write_now(statsd, source->has_begun ? (tick - statsd->told_tick) * WORKER_TICK_NS : 0);
	if (source->has_begun)
		statsd->told_tick = tick;
	turn_window(statsd);
}

void push_statsd_start(struct push_statsd *statsd)
{
	struct loop *loop = statsd->source->loop;
	statsd->window_ends_ns =
		loop_read_clock(loop) + statsd->source->plan->options->statsd_window_ns;
	statsd_sender_start(statsd->sender);
	loop_set_timer(loop, &statsd->tick, loop_now(loop) + INTERVAL_NS);
}

void push_statsd_end(struct push_statsd *statsd)
{
	loop_clear_timer(statsd->source->loop, &statsd->tick);
	if (statsd_sender_is_open(statsd->sender)) {
		write_now(statsd, 0);
		write_zeros(statsd);
	}
	statsd_sender_close(statsd->sender);
}

void push_statsd_give(const struct push_statsd *statsd, struct report *report)
{
	statsd_sender_give(statsd->sender, report);
}

/* ---- life ---- */

static unsigned measured(const struct report_stream *stream, const struct group *group)
{
	unsigned bits = 0;
	for (int i = 0; i < STATSD_LATENCIES; i++)
		if (stream->latency[latency_of(group, (enum statsd_latency)i)].is_measured)
			bits |= 1u << i;
	return bits;
}

static int open_group(struct push_statsd *statsd, enum plan_stream which)
{
	const struct push_source *source = statsd->source;
	struct group *group = &statsd->groups[which];
	struct report_stream stream;
	if (!sampler_now(source->sampler, which))
		return 0;
	build_describe(source->run, which, source->target, &stream);
	group->is_wanted = true;
	group->side = which == PLAN_SERVED ? STATSD_INCOMING : STATSD_OUTGOING;
	group->message =
		stream.latency[LATENCY_RESPONSE].is_measured ? LATENCY_RESPONSE : LATENCY_SERVICE;
	group->latencies = measured(&stream, group);
	(void)statsd_tags(stream.name, stream.target, group->tags);
	return source->plan->options->statsd_window_ns > 0 ? recorder_new(&group->window) : 0;
}

static int open_groups(struct push_statsd *statsd)
{
	const struct plan *run = statsd->source->run;
	int result = recorder_new(&statsd->delta);
	statsd->main_stream = run->serve.listen_count > 0 ? PLAN_SERVED : run->slots_stream;
	for (int i = 0; i < PLAN_STREAMS && result >= 0; i++)
		result = open_group(statsd, (enum plan_stream)i);
	return result;
}

static void on_opened(void *context)
{
	write_zeros(context);
}

static void tell(void *context, const char *line)
{
	const struct push_statsd *statsd = context;
	monitor_mark(statsd->source->monitor, loop_read_clock(statsd->source->loop), line);
}

static int open_sender(struct push_statsd *statsd)
{
	const struct statsd_sender_setup setup = {
		.loop = statsd->source->loop,
		.plan = statsd->source->plan,
		.opened = on_opened,
		.tell = tell,
		.context = statsd,
	};
	return statsd_sender_new(&setup, &statsd->sender);
}

int push_statsd_new(const struct push_source *source, struct push_statsd **ret)
{
	struct push_statsd *statsd = calloc(1, sizeof(*statsd));
	if (!statsd)
		return -ENOMEM;
	statsd->source = source;
	statsd->told_tick = WORKER_RAMP_TICK;
	timer_init(&statsd->tick, on_tick);
	int result = open_groups(statsd);
	if (result >= 0)
		result = open_sender(statsd);
	if (result < 0) {
		push_statsd_free(statsd);
		return result;
	}
	*ret = statsd;
	return 0;
}

void push_statsd_free(struct push_statsd *statsd)
{
	if (!statsd)
		return;
	statsd_sender_free(statsd->sender);
	loop_clear_timer(statsd->source->loop, &statsd->tick);
	for (int i = 0; i < PLAN_STREAMS; i++)
		recorder_free(statsd->groups[i].window);
	recorder_free(statsd->delta);
	free(statsd);
}
