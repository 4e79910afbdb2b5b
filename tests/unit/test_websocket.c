#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/websocket.h"

#define KEY                            \
	{                              \
		0x37, 0xfa, 0x21, 0x3d \
	}

/* ---- heads */

/* The examples of RFC 6455 section 5.7, and the bounds of each length. */
/* clang-format off */
static const struct {
	struct websocket_head head;
	size_t size;
	uint8_t bytes[WEBSOCKET_HEAD_MAX];
} heads[] = {
	{ { 5, WEBSOCKET_TEXT, 0, true, false, { 0 } }, 2, { 0x81, 5 } },
	{ { 5, WEBSOCKET_TEXT, 0, true, true, KEY }, 6, { 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d } },
	{ { 3, WEBSOCKET_TEXT, 0, false, false, { 0 } }, 2, { 0x01, 3 } },
	{ { 2, WEBSOCKET_CONTINUATION, 0, true, false, { 0 } }, 2, { 0x80, 2 } },
	{ { 0, WEBSOCKET_PING, 0, true, false, { 0 } }, 2, { 0x89, 0 } },
	{ { 0, WEBSOCKET_PONG, 0, true, true, KEY }, 6, { 0x8a, 0x80, 0x37, 0xfa, 0x21, 0x3d } },
	{ { 125, WEBSOCKET_BINARY, 0, true, false, { 0 } }, 2, { 0x82, 125 } },
	{ { 126, WEBSOCKET_BINARY, 0, true, false, { 0 } }, 4, { 0x82, 126, 0, 126 } },
	{ { 65535, WEBSOCKET_BINARY, 0, true, true, KEY }, 8,
	  { 0x82, 254, 0xff, 0xff, 0x37, 0xfa, 0x21, 0x3d } },
	{ { 65536, WEBSOCKET_BINARY, 0, true, false, { 0 } }, 10,
	  { 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
	{ { INT64_MAX, WEBSOCKET_BINARY, 0, true, true, KEY }, 14,
	  { 0x82, 255, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x37, 0xfa, 0x21, 0x3d } },
	/* What only a user may want to write. */
	{ { 1, WEBSOCKET_CLOSE, 7, false, false, { 0 } }, 2, { 0x78, 1 } },
	{ { 1, WEBSOCKET_TEXT, 4, true, false, { 0 } }, 2, { 0xc1, 1 } },
};
/* clang-format on */

static void heads_are_written(void **state)
{
	for (size_t i = 0; i < array_size(heads); i++) {
		uint8_t bytes[WEBSOCKET_HEAD_MAX];
		size_t size = websocket_write_head(&heads[i].head, bytes);
		assert_int_equal(size, heads[i].size);
		assert_memory_equal(bytes, heads[i].bytes, size);
	}
}

/* `size` bytes given in pieces of `step`, up to the first piece of a frame. */
static struct websocket_piece read_head(struct websocket_reader *reader, const uint8_t *bytes,
					size_t size, size_t step)
{
	struct websocket_piece piece = { 0 };
	for (size_t at = 0; at < size && !piece.is_begin && piece.mistake == WEBSOCKET_RIGHT;) {
		size_t most = step < size - at ? step : size - at;
		websocket_read(reader, bytes + at, most, &piece);
		assert_in_range(piece.used, 1, most);
		at += piece.used;
	}
	return piece;
}

static void heads_are_read(void **state)
{
	for (size_t i = 0; i < array_size(heads); i++) {
		const struct websocket_head *head = &heads[i].head;
		struct websocket_reader reader;
		if (head->reserved != 0 || head->opcode == WEBSOCKET_CONTINUATION)
			continue;
		for (size_t step = 1; step <= WEBSOCKET_HEAD_MAX; step++) {
			websocket_reader_init(&reader, head->is_masked ? WEBSOCKET_SERVER
								       : WEBSOCKET_CLIENT);
			assert_true(websocket_is_between(&reader));
			struct websocket_piece piece =
				read_head(&reader, heads[i].bytes, heads[i].size, step);
			assert_int_equal(piece.mistake, WEBSOCKET_RIGHT);
			assert_true(piece.is_begin);
			assert_int_equal(piece.size, 0);
			assert_int_equal(piece.is_end, head->size == 0);
			assert_int_equal(reader.size, head->size);
			assert_int_equal(reader.opcode, head->opcode);
			assert_int_equal(reader.is_final, head->is_final);
			assert_memory_equal(reader.key, head->key, 4);
		}
	}
}

/* ---- mistakes */

/* clang-format off */
static const struct {
	enum websocket_mistake mistake;
	enum websocket_role role;
	size_t size; /* the last of these bytes shows it */
	uint8_t bytes[14];
} wrong[] = {
	{ WEBSOCKET_HAS_RESERVED_BITS, WEBSOCKET_CLIENT, 1, { 0xc1 } },
	{ WEBSOCKET_HAS_RESERVED_BITS, WEBSOCKET_CLIENT, 1, { 0xa1 } },
	{ WEBSOCKET_HAS_RESERVED_BITS, WEBSOCKET_CLIENT, 1, { 0x91 } },
	{ WEBSOCKET_HAS_RESERVED_OPCODE, WEBSOCKET_CLIENT, 1, { 0x83 } },
	{ WEBSOCKET_HAS_RESERVED_OPCODE, WEBSOCKET_CLIENT, 1, { 0x07 } },
	{ WEBSOCKET_HAS_RESERVED_OPCODE, WEBSOCKET_CLIENT, 1, { 0x8b } },
	{ WEBSOCKET_HAS_RESERVED_OPCODE, WEBSOCKET_CLIENT, 1, { 0x8f } },
	{ WEBSOCKET_CONTROL_IS_FRAGMENTED, WEBSOCKET_CLIENT, 1, { 0x08 } },
	{ WEBSOCKET_CONTROL_IS_FRAGMENTED, WEBSOCKET_CLIENT, 1, { 0x09 } },
	{ WEBSOCKET_CONTINUES_NOTHING, WEBSOCKET_CLIENT, 1, { 0x80 } },
	{ WEBSOCKET_CONTINUES_NOTHING, WEBSOCKET_CLIENT, 1, { 0x00 } },
	{ WEBSOCKET_CONTINUES_NOTHING, WEBSOCKET_CLIENT, 4, { 0x81, 1, 'x', 0x80 } },
	{ WEBSOCKET_BREAKS_IN, WEBSOCKET_CLIENT, 4, { 0x01, 1, 'x', 0x81 } },
	{ WEBSOCKET_BREAKS_IN, WEBSOCKET_CLIENT, 4, { 0x02, 1, 'x', 0x02 } },
	{ WEBSOCKET_IS_MASKED, WEBSOCKET_CLIENT, 2, { 0x81, 0x80 } },
	{ WEBSOCKET_IS_UNMASKED, WEBSOCKET_SERVER, 2, { 0x81, 0x00 } },
	{ WEBSOCKET_CONTROL_IS_LONG, WEBSOCKET_CLIENT, 2, { 0x88, 126 } },
	{ WEBSOCKET_CONTROL_IS_LONG, WEBSOCKET_SERVER, 2, { 0x8a, 255 } },
	{ WEBSOCKET_HAS_LONG_LENGTH, WEBSOCKET_CLIENT, 4, { 0x81, 126, 0, 125 } },
	{ WEBSOCKET_HAS_LONG_LENGTH, WEBSOCKET_CLIENT, 10, { 0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ WEBSOCKET_HAS_LONG_LENGTH, WEBSOCKET_SERVER, 10, { 0x81, 255, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ WEBSOCKET_IS_TOO_BIG, WEBSOCKET_CLIENT, 10, { 0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0 } },
	{ WEBSOCKET_IS_TOO_BIG, WEBSOCKET_SERVER, 10,
	  { 0x82, 255, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
};
/* clang-format on */

/* Reads until a mistake or the end; `ret_at`: how many bytes it took. */
static enum websocket_mistake find_mistake(enum websocket_role role, const uint8_t *bytes,
					   size_t size, size_t step, size_t *ret_at)
{
	struct websocket_reader reader;
	struct websocket_piece piece = { 0 };
	websocket_reader_init(&reader, role);
	*ret_at = 0;
	while (*ret_at < size && piece.mistake == WEBSOCKET_RIGHT) {
		size_t most = step < size - *ret_at ? step : size - *ret_at;
		websocket_read(&reader, bytes + *ret_at, most, &piece);
		*ret_at += piece.used;
	}
	return piece.mistake;
}

static void mistakes_are_found_at_their_byte(void **state)
{
	for (size_t i = 0; i < array_size(wrong); i++) {
		for (size_t step = 1; step <= sizeof(wrong[i].bytes); step++) {
			size_t at = 0;
			enum websocket_mistake found = find_mistake(
				wrong[i].role, wrong[i].bytes, sizeof(wrong[i].bytes), step, &at);
			assert_int_equal(found, wrong[i].mistake);
			assert_int_equal(at, wrong[i].size);
			found = find_mistake(wrong[i].role, wrong[i].bytes, wrong[i].size - 1, step,
					     &at);
			assert_int_equal(found, WEBSOCKET_RIGHT);
		}
	}
}

static void each_mistake_has_a_sentence_and_a_code(void **state)
{
	for (unsigned i = 0; i < WEBSOCKET_MISTAKES; i++) {
		assert_true(strlen(websocket_sentence(i)) > 10);
		assert_in_range(websocket_mistake_code(i), 1000, 1009);
	}
	assert_int_equal(websocket_mistake_code(WEBSOCKET_IS_UNMASKED), 1002);
	assert_int_equal(websocket_mistake_code(WEBSOCKET_IS_TOO_BIG), 1009);
	assert_int_equal(websocket_mistake_code(WEBSOCKET_IS_NOT_UTF8), 1007);
}

/* ---- payloads */

static void mask_slowly(uint8_t *data, size_t size, const uint8_t key[4], uint64_t offset)
{
	for (size_t i = 0; i < size; i++)
		data[i] ^= key[(offset + i) % 4];
}

static void masks_are_right_at_every_place(void **state)
{
	static const uint8_t key[4] = KEY;
	uint8_t from[100];
	uint8_t wanted[100];
	uint8_t found[108];
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7);
	for (size_t size = 0; size <= 40; size++) {
		for (size_t place = 0; place < 64; place++) {
			size_t shift = place % 8;
			uint64_t offset = (UINT64_C(1) << 40) + place / 8;
			memcpy(wanted, from, sizeof(from));
			mask_slowly(wanted, size, key, offset);
			memcpy(found + shift, from, sizeof(from));
			websocket_mask(found, found + shift, size, key, offset);
			assert_memory_equal(found, wanted, size);
			memcpy(found, from, sizeof(from));
			websocket_mask(found, found, size, key, offset);
			assert_memory_equal(found, wanted, sizeof(from));
		}
	}
}

static void masking_examples_of_the_standard(void **state)
{
	static const uint8_t key[4] = KEY;
	static const uint8_t masked[] = { 0x7f, 0x9f, 0x4d, 0x51, 0x58 };
	uint8_t text[5];
	websocket_mask(text, masked, sizeof(masked), key, 0);
	assert_memory_equal(text, "Hello", 5);
	websocket_mask(text, masked + 3, 2, key, 3);
	assert_memory_equal(text, "lo", 2);
}

/* What came out of a stream of frames, as text: "t5F(Hello)" is a final text frame of 5 bytes, a
 * small f one that is not final, "|" the end of a message. */
struct transcript {
	char text[512];
	size_t size;
};

static void write_text(struct transcript *transcript, const char *text, size_t size)
{
	assert_true(transcript->size + size < sizeof(transcript->text));
	memcpy(transcript->text + transcript->size, text, size);
	transcript->size += size;
	transcript->text[transcript->size] = '\0';
}

static void write_piece(struct transcript *transcript, const struct websocket_reader *reader,
			const struct websocket_piece *piece)
{
	static const char names[] = "ctb.....xpo";
	char text[64];
	if (piece->is_begin) {
		bool is_continuation = reader->opcode == WEBSOCKET_CONTINUATION;
		assert_int_equal(piece->opcode == reader->opcode, !is_continuation);
		assert_int_not_equal(piece->opcode, WEBSOCKET_CONTINUATION);
		int size = snprintf(text, sizeof(text), "%c%u%c(", names[reader->opcode],
				    (unsigned)reader->size, reader->is_final ? 'F' : 'f');
		write_text(transcript, text, (size_t)size);
	}
	assert_true(piece->size < sizeof(text));
	websocket_mask((uint8_t *)text, piece->data, piece->size, reader->key, piece->offset);
	write_text(transcript, text, piece->size);
	if (piece->is_end)
		write_text(transcript, ")", 1);
	if (piece->is_message_end)
		write_text(transcript, "|", 1);
}

/* A fragmented text with a ping in it, an empty message, one of empty fragments, and a close. */
static const uint8_t conversation[] = {
	0x01, 0x03, 'H',  'e',  'l',  0x89, 0x02, 'h', 'i',  0x00, 0x00, 0x80, 0x02, 'l',  'o',
	0x81, 0x00, 0x02, 0x00, 0x8a, 0x00, 0x80, 0x0, 0x82, 0x01, 'x',  0x88, 0x02, 0x03, 0xe8,
};
static const char transcribed[] =
	"t3f(Hel)p2F(hi)c0f()c2F(lo)|t0F()|b0f()o0F()c0F()|b1F(x)|x2F(\x03\xe8)";

static void frames_come_in_any_pieces(void **state)
{
	for (size_t step = 1; step <= sizeof(conversation); step++) {
		struct websocket_reader reader;
		struct websocket_piece piece;
		struct transcript transcript = { .size = 0 };
		websocket_reader_init(&reader, WEBSOCKET_CLIENT);
		for (size_t at = 0; at < sizeof(conversation); at += piece.used) {
			size_t left = sizeof(conversation) - at;
			websocket_read(&reader, conversation + at, step < left ? step : left,
				       &piece);
			assert_int_equal(piece.mistake, WEBSOCKET_RIGHT);
			write_piece(&transcript, &reader, &piece);
		}
		assert_string_equal(transcript.text, transcribed);
		assert_true(websocket_is_between(&reader));
	}
}

static void a_reader_knows_when_nothing_is_under_way(void **state)
{
	/* After each byte of a fragmented message with a ping in it. */
	static const char between[] = "........y";
	static const uint8_t bytes[] = { 0x01, 1, 'a', 0x89, 0, 0x00, 0, 0x80, 0 };
	struct websocket_reader reader;
	struct websocket_piece piece;
	websocket_reader_init(&reader, WEBSOCKET_CLIENT);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		websocket_read(&reader, bytes + i, 1, &piece);
		assert_int_equal(websocket_is_between(&reader), between[i] == 'y');
	}
	assert_int_equal(sizeof(reader), 32);
}

/* ---- close frames */

static const struct {
	const char *payload;
	size_t size;
	enum websocket_mistake mistake;
	uint16_t code;
} closes[] = {
	{ "", 0, WEBSOCKET_RIGHT, 1005 },
	{ "\x03\xe8", 2, WEBSOCKET_RIGHT, 1000 },
	{ "\x03\xe9going", 7, WEBSOCKET_RIGHT, 1001 },
	{ "\x03\xf6", 2, WEBSOCKET_RIGHT, 1014 },
	{ "\x0b\xb8", 2, WEBSOCKET_RIGHT, 3000 },
	{ "\x13\x87", 2, WEBSOCKET_RIGHT, 4999 },
	{ "\x03\xe8\xc3\xa4", 4, WEBSOCKET_RIGHT, 1000 },
	{ "\x03", 1, WEBSOCKET_HAS_BAD_CODE, 1005 },
	{ "\x00\x00", 2, WEBSOCKET_HAS_BAD_CODE, 0 },
	{ "\x03\xe7", 2, WEBSOCKET_HAS_BAD_CODE, 999 },
	{ "\x03\xec", 2, WEBSOCKET_HAS_BAD_CODE, 1004 },
	{ "\x03\xed", 2, WEBSOCKET_HAS_BAD_CODE, 1005 },
	{ "\x03\xee", 2, WEBSOCKET_HAS_BAD_CODE, 1006 },
	{ "\x03\xf7", 2, WEBSOCKET_HAS_BAD_CODE, 1015 },
	{ "\x07\xd0", 2, WEBSOCKET_HAS_BAD_CODE, 2000 },
	{ "\x13\x88", 2, WEBSOCKET_HAS_BAD_CODE, 5000 },
	{ "\x03\xe8\xff", 3, WEBSOCKET_IS_NOT_UTF8, 1000 },
	{ "\x03\xe8\xc3", 3, WEBSOCKET_IS_NOT_UTF8, 1000 },
};

static void close_payloads_are_read(void **state)
{
	for (size_t i = 0; i < array_size(closes); i++) {
		uint16_t code = 1;
		assert_int_equal(websocket_read_close((const uint8_t *)closes[i].payload,
						      closes[i].size, &code),
				 closes[i].mistake);
		assert_int_equal(code, closes[i].code);
	}
}

static void close_payloads_are_written(void **state)
{
	uint8_t payload[WEBSOCKET_CONTROL_MAX];
	char reason[200];
	assert_int_equal(websocket_write_close(WEBSOCKET_CODE_GOING_AWAY, "", payload), 2);
	assert_memory_equal(payload, "\x03\xe9", 2);
	assert_int_equal(websocket_write_close(WEBSOCKET_CODE_PROTOCOL, "why", payload), 5);
	assert_memory_equal(payload, "\x03\xeawhy", 5);
	memset(reason, 'y', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	assert_int_equal(websocket_write_close(WEBSOCKET_CODE_NORMAL, reason, payload), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_written),
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(mistakes_are_found_at_their_byte),
		cmocka_unit_test(each_mistake_has_a_sentence_and_a_code),
		cmocka_unit_test(masks_are_right_at_every_place),
		cmocka_unit_test(masking_examples_of_the_standard),
		cmocka_unit_test(frames_come_in_any_pieces),
		cmocka_unit_test(a_reader_knows_when_nothing_is_under_way),
		cmocka_unit_test(close_payloads_are_read),
		cmocka_unit_test(close_payloads_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
