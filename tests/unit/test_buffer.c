#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

static void appends_everything_in_order(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 4096);
	assert_string_equal(buffer_text(&buffer), "");
	buffer_append(&buffer, "ab", 2);
	buffer_append(&buffer, NULL, 0);
	buffer_append_text(&buffer, "cd");
	buffer_append_format(&buffer, "%03d", 7);
	buffer_append_repeated(&buffer, '-', 3);
	buffer_append_repeated(&buffer, '-', 0);
	assert_string_equal(buffer_text(&buffer), "abcd007---");
	assert_int_equal(buffer.size, 10);
	assert_int_equal(buffer.error, 0);
	buffer_deinit(&buffer);
}

static void grows_far_beyond_its_first_size(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buffer_append_format(&buffer, "%04d", i);
	assert_int_equal(buffer.size, 20000);
	assert_memory_equal(buffer.data + 4 * 4321, "4321", 4);
	buffer_deinit(&buffer);
}

static void stops_at_its_maximum_and_stays_stopped(void **state)
{
	struct buffer buffer;
	buffer_init(&buffer, 8);
	buffer_append_text(&buffer, "12345678");
	assert_int_equal(buffer.error, 0);
	buffer_append_text(&buffer, "9");
	assert_int_equal(buffer.error, -EFBIG);
	assert_string_equal(buffer_text(&buffer), "12345678");

	buffer_clear(&buffer);
	assert_string_equal(buffer_text(&buffer), "");
	buffer_append_format(&buffer, "%s", "123456789");
	buffer_append_text(&buffer, "1");
	assert_int_equal(buffer.error, -EFBIG);
	assert_string_equal(buffer_text(&buffer), "");
	buffer_deinit(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_everything_in_order),
		cmocka_unit_test(grows_far_beyond_its_first_size),
		cmocka_unit_test(stops_at_its_maximum_and_stays_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
