/* The service ws: takes an upgrade on any path, then sends every message back in frames of its own,
 * one for each piece that arrives, so that a message may be of any size and a close frame always
 * finds a place. Pings are answered. It says goodbye with 1001 when it drains. */
#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"
#include "engine/service_connection.h"
#include "proto/http1.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"

/* How long a client has to ask for its upgrade. */
#define UPGRADE_NS (10 * NS_PER_S)
/* The worker's scratch is cut in two: what has come, and the answer. Masks are not sent back, so an
 * answer is shorter than what asked for it, but for what came before: the head of a frame that goes
 * on, the payload of a control frame; and for the upgrade and a goodbye. */
#define ANSWER_AT  (WORKER_SCRATCH_BYTES / 2)
#define SPARE      2048
#define READ_BYTES (ANSWER_AT - SPARE)

struct upgrade {
	struct http1 http;
	struct websocket_opening opening;
};

struct frames {
	struct websocket_reader reader;
	struct utf8_stream text;
	bool has_begun; /* the message under way has gone back in part */
	uint8_t control_size;
	uint8_t control[WEBSOCKET_CONTROL_MAX];
};

struct ws {
	struct service_protocol protocol;
	bool is_open;
	bool has_said_goodbye;
	bool is_over; /* nothing is read any more; to be left when all is sent */
	union {
		struct upgrade upgrade; /* until it is open */
		struct frames frames;
	};
};
static_assert(sizeof(struct ws) <= SERVICE_PROTOCOL_BYTES, "memory of an idle connection");

static struct ws *ws_of(const struct service_connection *connection)
{
	return container_of(connection->protocol, struct ws, protocol);
}

/* ---- the answer to what has arrived */

struct answer {
	uint8_t *bytes;
	size_t size;
};

static void add_frame(struct answer *answer, const struct websocket_head *head)
{
	answer->size += websocket_write_head(head, answer->bytes + answer->size);
}

static void add_control(struct answer *answer, uint8_t opcode, const uint8_t *payload, size_t size)
{
	add_frame(answer,
		  &(struct websocket_head){ .opcode = opcode, .size = size, .is_final = true });
	memcpy(answer->bytes + answer->size, payload, size);
	answer->size += size;
}

static void say_goodbye(struct ws *ws, uint16_t code, const char *reason, struct answer *answer)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAX];

	if (!ws->has_said_goodbye)
		add_control(answer, WEBSOCKET_CLOSE, payload,
			    websocket_write_close(code, reason, payload));
	ws->has_said_goodbye = true;
}

/* ---- the upgrade */

static void release(struct service_protocol *protocol)
{
	struct ws *ws = container_of(protocol, struct ws, protocol);

	if (!ws->is_open)
		http1_deinit(&ws->upgrade.http);
}

static void upgrade_is_late(struct service_connection *connection)
{
	connection->state = service_fail(connection, PHASE_UPGRADE, ETIMEDOUT);
}

static const struct service_protocol_kind ws_kind = { .timeout = upgrade_is_late,
						      .release = release };

/* A new connection. */
static const struct service_state *await_upgrade(struct service_connection *connection)
{
	if (connection->protocol != NULL)
		return connection->state;
	if (service_protocol_new(connection, &ws_kind) == NULL)
		return service_fail(connection, PHASE_UPGRADE, ENOMEM);
	struct ws *ws = ws_of(connection);
	connection->count.is_told = true;
	http1_init(&ws->upgrade.http, HTTP1_REQUESTS);
	ws->upgrade.http.wants_fields = true;
	service_protocol_wait(connection, UPGRADE_NS);
	return connection->state;
}

static void refuse(struct service_connection *connection, unsigned status, const char *sentence,
		   struct answer *answer)
{
	ws_of(connection)->is_over = true;
	service_record(connection, PHASE_UPGRADE, OUTCOME_PROTOCOL, 0);
	answer->size += websocket_write_refusal(status, sentence, (char *)answer->bytes);
}

static void refuse_http(struct service_connection *connection, enum http1_verdict verdict,
			struct answer *answer)
{
	uint16_t status = http1_verdict_status(verdict);

	refuse(connection, status != 0 ? status : 400, http1_verdict_sentence(verdict), answer);
}

static void begin_frames(struct ws *ws)
{
	ws->is_open = true;
	ws->frames = (struct frames){ .has_begun = false };
	websocket_reader_init(&ws->frames.reader, WEBSOCKET_SERVER);
}

static void open_frames(struct service_connection *connection, struct answer *answer)
{
	struct ws *ws = ws_of(connection);

	loop_clear_timer(connection->owner->worker->loop, &ws->protocol.timer);
	answer->size += websocket_write_switch(&ws->upgrade.opening, (char *)answer->bytes);
	http1_deinit(&ws->upgrade.http);
	begin_frames(ws);
}

