#include "proto/websocket.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/utf8.h"

#define FINAL_BIT    0x80
#define MASK_BIT     0x80
#define LENGTH_BITS  0x7f
#define LENGTH_IS_16 126
#define LENGTH_IS_64 127

static const struct {
	enum websocket_code code;
	const char *sentence;
} mistakes[WEBSOCKET_MISTAKES] = {
	[WEBSOCKET_RIGHT] = { WEBSOCKET_CODE_NORMAL, "all is right" },
	[WEBSOCKET_HAS_RESERVED_BITS] = { WEBSOCKET_CODE_PROTOCOL,
					  "sent a WebSocket frame with reserved bits set" },
	[WEBSOCKET_HAS_RESERVED_OPCODE] = { WEBSOCKET_CODE_PROTOCOL,
					    "sent a WebSocket frame with a reserved opcode" },
	[WEBSOCKET_IS_UNMASKED] = { WEBSOCKET_CODE_PROTOCOL,
				    "sent a WebSocket frame of a client that is not masked" },
	[WEBSOCKET_IS_MASKED] = { WEBSOCKET_CODE_PROTOCOL,
				  "sent a WebSocket frame of a server that is masked" },
	[WEBSOCKET_HAS_LONG_LENGTH] = { WEBSOCKET_CODE_PROTOCOL,
					"sent a WebSocket length in more bytes than it needs" },
	[WEBSOCKET_IS_TOO_BIG] = { WEBSOCKET_CODE_TOO_BIG,
				   "sent a WebSocket frame of 2^63 bytes or more" },
	[WEBSOCKET_CONTROL_IS_LONG] = { WEBSOCKET_CODE_PROTOCOL,
					"sent a WebSocket control frame of more than 125 bytes" },
	[WEBSOCKET_CONTROL_IS_FRAGMENTED] = { WEBSOCKET_CODE_PROTOCOL,
					      "sent a fragmented WebSocket control frame" },
	[WEBSOCKET_CONTINUES_NOTHING] = { WEBSOCKET_CODE_PROTOCOL,
					  "sent a WebSocket continuation of no message" },
	[WEBSOCKET_BREAKS_IN] = { WEBSOCKET_CODE_PROTOCOL,
				  "sent a WebSocket message within another one" },
	[WEBSOCKET_HAS_BAD_CODE] = { WEBSOCKET_CODE_PROTOCOL,
				     "sent a WebSocket close frame without a valid code" },
	[WEBSOCKET_IS_NOT_UTF8] = { WEBSOCKET_CODE_NOT_UTF8,
				    "sent a WebSocket text that is not UTF-8" },
};

const char *websocket_sentence(enum websocket_mistake mistake)
{
	assert(mistake < WEBSOCKET_MISTAKES);
	return mistakes[mistake].sentence;
}

enum websocket_code websocket_mistake_code(enum websocket_mistake mistake)
{
	assert(mistake < WEBSOCKET_MISTAKES);
	return mistakes[mistake].code;
}

/* ---- writing */

/* Bytes of the extended length. */
static size_t length_bytes(uint64_t size)
{
	if (size < LENGTH_IS_16)
		return 0;
	return size <= UINT16_MAX ? 2 : 8;
}

size_t websocket_write_head(const struct websocket_head *head, uint8_t ret[WEBSOCKET_HEAD_MAX])
{
	size_t bytes = length_bytes(head->size);
	uint64_t length = htobe64(head->size);
	size_t end = 2 + bytes;

	assert(head->size <= INT64_MAX);
	ret[0] = (uint8_t)((head->is_final ? FINAL_BIT : 0) | (head->reserved & 7) << 4 |
			   (head->opcode & 15));
	ret[1] = bytes == 0 ? (uint8_t)head->size : bytes == 2 ? LENGTH_IS_16 : LENGTH_IS_64;
	memcpy(ret + 2, (const uint8_t *)&length + sizeof(length) - bytes, bytes);
	if (!head->is_masked)
		return end;
	ret[1] |= MASK_BIT;
	memcpy(ret + end, head->key, sizeof(head->key));
	return end + sizeof(head->key);
}

