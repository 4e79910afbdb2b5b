#include "engine/ws_controls.h"

#include <string.h>

void ws_controls_take(struct ws_controls *controls, const struct websocket_piece *piece)
{
	controls->owes_pong = false; /* to the one before */
	if (piece->size > 0)
		memcpy(controls->in + piece->offset, piece->data, piece->size);
	controls->in_size = (uint8_t)(piece->offset + piece->size);
}

static void set_out(struct ws_controls *controls, enum websocket_opcode opcode,
		    const uint8_t *payload, size_t size, struct random *random)
{
	uint64_t key = random_next(random);
	struct websocket_head head = {
		.opcode = (uint8_t)opcode, .size = size, .is_final = true, .is_masked = true
	};

	memcpy(head.key, &key, sizeof(head.key));
	size_t head_size = websocket_write_head(&head, controls->out);
	websocket_mask(controls->out + head_size, payload, size, head.key, 0);
	controls->out_size = (uint8_t)(head_size + size);
	controls->sent = 0;
}

/* What is not begun may be replaced. */
static void choose_out(struct ws_controls *controls, struct random *random)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAX];

	if (controls->sent > 0)
		return;
	if (controls->owed_goodbye != 0) {
		size_t size = websocket_write_close(controls->owed_goodbye, "", payload);
		set_out(controls, WEBSOCKET_CLOSE, payload,
			controls->owed_goodbye == WEBSOCKET_CODE_NONE ? 0 : size, random);
		controls->owed_goodbye = 0;
		controls->owes_pong = false;
	} else if (controls->owes_pong) {
		set_out(controls, WEBSOCKET_PONG, controls->in, controls->in_size, random);
		controls->owes_pong = false;
	}
}

void ws_controls_pong(struct ws_controls *controls, struct random *random)
{
	controls->owes_pong = true;
	choose_out(controls, random);
}

void ws_controls_goodbye(struct ws_controls *controls, uint16_t code, struct random *random)
{
	controls->owed_goodbye = code;
	choose_out(controls, random);
}

size_t ws_controls_write(const struct ws_controls *controls, uint8_t *to)
{
	size_t left = controls->out_size - controls->sent;

	memcpy(to, controls->out + controls->sent, left);
	return left;
}

void ws_controls_wrote(struct ws_controls *controls, size_t size, struct random *random)
{
	controls->sent += (uint8_t)size;
	if (controls->sent < controls->out_size)
		return;
	controls->sent = 0;
	controls->out_size = 0;
	choose_out(controls, random);
}
