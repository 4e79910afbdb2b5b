#include "engine/flow.h"

#include "net/source_pool.h"

/* Only the slots' flows are slots; path probes write to the spare record behind them. */
struct slot_record *flow_record(const struct flow *flow)
{
	struct worker *worker = flow_worker(flow);
	bool is_slot = flow->flows->stream != PLAN_PATH;
	return &worker->slots[is_slot ? flow->own : worker->slot_count];
}

void flow_note_error(struct flow *flow, enum phase phase, int code)
{
	recorder_error(flow->flows->recorder, phase, outcome_from_errno(code), code,
		       loop_now(flow_loop(flow)));
}

void flow_init(struct flow *flow, struct flows *flows, uint32_t own, void *window, uint32_t pending)
{
	flow->flows = flows;
	flow->own = own;
	flow->socket.watch.fd = -1;
	flow->backend = BACKEND_UNKNOWN;
	timer_init(&flow->timer, flow_on_timeout);
	window_init(&flow->window, window, pending);
	flow->forward.jumps = flow->jumps;
	if (flows->delays) {
		flow->delays = &flows->delays[own];
		delays_init(flow->delays, recorder_hist(flows->recorder, LATENCY_DELAY_VARIATION));
	}
	gap_init(&flow->gap, flows->lost_in_a_row);
	survival_init(&flow->survival);
}

void flow_open(struct flow *flow)
{
	struct flows *flows = flow->flows;
	const struct plan *plan = flows->plan;
	bool is_path = flows->stream == PLAN_PATH;
	uint32_t number = flows_number(flows, flow);
	struct datagram_options options = {
		.remote = is_path ? plan->path.remotes[number % plan->path.remote_count]
				  : plan->remotes[number % plan->remote_count],
		.options = &plan->socket_options,
		.network = plan->network,
	};
	if (flow->is_open)
		return;
	if (flows->sources)
		options.local = source_pool_next(flows->sources);
	flows->counters->attempts++;
	flow->opened_ns = loop_now(flow_loop(flow));
	int result = datagram_open(&flow->socket, plan->datagram, flow_loop(flow), &options,
				   flow_on_ready);
	if (result < 0) {
		flows->counters->connect_failures++;
		flow_note_error(flow, PHASE_CONNECT, -result);
		return;
	}
	flow->is_open = true;
	flows->counters->connecting++;
}

void flow_begin(struct flow *flow)
{
	struct slot_record *record = flow_record(flow);
	flow_open(flow);
	survival_init(&flow->survival);
	if (!flow->answered_ns)
		return;
	survival_connected(&flow->survival);
	slot_record_begin(record, flow->backend);
}

/* A persistent flow is a connection for the record: from its first answer on it is up. */
static void log_flow(const struct flow *flow)
{
	const struct flows *flows = flow->flows;
	uint32_t number = flows_number(flows, flow);
	struct connection_record record = {
		.local = flow->socket.local,
		.remote = flows->plan->remotes[number % flows->plan->remote_count],
		.started_ns = flow->opened_ns,
		.connected_ns = flow->answered_ns,
		.sent = flow->sent,
		.received = flow->received,
		.lost = flow->lost,
		.slot = number,
		.backend = flow->backend,
		.stream = (uint8_t)flows->stream,
		.outcome = OUTCOME_OPEN,
	};
	if (flow->is_open && flows->stream != PLAN_PATH)
		connection_log_add(&flows->worker->logs.open, &record);
}

void flow_finish(struct flow *flow)
{
	struct worker *worker = flow_worker(flow);
	struct slot_record *record = flow_record(flow);
	loop_clear_timer(worker->loop, &flow->timer);
	flow_settle(flow);
	record->survival = (uint8_t)survival_class(&flow->survival);
	record->is_connected_at_end = flow->answered_ns && !gap_is_open(&flow->gap);
	slot_record_end(record, flow->backend);
	log_flow(flow);
	datagram_close(&flow->socket);
	flow->is_open = false;
}
