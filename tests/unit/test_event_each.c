/* The sentences of --verbose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/units.h"
#include "view/event_each.h"

static void each_kind_has_its_sentence(void **state)
{
	static const struct {
		struct event event;
		const char *backend;
		const char *expected;
	} rows[] = {
		{ { .kind = EVENT_SLOT_SILENT, .slot = 17, .span_ns = 200 * NS_PER_MS },
		  "web-3",
		  "slot 17 (web-3): silent for 200 ms" },
		{ { .kind = EVENT_SLOT_ENDED, .slot = 3, .outcome = OUTCOME_CLOSED, .count = 1 },
		  "web-3",
		  "slot 3 (web-3): closed by peer, 1 message lost" },
		{ { .kind = EVENT_SLOT_ENDED, .slot = 3, .outcome = OUTCOME_RESET },
		  NULL,
		  "slot 3: reset" },
		{ { .kind = EVENT_NEW_FAILED, .slot = 41, .outcome = OUTCOME_REFUSED },
		  NULL,
		  "new connection 41: refused" },
		{ { .kind = EVENT_PATH_BACK, .slot = 5, .span_ns = 350 * NS_PER_MS },
		  NULL,
		  "path flow 5: back after 350 ms" },
		{ { .kind = EVENT_PATH_ANSWERED },
		  NULL,
		  "path: datagrams are answered, the UDP probe begins" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct buffer out;
		buffer_init(&out, 1024);
		event_each_write(&out, &rows[i].event, rows[i].backend);
		assert_string_equal(buffer_text(&out), rows[i].expected);
		buffer_deinit(&out);
	}
	for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		struct buffer out;
		buffer_init(&out, 1024);
		event_each_write(&out, &(struct event){ .kind = (uint8_t)kind }, NULL);
		assert_true(out.size > 3);
		buffer_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
