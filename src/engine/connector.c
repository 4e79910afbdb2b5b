#include "engine/connector.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "engine/worker.h"

/* Connections that were begun and have not answered yet, a worker: a kernel completes handshakes
 * that the program behind it has not accepted, so without this bound a start of thousands floods
 * the listen queue (somaxconn 4096) and waits out SYN retries. A peer that is silent holds its
 * place for SLOT_HOLD_NS only (slot.c). */
#define HELD_MAX 256

#define CATCH_UP_NS (10 * NS_PER_MS)

#define PORT_WINDOW 32

static bool can_connect(const struct connector *connector)
{
	bool is_waited_for =
		connector->begun < connector->count || !list_is_empty(&connector->queue);
	return is_waited_for && connector->held < HELD_MAX;
}

static void plan_next(struct connector *connector)
{
	connector->pacer.due_ns = can_connect(connector) ? connector->next_ns : UINT64_MAX;
}

static uint32_t take_first(struct connector *connector, uint64_t now_ns)
{
	if (connector->begun == connector->count)
		return connector_place(connector, list_take_first(&connector->queue));
	uint32_t place = connector->begun++;
	if (connector->begun == connector->count)
		loop_set_timer(connector->worker->loop, &connector->patience,
			       now_ns + connector->worker->plan->connect_timeout_ns);
	return place;
}

static void connect_next(struct connector *connector, uint64_t now_ns)
{
	connector->held++;
	connector->connect(connector, take_first(connector, now_ns));
}

/* What a late turn of the loop held up is made good, but no more than CATCH_UP_NS of it: the rate
 * is a promise to the peer. */
static void run(struct pacer *pacer, uint64_t now_ns)
{
	struct connector *connector = container_of(pacer, struct connector, pacer);
	if (connector->next_ns + CATCH_UP_NS < now_ns)
		connector->next_ns = now_ns - CATCH_UP_NS;
	while (connector->next_ns <= now_ns && can_connect(connector)) {
		connector->next_ns += connector->interval_ns;
		connect_next(connector, now_ns);
	}
	plan_next(connector);
}

static void on_patience_over(struct timer *timer)
{
	struct connector *connector = container_of(timer, struct connector, patience);
	connector->is_patience_over = true;
	worker_check(connector->worker);
}

int connector_init(struct connector *connector, struct worker *worker, uint32_t count,
		   void (*connect)(struct connector *connector, uint32_t place))
{
	const struct plan *plan = worker->plan;
	*connector = (struct connector){
		.worker = worker,
		.count = count,
		.begun = count, /* until they start */
		.nodes = calloc(count, sizeof(*connector->nodes)),
		.connect = connect,
		/* Anywhere, so that a run does not begin among the last one's ports in TIME-WAIT.
		 */
		.next_port = (uint32_t)(loop_read_clock(worker->loop) / NS_PER_MS) +
			     worker->index * (UINT16_MAX / plan->workers),
	};
	list_init(&connector->queue);
	pacer_init(&connector->pacer, run);
	timer_init(&connector->patience, on_patience_over);
	if (!connector->nodes)
		return -ENOMEM;
	if (!plan->sources)
		return 0;
	return source_pool_split(plan->sources, worker->index, plan->workers, &connector->sources);
}

void connector_deinit(struct connector *connector)
{
	if (connector->worker)
		loop_clear_timer(connector->worker->loop, &connector->patience);
	source_pool_free(connector->sources);
	connector->sources = NULL;
	free(connector->nodes);
	connector->nodes = NULL;
}

void connector_set_rate(struct connector *connector, double per_second)
{
	unsigned workers = connector->worker->plan->workers;
	connector->interval_ns =
		per_second > 0 ? (uint64_t)((double)NS_PER_S * workers / per_second) : 0;
}

void connector_start(struct connector *connector, double per_second, uint64_t over_ns)
{
	connector_set_rate(connector, per_second);
	if (over_ns)
		connector->interval_ns = over_ns / connector->count;
	connector->begun = 0;
	plan_next(connector);
	loop_add_pacer(connector->worker->loop, &connector->pacer);
}

void connector_stop(struct connector *connector)
{
	connector->pacer.due_ns = UINT64_MAX;
	loop_remove_pacer(connector->worker->loop, &connector->pacer);
}

struct list *connector_node(struct connector *connector, uint32_t place)
{
	struct list *node = &connector->nodes[place];
	if (!node->next)
		list_init(node);
	return node;
}

uint32_t connector_place(const struct connector *connector, const struct list *node)
{
	return (uint32_t)(node - connector->nodes);
}

void connector_forget(struct connector *connector, uint32_t place)
{
	struct list *node = &connector->nodes[place];
	if (node->next)
		list_remove(node);
}

void connector_enqueue(struct connector *connector, uint32_t place)
{
	list_append(&connector->queue, connector_node(connector, place));
	plan_next(connector);
}

void connector_release(struct connector *connector)
{
	connector->held--;
	plan_next(connector);
}

/* Each connection's window of ports begins one behind the last one's. */
void connector_choose_local(struct connector *connector, struct stream_connect *connect)
{
	const struct plan *plan = connector->worker->plan;
	uint32_t ports = (uint32_t)plan->port_high - plan->port_low + 1;
	if (connector->sources)
		connect->local = source_pool_next(connector->sources);
	if (!plan->has_port_windows || ports < PORT_WINDOW)
		return;
	connect->port_low =
		(uint16_t)(plan->port_low + connector->next_port++ % (ports - PORT_WINDOW + 1));
	connect->port_high = (uint16_t)(connect->port_low + PORT_WINDOW - 1);
}
