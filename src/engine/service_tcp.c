#include "engine/service_tcp.h"

#include <errno.h>
#include <fcntl.h>

#include "base/units.h"
#include "sys/fd.h"

#define ACCEPTS_A_TURN  64
#define ACCEPTS_A_DRAIN 65536
#define ACCEPT_AGAIN_NS (10 * NS_PER_MS)
#define DRAIN_ROUND_NS  (5 * NS_PER_MS)

static const struct service_state *const first_states[SERVICE_COUNT] = {
	[SERVICE_TRAFFIC] = &service_traffic, [SERVICE_ECHO] = &service_echo,
	[SERVICE_DISCARD] = &service_discard, [SERVICE_SOURCE] = &service_source,
	[SERVICE_HTTP] = &service_http,       [SERVICE_WS] = &service_ws,
	[SERVICE_H2C] = &service_h2c,         [SERVICE_GRPC] = &service_grpc,
	[SERVICE_CONTROL] = &service_control, [SERVICE_ACK] = &service_ack,
};

static struct worker *worker_of(const struct service_listener *place)
{
	return place->owner->connections.worker;
}

/* ---- turning away */

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void count_turned_away(struct service_listener *place, enum outcome outcome, int code)
{
	struct service_connections *connections = &place->owner->connections;
	struct worker *worker = connections->worker;

	connections->totals->turned_away++;
	connections->counters->attempts++;
	connections->counters->connect_failures++;
	recorder_error(worker->recorders[PLAN_SERVED], PHASE_CONNECT, outcome, code,
		       loop_now(worker->loop));
	worker_event(worker, &(struct event){
				     .kind = EVENT_LIMIT,
				     .stream = PLAN_SERVED,
				     .slot = place->index,
				     .backend = BACKEND_UNKNOWN,
				     .count = connections->totals->turned_away,
				     .outcome = (uint8_t)outcome,
				     .code = (uint16_t)code,
			     });
}

static void ignore_ready(struct stream *stream, unsigned events)
{
	(void)stream;
	(void)events;
}

/* The client would hang in the queue; the reserve is just enough to tell it. */
static int turn_away_without_descriptor(struct service_listener *place, int code)
{
	struct service_tcp *tcp = place->owner;
	struct stream stream;

	if (tcp->reserve_fd < 0)
		return -code;
	tcp->reserve_fd = fd_close(tcp->reserve_fd);
	int rc = listener_accept(&place->listener, &stream, ignore_ready);
	if (rc == 0) {
		stream_close(&stream);
		count_turned_away(place, OUTCOME_NO_DESCRIPTORS, code);
	}
	tcp->reserve_fd = open_reserve();
	return rc;
}

/* ---- accepting */

/* Whether one more fits into the limit that all workers share; if so it is counted. */
static bool is_admitted(struct service_tcp *tcp)
{
	_Atomic uint64_t *connections = tcp->connections.counted;

	if (atomic_fetch_add_explicit(connections, 1, memory_order_relaxed) < tcp->connections_max)
		return true;
	(void)atomic_fetch_sub_explicit(connections, 1, memory_order_relaxed);
	return false;
}

/* 0: one is dealt with. -EAGAIN: none waits. Else the next may have to wait as well. */
static int accept_one(struct service_listener *place)
{
	struct service_tcp *tcp = place->owner;
	struct service_connection *connection = service_connection_new(&tcp->connections);

	if (connection == NULL)
		return -ENOMEM;
	int rc = listener_accept(&place->listener, &connection->stream, service_connection_ready);
	if (rc == 0 && is_admitted(tcp)) {
		tcp->connections.counters->attempts++;
		service_connection_begin(connection, place->state);
		return 0;
	}
	if (rc == 0) {
		stream_close(&connection->stream);
		count_turned_away(place, OUTCOME_LIMITED, 0);
	}
	service_connection_free(connection);
	return rc == -EMFILE || rc == -ENFILE ? turn_away_without_descriptor(place, -rc) : rc;
}

/* False: more may wait. */
static bool accept_all(struct service_listener *place, unsigned most)
{
	for (unsigned i = 0; i < most; i++) {
		int rc = accept_one(place);
		if (rc == 0)
			continue;
		if (rc != -EAGAIN)
			loop_set_timer(worker_of(place)->loop, &place->accept_again,
				       loop_now(worker_of(place)->loop) + ACCEPT_AGAIN_NS);
		return true;
	}
	return false;
}

static void accept_some(struct service_listener *place)
{
	if (!accept_all(place, ACCEPTS_A_TURN))
		loop_defer(worker_of(place)->loop, &place->accept_on);
}

static void arrived(struct listener *listener)
{
	accept_some(container_of(listener, struct service_listener, listener));
}

static void accept_on(struct deferred *deferred)
{
	accept_some(container_of(deferred, struct service_listener, accept_on));
}

static void accept_again(struct timer *timer)
{
	accept_some(container_of(timer, struct service_listener, accept_again));
}

/* ---- draining */