static void end_request(struct service_connection *connection, struct answer *answer)
{
	enum websocket_verdict verdict =
		websocket_check_request(&ws_of(connection)->upgrade.opening);

	if (verdict == WEBSOCKET_OPENED)
		open_frames(connection, answer);
	else
		refuse(connection, websocket_verdict_status(verdict),
		       websocket_verdict_sentence(verdict), answer);
}

/* Returns how many bytes were the request's. */
static size_t read_request(struct service_connection *connection, const uint8_t *data, size_t size,
			   struct answer *answer)
{
	struct ws *ws = ws_of(connection);
	struct websocket_opening *opening = &ws->upgrade.opening;
	struct http1_event event = { .what = HTTP1_START };
	size_t used = 0;

	while (!ws->is_open && !ws->is_over && event.what != HTTP1_MORE) {
		used += http1_read(&ws->upgrade.http, data + used, size - used, &event);
		if (event.what == HTTP1_START)
			opening->is_get = event.name_size == 3 && memcmp(event.name, "GET", 3) == 0;
		else if (event.what == HTTP1_FIELD)
			websocket_take_request_field(opening, event.name, event.name_size,
						     event.data, event.size);
		else if (event.what == HTTP1_HEAD)
			end_request(connection, answer);
		else if (event.what == HTTP1_WRONG)
			refuse_http(connection, ws->upgrade.http.verdict, answer);
	}
	return used;
}

/* ---- frames */

static void end_wrong(struct service_connection *connection, enum websocket_mistake mistake,
		      struct answer *answer)
{
	struct ws *ws = ws_of(connection);

	service_record(connection, PHASE_RECEIVE, OUTCOME_PROTOCOL, 0);
	say_goodbye(ws, (uint16_t)websocket_mistake_code(mistake), websocket_sentence(mistake),
		    answer);
	ws->is_over = true;
}

/* Section 5.5.1: a close frame is answered with its own code. */
static void take_close(struct service_connection *connection, struct answer *answer)
{
	struct ws *ws = ws_of(connection);
	const struct frames *frames = &ws->frames;
	uint16_t code = 0;
	enum websocket_mistake mistake =
		websocket_read_close(frames->control, frames->control_size, &code);

	if (mistake != WEBSOCKET_RIGHT) {
		end_wrong(connection, mistake, answer);
		return;
	}
	if (!ws->has_said_goodbye)
		add_control(answer, WEBSOCKET_CLOSE, frames->control,
			    frames->control_size < 2 ? 0 : 2);
	ws->has_said_goodbye = true;
	ws->is_over = true;
}

static void take_control(struct service_connection *connection, const struct websocket_piece *piece,
			 struct answer *answer)
{
	struct ws *ws = ws_of(connection);
	struct frames *frames = &ws->frames;

	websocket_mask(frames->control + piece->offset, piece->data, piece->size,
		       frames->reader.key, piece->offset);
	frames->control_size = (uint8_t)(piece->offset + piece->size);
	if (!piece->is_end)
		return;
	if (piece->opcode == WEBSOCKET_CLOSE)
		take_close(connection, answer);
	else if (piece->opcode == WEBSOCKET_PING && !ws->has_said_goodbye)
		add_control(answer, WEBSOCKET_PONG, frames->control, frames->control_size);
}

static bool is_text_right(struct frames *frames, const struct websocket_piece *piece,
			  const uint8_t *text)
{
	if (piece->opcode != WEBSOCKET_TEXT)
		return true;
	return utf8_take(&frames->text, text, piece->size) &&
	       (!piece->is_message_end || utf8_is_whole(&frames->text));
}

static void send_back(struct service_connection *connection, const struct websocket_piece *piece,
		      struct answer *answer)
{
	struct frames *frames = &ws_of(connection)->frames;
	struct answer whole = *answer;

	add_frame(&whole,
		  &(struct websocket_head){
			  .opcode = frames->has_begun ? WEBSOCKET_CONTINUATION : piece->opcode,
			  .size = piece->size,
			  .is_final = piece->is_message_end,
		  });
	uint8_t *text = whole.bytes + whole.size;
	websocket_mask(text, piece->data, piece->size, frames->reader.key, piece->offset);
	if (!is_text_right(frames, piece, text)) {
		end_wrong(connection, WEBSOCKET_IS_NOT_UTF8, answer);
		return;
	}
	whole.size += piece->size;
	*answer = whole;
	frames->has_begun = !piece->is_message_end;
}

static void take_data(struct service_connection *connection, const struct websocket_piece *piece,
		      struct answer *answer)
{
	if (ws_of(connection)->has_said_goodbye) /* section 1.4: it may be thrown away */
		return;
	if (piece->size > 0 || piece->is_message_end)
		send_back(connection, piece, answer);
	if (piece->is_message_end)
		service_count_tell_arrived(&connection->count, connection->owner->counters, 1);
}

