#include "engine/connector.h"

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
	return !list_is_empty(&connector->queue) && connector->held < HELD_MAX;
}

static void plan_next(struct connector *connector)
{
	connector->pacer.due_ns = can_connect(connector) ? connector->next_ns : UINT64_MAX;
}

static void connect_next(struct connector *connector, uint64_t now_ns)
{
	struct list *node = list_take_first(&connector->queue);
	struct connector_place *place = container_of(node, struct connector_place, node);
	if (connector->unstarted > 0 && --connector->unstarted == 0)
		loop_set_timer(connector->worker->loop, &connector->patience,
			       now_ns + connector->worker->plan->connect_timeout_ns);
	place->is_held = true;
	connector->held++;
	connector->connect(place);
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
		   void (*connect)(struct connector_place *place))
{
	const struct plan *plan = worker->plan;
	*connector = (struct connector){
		.worker = worker,
		.unstarted = count,
		.connect = connect,
		/* Anywhere, so that a run does not begin among the last one's ports in TIME-WAIT.
		 */
		.next_port = (uint32_t)(loop_read_clock(worker->loop) / NS_PER_MS) +
			     worker->index * (UINT16_MAX / plan->workers),
	};
	list_init(&connector->queue);
	pacer_init(&connector->pacer, run);
	timer_init(&connector->patience, on_patience_over);
	if (!plan->sources)
		return 0;
	return source_pool_split(plan->sources, worker->index, plan->workers, &connector->sources);
}

void connector_deinit(struct connector *connector)
{
	source_pool_free(connector->sources);
	connector->sources = NULL;
}

void connector_set_rate(struct connector *connector, double per_second)
{
	unsigned workers = connector->worker->plan->workers;
	connector->interval_ns =
		per_second > 0 ? (uint64_t)((double)NS_PER_S * workers / per_second) : 0;
}

void connector_start(struct connector *connector, double per_second, uint64_t over_ns,
		     uint32_t count)
{
	connector_set_rate(connector, per_second);
	if (over_ns)
		connector->interval_ns = over_ns / count;
	loop_add_pacer(connector->worker->loop, &connector->pacer);
}

void connector_stop(struct connector *connector)
{
	connector->pacer.due_ns = UINT64_MAX;
	loop_remove_pacer(connector->worker->loop, &connector->pacer);
}

void connector_place_init(struct connector_place *place)
{
	*place = (struct connector_place){ .is_held = false };
	list_init(&place->node);
}

void connector_enqueue(struct connector *connector, struct connector_place *place)
{
	list_append(&connector->queue, &place->node);
	plan_next(connector);
}

void connector_release(struct connector *connector, struct connector_place *place)
{
	if (!place->is_held)
		return;
	place->is_held = false;
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
	if (plan->port_low == 0 || ports < PORT_WINDOW)
		return;
	connect->port_low =
		(uint16_t)(plan->port_low + connector->next_port++ % (ports - PORT_WINDOW + 1));
	connect->port_high = (uint16_t)(connect->port_low + PORT_WINDOW - 1);
}
