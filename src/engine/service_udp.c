#include "engine/service_udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/service_path.h"
#include "engine/service_udp_stamp.h"
#include "proto/traffic_wire.h"

/* Answers wait in their rooms, which so stay few and warm; what is discarded comes faster. */
#define ANSWERED_BATCH  4
#define DISCARDED_BATCH 16
#define BATCHES_A_TURN  16
#define BATCHES_A_DRAIN 4096
/* For what comes while this thread doesn't run: what the kernel has no room for looks to a client
 * like loss on the path. As much of it as the kernel grants. */
#define RECEIVE_BUFFER_BYTES (8 * 1024 * 1024)

/* A sender on another cpu pays for each time that it wakes us: looked for every 0.1 ms instead, it
 * sent 330,000 datagrams a second instead of 210,000. So long a datagram of a fast flow may lie
 * before it is stamped; 0.5 ms carried no more. */
#define GATHER_NS (100 * NS_PER_US)
/* Fast: so many receives in a look. At less than a twentieth of that it is over. */
#define FAST_LOOK_NS (10 * NS_PER_MS)
#define FAST_COUNT   1000
#define SLOW_COUNT   50

static struct recorder *recorder_of(const struct service_socket *place)
{
	return place->owner->worker->recorders[PLAN_SERVED];
}

/* ---- sending */

static void count_answered(struct service_socket *place, int count)
{
	struct counters *counters = &recorder_of(place)->counters;

	for (int i = 0; i < count; i++)
		counters->bytes_sent += place->answers[place->answered++].size;
	counters->writes++;
	counters->sent += (uint64_t)count;
	counters->received += (uint64_t)count;
	counters->debt -= (uint64_t)count;
}

/* The first answer can't be sent at all: no route, a firewall, too large for this way. */
static void give_up_one(struct service_socket *place, int code)
{
	struct recorder *recorder = recorder_of(place);

	place->answered++;
	recorder->counters.missed_peer++;
	recorder->counters.debt--;
	recorder_error(recorder, PHASE_SEND, outcome_from_errno(code), code,
		       loop_now(place->owner->worker->loop));
}

static int send_some(struct service_socket *place)
{
	const struct datagram *answers = place->answers + place->answered;
	int count = place->count - place->answered;
	int sent = datagram_send(&place->socket, answers, count);

	if (sent >= 0 || sent == -EAGAIN || place->troubled == NULL)
		return sent;
	place->troubled(place);
	return datagram_send(&place->socket, answers, count);
}

/* False: there is no room; STREAM_WRITABLE follows. */
static bool send_answers(struct service_socket *place)
{
	while (place->answered < place->count) {
		if (place->stamp != NULL)
			stamp_service_finish(place->stamp, place);
		int sent = send_some(place);
		if (sent == -EAGAIN)
			return false;
		if (sent > 0 && place->stamp != NULL)
			stamp_service_sent(place->stamp, place, sent);
		if (sent < 0)
			give_up_one(place, -sent);
		else
			count_answered(place, sent);
	}
	return true;
}

/* ---- receiving */

bool service_udp_is_own_port(const struct service_udp *udp, uint16_t port)
{
	for (unsigned i = 0; i < udp->socket_count; i++) {
		if (udp->sockets[i].socket.local.port == port)
			return true;
	}
	return false;
}

static void write_traffic(struct service_udp *udp, const struct datagram *datagram, uint64_t now_ns)
{
	struct wire_datagram wire;

	wire_write_name(datagram->data, datagram->size, udp->worker->plan->serve.name);
	if (!wire_read_datagram(datagram->data, datagram->size, &wire))
		return;
	uint64_t count = flow_counts_add(udp->flows, &datagram->remote, wire.flow, now_ns);
	wire_fill_datagram(datagram->data, count, now_ns);
}

void service_udp_answer(struct service_socket *place, const struct datagram *datagram)
{
	struct counters *counters = &recorder_of(place)->counters;

	if (datagram->is_truncated ||
	    service_udp_is_own_port(place->owner, datagram->remote.port)) {
		counters->unasked_bytes += datagram->size;
		return;
	}
	counters->scheduled++;
	counters->debt++;
	place->answers[place->count++] = *datagram;
}

static void serve_source(struct service_socket *place, const struct datagram *merged)
{
	struct datagram one = { 0 };

	while (place->count < SERVICE_UDP_BATCH_MAX && datagram_next(merged, &one)) {
		if (source_service_take(place->owner->source, &place->socket, &one))
			service_udp_answer(place, &one);
	}
}

static void serve_traffic(struct service_socket *place, struct datagram *datagram, uint64_t now_ns)
{
	struct service_udp *udp = place->owner;
	enum service_path_take taken = SERVICE_PATH_OTHER;

	if (!datagram->is_truncated)
		taken = service_path_take(datagram, udp->worker->plan->serve.name, udp->secret,
					  now_ns);
	if (taken == SERVICE_PATH_OTHER)
		write_traffic(udp, datagram, now_ns);
	if (taken == SERVICE_PATH_DROPPED)
		recorder_of(place)->counters.unasked_bytes += datagram->size;
	else
		service_udp_answer(place, datagram);
}

