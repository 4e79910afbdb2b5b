/* WebSocket frames (RFC 6455 section 5): heads written, a stream of frames read piece by piece, and
 * close codes. Payloads are streamed, never kept: only their owner knows how much it wants to hold.
 * Text that comes in is not checked to be UTF-8: who wants that gives its pieces to base/utf8.h.
 * No I/O; see websocket_handshake.h for what comes before the frames. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0x0,
	WEBSOCKET_TEXT = 0x1,
	WEBSOCKET_BINARY = 0x2,
	WEBSOCKET_CLOSE = 0x8,
	WEBSOCKET_PING = 0x9,
	WEBSOCKET_PONG = 0xa,
};

/* Section 7.4.1. */
enum websocket_code {
	WEBSOCKET_CODE_NORMAL = 1000,
	WEBSOCKET_CODE_GOING_AWAY = 1001,
	WEBSOCKET_CODE_PROTOCOL = 1002,
	WEBSOCKET_CODE_NONE = 1005, /* never on the wire: a close frame without one */
	WEBSOCKET_CODE_NOT_UTF8 = 1007,
	WEBSOCKET_CODE_TOO_BIG = 1009,
};

/* What a peer can do wrong; each with the code to close with and a sentence
 * that follows "the peer " or "the client ". */
enum websocket_mistake {
	WEBSOCKET_RIGHT,
	WEBSOCKET_HAS_RESERVED_BITS,
	WEBSOCKET_HAS_RESERVED_OPCODE,
	WEBSOCKET_IS_UNMASKED, /* of a client */
	WEBSOCKET_IS_MASKED,   /* of a server */
	WEBSOCKET_HAS_LONG_LENGTH,
	WEBSOCKET_IS_TOO_BIG,
	WEBSOCKET_CONTROL_IS_LONG,
	WEBSOCKET_CONTROL_IS_FRAGMENTED,
	WEBSOCKET_CONTINUES_NOTHING,
	WEBSOCKET_BREAKS_IN, /* a new message within another one's fragments */
	WEBSOCKET_HAS_BAD_CODE,
	WEBSOCKET_IS_NOT_UTF8,
	WEBSOCKET_MISTAKES,
};
const char *websocket_sentence(enum websocket_mistake mistake);
enum websocket_code websocket_mistake_code(enum websocket_mistake mistake);

/* ---- writing */

#define WEBSOCKET_HEAD_MAX    14
#define WEBSOCKET_CONTROL_MAX 125
/* Of a control frame. */
#define WEBSOCKET_CONTROL_FRAME_MAX (6 + WEBSOCKET_CONTROL_MAX)

struct websocket_head {
	uint64_t size; /* of the payload, below 2^63 */
	uint8_t opcode;
	uint8_t reserved; /* rsv1 = 4, rsv2 = 2, rsv3 = 1 */
	bool is_final;
	bool is_masked; /* with `key`: a client's frames all are */
	uint8_t key[4];
};

/* Returns how many bytes it wrote. */
size_t websocket_write_head(const struct websocket_head *head, uint8_t ret[WEBSOCKET_HEAD_MAX]);
/* Masks, or unmasks, `size` bytes that lie `offset` bytes behind the start of their payload. `to`
 * is `from` or lies before it, or they don't overlap. */
void websocket_mask(uint8_t *to, const uint8_t *from, size_t size, const uint8_t key[4],
		    uint64_t offset);

/* ---- reading */

/* Who reads: a server wants frames masked, a client does not. */
enum websocket_role { WEBSOCKET_CLIENT, WEBSOCKET_SERVER };

/* Of one connection; zeroed but for the role. */
struct websocket_reader {
	uint64_t size;          /* of the payload of the frame under way */
	uint64_t taken;         /* of it, or of the head */
	uint8_t key[4];         /* zeros where it is not masked */
	uint8_t opcode;         /* as written */
	uint8_t message_opcode; /* of the message that is not over, 0: there is none */
	uint8_t head_size;      /* as far as it is known; 0: before a frame */
	uint8_t role;
	bool is_final;
	bool is_in_payload;
};

/* What a look at bytes found: a piece of one frame, perhaps all of it. */
struct websocket_piece {
	enum websocket_mistake mistake; /* nothing else holds, nor can be read any more */
	size_t used;                    /* of the bytes given */
	bool is_begin;                  /* the frame's head came to its end: `reader` tells of it */
	bool is_end;                    /* of the frame */
	bool is_message_end;            /* of the last frame of a data message */
	uint8_t opcode;                 /* of the message, or of the control frame */
	const uint8_t *data;            /* of its payload, still masked with the reader's key */
	size_t size;                    /* may be 0 */
	uint64_t offset;                /* of `data` in the frame's payload */
};

void websocket_reader_init(struct websocket_reader *reader, enum websocket_role role);
/* Looks at `size` bytes, at least 1, up to the end of a frame. Where is_begin and is_end are false
 * and size is 0, all bytes are used and more of the head has to come. */
void websocket_read(struct websocket_reader *reader, const uint8_t *data, size_t size,
		    struct websocket_piece *ret);
static inline bool websocket_is_control(uint8_t opcode)
{
	return (opcode & 0x8) != 0;
}
/* Between two messages: nothing is under way. */
bool websocket_is_between(const struct websocket_reader *reader);

/* ---- close frames */

/* The code in an unmasked payload, WEBSOCKET_CODE_NONE where it is empty. One byte alone, a code
 * that may not be sent (section 7.4.2), or a reason that is no UTF-8 is a mistake. */
enum websocket_mistake websocket_read_close(const uint8_t *payload, size_t size,
					    uint16_t *ret_code);
/* Returns how many bytes, 2 with the reason "". */
size_t websocket_write_close(uint16_t code, const char *reason, uint8_t ret[WEBSOCKET_CONTROL_MAX]);
