/* Before counting begins: the flows are opened and ask whether anybody is there. */
#include <errno.h>

#include "base/units.h"
#include "engine/one_way_flow.h"
#include "net/source_pool.h"

/* Nobody has to answer a greeting: it is waited for only as long as one may well take. */
#define PATIENCE_NS NS_PER_S
#define GREETING_NS SOURCE_KEEP_ALIVE_NS
/* For what comes while this thread does not run: as much of it as the kernel grants. */
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

static void on_ready(struct datagram_socket *socket, unsigned events)
{
	struct one_way_flow *flow = container_of(socket, struct one_way_flow, socket);
	struct one_way *one_way = flow->owner;

	if ((events & STREAM_READABLE) != 0) {
		if (flow->intake != NULL)
			one_way_receive(flow);
		else
			one_way_hear(flow);
	}
	if ((events & STREAM_WRITABLE) != 0 && flow->is_blocked) {
		flow->is_blocked = false;
		flow->held_round = flow->due_round;
		one_way_list(flow);
		if (one_way->is_pacing)
			one_way->pacer.due_ns = loop_now(one_way->worker->loop);
	}
}

static void open_flow(struct one_way_flow *flow)
{
	struct one_way *one_way = flow->owner;
	const struct plan *plan = one_way->plan;
	struct socket_options socket_options = plan->socket_options;
	struct datagram_options options = {
		.remote = plan->remotes[one_way_number(flow) % plan->remote_count],
		.is_segmented = plan->slots.is_segmented,
		.options = &socket_options,
		.network = plan->network,
	};

	if (flow->intake != NULL && socket_options.receive_buffer_bytes == 0)
		socket_options.receive_buffer_bytes = RECEIVE_BUFFER_BYTES;
	if (one_way->sources != NULL)
		options.local = source_pool_next(one_way->sources);
	one_way->counters->attempts++;
	flow->opened_ns = loop_now(one_way->worker->loop);
	int result = datagram_open(&flow->socket, plan->datagram, one_way->worker->loop, &options,
				   on_ready);
	if (result < 0) {
		one_way->counters->connect_failures++;
		one_way_note_error(one_way, PHASE_CONNECT, -result);
		return;
	}
	flow->is_open = true;
	one_way->counters->connecting++;
}

static void raise(struct one_way_flow *flow)
{
	struct counters *counters = flow->owner->counters;

	flow->is_up = true;
	flow->owner->up++;
	counters->connecting--;
	counters->connects++;
	counters->connections++;
}

void one_way_note_answer(struct one_way_flow *flow)
{
	struct one_way *one_way = flow->owner;

	flow->is_refused = false;
	if (flow->answered_ns > 0)
		return;
	flow->answered_ns = loop_now(one_way->worker->loop);
	one_way->answered++;
	if (!flow->is_up)
		raise(flow);
	worker_check(one_way->worker);
}

/* Who sends needs no answer to be up, only no refusal; who receives has come to terms or not. */
void one_way_end_ramp(struct one_way *one_way)
{
	one_way->is_settled = true;
	for (uint32_t i = 0; i < one_way->count; i++) {
		struct one_way_flow *flow = &one_way->flows[i];
		if (!flow->is_open || flow->is_up)
			continue;
		if (flow->intake == NULL && !flow->is_refused) {
			raise(flow);
		} else {
			one_way->counters->connecting--;
			one_way->counters->connect_failures++;
		}
	}
	worker_check(one_way->worker);
}

void one_way_greet_all(struct one_way *one_way)
{
	for (uint32_t i = 0; i < one_way->count; i++) {
		struct one_way_flow *flow = &one_way->flows[i];
		if (!flow->is_open)
			continue;
		if (flow->intake != NULL)
			one_way_ask(flow);
		else if (flow->answered_ns == 0)
			one_way_greet(flow);
	}
}

void one_way_on_greeter(struct timer *timer)
{
	struct one_way *one_way = container_of(timer, struct one_way, greeter);
	struct worker *worker = one_way->worker;
	uint64_t now_ns = loop_now(worker->loop);

	if (!one_way->is_settled && now_ns >= one_way->patience_ns)
		one_way_end_ramp(one_way);
	if (one_way_is_receiving(one_way) || !one_way->is_settled) {
		one_way_greet_all(one_way);
		loop_set_timer(worker->loop, timer, now_ns + GREETING_NS);
	}
	if (worker->stage == WORKER_LINGER)
		worker_check(worker);
}

void one_way_begin_ramp(struct one_way *one_way)
{
	uint64_t timeout_ns = one_way->plan->connect_timeout_ns;
	bool is_brief = !one_way_is_receiving(one_way) && timeout_ns > PATIENCE_NS;

	one_way->patience_ns =
		loop_now(one_way->worker->loop) + (is_brief ? PATIENCE_NS : timeout_ns);
	for (uint32_t i = 0; i < one_way->count; i++)
		open_flow(&one_way->flows[i]);
	one_way_on_greeter(&one_way->greeter);
}