static void serve(struct service_socket *place, struct datagram *batch, int count, uint64_t now_ns)
{
	struct counters *counters = &recorder_of(place)->counters;

	counters->reads++;
	for (int i = 0; i < count; i++)
		counters->bytes_received += batch[i].size;
	if (place->service == SERVICE_DISCARD) {
		service_udp_discard(place, batch, count, now_ns);
		return;
	}
	if (place->service == SERVICE_STAMP) {
		stamp_service_take(place->stamp, place, batch, count, now_ns);
		return;
	}
	for (int i = 0; i < count; i++) {
		if (place->service == SERVICE_SOURCE) {
			serve_source(place, &batch[i]);
			continue;
		}
		if (place->service == SERVICE_TRAFFIC)
			serve_traffic(place, &batch[i], now_ns);
		else
			service_udp_answer(place, &batch[i]);
	}
}

/* Returns how many arrived or -errno. */
static int receive_batch(struct service_socket *place)
{
	struct datagram batch[SERVICE_UDP_BATCH_MAX];

	for (int i = 0; i < place->batch; i++)
		batch[i] = (struct datagram){
			.data = place->room + (size_t)i * SERVICE_UDP_ROOM_BYTES,
			.capacity = SERVICE_UDP_ROOM_BYTES,
		};
	place->answered = 0;
	place->count = 0;
	int count = datagram_receive(&place->socket, batch, place->batch);
	uint64_t now_ns = loop_read_clock(place->owner->worker->loop);
	serve(place, batch, count, now_ns);
	place->arrived += count > 0 ? (uint32_t)count : 0;
	return count;
}

static void record_receive_error(struct service_socket *place, int code)
{
	recorder_error(recorder_of(place), PHASE_RECEIVE, outcome_from_errno(code), code,
		       loop_now(place->owner->worker->loop));
}

/* False: it stopped before the end of what has arrived. */
static bool serve_batches(struct service_socket *place, unsigned most)
{
	bool has_all = false;

	/* Once more at the end, to send what came last. */
	for (unsigned i = 0; send_answers(place) && !has_all && i < most; i++) {
		int count = receive_batch(place);
		bool is_failed = count < 0 && count != -EAGAIN;
		if (is_failed && place->troubled != NULL)
			place->troubled(place);
		else if (is_failed)
			record_receive_error(place, -count);
		else if (count < place->batch)
			has_all = true;
	}
	return has_all || place->answered < place->count;
}

static void serve_some(struct service_socket *place)
{
	if (!serve_batches(place, BATCHES_A_TURN))
		loop_defer(place->owner->worker->loop, &place->read_on);
}

/* ---- gathering */

static void begin_look(struct service_socket *place, uint64_t now_ns)
{
	place->looked_ns = now_ns;
	place->arrived = 0;
}

static void gather_on(struct service_socket *place)
{
	struct loop *loop = place->owner->worker->loop;

	loop_set_timer(loop, &place->gather, loop_now(loop) + GATHER_NS);
}

/* Whether a look is over; `ret_count`: what arrived in it. */
static bool is_look_over(struct service_socket *place, uint32_t *ret_count)
{
	uint64_t now_ns = loop_now(place->owner->worker->loop);

	*ret_count = place->arrived;
	if (now_ns < place->looked_ns + FAST_LOOK_NS)
		return false;
	begin_look(place, now_ns);
	return true;
}

static void look_for_speed(struct service_socket *place)
{
	uint32_t count;

	if (place->service != SERVICE_DISCARD || place->is_gathering)
		return;
	if (!is_look_over(place, &count) && count < FAST_COUNT)
		return;
	place->is_gathering = count >= FAST_COUNT && datagram_mute(&place->socket);
	if (place->is_gathering)
		gather_on(place);
}

static void gather(struct timer *timer)
{
	struct service_socket *place = container_of(timer, struct service_socket, gather);
	uint32_t count;

	serve_some(place);
	place->is_gathering = !is_look_over(place, &count) || count >= SLOW_COUNT;
	if (place->is_gathering)
		gather_on(place);
	else
		datagram_unmute(&place->socket);
}

void service_udp_ready(struct datagram_socket *socket, unsigned events)
{
	struct service_socket *place = container_of(socket, struct service_socket, socket);

	(void)events;
	serve_some(place);
	look_for_speed(place);
}

static void read_on(struct deferred *deferred)
{
	serve_some(container_of(deferred, struct service_socket, read_on));
}

/* ---- opening and closing */

void service_udp_init(struct service_udp *udp, struct worker *worker,
		      struct receiver_table *receivers, const uint8_t *secret)
{
	udp->worker = worker;
	udp->receivers = receivers;
	udp->source = NULL;
	udp->secret = secret;
	udp->flows = NULL;
	udp->socket_count = 0;
	memset(udp->paths, 0, sizeof(udp->paths));
}

