#include "run/monitor.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "engine/script.h"
#include "run/relay.h"
#include "sys/clock.h"
#include "sys/terminal.h"
#include "view/event_each.h"
#include "view/event_text.h"
#include "view/live.h"
#include "view/ndjson.h"
#include "view/summary.h"

#define LINE_MAX_BYTES (64 * 1024)

/* What was wiped for an event comes back when none has followed for so long. */
#define QUIET_NS (100 * NS_PER_MS)

struct monitor {
	struct monitor_setup setup;
	struct summary *summary;
	struct buffer buffer;
	struct live live;
	struct live_figures figures; /* of the last second */
	uint64_t wiped_ns;           /* when the live part was, for something that was told */
	struct relay relay;          /* of the wrapped command's output */
	struct hist *before;         /* the latency that is shown, as it was a second ago */
	uint64_t retransmitted;      /* the same of segments */
	struct hist *delta;
	uint64_t begin_ns; /* 0: the ramp goes on; then moments count from `ramp_ns` */
	uint64_t ramp_ns;
	int64_t unix_ns;  /* at begin_ns, in the ramp at ramp_ns */
	uint64_t seconds; /* shown */
	bool has_events;
	bool has_each; /* --verbose: every event on its own */
	bool has_live;
	char cause[32]; /* the signal that ends the run: "SIGTERM" */
};

static uint64_t origin_ns(const struct monitor *monitor)
{
	return monitor->begin_ns ? monitor->begin_ns : monitor->ramp_ns;
}

static int64_t offset_of(const struct monitor *monitor, uint64_t at_ns)
{
	return (int64_t)(at_ns - origin_ns(monitor));
}

/* One write a line, so that lines of several writers stay whole; where nobody reads, they wait with
 * the wrapped command's output. */
static void print(struct monitor *monitor)
{
	const char *line = buffer_text(&monitor->buffer);
	if (relay_is_writable(&monitor->relay))
		(void)!write(STDERR_FILENO, line, monitor->buffer.size);
	else
		relay_add(&monitor->relay, line, monitor->buffer.size);
	buffer_clear(&monitor->buffer);
}

/* Wipes what is shown live, into the buffer before what is told. */
static void wipe(struct monitor *monitor)
{
	if (monitor->live.is_shown)
		monitor->wiped_ns = clock_monotonic_ns();
	live_clear(&monitor->live, &monitor->buffer);
}

/* ---- events ---- */

static void print_event(struct monitor *monitor, uint64_t at_ns, const char *text)
{
	int64_t offset_ns = offset_of(monitor, at_ns);
	buffer_clear(&monitor->buffer);
	wipe(monitor);
	if (monitor->begin_ns)
		event_text_write(&monitor->buffer, monitor->unix_ns + offset_ns, offset_ns, text);
	else
		event_text_write_ramp(&monitor->buffer, monitor->unix_ns + offset_ns, offset_ns,
				      text);
	print(monitor);
}

static void write_event(struct monitor *monitor, const struct summary_event *event)
{
	if (!outputs_have(monitor->setup.outputs, OUTPUT_NDJSON))
		return;
	buffer_clear(&monitor->buffer);
	ndjson_write_event(&monitor->buffer, event, offset_of(monitor, event->at_ns));
	outputs_write(monitor->setup.outputs, OUTPUT_NDJSON, &monitor->buffer);
	buffer_clear(&monitor->buffer);
}

static void tell_summary(void *context, const struct summary_event *event)
{
	struct monitor *monitor = context;
	write_event(monitor, event);
	/* Each worker drains its own; how many there are together is told once. */
	if (monitor->has_events && (!monitor->has_each || event->kind == EVENT_DRAIN))
		print_event(monitor, event->at_ns, event->text);
}

static const char *backend_name(void *context, uint16_t backend)
{
	struct monitor *monitor = context;
	return engine_backend(monitor->setup.engine, backend);
}

