/* Connections and their time: see http_server.h. */
#include "net/http_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_server_connection.h"

/* What one connection may do before it is the others' turn. */
#define STEPS_A_TURN   64
#define ACCEPTS_A_TURN 64
/* So many are looked at for one that may go. */
#define MAKE_ROOM_TRIES 256
/* Where a descriptor was missing. */
#define ACCEPT_AGAIN_NS UINT64_C(100000000)
/* Where all are within their grace. */
#define WAIT_FOR_ROOM_NS UINT64_C(10000000)
/* So long what is still on its way is read behind the last answer: unread it would reset the
 * connection, and the answer might be lost (RFC 9112 9.6). */
#define ENDING_NS UINT64_C(1000000000)

struct place {
	struct listener listener;
	struct http_server *server;
	struct timer accept_again;
};

struct http_server {
	struct loop *loop;
	struct http_server_options options;
	struct place places[HTTP_SERVER_LISTENERS_MAX];
	unsigned place_count;
	struct list connections; /* also those that are over, until the end of the turn */
	struct list idle;        /* without a request, the longest so first */
	struct list begun;       /* with a part of one, the longest so first */
	unsigned open_count;
	unsigned refused_count; /* of these: told that they are too many */
	uint64_t requests;
};

struct http_server_state {
	const char *name;
	/* Goes one step on; false: there is nothing to do for now. */
	bool (*step)(struct http_server_connection *connection);
	void (*time_out)(struct http_server_connection *connection);
};
static const struct http_server_state reading, sending, ending;

const struct http_server_options *http_server_options(const struct http_server *server)
{
	return &server->options;
}

void http_server_count_request(struct http_server *server)
{
	server->requests++;
}

uint64_t http_server_requests(const struct http_server *server)
{
	return server->requests;
}

static struct list *waiting_list(struct http_server_connection *connection)
{
	if (connection->state != &reading)
		return connection->state == &ending ? &connection->server->idle : NULL;
	return connection->has_begun ? &connection->server->begun : &connection->server->idle;
}

static void enter(struct http_server_connection *connection, const struct http_server_state *state,
		  uint64_t timeout_ns)
{
	struct loop *loop = connection->server->loop;

	connection->state = state;
	list_remove(&connection->waiting);
	struct list *waiting = waiting_list(connection);
	if (waiting != NULL)
		list_append(waiting, &connection->waiting);
	loop_set_timer(loop, &connection->clock, loop_now(loop) + timeout_ns);
}

static void free_connection(struct deferred *deferred)
{
	struct http_server_connection *connection =
		container_of(deferred, struct http_server_connection, turn);

	list_remove(&connection->turn.node);
	list_remove(&connection->node);
	free(connection);
}

/* Its memory goes at the end of this turn, out of which we may be called. */
static bool leave(struct http_server_connection *connection)
{
	struct http_server *server = connection->server;

	stream_close(&connection->stream);
	loop_clear_timer(server->loop, &connection->clock);
	list_remove(&connection->turn.node);
	list_remove(&connection->waiting);
	http1_deinit(&connection->http);
	http_server_forget(connection);
	connection->state = NULL;
	server->open_count--;
	server->refused_count -= connection->is_refused;
	connection->turn.run = free_connection;
	loop_defer(server->loop, &connection->turn);
	return false;
}

/* ---- reading */

static void begin_request(struct http_server_connection *connection)
{
	connection->has_begun = true;
	connection->begun_ns = loop_now(connection->server->loop);
	enter(connection, &reading, HTTP_SERVER_REQUEST_NS);
}

static bool receive(struct http_server_connection *connection)
{
	ssize_t got =
		stream_receive(&connection->stream, connection->input, sizeof(connection->input));

	if (got == -EAGAIN)
		return false;
	if (got <= 0)
		return leave(connection);
	connection->input_at = 0;
	connection->input_size = (size_t)got;
	if (!connection->has_begun)
		begin_request(connection);
	return true;
}

