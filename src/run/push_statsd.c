#include "run/push_statsd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "net/datagram.h"
#include "net/resolver.h"
#include "run/build.h"
#include "view/phrase.h"
#include "view/statsd.h"

#define INTERVAL_NS (NS_PER_S / 4)
/* From a name that did not resolve to the next try. */
#define RETRY_NS (5 * NS_PER_S)
/* Addresses of a name that are tried, as many refuse. */
#define REMOTES_MAX 8

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
	struct resolver *resolver;
	struct datagram_socket socket;
	struct timer tick;
	struct timer retry;
	uint64_t window_ends_ns;
	uint64_t told_tick; /* of the figures that were sent last */
	uint64_t sent;
	uint64_t refused;
	struct endpoint remotes[REMOTES_MAX];
	size_t remote_count;
	size_t remote;
	bool is_open;
	bool is_refused; /* by this one of the addresses */
	bool is_told;
	char trouble[256]; /* the last: "refused" */
};

/* ---- trouble ---- */

static void tell(struct push_statsd *statsd, const char *text)
{
	char line[512];
	(void)snprintf(line, sizeof(line), "StatsD %s: %s", statsd->source->plan->options->statsd,
		       text);
	monitor_mark(statsd->source->monitor, loop_read_clock(statsd->source->loop), line);
}

static void note_trouble(struct push_statsd *statsd, const char *text)
{
	(void)snprintf(statsd->trouble, sizeof(statsd->trouble), "%s", text);
	if (!statsd->is_told)
		tell(statsd, text);
	statsd->is_told = true;
}

static void note_refused(struct push_statsd *statsd, int code)
{
	statsd->refused++;
	statsd->is_refused |= code == ECONNREFUSED;
	note_trouble(statsd, code == EAGAIN ? "this host's queue is full"
					    : outcome_sentence(outcome_from_errno(code)));
}

static void try_again_later(struct push_statsd *statsd, const char *why)
{
	struct loop *loop = statsd->source->loop;
	note_trouble(statsd, why);
	loop_set_timer(loop, &statsd->retry, loop_now(loop) + RETRY_NS);
}

/* ---- the network ---- */

static void send_datagram(void *context, const char *bytes, size_t size)
{
	struct push_statsd *statsd = context;
	struct datagram datagram = { .data = (void *)bytes, .size = size };
	int result = datagram_send(&statsd->socket, &datagram, 1);
	/* That was the answer to an earlier one; this one has not gone. */
	if (result == -ECONNREFUSED) {
		note_refused(statsd, ECONNREFUSED);
		result = datagram_send(&statsd->socket, &datagram, 1);
	}
	statsd->sent++;
	if (result < 0)
		note_refused(statsd, -result);
}

/* Nobody answers a StatsD datagram: what arrives is an error for one that was sent. */
static void on_ready(struct datagram_socket *socket, unsigned events)
{
	struct push_statsd *statsd = container_of(socket, struct push_statsd, socket);
	char byte;
	struct datagram datagram = { .data = &byte, .capacity = sizeof(byte) };
	int result = (events & STREAM_READABLE) != 0 ? 0 : -EAGAIN;
	for (int i = 0; i < DATAGRAM_BATCH_MAX && result != -EAGAIN; i++) {
		result = datagram_receive(socket, &datagram, 1);
		if (result < 0 && result != -EAGAIN)
			note_refused(statsd, -result);
	}
}

static void write_zeros(struct push_statsd *statsd);

static void open_socket(struct push_statsd *statsd)
{
	struct datagram_options options = { .remote = statsd->remotes[statsd->remote] };
	int result = datagram_open(&statsd->socket, &datagram_udp, statsd->source->loop, &options,
				   on_ready);
	if (result < 0) {
		try_again_later(statsd, outcome_sentence(outcome_from_errno(-result)));
		return;
	}
	statsd->is_open = true;
	write_zeros(statsd);
}

