#include "probe/path_mtu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "probe/path_back.h"
#include "probe/path_direction.h"
#include "probe/pmtu.h"
#include "proto/path_wire.h"
#include "proto/traffic_wire.h"
#include "sys/interface.h"

#define IPV4_UDP_BYTES 28
#define IPV6_UDP_BYTES 48
#define FALLBACK_BYTES 1500 /* of an interface that does not tell */
/* Hosts send an ICMP error a second (net.ipv4.icmp_ratelimit) after the first six. */
#define ICMP_SPACING_NS (2 * NS_PER_S)
/* An error that is pending is told by a call that did nothing. */
#define TRIES_MAX 4
/* Behind these others have their turn, and the clock: a peer may send faster than is read. */
#define RECEIVES_A_TURN 256
/* Each is told once, so more than this in a row is nothing that waiting would end. */
#define FAILURES_MAX 64

struct path_mtu {
	struct path_mtu_setup setup;
	struct datagram_socket socket;
	struct pmtu forward;
	struct timer timer;
	struct deferred telling;
	struct deferred hearing_on; /* there may be more to receive */
	uint64_t sending;           /* number of the probe that is being handed to the kernel */
	uint32_t interface_bytes;   /* 0: not known */
	uint32_t route_bytes;       /* the same; as the kernel believed when it began */
	uint32_t header_bytes;      /* of IP and UDP */
	const char *told_by;        /* PATH_BY_...; NULL: nobody yet */
	int failure;                /* errno of a send or of ICMP; 0 */
	struct endpoint failure_from;
	bool is_over;
	char name[WIRE_NAME_BYTES];
	struct path_back back;
	uint8_t *out; /* zeros behind the head */
	uint8_t *in;
	uint32_t room_bytes; /* of both: what is larger is none of ours */
};

/* ---- sending ---- */

static void take_errors(struct path_mtu *path);

static int hand_over(struct path_mtu *path, const struct datagram *datagram)
{
	int result = datagram_send(&path->socket, datagram, 1);
	for (int i = 1; i < TRIES_MAX && result < 0 && result != -EAGAIN; i++) {
		uint32_t max_bytes = path->forward.setup.max_bytes;
		take_errors(path);
		if (path->forward.setup.max_bytes != max_bytes)
			return 0; /* it was too large for the interface, and that is noted */
		result = datagram_send(&path->socket, datagram, 1);
	}
	return result;
}

/* One that can't be sent is lost, which the search finds out by itself; what will never go ends it.
 */
static void send_probe(struct path_mtu *path, const struct pmtu_probe *probe)
{
	struct path_wire wire = {
		.kind = PATH_WIRE_PROBE,
		.number = probe->number,
		.run = path->setup.run,
	};
	struct datagram datagram = {
		.data = path->out,
		.size = probe->bytes - path->header_bytes,
	};
	path_wire_write(path->out, &wire);
	path->sending = probe->number;
	int result = hand_over(path, &datagram);
	path->sending = 0;
	if (result == -EMSGSIZE)
		pmtu_refused(&path->forward, probe->number, 0);
	else if (result < 0 && result != -EAGAIN && result != -ECONNREFUSED && !path->told_by)
		path->failure = -result;
}

static bool is_told_by(const struct path_mtu *path, const char *by)
{
	return path->told_by && strcmp(path->told_by, by) == 0;
}

/* Why the way back can't be asked. */
static const char *no_way_back(const struct path_mtu *path)
{
	if (is_told_by(path, PATH_BY_ECHO))
		return "a plain echo: both ways as one";
	return "only `conntest serve` can send on demand, and it did not answer";
}

static void tell_if_over(struct path_mtu *path)
{
	if (path->is_over && path->back.state == PATH_BACK_OVER)
		loop_defer(path->setup.loop, &path->telling);
}

static void on_back_over(struct path_back *back)
{
	tell_if_over(container_of(back, struct path_mtu, back));
}

static void finish(struct path_mtu *path)
{
	if (path->is_over)
		return;
	path->is_over = true;
	loop_clear_timer(path->setup.loop, &path->timer);
	if (path->back.state == PATH_BACK_WAITING)
		path_back_stop(&path->back, no_way_back(path));
	tell_if_over(path);
}

static void drive(struct path_mtu *path)
{
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = UINT64_MAX;
	enum pmtu_step step = PMTU_SEND;
	while (step == PMTU_SEND) {
		step = pmtu_next(&path->forward, loop_read_clock(path->setup.loop), &probe,
				 &wake_ns);
		if (step == PMTU_SEND)
			send_probe(path, &probe);
	}
	if (step == PMTU_WAIT)
		loop_set_timer(path->setup.loop, &path->timer, wake_ns);
	else
		finish(path);
}

static void on_timer(struct timer *timer)
{
	drive(container_of(timer, struct path_mtu, timer));
}