static bool read_step(struct http_server_connection *connection)
{
	struct http1_event event;
	size_t used = http1_read(&connection->http, connection->input + connection->input_at,
				 connection->input_size - connection->input_at, &event);

	connection->input_at += used;
	if (!connection->has_head)
		connection->head_bytes += used;
	if (http_server_note(connection, &event)) {
		enter(connection, &sending, HTTP_SERVER_STUCK_NS);
		return true;
	}
	if (event.what == HTTP1_WRONG)
		return leave(connection);
	return event.what == HTTP1_MORE ? receive(connection) : true;
}

static void give_up_reading(struct http_server_connection *connection)
{
	if (!connection->has_begun) {
		(void)leave(connection);
		return;
	}
	http_server_refuse(connection, 408, NULL);
	enter(connection, &sending, HTTP_SERVER_STUCK_NS);
}

/* ---- sending */

static int unsent(const struct http_server_connection *connection, struct iovec parts[2])
{
	const struct buffer *const buffers[2] = { &connection->answer_head,
						  connection->answer_body.sent };
	size_t skipped = connection->sent_bytes;
	int count = 0;

	for (int i = 0; i < 2; i++) {
		size_t size = buffers[i] != NULL ? buffers[i]->size : 0;
		if (skipped < size)
			parts[count++] =
				(struct iovec){ buffers[i]->data + skipped, size - skipped };
		skipped -= skipped < size ? skipped : size;
	}
	return count;
}

static bool end_answer(struct http_server_connection *connection)
{
	bool is_last = connection->is_last;

	connection->has_asked = true;
	http_server_forget(connection);
	if (is_last && stream_finish(&connection->stream) < 0)
		return leave(connection);
	if (is_last)
		enter(connection, &ending, ENDING_NS);
	else if (connection->input_at < connection->input_size)
		begin_request(connection);
	else
		enter(connection, &reading, HTTP_SERVER_IDLE_NS);
	return true;
}

static bool send_step(struct http_server_connection *connection)
{
	struct iovec parts[2];
	int count = unsent(connection, parts);

	if (count == 0)
		return end_answer(connection);
	ssize_t sent = stream_send(&connection->stream, parts, count);
	if (sent == -EAGAIN)
		return false;
	if (sent < 0)
		return leave(connection);
	connection->sent_bytes += (size_t)sent;
	enter(connection, &sending, HTTP_SERVER_STUCK_NS);
	return true;
}

static void give_up_sending(struct http_server_connection *connection)
{
	stream_reset(&connection->stream);
	(void)leave(connection);
}

/* ---- ending */

static bool end_step(struct http_server_connection *connection)
{
	ssize_t got = stream_skip(&connection->stream, (size_t)64 * 1024);

	if (got > 0)
		return true;
	return got == -EAGAIN ? false : leave(connection);
}

static void give_up_ending(struct http_server_connection *connection)
{
	(void)leave(connection);
}

static const struct http_server_state reading = { "reading", read_step, give_up_reading };
static const struct http_server_state sending = { "sending", send_step, give_up_sending };
static const struct http_server_state ending = { "ending", end_step, give_up_ending };

/* ---- what happens to a connection */

static void go_on(struct http_server_connection *connection)
{
	for (unsigned i = 0; i < STEPS_A_TURN; i++)
		if (connection->state == NULL || !connection->state->step(connection))
			return;
	loop_defer(connection->server->loop, &connection->turn);
}

static void on_turn(struct deferred *deferred)
{
	go_on(container_of(deferred, struct http_server_connection, turn));
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct http_server_connection *connection =
		container_of(stream, struct http_server_connection, stream);

	if ((events & STREAM_FAILED) != 0)
		(void)leave(connection);
	else
		go_on(connection);
}

static void on_clock(struct timer *timer)
{
	struct http_server_connection *connection =
		container_of(timer, struct http_server_connection, clock);

	connection->state->time_out(connection);
	go_on(connection);
}

/* ---- accepting */

/* IPv6 hosts have 2^64 addresses. */
static bool is_same_host(const struct endpoint *a, const struct endpoint *b)
{
	size_t bytes = a->family == AF_INET6 ? 8 : 4;

	return a->family == b->family && memcmp(a->address, b->address, bytes) == 0;
}