void websocket_mask(uint8_t *to, const uint8_t *from, size_t size, const uint8_t key[4],
		    uint64_t offset)
{
	uint8_t turned[8];
	uint64_t word;
	uint64_t mask;
	size_t i = 0;

	for (unsigned k = 0; k < sizeof(turned); k++)
		turned[k] = key[(offset + k) & 3];
	memcpy(&mask, turned, sizeof(mask));
	for (; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, from + i, sizeof(word));
		word ^= mask;
		memcpy(to + i, &word, sizeof(word));
	}
	for (; i < size; i++)
		to[i] = from[i] ^ turned[i & 3];
}

/* ---- reading: the head, byte by byte */

static enum websocket_mistake check_opcode(const struct websocket_reader *reader)
{
	switch (reader->opcode) {
	case WEBSOCKET_CONTINUATION:
		return reader->message_opcode == 0 ? WEBSOCKET_CONTINUES_NOTHING : WEBSOCKET_RIGHT;
	case WEBSOCKET_TEXT:
	case WEBSOCKET_BINARY:
		return reader->message_opcode != 0 ? WEBSOCKET_BREAKS_IN : WEBSOCKET_RIGHT;
	case WEBSOCKET_CLOSE:
	case WEBSOCKET_PING:
	case WEBSOCKET_PONG:
		return reader->is_final ? WEBSOCKET_RIGHT : WEBSOCKET_CONTROL_IS_FRAGMENTED;
	default:
		return WEBSOCKET_HAS_RESERVED_OPCODE;
	}
}

static enum websocket_mistake take_first_byte(struct websocket_reader *reader, uint8_t byte)
{
	reader->head_size = 2;
	reader->is_final = (byte & FINAL_BIT) != 0;
	reader->opcode = byte & 15;
	if ((byte & 0x70) != 0)
		return WEBSOCKET_HAS_RESERVED_BITS;
	return check_opcode(reader);
}

static enum websocket_mistake take_second_byte(struct websocket_reader *reader, uint8_t byte)
{
	bool is_masked = (byte & MASK_BIT) != 0;
	uint8_t length = byte & LENGTH_BITS;

	if (is_masked != (reader->role == WEBSOCKET_SERVER))
		return is_masked ? WEBSOCKET_IS_MASKED : WEBSOCKET_IS_UNMASKED;
	if (websocket_is_control(reader->opcode) && length > WEBSOCKET_CONTROL_MAX)
		return WEBSOCKET_CONTROL_IS_LONG;
	reader->size = length < LENGTH_IS_16 ? length : 0;
	unsigned extended = length < LENGTH_IS_16 ? 0 : length == LENGTH_IS_16 ? 2 : 8;
	reader->head_size = (uint8_t)(2 + extended + (is_masked ? sizeof(reader->key) : 0));
	return WEBSOCKET_RIGHT;
}

/* Where the key begins. */
static uint64_t length_end(const struct websocket_reader *reader)
{
	return reader->head_size - (reader->role == WEBSOCKET_SERVER ? sizeof(reader->key) : 0);
}

static enum websocket_mistake take_later_byte(struct websocket_reader *reader, uint8_t byte)
{
	uint64_t at = reader->taken;
	uint64_t end = length_end(reader);

	if (at >= end) {
		reader->key[at - end] = byte;
		return WEBSOCKET_RIGHT;
	}
	reader->size = reader->size << 8 | byte;
	if (at + 1 < end)
		return WEBSOCKET_RIGHT;
	if (reader->size > INT64_MAX)
		return WEBSOCKET_IS_TOO_BIG;
	return length_bytes(reader->size) < end - 2 ? WEBSOCKET_HAS_LONG_LENGTH : WEBSOCKET_RIGHT;
}

