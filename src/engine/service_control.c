/* The service control: tells who may ask what has arrived here, a JSON line a question
 * (proto/control.h). Whoever asks from this host may, others with the token. A connection holds one
 * line of bounded size and a deadline for it; an error ends it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/receiver_receipt.h"
#include "engine/service_connection.h"
#include "engine/service_path_back.h"
#include "proto/control.h"

/* For a question, from the last answer on; then for the peer to take our end. */
#define DEADLINE_NS (5 * NS_PER_S)
#define GOODBYE_NS  (1 * NS_PER_S)

struct control_session {
	struct service_protocol protocol;
	char *line; /* CONTROL_QUESTION_MAX: what has come and is not answered */
	size_t used;
	struct service_path_back *back; /* NULL: nobody has asked for any */
	bool is_leaving;
};
static_assert(sizeof(struct control_session) <= SERVICE_PROTOCOL_BYTES, "goes with a connection");

static struct control_session *session_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct control_session, protocol);
}

/* ---- answers */

static void tell_hello(struct service_connection *connection, struct buffer *out)
{
	const struct plan_serve *serve = &connection->owner->worker->plan->serve;
	struct control_place places[PLAN_LISTEN_MAX];

	for (uint32_t i = 0; i < serve->listen_count; i++)
		places[i] = (struct control_place){
			.service = serve->listen[i].service,
			.transport = serve->listen[i].transport,
			.port = connection->owner->shared->ports[i],
		};
	control_write_hello(CONNTEST_VERSION, serve->name, places, serve->listen_count, out);
}

static void free_hist(struct hist **hist)
{
	free(*hist);
}

static void tell_receiver(struct service_connection *connection,
			  const struct control_question *question, struct buffer *out)
{
	const struct receiver_tables *tables = &connection->owner->shared->receivers;
	struct hist *delays cleanup(free_hist) = calloc(1, hist_size(RECEIVER_DELAY_RANGE));
	struct control_receipt receipt = { 0 };

	if (delays != NULL)
		receiver_receipt(tables, question, delays, &receipt);
	control_write_receipt(&receipt, out);
}

/* Only to the address that asks, and there only to who has shown that the path is his. */
static int send_back(struct service_connection *connection, const struct control_question *question,
		     struct error *error, struct control_path *ret)
{
	struct control_session *session = session_of(connection);
	struct endpoint remote = { 0 };

	if (stream_endpoints(&connection->stream, NULL, &remote) < 0 ||
	    remote.family != question->local.family ||
	    memcmp(remote.address, question->local.address, sizeof(remote.address)) != 0)
		return error_set(error, EACCES, "not allowed: \"local\" is not who asks");
	if (session->back == NULL) {
		int rc = service_path_back_open(connection->owner->udp, question, error,
						&session->back);
		if (rc < 0)
			return rc;
	}
	return service_path_back_send(session->back, question, error, ret);
}

static void tell_path(struct service_connection *connection,
		      const struct control_question *question, struct buffer *out)
{
	struct control_path path = { 0 };
	struct error error = { "" };

	if (send_back(connection, question, &error, &path) < 0)
		control_write_error(error.text, out);
	else
		control_write_path(&path, out);
}

/* ---- who may ask */

/* NULL: he may. */
static const char *refusal(const struct service_connection *connection,
			   const struct control_question *question)
{
	const char *token = connection->owner->worker->plan->serve.control_token;
	struct endpoint remote;

	if (stream_endpoints((struct stream *)&connection->stream, NULL, &remote) == 0 &&
	    endpoint_is_loopback(&remote))
		return NULL;
	if (token == NULL)
		return "not allowed: other hosts are told nothing (serve --control-token TEXT "
		       "lets those in who have it)";
	if (question->token[0] == '\0')
		return "not allowed: other hosts need the token (--receiver-token TEXT)";
	return control_is_same_token(question->token, token)
		       ? NULL
		       : "not allowed: this is not the token that serve was given";
}

/* False: what was told is an error. */
static bool tell(struct service_connection *connection, const char *line, size_t size,
		 struct buffer *out)
{
	struct control_question question;
	struct error error = { "" };
	const char *refused = NULL;

