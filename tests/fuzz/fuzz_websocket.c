// Frames are read the same however they are cut, each head reads as it would be written, and a
// close frame's payload is either valid or a mistake. The first byte says who reads and how it
// cuts.
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "proto/websocket.h"

// What came out, folded into numbers that do not depend on the cuts.
struct found {
	enum websocket_mistake mistake;
	uint64_t frames;
	uint64_t messages;
	uint64_t bytes;
	uint64_t hash;
};

static void check_head(const struct websocket_reader *reader, const uint8_t *head_end,
		       const uint8_t *data)
{
	uint8_t written[WEBSOCKET_HEAD_MAX];
	struct websocket_head head = {
		.size = reader->size,
		.opcode = reader->opcode,
		.is_final = reader->is_final,
		.is_masked = reader->role == WEBSOCKET_SERVER,
	};
	memcpy(head.key, reader->key, sizeof(head.key));
	size_t size = websocket_write_head(&head, written);
	assert((size_t)(head_end - data) >= size);
	assert(memcmp(head_end - size, written, size) == 0);
}

static void take_piece(struct found *found, const struct websocket_reader *reader,
		       const struct websocket_piece *piece)
{
	found->frames += piece->is_end;
	found->messages += piece->is_message_end;
	found->bytes += piece->size;
	for (size_t i = 0; i < piece->size; i++) {
		uint8_t byte;
		websocket_mask(&byte, piece->data + i, 1, reader->key, piece->offset + i);
		found->hash = found->hash * 31 + byte;
	}
}

static struct found read_all(enum websocket_role role, const uint8_t *data, size_t size,
			     size_t step)
{
	struct found found = { .frames = 0 };
	struct websocket_reader reader;
	struct websocket_piece piece;

	websocket_reader_init(&reader, role);
	for (size_t at = 0; at < size; at += piece.used) {
		size_t most = step < size - at ? step : size - at;
		websocket_read(&reader, data + at, most, &piece);
		assert(piece.used > 0 && piece.used <= most && piece.size <= piece.used);
		found.mistake = piece.mistake;
		if (found.mistake != WEBSOCKET_RIGHT)
			break;
		if (piece.is_begin)
			check_head(&reader, data + at + piece.used - piece.size, data);
		take_piece(&found, &reader, &piece);
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t code = 0;

	if (size < 1)
		return 0;
	enum websocket_role role = data[0] & 1 ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT;
	size_t step = 1 + (data[0] >> 1);
	struct found whole = read_all(role, data + 1, size - 1, size);
	struct found cut = read_all(role, data + 1, size - 1, step);
	assert(whole.mistake == cut.mistake && whole.frames == cut.frames);
	assert(whole.messages == cut.messages && whole.bytes == cut.bytes);
	assert(whole.hash == cut.hash);
	if (size - 1 <= WEBSOCKET_CONTROL_MAX &&
	    websocket_read_close(data + 1, size - 1, &code) == WEBSOCKET_RIGHT)
		assert(code >= 1000 && code <= 4999);
	return 0;
}
