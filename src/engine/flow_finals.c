/* What became of a flow's datagrams, in the order of their numbers: when they are given up, and
 * which of them make a gap. See flow.h. */
#include "engine/flow.h"

static void tell(const struct flow *flow, enum event_kind slot_kind, enum event_kind path_kind,
		 uint64_t span_ns)
{
	const struct flows *flows = flow->flows;
	bool is_slot = flows->stream != PLAN_PATH;
	struct event event = {
		.kind = (uint8_t)(is_slot ? slot_kind : path_kind),
		.stream = (uint8_t)flows->stream,
		.slot = flows_number(flows, flow),
		.backend = flow->backend,
		.span_ns = span_ns,
		.count = 1,
	};
	worker_event(flow_worker(flow), &event);
}

/* Of the datagrams in the gap that ends before `sequence`: those that did not reach the peer. */
static uint64_t forward_lost(const struct flow *flow, uint64_t sequence, uint64_t unanswered)
{
	uint64_t before = flow->gap_sequence > 0 ? flow->gap_sequence - 1 : 0;
	uint64_t lost = forward_loss_between(&flow->forward, before, sequence);
	return lost < unanswered ? lost : unanswered;
}

static void log_gap(struct flow *flow, const struct gap_span *span, uint64_t sequence)
{
	struct flows *flows = flow->flows;
	struct slot_record *record = flow_record(flow);
	uint64_t length_ns = span->end_ns - span->start_ns;
	bool is_slot = flows->stream != PLAN_PATH;
	struct interval interval = {
		.start_ns = span->start_ns,
		.end_ns = span->end_ns,
		.unanswered = span->unanswered,
		.forward_lost = forward_lost(flow, sequence, span->unanswered),
		.slot = flows_number(flows, flow),
		.backend = flow->gap_backend,
		.kind = is_slot ? INTERVAL_INTERRUPTION : INTERVAL_OUTAGE,
		.stream = (uint8_t)flows->stream,
		.is_open = span->is_open,
		.has_forward = flow->forward.is_known && !span->is_open,
	};
	interval_log_add(&flow_worker(flow)->logs.intervals, &interval);
	record->is_interrupted = true;
	record->is_longest_open = span->is_open;
	if (length_ns > record->longest_ns)
		record->longest_ns = length_ns;
}

static void take_final(struct flow *flow, const struct window_final *final)
{
	struct gap_span span;
	if (final->is_answered)
		bursts_end(&flow->bursts);
	else if (!final->is_missed)
		bursts_lost(&flow->bursts, final->sequence, 1);
	if (!final->is_answered) {
		forward_loss_give_up(&flow->forward, final->sequence);
		if (flow->gap.unanswered == 0) {
			flow->gap_sequence = final->sequence;
			flow->gap_backend = flow->backend;
		}
		if (gap_unanswered(&flow->gap, final->due_ns)) {
			flow->flows->counters->interrupted++;
			survival_stall_began(&flow->survival);
			tell(flow, EVENT_SLOT_LOSS, EVENT_PATH_OUT,
			     loop_now(flow_loop(flow)) - flow->gap.start_ns);
		}
	} else if (gap_answered(&flow->gap, final->due_ns, &span)) {
		flow->flows->counters->interrupted--;
		survival_stall_ended(&flow->survival);
		log_gap(flow, &span, final->sequence);
		tell(flow, EVENT_SLOT_GOOD, EVENT_PATH_BACK, span.end_ns - span.start_ns);
	}
}

void flow_take_finals(struct flow *flow)
{
	struct window_final final;
	while (window_take_final(&flow->window, &final))
		take_final(flow, &final);
	flow->flows->counters->forward_lost +=
		forward_loss_settle(&flow->forward, flow->window.tail);
}

/* ---- giving up ---- */

void flow_arm(struct flow *flow)
{
	struct window_entry entry;
	uint64_t sequence;
	if (!timer_is_set(&flow->timer) && window_oldest_pending(&flow->window, &sequence, &entry))
		loop_set_timer(flow_loop(flow), &flow->timer,
			       entry.sent_ns + flow->flows->plan->reply_timeout_ns);
}

static void lose(struct flow *flow, uint64_t sequence, uint64_t now_ns)
{
	struct flows *flows = flow->flows;
	struct window_entry entry;
	if (!window_lost(&flow->window, sequence, &entry))
		return;
	flow->lost++;
	flows->counters->lost++;
	flows->counters->in_flight--;
	flow_record(flow)->lost++;
	unanswered_lost(&flows->unanswered, entry.due_ns, now_ns);
}

void flow_on_timeout(struct timer *timer)
{
	struct flow *flow = container_of(timer, struct flow, timer);
	struct window_entry entry;
	uint64_t sequence;
	uint64_t now_ns = loop_now(flow_loop(flow));
	while (window_oldest_pending(&flow->window, &sequence, &entry) &&
	       entry.sent_ns + flow->flows->plan->reply_timeout_ns <= now_ns)
		lose(flow, sequence, now_ns);
	flow_take_finals(flow);
	flow_arm(flow);
	worker_check(flow_worker(flow));
}

/* ---- the end ---- */

/* What is still owed stays in flight; it was waited for, so its lower bound is known. Whether it is
 * lost is not: it is in no burst. */
static void settle_owed(struct flow *flow)
{
	struct window_entry entry;
	uint64_t sequence;
	uint64_t now_ns = loop_now(flow_loop(flow));
	bursts_end(&flow->bursts);
	struct bursts lost = flow->bursts;
	while (window_oldest_pending(&flow->window, &sequence, &entry)) {
		(void)window_lost(&flow->window, sequence, &entry);
		unanswered_lost(&flow->flows->unanswered, entry.due_ns, now_ns);
	}
	flow_take_finals(flow);
	flow->bursts = lost;
}

void flow_settle(struct flow *flow)
{
	struct worker *worker = flow_worker(flow);
	struct gap_span span;
	settle_owed(flow);
	if (gap_finish(&flow->gap, worker->end_ns, &span))
		log_gap(flow, &span, UINT64_MAX);
	if (flow->delays)
		delays_settle(flow->delays);
	if (flow->flows->stream != PLAN_PATH)
		bursts_merge(&worker->logs.bursts, &flow->bursts);
}