static void tell_each(struct monitor *monitor, const struct event *event)
{
	struct buffer text;
	if (event->kind == EVENT_DRAIN)
		return;
	buffer_init(&text, LINE_MAX_BYTES);
	event_each_write(&text, event, backend_name(monitor, event->backend));
	print_event(monitor, event->at_ns, buffer_text(&text));
	buffer_deinit(&text);
}

void monitor_events(struct monitor *monitor)
{
	struct event event;
	while (engine_take_event(monitor->setup.engine, &event)) {
		/* Far ends drain when there is nothing left to drain. */
		if (event.kind == EVENT_DRAIN && monitor->setup.plan->far_ends)
			continue;
		if (monitor->has_events && monitor->has_each)
			tell_each(monitor, &event);
		summary_add(monitor->summary, &event);
		monitor->setup.seen(monitor->setup.context, &event);
	}
}

void monitor_tell(struct monitor *monitor, enum event_kind kind, uint64_t at_ns, const char *text)
{
	struct summary_event event = { .kind = kind,
				       .is_in_ramp = monitor->begin_ns == 0,
				       .at_ns = at_ns,
				       .text = text,
				       .count = 1 };
	write_event(monitor, &event);
	if (monitor->has_events)
		print_event(monitor, at_ns, text);
}

void monitor_mark(struct monitor *monitor, uint64_t at_ns, const char *text)
{
	monitor_tell(monitor, EVENT_MARK, at_ns, text);
}

void monitor_signal(struct monitor *monitor, int number)
{
	bool is_draining = monitor->setup.plan->serve.listen_count && !monitor->cause[0];
	(void)snprintf(monitor->cause, sizeof(monitor->cause), "SIG%s", sigabbrev_np(number));
	summary_set_cause(monitor->summary, monitor->cause);
	if (!monitor->has_events || is_draining)
		return;
	char text[96];
	(void)snprintf(text, sizeof(text), "%s: %s", monitor->cause,
		       monitor->setup.plan->serve.listen_count
			       ? "cutting off what is left"
			       : "ending the run; once more ends it at once");
	print_event(monitor, clock_monotonic_ns(), text);
}

void monitor_end_key(struct monitor *monitor)
{
	(void)snprintf(monitor->cause, sizeof(monitor->cause), "q");
	if (monitor->has_events)
		print_event(monitor, clock_monotonic_ns(),
			    "q: ending the run; once more ends it at once");
}

/* ---- the wrapped command's output ---- */

static void clear_live(struct monitor *monitor)
{
	buffer_clear(&monitor->buffer);
	wipe(monitor);
	if (monitor->buffer.size)
		print(monitor);
}

static void flush_relay(struct monitor *monitor)
{
	if (!relay_is_ready(&monitor->relay))
		return;
	clear_live(monitor);
	relay_flush(&monitor->relay);
}

void monitor_pass(struct monitor *monitor, const char *bytes, size_t size)
{
	relay_add(&monitor->relay, bytes, size);
	flush_relay(monitor);
}

static void end_relay(struct monitor *monitor)
{
	char text[128], count[UNITS_TEXT_MAX];
	relay_end(&monitor->relay);
	if (monitor->relay.dropped == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s bytes of output are not shown: stderr was not read",
		       units_format_grouped(monitor->relay.dropped, count));
	monitor_mark(monitor, clock_monotonic_ns(), text);
}

/* ---- a second ---- */

static void show_snapshot(struct monitor *monitor, int64_t offset_ns)
{
	struct ndjson_stream streams[PLAN_STREAMS];
	uint32_t count = 0;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		const struct recorder *now = sampler_now(monitor->setup.sampler, i);
		if (now)
			streams[count++] =
				(struct ndjson_stream){ plan_stream_name(i), &now->counters };
	}
	buffer_clear(&monitor->buffer);
	ndjson_write_snapshot(&monitor->buffer, offset_ns, streams, count);
	outputs_write(monitor->setup.outputs, OUTPUT_NDJSON, &monitor->buffer);
	buffer_clear(&monitor->buffer);
}

