/* A WebSocket: its opening handshake, then a ping, which a peer has to answer (RFC 6455 5.5.2). On
 * a kept one the ping alone. Messages that come unasked are passed over. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/random.h"
#include "probe/talk.h"
#include "proto/http1.h"
#include "proto/http1_response.h"
#include "proto/websocket.h"
#include "proto/websocket_handshake.h"

#define STATUS_SWITCHED 101
#define PING_BYTES      8 /* the number of the look */

struct ws_talk {
	struct talk talk;
	struct random random; /* the key and the masks, which are for middle boxes and no secrets */
	struct http1 http;
	struct websocket_opening opening;
	struct websocket_reader reader;
	uint8_t control[WEBSOCKET_CONTROL_MAX];
	size_t control_size;
	bool is_open;
	char why[96];
};

static int open_talk(struct talk *talk)
{
	struct ws_talk *ws = container_of(talk, struct ws_talk, talk);
	http1_init(&ws->http, HTTP1_RESPONSES);
	ws->http.wants_fields = true;
	websocket_reader_init(&ws->reader, WEBSOCKET_CLIENT);
	return 0;
}

/* ---- asking ---- */

static void write_control(struct ws_talk *ws, enum websocket_opcode opcode, const uint8_t *payload,
			  size_t size)
{
	uint8_t frame[WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTROL_MAX];
	uint64_t key = random_next(&ws->random);
	struct websocket_head head = {
		.opcode = (uint8_t)opcode, .size = size, .is_final = true, .is_masked = true
	};
	memcpy(head.key, &key, sizeof(head.key));
	size_t used = websocket_write_head(&head, frame);
	websocket_mask(frame + used, payload, size, head.key, 0);
	buffer_append(ws->talk.out, frame, used + size);
}

static void write_goodbye(struct ws_talk *ws)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAX];
	write_control(ws, WEBSOCKET_CLOSE, payload,
		      websocket_write_close(WEBSOCKET_CODE_NORMAL, "", payload));
}

static void write_ping(struct ws_talk *ws)
{
	uint8_t payload[PING_BYTES];
	put_u64(payload, ws->talk.result->number);
	write_control(ws, WEBSOCKET_PING, payload, sizeof(payload));
}

static void write_opening(struct ws_talk *ws)
{
	const struct probe_target *target = ws->talk.prober->target;
	const struct http1_request request = {
		.method = "GET",
		.path = ws->talk.request->uri->path,
		.authority = ws->talk.request->authority,
		.headers = target->headers,
		.header_count = target->header_count,
	};
	uint64_t bytes[2] = { random_next(&ws->random), random_next(&ws->random) };
	websocket_write_key((const uint8_t *)bytes, ws->opening.key);
	websocket_write_request(&request, NULL, ws->talk.out);
	buffer_append(ws->talk.out, ws->opening.key, sizeof(ws->opening.key));
	buffer_append_text(ws->talk.out, WEBSOCKET_REQUEST_END);
}

static void ask(struct talk *talk)
{
	struct ws_talk *ws = container_of(talk, struct ws_talk, talk);
	if (ws->is_open) {
		write_ping(ws);
		return;
	}
	random_init(&ws->random, talk->result->started_ns + talk->result->number);
	write_opening(ws);
}

/* ---- the answer to the handshake ---- */

static void hear_head(struct ws_talk *ws)
{
	struct talk *talk = &ws->talk;
	enum websocket_verdict verdict = websocket_check_answer(&ws->opening, ws->http.status);
	talk->result->status_of = PROBE_STATUS_SOCKET;
	talk->result->status = ws->http.status;
	if (verdict == WEBSOCKET_OPENED) {
		ws->is_open = true;
		write_ping(ws);
		return;
	}
	talk->is_ended = true;
	if (verdict != WEBSOCKET_NOT_SWITCHED) {
		talk_go_wrong(talk, OUTCOME_PROTOCOL, websocket_verdict_sentence(verdict));
		return;
	}
	(void)snprintf(ws->why, sizeof(ws->why), "status %" PRIu32 " %s instead of 101",
		       talk->result->status, http1_reason(ws->http.status));
	talk->state = TALK_ANSWERED;
	talk_go_wrong(talk, OUTCOME_REJECTED, ws->why);
}

