/* The control frames of one connection of a client: what arrives of a ping or a goodbye, and the
 * one frame that is to go out. A goodbye goes before pongs, and of several pings the last one is
 * answered (RFC 6455 5.5.3), but what is partly sent comes to its end first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "proto/websocket.h"

/* All zero: nothing has come, nothing goes out. */
struct ws_controls {
	uint8_t in[WEBSOCKET_CONTROL_MAX];
	uint8_t in_size;
	uint8_t out[WEBSOCKET_CONTROL_FRAME_MAX]; /* a frame, masked */
	uint8_t out_size;                         /* 0: there is none */
	uint8_t sent;
	bool owes_pong; /* to `in` */
	uint16_t owed_goodbye;
};

/* A piece of a ping or of a goodbye; with is_end `in` is complete. */
void ws_controls_take(struct ws_controls *controls, const struct websocket_piece *piece);
/* What `in` holds is to be sent back. `random` is for the key. */
void ws_controls_pong(struct ws_controls *controls, struct random *random);
/* WEBSOCKET_CODE_NONE: without a code. */
void ws_controls_goodbye(struct ws_controls *controls, uint16_t code, struct random *random);
/* Copies what is to go out; returns how many bytes, 0: nothing. */
size_t ws_controls_write(const struct ws_controls *controls, uint8_t *to);
/* So much of that has been sent. */
void ws_controls_wrote(struct ws_controls *controls, size_t size, struct random *random);