static enum websocket_mistake take_head_byte(struct websocket_reader *reader, uint8_t byte)
{
	switch (reader->taken) {
	case 0:
		return take_first_byte(reader, byte);
	case 1:
		return take_second_byte(reader, byte);
	default:
		return take_later_byte(reader, byte);
	}
}

static void begin_payload(struct websocket_reader *reader)
{
	reader->is_in_payload = true;
	reader->taken = 0;
	if (reader->opcode == WEBSOCKET_TEXT || reader->opcode == WEBSOCKET_BINARY)
		reader->message_opcode = reader->opcode;
}

static void read_head(struct websocket_reader *reader, const uint8_t *data, size_t size,
		      struct websocket_piece *ret)
{
	while (ret->used < size && !ret->is_begin) {
		ret->mistake = take_head_byte(reader, data[ret->used++]);
		if (ret->mistake != WEBSOCKET_RIGHT)
			return;
		reader->taken++;
		ret->is_begin = reader->taken >= 2 && reader->taken == reader->head_size;
	}
	if (ret->is_begin)
		begin_payload(reader);
}

/* ---- reading: the payload */

static void end_frame(struct websocket_reader *reader, struct websocket_piece *ret)
{
	ret->is_end = true;
	ret->is_message_end = reader->is_final && !websocket_is_control(reader->opcode);
	if (ret->is_message_end)
		reader->message_opcode = 0;
	reader->is_in_payload = false;
	reader->taken = 0;
	reader->head_size = 0;
}

void websocket_reader_init(struct websocket_reader *reader, enum websocket_role role)
{
	*reader = (struct websocket_reader){ .role = (uint8_t)role };
}

void websocket_read(struct websocket_reader *reader, const uint8_t *data, size_t size,
		    struct websocket_piece *ret)
{
	*ret = (struct websocket_piece){ 0 };
	if (!reader->is_in_payload)
		read_head(reader, data, size, ret);
	if (!reader->is_in_payload)
		return;
	uint64_t left = reader->size - reader->taken;
	ret->opcode =
		websocket_is_control(reader->opcode) ? reader->opcode : reader->message_opcode;
	ret->data = data + ret->used;
	ret->size = left < size - ret->used ? (size_t)left : size - ret->used;
	ret->offset = reader->taken;
	ret->used += ret->size;
	reader->taken += ret->size;
	if (reader->taken == reader->size)
		end_frame(reader, ret);
}

bool websocket_is_between(const struct websocket_reader *reader)
{
	return !reader->is_in_payload && reader->taken == 0 && reader->message_opcode == 0;
}

/* ---- close frames */

/* Section 7.4.2, and what IANA has assigned since. */
static bool may_be_sent(uint16_t code)
{
	return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
	       (code >= 3000 && code <= 4999);
}

enum websocket_mistake websocket_read_close(const uint8_t *payload, size_t size, uint16_t *ret_code)
{
	struct utf8_stream reason = { 0 };

	*ret_code = WEBSOCKET_CODE_NONE;
	if (size == 0)
		return WEBSOCKET_RIGHT;
	if (size == 1)
		return WEBSOCKET_HAS_BAD_CODE;
	*ret_code = (uint16_t)(payload[0] << 8 | payload[1]);
	if (!may_be_sent(*ret_code))
		return WEBSOCKET_HAS_BAD_CODE;
	return utf8_take(&reason, payload + 2, size - 2) && utf8_is_whole(&reason)
		       ? WEBSOCKET_RIGHT
		       : WEBSOCKET_IS_NOT_UTF8;
}

size_t websocket_write_close(uint16_t code, const char *reason, uint8_t ret[WEBSOCKET_CONTROL_MAX])
{
	size_t size = strnlen(reason, WEBSOCKET_CONTROL_MAX - 2);

	ret[0] = (uint8_t)(code >> 8);
	ret[1] = (uint8_t)code;
	memcpy(ret + 2, reason, size);
	return 2 + size;
}
