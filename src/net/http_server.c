/* Connections and their time: see http_server.h. */
#include "net/http_server.h"

#include <errno.h>
#include <stdlib.h>

#include "net/http_server_connection.h"

#define CONNECTIONS_MAX (HTTP_SERVER_SERVED_MAX + HTTP_SERVER_REFUSED_MAX)

/* What one connection may do before it is the others' turn. */
#define STEPS_A_TURN   64
#define ACCEPTS_A_TURN 64
/* Where a descriptor was missing. */
#define ACCEPT_AGAIN_NS UINT64_C(100000000)
/* So long what is still on its way is read behind the last answer: unread it would reset the
 * connection, and the answer might be lost (RFC 9112 9.6). */
#define ENDING_NS UINT64_C(1000000000)

struct http_server {
	struct loop *loop;
	struct http_server_options options;
	struct listener listener;
	struct timer accept_again;
	unsigned open_count;
	struct http_server_connection connections[CONNECTIONS_MAX];
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

static void enter(struct http_server_connection *connection, const struct http_server_state *state,
		  uint64_t timeout_ns)
{
	struct loop *loop = connection->server->loop;

	connection->state = state;
	loop_set_timer(loop, &connection->clock, loop_now(loop) + timeout_ns);
}

static bool leave(struct http_server_connection *connection)
{
	stream_close(&connection->stream);
	loop_clear_timer(connection->server->loop, &connection->clock);
	list_remove(&connection->turn.node);
	http1_deinit(&connection->http);
	http_server_forget(connection);
	connection->state = NULL;
	connection->server->open_count--;
	return false;
}

/* ---- reading */

static void begin_request(struct http_server_connection *connection)
{
	connection->has_begun = true;
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
						  &connection->answer_body };
	size_t skipped = connection->sent_bytes;
	int count = 0;

	for (int i = 0; i < 2; i++) {
		size_t size = buffers[i]->size;
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

static struct http_server_connection *free_connection(struct http_server *server)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (server->connections[i].state == NULL)
			return &server->connections[i];
	return NULL;
}

static void ignore_ready(struct stream *stream, unsigned events)
{
	(void)stream;
	(void)events;
}

static int turn_away(struct http_server *server)
{
	struct stream stream;
	int rc = listener_accept(&server->listener, &stream, ignore_ready);

	if (rc == 0)
		stream_close(&stream);
	return rc;
}

/* 0: one is dealt with; -EAGAIN: none waits. */
static int accept_one(struct http_server *server)
{
	struct http_server_connection *connection = free_connection(server);

	if (connection == NULL)
		return turn_away(server);
	int rc = listener_accept(&server->listener, &connection->stream, on_ready);
	if (rc < 0)
		return rc;
	http1_init(&connection->http, HTTP1_REQUESTS);
	connection->http.wants_fields = true;
	connection->input_at = 0;
	connection->input_size = 0;
	connection->is_refused = server->open_count >= HTTP_SERVER_SERVED_MAX;
	server->open_count++;
	enter(connection, &reading, HTTP_SERVER_REQUEST_NS);
	return 0;
}

static void accept_some(struct http_server *server)
{
	int rc = 0;

	for (unsigned i = 0; i < ACCEPTS_A_TURN && rc == 0; i++)
		rc = accept_one(server);
	if (rc != -EAGAIN)
		loop_set_timer(server->loop, &server->accept_again,
			       loop_now(server->loop) + (rc == 0 ? 0 : ACCEPT_AGAIN_NS));
}

static void on_arrived(struct listener *listener)
{
	accept_some(container_of(listener, struct http_server, listener));
}

static void on_accept_again(struct timer *timer)
{
	accept_some(container_of(timer, struct http_server, accept_again));
}

/* ---- life */

int http_server_open(struct loop *loop, const struct http_server_options *options,
		     struct http_server **ret)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return -ENOMEM;
	server->loop = loop;
	server->options = *options;
	timer_init(&server->accept_again, on_accept_again);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct http_server_connection *connection = &server->connections[i];
		connection->server = server;
		timer_init(&connection->clock, on_clock);
		deferred_init(&connection->turn, on_turn);
		http_server_forget(connection);
	}
	int rc = listener_open(&server->listener, options->transport, loop, &options->listen,
			       on_arrived);
	if (rc < 0) {
		free(server);
		return rc;
	}
	*ret = server;
	return 0;
}

void http_server_close(struct http_server *server)
{
	if (server == NULL)
		return;
	listener_close(&server->listener);
	loop_clear_timer(server->loop, &server->accept_again);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (server->connections[i].state != NULL)
			(void)leave(&server->connections[i]);
	free(server);
}

const struct endpoint *http_server_local(const struct http_server *server)
{
	return &server->listener.local;
}