static unsigned count_of(const struct http_server *server, const struct endpoint *remote)
{
	unsigned count = 0;

	for (const struct list *node = server->connections.next; node != &server->connections;
	     node = node->next) {
		const struct http_server_connection *connection =
			container_of(node, struct http_server_connection, node);
		count += connection->state != NULL && !connection->is_refused &&
			 is_same_host(&connection->remote, remote);
	}
	return count;
}

/* Since when it is one that may go: a request that has come to its end makes it so at once. */
static uint64_t waits_since(const struct http_server_connection *connection)
{
	return connection->has_asked && !connection->has_begun ? 0 : connection->begun_ns;
}

/* The first of the list that may go; `remote` NULL: of anybody. */
static struct http_server_connection *find_oldest(const struct list *list,
						  const struct endpoint *remote, uint64_t before_ns)
{
	for (const struct list *node = list->next; node != list; node = node->next) {
		struct http_server_connection *connection =
			container_of(node, struct http_server_connection, waiting);
		if (waits_since(connection) <= before_ns && !connection->is_refused &&
		    (remote == NULL || is_same_host(&connection->remote, remote)))
			return connection;
	}
	return NULL;
}

static uint64_t before_grace(const struct http_server *server)
{
	uint64_t now_ns = loop_now(server->loop);

	return now_ns > HTTP_SERVER_GRACE_NS ? now_ns - HTTP_SERVER_GRACE_NS : 0;
}

/* Who has waited for longest leaves, unless what he asks has come just now: in a burst of new
 * connections nobody has been read yet. False: there is none. */
static bool make_room_in(struct list *list, const struct endpoint *remote, uint64_t before_ns)
{
	struct http_server_connection *oldest = find_oldest(list, remote, before_ns);

	for (unsigned i = 0; i < MAKE_ROOM_TRIES && oldest != NULL; i++) {
		go_on(oldest);
		if (oldest->state == NULL)
			return true;
		struct http_server_connection *next = find_oldest(list, remote, before_ns);
		if (next == oldest)
			return !leave(oldest);
		oldest = next;
	}
	return false;
}

/* False: all are busy. */
static bool make_room(struct http_server *server, const struct endpoint *remote)
{
	uint64_t before_ns = before_grace(server);

	return make_room_in(&server->idle, remote, before_ns) ||
	       make_room_in(&server->begun, remote, before_ns) ||
	       make_room_in(&server->idle, remote, UINT64_MAX);
}

static bool is_full(const struct http_server *server)
{
	unsigned most = server->options.served_max;

	return server->open_count - server->refused_count >=
	       (most > 0 ? most : HTTP_SERVER_SERVED_MAX);
}

static bool has_any(const struct http_server *server, uint64_t before_ns)
{
	return find_oldest(&server->idle, NULL, before_ns) != NULL ||
	       find_oldest(&server->begun, NULL, before_ns) != NULL;
}

/* All places are taken, and some by who may be about to ask: the next waits in the kernel's queue
 * until their grace is over, for else nobody would come to his request in a flood. */
static bool has_to_wait(const struct http_server *server)
{
	return is_full(server) && !has_any(server, before_grace(server)) &&
	       has_any(server, UINT64_MAX);
}

/* Is there a place for one more from there, perhaps now. */
static bool has_place(struct http_server *server, const struct endpoint *remote)
{
	const struct http_server_options *options = &server->options;

	if (options->per_address_max > 0 && remote->family != 0 &&
	    count_of(server, remote) >= options->per_address_max && !make_room(server, remote))
		return false;
	return !is_full(server) || make_room(server, NULL);
}

static void ignore_ready(struct stream *stream, unsigned events)
{
	(void)stream;
	(void)events;
}

static int turn_away(struct listener *listener)
{
	struct stream stream;
	int rc = listener_accept(listener, &stream, ignore_ready);

	if (rc == 0)
		stream_close(&stream);
	return rc;
}

static struct http_server_connection *new_connection(struct http_server *server)
{
	struct http_server_connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return NULL;
	connection->server = server;
	timer_init(&connection->clock, on_clock);
	deferred_init(&connection->turn, on_turn);
	list_init(&connection->node);
	list_init(&connection->waiting);
	http_server_prepare(connection);
	return connection;
}