/* The answers of the last second: the histogram now less what it was. */
static void measure_second(struct monitor *monitor, const struct recorder *now,
			   struct live_figures *ret)
{
	const struct plan *plan = monitor->setup.plan;
	enum latency latency = plan->slots.rate_per_second > 0 ? LATENCY_RESPONSE : LATENCY_SERVICE;
	const struct hist *response = recorder_hist_const(now, latency);
	hist_clear(monitor->delta);
	hist_merge(monitor->delta, response);
	hist_subtract(monitor->delta, monitor->before);
	ret->p50_ns = hist_percentile(monitor->delta, 50);
	ret->p99_ns = hist_percentile(monitor->delta, 99);
	hist_clear(monitor->before);
	hist_merge(monitor->before, response);
}

static enum live_kind kind_of(const struct plan *plan)
{
	if (plan->slots_stream != PLAN_LOAD)
		return LIVE_CLIENTS;
	return plan->targets[0].script->is_answered ? LIVE_ANSWERS : LIVE_BYTES;
}

static struct live_flow flow_of(uint64_t messages, uint64_t bytes, const struct live_flow *before)
{
	return (struct live_flow){
		.messages_per_second = (double)(messages - before->messages),
		.bits_per_second = 8 * (double)(bytes - before->bytes),
		.messages = messages,
		.bytes = bytes,
	};
}

static void count_second(struct monitor *monitor, const struct counters *now,
			 struct live_figures *figures)
{
	const struct live_figures *before = &monitor->figures;
	figures->sent = flow_of(now->sent, now->bytes_sent, &before->sent);
	figures->received = flow_of(now->received, now->bytes_received, &before->received);
	figures->retransmits = now->retransmitted_segments - monitor->retransmitted;
	monitor->retransmitted = now->retransmitted_segments;
}

static bool measure_live(struct monitor *monitor, int64_t offset_ns)
{
	const struct plan *plan = monitor->setup.plan;
	const struct recorder *now = sampler_now(monitor->setup.sampler, plan->slots_stream);
	if (!now)
		return false;
	const struct counters *counters = &now->counters;
	struct live_figures figures = {
		.kind = kind_of(plan),
		.at_ns = offset_ns,
		.duration_ns = plan->duration_ns,
		.active = counters->connections,
		.failed = counters->disconnects + counters->connect_failures,
		.connecting = counters->connecting,
		.lost = counters->lost,
		.missed = counters->missed_no_connection + counters->missed_peer +
			  counters->missed_generator,
		.errors = counters->rejected + counters->corrupted,
		.hand = monitor->figures.hand,
	};
	measure_second(monitor, now, &figures);
	count_second(monitor, counters, &figures);
	monitor->figures = figures;
	return true;
}

/* On a terminal that takes bytes now, and is nobody else's: there a block would stand in the midst
 * of what others write. */
static bool can_show(struct monitor *monitor)
{
	struct live *live = &monitor->live;
	if (!live->is_terminal)
		return true;
	struct terminal_size size = terminal_size(STDERR_FILENO);
	live->columns = size.columns;
	live->rows = size.rows;
	return terminal_is_foreground(STDERR_FILENO) && relay_is_writable(&monitor->relay);
}

static void show_live(struct monitor *monitor, int64_t offset_ns)
{
	if (!measure_live(monitor, offset_ns) || !can_show(monitor))
		return;
	live_write(&monitor->live, &monitor->figures, &monitor->buffer);
	print(monitor);
	monitor->wiped_ns = 0;
}

static void show_again(struct monitor *monitor)
{
	if (!monitor->has_live || monitor->seconds == 0 || !can_show(monitor))
		return;
	buffer_clear(&monitor->buffer);
	live_refresh(&monitor->live, &monitor->figures, &monitor->buffer);
	if (monitor->buffer.size > 0)
		print(monitor);
	monitor->wiped_ns = 0;
}