static void tell(struct deferred *deferred)
{
	struct path_mtu *path = container_of(deferred, struct path_mtu, telling);
	path->setup.over(path->setup.context);
}

/* ---- what comes ---- */

/* Who answers with more detail is the better witness. */
static void note_teller(struct path_mtu *path, const char *by)
{
	if (!path->told_by && strcmp(by, PATH_BY_ICMP) == 0)
		pmtu_space(&path->forward, ICMP_SPACING_NS);
	path->told_by = by;
}

static uint64_t quoted_number(const struct path_mtu *path, const struct datagram_error *error)
{
	struct path_wire wire;
	if (path_wire_read(error->quote, error->quote_size, &wire) && wire.run == path->setup.run &&
	    wire.kind == PATH_WIRE_PROBE)
		return wire.number;
	return 0;
}

/* Of those that quote nothing: which can only be meant. */
static uint64_t only_number(const struct path_mtu *path)
{
	const struct pmtu_flight *large = &path->forward.large;
	const struct pmtu_flight *small = &path->forward.small;
	bool has_small = small->probe.number && !small->answered_ns;
	if (large->probe.number && has_small)
		return 0;
	return large->probe.number ? large->probe.number : small->probe.number;
}

static bool is_of_target(const struct path_mtu *path, const struct endpoint *from)
{
	return from->family == path->setup.remote.family &&
	       memcmp(from->address, path->setup.remote.address, sizeof(from->address)) == 0;
}

/* "Port unreachable" from the target: it came there, whatever its size. */
static void note_unreachable(struct path_mtu *path, const struct datagram_error *error,
			     uint64_t number)
{
	if (error->code == ECONNREFUSED && is_of_target(path, &error->from)) {
		if (!path->told_by)
			note_teller(path, PATH_BY_ICMP);
		pmtu_answered(&path->forward, number ? number : only_number(path),
			      loop_read_clock(path->setup.loop));
	} else if (!path->told_by) {
		path->failure = error->code;
		path->failure_from = error->from;
	}
}

static void note_error(struct path_mtu *path, const struct datagram_error *error)
{
	uint64_t number = quoted_number(path, error);
	if (error->code == EMSGSIZE && error->is_local)
		pmtu_refused(&path->forward, path->sending, error->mtu_bytes);
	else if (error->code == EMSGSIZE)
		pmtu_signalled(&path->forward, number, error->mtu_bytes, &error->from);
	else
		note_unreachable(path, error, number);
}

static void take_errors(struct path_mtu *path)
{
	struct datagram_error error;
	while (datagram_take_error(&path->socket, &error) == 0)
		note_error(path, &error);
}

static void take_datagram(struct path_mtu *path, size_t size)
{
	uint64_t now_ns = loop_read_clock(path->setup.loop);
	struct path_wire wire;
	if (!path_wire_read(path->in, size, &wire) || wire.run != path->setup.run)
		return;
	if (wire.kind == PATH_WIRE_PROBE) {
		note_teller(path, PATH_BY_ECHO);
		pmtu_answered(&path->forward, wire.number, now_ns);
	} else if (wire.kind == PATH_WIRE_ANSWER) {
		note_teller(path, PATH_BY_ANSWER);
		pmtu_answered(&path->forward, wire.number, now_ns);
		if (path->back.state == PATH_BACK_WAITING)
			path_back_start(&path->back, &wire, &path->socket.local,
					&path->forward.setup);
	} else {
		path_back_arrived(&path->back, wire.number);
		return;
	}
	(void)wire_read_name(path->in, size, path->name);
}

static void take_datagrams(struct path_mtu *path)
{
	int failures = 0;
	for (int i = 0; i < RECEIVES_A_TURN; i++) {
		struct datagram datagram = { .data = path->in, .capacity = path->room_bytes };
		int count = datagram_receive(&path->socket, &datagram, 1);
		failures += count < 0;
		if (count == -EAGAIN || failures == FAILURES_MAX)
			return;
		if (count > 0 && !datagram.is_truncated)
			take_datagram(path, datagram.size);
		else if (count < 0)
			take_errors(path);
	}
	loop_defer(path->setup.loop, &path->hearing_on);
}

static void hear(struct path_mtu *path)
{
	take_errors(path);
	take_datagrams(path);
	if (!path->is_over)
		drive(path);
}

static void hear_on(struct deferred *deferred)
{
	hear(container_of(deferred, struct path_mtu, hearing_on));
}

static void on_ready(struct datagram_socket *socket, unsigned events)
{
	(void)events;
	hear(container_of(socket, struct path_mtu, socket));
}

/* ---- life ---- */