static void drain_round(struct timer *timer)
{
	struct service_tcp *tcp = container_of(timer, struct service_tcp, drain);
	struct service_connections *connections = &tcp->connections;
	uint64_t now_ns = loop_now(connections->worker->loop);
	struct list *next;

	for (struct list *node = connections->open.next; node != &connections->open; node = next) {
		struct service_connection *connection =
			container_of(node, struct service_connection, node);
		next = node->next;
		service_connection_drain(connection, now_ns);
	}
	if (!service_tcp_is_drained(tcp))
		loop_set_timer(connections->worker->loop, &tcp->drain, now_ns + DRAIN_ROUND_NS);
}

static void stop_listening(struct service_listener *place)
{
	list_remove(&place->accept_on.node);
	loop_clear_timer(worker_of(place)->loop, &place->accept_again);
	listener_close(&place->listener);
}

void service_tcp_drain(struct service_tcp *tcp)
{
	struct worker *worker = tcp->connections.worker;

	for (unsigned i = 0; i < tcp->listener_count; i++) {
		(void)accept_all(&tcp->listeners[i], ACCEPTS_A_DRAIN);
		stop_listening(&tcp->listeners[i]);
	}
	worker_event(worker, &(struct event){
				     .kind = EVENT_DRAIN,
				     .stream = PLAN_SERVED,
				     .backend = BACKEND_UNKNOWN,
				     .count = tcp->connections.totals->connections_now,
			     });
	tcp->connections.is_draining = true;
	drain_round(&tcp->drain);
}

bool service_tcp_is_drained(const struct service_tcp *tcp)
{
	return list_is_empty(&tcp->connections.open);
}

/* ---- opening and closing */

void service_tcp_init(struct service_tcp *tcp, struct worker *worker, struct service_shared *shared)
{
	service_connections_init(&tcp->connections, worker, shared);
	tcp->connections_max = service_counted_max(worker->plan);
	tcp->listener_count = 0;
	tcp->reserve_fd = open_reserve();
	timer_init(&tcp->drain, drain_round);
}

/* Steered by cpu once all are there; but processes are there to share connections evenly, from
 * whichever cpu they come. */
static unsigned steer_to_count(const struct worker *worker)
{
	unsigned workers = worker->plan->workers;
	bool is_last = worker->index + 1 == workers;

	return workers > 1 && is_last && plan_processes(worker->plan) == 1 ? workers : 0;
}

static const struct stream_transport *transport_of(const struct plan *plan, uint32_t index)
{
	return plan->serve.listen[index].transport == TRANSPORT_TLS ? &stream_tls : plan->stream;
}

/* What it speaks, the best first, as TLS has it (RFC 7301 3.1). */
static const char *protocols_of(enum service service)
{
	switch (service) {
	case SERVICE_HTTP:
		return "\x02h2\x08http/1.1";
	case SERVICE_H2C:
	case SERVICE_GRPC:
		return "\x02h2";
	default:
		return "\x08http/1.1";
	}
}

static void never_arrived(struct listener *listener)
{
	(void)listener;
}

/* Workers share a port with one another and so with any other process of this user: the first one
 * finds out whether there is one, by asking for the port alone. */
static int check_is_free(const struct worker *worker, const struct listen_options *shared)
{
	struct listen_options alone = *shared;
	struct listener probe;

	if (!shared->is_shared || worker->index > 0 || shared->local.port == 0)
		return 0;
	alone.is_shared = false;
	alone.steer_to_count = 0;
	int rc = listener_open(&probe, worker->plan->stream, worker->loop, &alone, never_arrived);
	if (rc == 0)
		listener_close(&probe);
	return rc;
}

int service_tcp_listen(struct service_tcp *tcp, uint32_t index, uint16_t port, uint16_t *ret_port)
{
	struct worker *worker = tcp->connections.worker;
	const struct plan *plan = worker->plan;
	struct service_listener *place = &tcp->listeners[tcp->listener_count];
	struct listen_options options = {
		.local = plan->serve.listen[index].local,
		.is_shared = plan->workers > 1,
		.steer_to_count = steer_to_count(worker),
		.options = &plan->socket_options,
		.network = plan->network,
		.below = plan->stream,
		.tls = plan->serve.tls,
		.protocols = protocols_of(plan->serve.listen[index].service),
	};

	options.local.port = port;
	place->owner = tcp;
	place->index = index;
	place->state = first_states[plan->serve.listen[index].service];
	deferred_init(&place->accept_on, accept_on);
	timer_init(&place->accept_again, accept_again);
	int rc = check_is_free(worker, &options);
	if (rc == 0)
		rc = listener_open(&place->listener, transport_of(plan, index), worker->loop,
				   &options, arrived);
	if (rc < 0)
		return rc;
	tcp->listener_count++;
	*ret_port = place->listener.local.port;
	return 0;
}

void service_tcp_close(struct service_tcp *tcp)
{
	struct list *open = &tcp->connections.open;

	for (unsigned i = 0; i < tcp->listener_count; i++)
		stop_listening(&tcp->listeners[i]);
	loop_clear_timer(tcp->connections.worker->loop, &tcp->drain);
	tcp->connections.is_draining = true; /* these don't count as disconnects */
	while (!list_is_empty(open))
		service_connection_cut_off(
			container_of(open->next, struct service_connection, node));
}

void service_tcp_deinit(struct service_tcp *tcp)
{
	service_tcp_close(tcp);
	tcp->reserve_fd = fd_close(tcp->reserve_fd);
	service_connections_deinit(&tcp->connections);
}
