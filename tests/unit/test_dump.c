/* --dump: what it takes, and the lines it prints. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/date.h"
#include "run/dump.h"

static void takes(void **state)
{
	static const struct {
		const char *text;
		bool is_first_only, is_sent_told, is_received_told;
	} cases[] = {
		{ "one", true, true, true },      { "all", false, true, true },
		{ "one,in", true, false, true },  { "all,in", false, false, true },
		{ "one,out", true, true, false }, { "all,out", false, true, false },
	};
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct dump dump;
		assert_int_equal(dump_parse(cases[i].text, NULL, &dump), 0);
		assert_int_equal(dump.stream.is_first_only, cases[i].is_first_only);
		assert_int_equal(dump.stream.is_sent_told, cases[i].is_sent_told);
		assert_int_equal(dump.stream.is_received_told, cases[i].is_received_told);
	}
}

static void refuses(void **state)
{
	static const char *const cases[] = { "",   "on",     "ones", "one,",      "one,inn",
					     "in", "all in", ",in",  "one,in,out" };
	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct error error = { "" };
		struct dump dump;
		assert_int_equal(dump_parse(cases[i], &error, &dump), -EINVAL);
		assert_non_null(strstr(error.text, "one or all"));
	}
}

static void is_put_around_the_transport(void **state)
{
	struct plan plan = { .stream = &stream_tcp };
	struct error error = { "" };
	struct dump dump;
	(void)state;
	assert_int_equal(dump_parse("one", &error, &dump), 0);
	assert_int_equal(dump_attach(&dump, &plan, &error), 0);
	assert_ptr_equal(plan.stream, &stream_dump);
	assert_ptr_equal(plan.dump, &dump.stream);
	assert_ptr_equal(dump.stream.over, &stream_tcp);
	plan.slots.transport = TRANSPORT_UDP;
	assert_int_equal(dump_attach(&dump, &plan, &error), -EINVAL);
}

static void prints(const struct dump_piece *piece, size_t room, const char *expected)
{
	char all[4096] = "";
	char text[256];
	size_t offset = 0;
	size_t used = 0;
	for (size_t size; (size = dump_format(piece, 0, &offset, text, room)) > 0; used += size) {
		assert_in_range(size, 1, room);
		assert_int_equal(text[size - 1], '\n');
		memcpy(all + used, text, size);
	}
	all[used] = '\0';
	assert_string_equal(all, expected);
}

/* In pieces of any length, and out of several parts. */
static void lines(void **state)
{
	static const char expected[] =
		"00:00:00.000Z  connection 3 sent 18 bytes\n"
		"  00000000  47 45 54 20 2f 0d 0a 00  ff 41 42 43 44 45 46 47  |GET /....ABCDEFG|\n"
		"  00000010  48 49                                             |HI|\n";
	struct iovec parts[] = { { "GET /", 5 },
				 { "", 0 },
				 { "\r\n\0\xff"
				   "ABCDEFGHIJK",
				   15 } };
	struct dump_piece piece = {
		.connection = 3, .direction = DUMP_SENT, .parts = parts, .size = 18
	};
	(void)state;
	for (size_t room = 192; room <= 256; room++)
		prints(&piece, room, expected);
	piece.size = 1;
	piece.direction = DUMP_RECEIVED;
	prints(&piece, 256,
	       "00:00:00.000Z  connection 3 received 1 byte\n"
	       "  00000000  47                                                |G|\n");
	piece.size = 0;
	prints(&piece, 256, "00:00:00.000Z  connection 3 received the end\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(is_put_around_the_transport),
		cmocka_unit_test(lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