void monitor_hand(struct monitor *monitor, const struct live_hand *hand)
{
	bool has_keys = monitor->figures.hand.has_keys;
	monitor->figures.hand = *hand;
	monitor->figures.hand.has_keys = has_keys;
	show_again(monitor);
}

void monitor_keys(struct monitor *monitor, enum monitor_keys keys)
{
	monitor->figures.hand.has_keys = keys == MONITOR_HAS_KEYS;
	live_forget(&monitor->live);
	show_again(monitor);
}

void monitor_tick(struct monitor *monitor, uint64_t now_ns)
{
	summary_tick(monitor->summary, now_ns);
	flush_relay(monitor);
	if (monitor->wiped_ns && now_ns > monitor->wiped_ns + QUIET_NS)
		show_again(monitor);
	if (!monitor->begin_ns || now_ns < monitor->begin_ns)
		return;
	uint64_t seconds = (now_ns - monitor->begin_ns) / NS_PER_S;
	if (seconds <= monitor->seconds)
		return;
	monitor->seconds = seconds;
	int64_t offset_ns = (int64_t)(seconds * NS_PER_S);
	if (outputs_have(monitor->setup.outputs, OUTPUT_NDJSON))
		show_snapshot(monitor, offset_ns);
	if (monitor->has_live)
		show_live(monitor, offset_ns);
}

/* ---- life ---- */

void monitor_begin(struct monitor *monitor, uint64_t begin_ns, int64_t unix_ns)
{
	monitor->begin_ns = begin_ns;
	monitor->unix_ns = unix_ns;
	summary_set_started(monitor->summary, begin_ns);
}

void monitor_end(struct monitor *monitor)
{
	summary_flush(monitor->summary);
	clear_live(monitor);
	end_relay(monitor);
}

static int new_summary(struct monitor *monitor)
{
	const struct plan *plan = monitor->setup.plan;
	struct summary_setup setup = {
		.sink = { tell_summary, monitor },
		.backend_name = backend_name,
		.backend_context = monitor,
		.target = monitor->setup.target,
		.client_word = plan->slots.transport == TRANSPORT_UDP ? "flow" : NULL,
		.limit_word = plan->serve.connections_max ? "--max-connections" : "ulimit -n",
		.drain_ns = plan->serve.drain_ns,
		.slots = plan->slots.count,
		.flows = plan->path.flows,
		.stall_after_ns = plan->stall_after_ns,
	};
	return summary_new(&setup, &monitor->summary);
}

int monitor_new(const struct monitor_setup *setup, struct monitor **ret)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));
	if (!monitor)
		return -ENOMEM;
	const struct output_options *options = setup->options;
	monitor->setup = *setup;
	monitor->ramp_ns = clock_monotonic_ns();
	monitor->unix_ns = clock_wall_at(monitor->ramp_ns).unix_ns;
	monitor->live.is_terminal = terminal_can_rewrite(STDERR_FILENO);
	monitor->live.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	monitor->has_events = !options->is_quiet;
	monitor->has_each = options->is_verbose;
	monitor->has_live =
		!options->is_quiet && (options->is_monitor || isatty(STDERR_FILENO) == 1);
	buffer_init(&monitor->buffer, LINE_MAX_BYTES);
	relay_init(&monitor->relay, STDERR_FILENO);
	monitor->before = calloc(2, hist_size(HIST_STREAM_RANGE));
	if (!monitor->before || new_summary(monitor) < 0) {
		monitor_free(monitor);
		return -ENOMEM;
	}
	monitor->delta =
		(struct hist *)(void *)((char *)monitor->before + hist_size(HIST_STREAM_RANGE));
	hist_init(monitor->before, HIST_STREAM_RANGE);
	hist_init(monitor->delta, HIST_STREAM_RANGE);
	*ret = monitor;
	return 0;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	summary_free(monitor->summary);
	buffer_deinit(&monitor->buffer);
	relay_deinit(&monitor->relay);
	free(monitor->before);
	free(monitor);
}