	if (control_read_question(line, size, &error, &question) < 0)
		refused = error.text;
	else
		refused = refusal(connection, &question);
	if (refused != NULL)
		control_write_error(refused, out);
	else if (question.ask == CONTROL_HELLO)
		tell_hello(connection, out);
	else if (question.ask == CONTROL_PATH)
		tell_path(connection, &question, out);
	else
		tell_receiver(connection, &question, out);
	return refused == NULL;
}

/* ---- lines */

static const struct service_state *leave(struct service_connection *connection)
{
	session_of(connection)->is_leaving = true;
	service_protocol_wait(connection, GOODBYE_NS);
	return service_leave(connection);
}

static const struct service_state *send_answer(struct service_connection *connection,
					       const struct buffer *answer)
{
	int rc = answer->error < 0 ? answer->error
				   : service_send(connection, answer->data, answer->size);

	return rc < 0 ? service_fail(connection, PHASE_SEND, -rc) : connection->state;
}

static const struct service_state *refuse(struct service_connection *connection,
					  const char *sentence)
{
	struct buffer answer cleanup(buffer_deinit);

	buffer_init(&answer, CONTROL_ANSWER_MAX);
	control_write_error(sentence, &answer);
	const struct service_state *next = send_answer(connection, &answer);

	return next == &service_closed ? next : leave(connection);
}

static const struct service_state *answer_line(struct service_connection *connection, size_t size)
{
	struct counters *counters = connection->owner->counters;
	struct control_session *session = session_of(connection);
	struct buffer answer cleanup(buffer_deinit);

	buffer_init(&answer, CONTROL_ANSWER_MAX);
	bool is_allowed = tell(connection, session->line, size, &answer);
	session->used -= size + 1;
	memmove(session->line, session->line + size + 1, session->used);
	service_count_tell_arrived(&connection->count, counters, 1);
	const struct service_state *next = send_answer(connection, &answer);
	if (next == &service_closed)
		return next;
	service_count_tell_answered(&connection->count, counters, 1);
	service_protocol_wait(connection, DEADLINE_NS);
	return is_allowed ? next : leave(connection);
}

/* While an answer waits for room nothing more is answered or read. */
static const struct service_state *answer_lines(struct service_connection *connection)
{
	struct control_session *session = session_of(connection);

	while (backlog_is_empty(&connection->backlog)) {
		const char *end = memchr(session->line, '\n', session->used);

		if (end == NULL && session->used == CONTROL_QUESTION_MAX)
			return refuse(connection, "a question has at most 4,095 characters");
		if (end == NULL)
			return connection->state;
		const struct service_state *next =
			answer_line(connection, (size_t)(end - session->line));
		if (next != &service_control)
			return next;
	}
	return connection->state;
}

static void on_deadline(struct service_connection *connection)
{
	if (session_of(connection)->is_leaving || !backlog_is_empty(&connection->backlog))
		connection->state = service_fail(connection, PHASE_SEND, ETIMEDOUT);
	else
		connection->state = refuse(connection, "no question came within 5 s");
}

static void release(struct service_protocol *protocol)
{
	struct control_session *session = container_of(protocol, struct control_session, protocol);

	service_path_back_close(session->back);
	session->back = NULL;
	free(session->line);
	session->line = NULL;
}

static const struct service_protocol_kind control_kind = { .timeout = on_deadline,
							   .release = release };

static const struct service_state *begin(struct service_connection *connection)
{
	if (service_protocol_new(connection, &control_kind) == NULL)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	struct control_session *session = session_of(connection);
	session->line = malloc(CONTROL_QUESTION_MAX);
	if (session->line == NULL)
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	connection->count.is_told = true;
	service_protocol_wait(connection, DEADLINE_NS);
	return connection->state;
}

/* ---- the state */

static const struct service_state *control_writable(struct service_connection *connection)
{
	return connection->protocol == NULL ? begin(connection) : answer_lines(connection);
}

static const struct service_state *control_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;
	struct control_session *session = session_of(connection);

	if (!backlog_is_empty(&connection->backlog))
		return next;
	size_t size = service_receive_most(connection, CONTROL_QUESTION_MAX - session->used, &next);
	if (size == 0)
		return next;
	memcpy(session->line + session->used, connection->owner->worker->scratch, size);
	session->used += size;
	return answer_lines(connection);
}

const struct service_state service_control = {
	.name = "control",
	.readable = control_readable,
	.writable = control_writable,
	.is_at_rest = service_is_quiet,
	.leave = leave,
};