static uint32_t largest(const struct path_mtu *path)
{
	uint64_t bytes = path->setup.max_bytes;
	if (bytes == 0)
		bytes = path->interface_bytes ? path->interface_bytes : FALLBACK_BYTES;
	uint32_t least = PATH_WIRE_BYTES + path->header_bytes;
	return bytes > PMTU_MAX_BYTES ? PMTU_MAX_BYTES : bytes < least ? least : (uint32_t)bytes;
}

static void begin_search(struct path_mtu *path)
{
	bool is_ipv6 = path->setup.remote.family == AF_INET6;
	struct pmtu_setup setup = {
		.small_bytes = PATH_WIRE_BYTES + path->header_bytes,
		.base_bytes = is_ipv6 ? PMTU_MIN_IPV6 : PMTU_BASE_BYTES,
		.min_bytes = is_ipv6 ? PMTU_MIN_IPV6 : PMTU_MIN_IPV4,
		.max_bytes = largest(path),
		.step_bytes = (uint32_t)path->setup.step_bytes,
		.timeout_ns = path->setup.timeout_ns,
	};
	pmtu_init(&path->forward, &setup);
}

static int open_socket(struct path_mtu *path)
{
	struct datagram_options options = {
		.local = path->setup.source,
		.remote = path->setup.remote,
		.is_path_probe = true,
		.options = path->setup.options,
		.network = path->setup.network,
	};
	int result = datagram_open(&path->socket, path->setup.datagram, path->setup.loop, &options,
				   on_ready);
	if (result < 0)
		return result;
	path->route_bytes = interface_route_mtu(path->socket.watch.fd, path->setup.remote.family);
	path->interface_bytes = path->setup.interface_bytes;
	if (path->interface_bytes == 0)
		path->interface_bytes = interface_mtu(&path->socket.local);
	return 0;
}

static int make_room(struct path_mtu *path)
{
	path->room_bytes = largest(path);
	path->out = calloc(1, path->room_bytes);
	path->in = malloc(path->room_bytes);
	return path->out && path->in ? 0 : -ENOMEM;
}

int path_mtu_new(const struct path_mtu_setup *setup, struct path_mtu **ret)
{
	struct path_mtu *path = calloc(1, sizeof(*path));
	if (!path)
		return -ENOMEM;
	path->setup = *setup;
	path->back.loop = setup->loop;
	timer_init(&path->back.timer, NULL);
	path->header_bytes = setup->remote.family == AF_INET6 ? IPV6_UDP_BYTES : IPV4_UDP_BYTES;
	timer_init(&path->timer, on_timer);
	deferred_init(&path->telling, tell);
	deferred_init(&path->hearing_on, hear_on);
	int result = open_socket(path);
	if (result >= 0)
		result = make_room(path);
	if (result < 0) {
		path_mtu_free(path);
		return result;
	}
	begin_search(path);
	path_back_init(&path->back, setup->loop, setup->far_end, on_back_over);
	*ret = path;
	return 0;
}

void path_mtu_start(struct path_mtu *path)
{
	drive(path);
}

void path_mtu_stop(struct path_mtu *path)
{
	path->is_over = true;
	path_back_stop(&path->back, no_way_back(path));
	pmtu_stop(&path->forward);
	loop_clear_timer(path->setup.loop, &path->timer);
	list_remove(&path->telling.node);
	list_remove(&path->hearing_on.node);
}

void path_mtu_free(struct path_mtu *path)
{
	if (!path)
		return;
	path_mtu_stop(path);
	datagram_close(&path->socket);
	free(path->out);
	free(path->in);
	free(path);
}

/* ---- what came of it ---- */

/* NULL: it is not known. */
static const char *failure_text(const struct path_mtu *path, struct arena *arena)
{
	char from[ENDPOINT_TEXT_MAX], text[ENDPOINT_TEXT_MAX + 128];
	if (!path->failure)
		return NULL;
	bool has_from = path->failure_from.family != 0;
	(void)snprintf(text, sizeof(text), "%s%s%s", strerrordesc_np(path->failure),
		       has_from ? ", says " : "",
		       has_from ? endpoint_format_address(&path->failure_from, from) : "");
	return arena_text(arena, text);
}

void path_mtu_describe(const struct path_mtu *path, struct arena *arena, struct path_result *ret)
{
	ret->local = path->socket.local;
	ret->remote = path->setup.remote;
	ret->interface_bytes = path->interface_bytes;
	if (path->name[0])
		ret->name = arena_text(arena, path->name);
	path_direction_describe(&path->forward, arena, &ret->forward);
	ret->forward.interface_bytes = path->interface_bytes;
	ret->forward.route_bytes = path->route_bytes;
	ret->forward.told_by = path->told_by;
	ret->forward.reason = failure_text(path, arena);
	path_back_describe(&path->back, arena, &ret->reverse);
	ret->forward.asked_bytes = path->setup.max_bytes;
	if (ret->reverse.is_measured)
		ret->reverse.asked_bytes = path->setup.max_bytes;
}