/* Returns how many of the bytes the handshake took. */
static size_t hear_handshake(struct ws_talk *ws, const uint8_t *data, size_t size)
{
	struct http1_event event = { .what = HTTP1_FIELD };
	size_t used = 0;
	while (!ws->is_open && ws->talk.outcome == OUTCOME_DONE && event.what != HTTP1_MORE) {
		used += http1_read(&ws->http, data + used, size - used, &event);
		if (event.what == HTTP1_FIELD)
			websocket_take_answer_field(&ws->opening, event.name, event.name_size,
						    event.data, event.size);
		else if (event.what == HTTP1_HEAD)
			hear_head(ws);
		else if (event.what == HTTP1_WRONG)
			talk_go_wrong(&ws->talk, OUTCOME_PROTOCOL,
				      http1_verdict_sentence((enum http1_verdict)ws->http.verdict));
	}
	ws->talk.result->head_bytes += used;
	return used;
}

/* ---- frames ---- */

static void hear_close(struct ws_talk *ws)
{
	uint16_t code = WEBSOCKET_CODE_NONE;
	(void)websocket_read_close(ws->control, ws->control_size, &code);
	ws->talk.is_ended = true;
	if (!ws->talk.result)
		return;
	if (code == WEBSOCKET_CODE_NONE)
		(void)snprintf(ws->why, sizeof(ws->why), "the WebSocket, without a code");
	else
		(void)snprintf(ws->why, sizeof(ws->why), "the WebSocket, with code %u", code);
	talk_go_wrong(&ws->talk, OUTCOME_CLOSED, ws->why);
}

/* That of this look: one to an earlier one may come late. */
static bool is_pong(const struct ws_talk *ws)
{
	return ws->talk.result && ws->control_size == PING_BYTES &&
	       get_u64(ws->control) == ws->talk.result->number;
}

static void hear_pong(struct ws_talk *ws)
{
	if (is_pong(ws))
		ws->talk.state = TALK_ANSWERED;
}

static void hear_control(struct ws_talk *ws, uint8_t opcode)
{
	if (opcode == WEBSOCKET_PING)
		write_control(ws, WEBSOCKET_PONG, ws->control, ws->control_size);
	else if (opcode == WEBSOCKET_CLOSE)
		hear_close(ws);
	else if (opcode == WEBSOCKET_PONG)
		hear_pong(ws);
}

static void hear_piece(struct ws_talk *ws, const struct websocket_piece *piece)
{
	if (!websocket_is_control(piece->opcode))
		return;
	if (piece->size > 0)
		memcpy(ws->control + piece->offset, piece->data, piece->size);
	ws->control_size = piece->offset + piece->size;
	if (piece->is_end)
		hear_control(ws, piece->opcode);
}

static bool is_going_on(const struct ws_talk *ws)
{
	const struct talk *talk = &ws->talk;
	return !talk->is_ended && talk->outcome == OUTCOME_DONE;
}

static void hear_frames(struct ws_talk *ws, const uint8_t *data, size_t size)
{
	while (size > 0 && is_going_on(ws)) {
		struct websocket_piece piece;
		websocket_read(&ws->reader, data, size, &piece);
		if (piece.mistake != WEBSOCKET_RIGHT) {
			ws->talk.is_ended = true;
			talk_go_wrong(&ws->talk, OUTCOME_PROTOCOL,
				      websocket_sentence(piece.mistake));
			return;
		}
		hear_piece(ws, &piece);
		data += piece.used;
		size -= piece.used;
	}
}

static void hear_end(struct ws_talk *ws)
{
	const char *where = "in mid-header";
	if (ws->is_open)
		where = "without a close frame";
	else if (http1_is_between(&ws->http))
		where = "before it answered";
	ws->talk.is_ended = true;
	talk_go_wrong(&ws->talk, OUTCOME_CLOSED, where);
}

static void hear(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct ws_talk *ws = container_of(talk, struct ws_talk, talk);
	size_t used = 0;
	(void)now_ns;
	if (size == 0) {
		hear_end(ws);
		return;
	}
	if (!ws->is_open) {
		talk->state = TALK_HEARING;
		used = hear_handshake(ws, data, size);
	}
	if (ws->is_open)
		hear_frames(ws, data + used, size - used);
}

static void close_talk(struct talk *talk)
{
	struct ws_talk *ws = container_of(talk, struct ws_talk, talk);
	if (ws->is_open && !talk->is_ended)
		write_goodbye(ws);
	http1_deinit(&ws->http);
}

const struct talk_kind talk_ws = {
	.name = "ws",
	.protocol = "http/1.1",
	.size = sizeof(struct ws_talk),
	.open = open_talk,
	.ask = ask,
	.hear = hear,
	.close = close_talk,
};