static void read_frames(struct service_connection *connection, const uint8_t *data, size_t size,
			struct answer *answer)
{
	struct ws *ws = ws_of(connection);
	struct websocket_piece piece;

	for (size_t used = 0; used < size && !ws->is_over; used += piece.used) {
		websocket_read(&ws->frames.reader, data + used, size - used, &piece);
		if (piece.mistake != WEBSOCKET_RIGHT)
			end_wrong(connection, piece.mistake, answer);
		else if (websocket_is_control(piece.opcode))
			take_control(connection, &piece, answer);
		else
			take_data(connection, &piece, answer);
	}
}

/* ---- states */

static const struct service_state ws_upgraded;
static const struct service_state ws_resting;

/* Gives the connection what a message needs. */
static bool wake(struct service_connection *connection)
{
	if (connection->protocol != NULL)
		return true;
	if (service_protocol_new(connection, &ws_kind) == NULL)
		return false;
	begin_frames(ws_of(connection));
	connection->state = &ws_upgraded;
	return true;
}

static bool is_between_messages(const struct service_connection *connection, uint64_t now_ns)
{
	const struct ws *ws = ws_of(connection);

	(void)now_ns;
	return !ws->has_said_goodbye && !ws->is_over && backlog_is_empty(&connection->backlog) &&
	       websocket_is_between(&ws->frames.reader);
}

/* All that was to be sent is. Between messages nothing is kept. */
static const struct service_state *ws_writable(struct service_connection *connection)
{
	struct service_count *count = &connection->count;

	service_count_tell_answered(count, connection->owner->counters, count->owed);
	if (ws_of(connection)->is_over)
		return service_leave(connection);
	if (connection->state != &ws_upgraded || !is_between_messages(connection, 0))
		return connection->state;
	service_protocol_drop(connection);
	return &ws_resting;
}

static const struct service_state *send_answer(struct service_connection *connection,
					       const struct answer *answer)
{
	int rc = answer->size > 0 ? service_send(connection, answer->bytes, answer->size) : 0;

	if (ws_of(connection)->is_open || ws_of(connection)->is_over)
		connection->state = &ws_upgraded;
	if (rc < 0)
		return service_fail(connection, PHASE_SEND, -rc);
	return backlog_is_empty(&connection->backlog) ? ws_writable(connection) : connection->state;
}

/* While an answer waits for room nothing more is read: the peer's own sending comes to a halt. */
static const struct service_state *ws_readable(struct service_connection *connection)
{
	const struct service_state *next = connection->state;
	uint8_t *scratch = connection->owner->worker->scratch;
	struct answer answer = { scratch + ANSWER_AT, 0 };
	size_t used = 0;

	if (!backlog_is_empty(&connection->backlog))
		return next;
	size_t size = service_receive_most(connection, READ_BYTES, &next);
	if (size == 0)
		return next;
	if (!wake(connection))
		return service_fail(connection, PHASE_RECEIVE, ENOMEM);
	if (!ws_of(connection)->is_open)
		used = read_request(connection, scratch, size, &answer);
	if (ws_of(connection)->is_open)
		read_frames(connection, scratch + used, size - used, &answer);
	assert(answer.size <= WORKER_SCRATCH_BYTES - ANSWER_AT);
	return send_answer(connection, &answer);
}

/* The peer has ended without a goodbye; or, draining, this is ours, and its answer ends it. */
static const struct service_state *part(struct service_connection *connection)
{
	struct answer answer = { connection->owner->worker->scratch + ANSWER_AT, 0 };

	if (connection->has_peer_ended)
		return service_leave(connection);
	if (!wake(connection))
		return service_fail(connection, PHASE_SEND, ENOMEM);
	say_goodbye(ws_of(connection), WEBSOCKET_CODE_GOING_AWAY, "", &answer);
	return send_answer(connection, &answer);
}

const struct service_state service_ws = {
	.name = "upgrade",
	.readable = ws_readable,
	.writable = await_upgrade,
	.is_at_rest = service_is_quiet,
	.leave = service_leave,
};

static const struct service_state ws_upgraded = {
	.name = "ws",
	.readable = ws_readable,
	.writable = ws_writable,
	.is_at_rest = is_between_messages,
	.leave = part,
};

static bool is_resting(const struct service_connection *connection, uint64_t now_ns)
{
	(void)connection;
	(void)now_ns;
	return true;
}

static const struct service_state ws_resting = {
	.name = "resting",
	.readable = ws_readable,
	.writable = service_stay,
	.is_at_rest = is_resting,
	.leave = part,
};