/* False: there is no room, not even to say so. */
static bool begin_connection(struct http_server_connection *connection)
{
	struct http_server *server = connection->server;

	if (stream_endpoints(&connection->stream, NULL, &connection->remote) < 0)
		connection->remote = (struct endpoint){ .family = 0 };
	connection->is_refused = !has_place(server, &connection->remote);
	if (connection->is_refused && server->refused_count >= HTTP_SERVER_REFUSED_MAX)
		return false;
	http1_init(&connection->http, HTTP1_REQUESTS);
	connection->http.wants_fields = true;
	connection->begun_ns = loop_now(server->loop);
	list_append(&server->connections, &connection->node);
	server->open_count++;
	server->refused_count += connection->is_refused;
	enter(connection, &reading, HTTP_SERVER_REQUEST_NS);
	return true;
}

/* 0: one is dealt with; -EAGAIN: none waits; -EBUSY: it has to. */
static int accept_one(struct place *place)
{
	if (has_to_wait(place->server))
		return -EBUSY;
	struct http_server_connection *connection = new_connection(place->server);
	if (connection == NULL)
		return turn_away(&place->listener);
	int rc = listener_accept(&place->listener, &connection->stream, on_ready);
	if (rc == 0 && begin_connection(connection))
		return 0;
	if (rc == 0)
		stream_close(&connection->stream);
	free(connection);
	return rc;
}

static void accept_some(struct place *place)
{
	struct loop *loop = place->server->loop;
	int rc = 0;

	for (unsigned i = 0; i < ACCEPTS_A_TURN && rc == 0; i++)
		rc = accept_one(place);
	if (rc == -EBUSY)
		loop_set_timer(loop, &place->accept_again, loop_now(loop) + WAIT_FOR_ROOM_NS);
	else if (rc != -EAGAIN)
		loop_set_timer(loop, &place->accept_again,
			       loop_now(loop) + (rc == 0 ? 0 : ACCEPT_AGAIN_NS));
}

static void on_arrived(struct listener *listener)
{
	accept_some(container_of(listener, struct place, listener));
}

static void on_accept_again(struct timer *timer)
{
	accept_some(container_of(timer, struct place, accept_again));
}

/* ---- life */

int http_server_listen(struct http_server *server, const struct stream_transport *transport,
		       const struct listen_options *listen)
{
	if (server->place_count == HTTP_SERVER_LISTENERS_MAX)
		return -ENOSPC;
	struct place *place = &server->places[server->place_count];
	place->server = server;
	timer_init(&place->accept_again, on_accept_again);
	int rc = listener_open(&place->listener, transport, server->loop, listen, on_arrived);
	if (rc < 0)
		return rc;
	server->place_count++;
	return 0;
}

int http_server_open(struct loop *loop, const struct http_server_options *options,
		     struct http_server **ret)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return -ENOMEM;
	server->loop = loop;
	server->options = *options;
	list_init(&server->connections);
	list_init(&server->idle);
	list_init(&server->begun);
	int rc = http_server_listen(server, options->transport, &options->listen);
	if (rc < 0) {
		free(server);
		return rc;
	}
	*ret = server;
	return 0;
}

void http_server_close(struct http_server *server)
{
	struct list *next;

	if (server == NULL)
		return;
	for (unsigned i = 0; i < server->place_count; i++) {
		listener_close(&server->places[i].listener);
		loop_clear_timer(server->loop, &server->places[i].accept_again);
	}
	for (struct list *node = server->connections.next; node != &server->connections;
	     node = next) {
		struct http_server_connection *connection =
			container_of(node, struct http_server_connection, node);
		next = node->next;
		if (connection->state != NULL)
			(void)leave(connection);
		free_connection(&connection->turn);
	}
	free(server);
}

const struct endpoint *http_server_local(const struct http_server *server)
{
	return http_server_local_of(server, 0);
}

const struct endpoint *http_server_local_of(const struct http_server *server, unsigned index)
{
	return &server->places[index].listener.local;
}