int service_udp_prepare(struct service_udp *udp, struct service_socket *place, enum service service)
{
	bool is_discarding = service == SERVICE_DISCARD;

	*place = (struct service_socket){
		.owner = udp,
		.service = service,
		.batch = is_discarding ? DISCARDED_BATCH : ANSWERED_BATCH,
	};
	deferred_init(&place->read_on, read_on);
	timer_init(&place->gather, gather);
	place->room = malloc((size_t)place->batch * SERVICE_UDP_ROOM_BYTES);
	if (place->room == NULL)
		return -ENOMEM;
	if (is_discarding)
		place->receiver = receiver_table_socket(udp->receivers);
	if (service == SERVICE_SOURCE && udp->source == NULL)
		return source_service_new(udp->worker, udp->secret, &udp->source);
	if (service == SERVICE_STAMP)
		return stamp_service_new(udp->worker, &place->stamp);
	if (service != SERVICE_TRAFFIC || udp->flows != NULL)
		return 0;
	uint32_t flows_max = udp->worker->plan->serve.flows_max;
	return flow_counts_new(random_next(&udp->worker->random),
			       flows_max > 0 ? flows_max : FLOW_COUNTS_MAX, &udp->flows);
}

/* As with listeners: is the port anybody else's? */
static int check_is_free(const struct worker *worker, const struct datagram_options *shared)
{
	struct datagram_options alone = *shared;
	struct datagram_socket probe;

	if (!shared->is_shared || worker->index > 0 || shared->local.port == 0)
		return 0;
	alone.is_shared = false;
	int rc = datagram_open(&probe, worker->plan->datagram, worker->loop, &alone,
			       service_udp_ready);
	if (rc == 0)
		datagram_close(&probe);
	return rc;
}

int service_udp_listen(struct service_udp *udp, uint32_t index, uint16_t port, uint16_t *ret_port)
{
	const struct plan *plan = udp->worker->plan;
	const struct plan_listen *listen = &plan->serve.listen[index];
	struct service_socket *place = &udp->sockets[udp->socket_count];
	struct socket_options socket_options = plan->socket_options;
	struct datagram_options options = {
		.local = listen->local,
		.is_shared = plan->workers > 1 || listen->service == SERVICE_TRAFFIC,
		.wants_local = true,
		.wants_stamps = listen->service == SERVICE_STAMP,
		.wants_header = listen->service == SERVICE_STAMP,
		.is_segmented =
			listen->service == SERVICE_DISCARD || listen->service == SERVICE_SOURCE,
		.options = &socket_options,
		.network = plan->network,
	};

	if (socket_options.receive_buffer_bytes == 0)
		socket_options.receive_buffer_bytes = RECEIVE_BUFFER_BYTES;
	options.local.port = port;
	int rc = check_is_free(udp->worker, &options);
	if (rc < 0)
		return rc;
	rc = service_udp_prepare(udp, place, listen->service);
	if (rc == 0)
		rc = datagram_open(&place->socket, plan->datagram, udp->worker->loop, &options,
				   service_udp_ready);
	if (rc < 0) {
		stamp_service_free(place->stamp);
		free(place->room);
		return rc;
	}
	udp->socket_count++;
	*ret_port = place->socket.local.port;
	return 0;
}

void service_udp_close_place(struct service_socket *place)
{
	list_remove(&place->read_on.node);
	loop_clear_timer(place->owner->worker->loop, &place->gather);
	datagram_close(&place->socket);
	while (place->answered < place->count)
		give_up_one(place, EAGAIN);
}

void service_udp_drain(struct service_udp *udp)
{
	source_service_stop(udp->source);
	service_udp_close_paths(udp);
	for (unsigned i = 0; i < udp->socket_count; i++) {
		(void)serve_batches(&udp->sockets[i], BATCHES_A_DRAIN);
		service_udp_close_place(&udp->sockets[i]);
	}
}

void service_udp_close(struct service_udp *udp)
{
	source_service_stop(udp->source);
	service_udp_close_paths(udp);
	for (unsigned i = 0; i < udp->socket_count; i++)
		service_udp_close_place(&udp->sockets[i]);
}

void service_udp_deinit(struct service_udp *udp)
{
	service_udp_close(udp);
	for (unsigned i = 0; i < udp->socket_count; i++) {
		stamp_service_free(udp->sockets[i].stamp);
		free(udp->sockets[i].room);
	}
	flow_counts_free(udp->flows);
	source_service_free(udp->source);
}

static void tell_overflows(const struct service_socket *place)
{
	struct receiver_table *receivers = place->owner->receivers;

	if (place->service != SERVICE_DISCARD)
		return;
	receiver_table_begin(receivers);
	receiver_table_overflows(receivers, place->receiver, place->socket.queue_overflows);
	receiver_table_commit(receivers);
}

uint64_t service_udp_overflows(struct service_udp *udp)
{
	uint64_t overflows = 0;

	for (unsigned i = 0; i < udp->socket_count; i++) {
		struct service_socket *place = &udp->sockets[i];
		datagram_look(&place->socket);
		tell_overflows(place);
		overflows += place->socket.queue_overflows;
	}
	return overflows;
}