/* "localhost" is two addresses, and the daemon may have only one. */
static void open_next(struct push_statsd *statsd)
{
	if (statsd->is_open)
		datagram_close(&statsd->socket);
	statsd->is_open = false;
	statsd->is_refused = false;
	statsd->remote = (statsd->remote + 1) % statsd->remote_count;
	open_socket(statsd);
}

static void on_resolved(void *context, const struct resolver_answer *answer)
{
	struct push_statsd *statsd = context;
	if (answer->code == -ECANCELED)
		return;
	if (answer->code < 0) {
		try_again_later(statsd, answer->sentence);
		return;
	}
	statsd->remote = 0;
	statsd->remote_count = answer->count < REMOTES_MAX ? answer->count : REMOTES_MAX;
	memcpy(statsd->remotes, answer->endpoints, statsd->remote_count * sizeof(*statsd->remotes));
	open_socket(statsd);
}

static void resolve(struct push_statsd *statsd)
{
	const struct uri *place = &statsd->source->plan->statsd;
	int result =
		resolver_resolve(statsd->resolver, place->host, place->port, on_resolved, statsd);
	if (result < 0)
		try_again_later(statsd, outcome_sentence(outcome_from_errno(-result)));
}

static void on_retry(struct timer *timer)
{
	resolve(container_of(timer, struct push_statsd, retry));
}

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
		.send = send_datagram,
		.context = statsd,
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

/* There is nowhere to send it: the name has not been resolved. */
static void note_unsent(struct push_statsd *statsd)
{
	statsd->sent++;
	statsd->refused++;
	if (!statsd->trouble[0])
		note_trouble(statsd, "its name is still looked up");
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
	if (statsd->is_refused && statsd->remote_count > 1)
		open_next(statsd);
	if (!statsd->is_open)
		note_unsent(statsd);
	if (!statsd->is_open || (source->has_begun && tick <= statsd->told_tick))
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
	resolve(statsd);
	loop_set_timer(loop, &statsd->tick, loop_now(loop) + INTERVAL_NS);
}

static void tell_refused(struct push_statsd *statsd)
{
	char text[384], refused[UNITS_TEXT_MAX], sent[PHRASE_MAX];
	if (statsd->refused == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s of %s not taken: %s",
		       units_format_grouped(statsd->refused, refused),
		       phrase_count(statsd->sent, "datagram", sent), statsd->trouble);
	tell(statsd, text);
}

void push_statsd_end(struct push_statsd *statsd)
{
	loop_clear_timer(statsd->source->loop, &statsd->tick);
	if (statsd->is_open) {
		write_now(statsd, 0);
		write_zeros(statsd);
	}
	tell_refused(statsd);
}

void push_statsd_give(const struct push_statsd *statsd, struct report *report)
{
	report->pushes[report->push_count++] = (struct report_push){
		.kind = "StatsD",
		.to = arena_text(&report->arena, statsd->source->plan->options->statsd),
		.sent = statsd->sent,
		.dropped = statsd->refused,
		.trouble = statsd->trouble[0] ? arena_text(&report->arena, statsd->trouble) : NULL,
	};
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

int push_statsd_new(const struct push_source *source, struct push_statsd **ret)
{
	struct push_statsd *statsd = calloc(1, sizeof(*statsd));
	if (!statsd)
		return -ENOMEM;
	statsd->source = source;
	statsd->told_tick = WORKER_RAMP_TICK;
	timer_init(&statsd->tick, on_tick);
	timer_init(&statsd->retry, on_retry);
	int result = open_groups(statsd);
	if (result >= 0)
		result = resolver_new(source->loop, &(struct resolver_options){ 0 },
				      &statsd->resolver);
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
	resolver_free(statsd->resolver);
	if (statsd->is_open)
		datagram_close(&statsd->socket);
	loop_clear_timer(statsd->source->loop, &statsd->tick);
	loop_clear_timer(statsd->source->loop, &statsd->retry);
	for (int i = 0; i < PLAN_STREAMS; i++)
		recorder_free(statsd->groups[i].window);
	recorder_free(statsd->delta);
	free(statsd);
}
