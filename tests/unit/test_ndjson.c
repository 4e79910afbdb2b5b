#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/sample_report.h"
#include "view/json.h"
#include "view/ndjson.h"

static json_t *parsed(const struct buffer *out)
{
	assert_int_equal(out->error, 0);
	assert_ptr_equal(strchr(out->data, '\n'), out->data + out->size - 1);
	json_t *json = json_loadb(out->data, out->size, 0, NULL);
	assert_non_null(json);
	return json;
}

static void an_event_has_what_it_knows(void **state)
{
	const struct summary_event event = { .kind = EVENT_SLOT_ENDED,
					     .text = "a \"text\"",
					     .count = 7,
					     .of = 9,
					     .backend = "web-1",
					     .outcome = "reset",
					     .span_ns = 5 };
	const struct summary_event more = { .kind = EVENT_KIND_COUNT, .text = "x", .count = 3 };
	struct buffer out;
	buffer_init(&out, 4096);
	ndjson_write_event(&out, &event, -12);
	assert_string_equal(buffer_text(&out),
			    "{\"event\":\"slot_ended\",\"at_ns\":-12,\"text\":\"a \\\"text\\\"\","
			    "\"count\":7,\"of\":9,\"backend\":\"web-1\",\"outcome\":\"reset\","
			    "\"span_ns\":5}\n");
	buffer_clear(&out);
	ndjson_write_event(&out, &more, 12);
	assert_string_equal(buffer_text(&out),
			    "{\"event\":\"more\",\"at_ns\":12,\"text\":\"x\",\"count\":3}\n");
	buffer_deinit(&out);
}

static void a_snapshot_has_every_counter(void **state)
{
	struct counters counters[2] = { { .sent = 7, .unasked_bytes = UINT64_C(1) << 62 } };
	const struct ndjson_stream streams[] = { { "persistent", &counters[0] },
						 { "new", &counters[1] } };
	struct buffer out;
	buffer_init(&out, 1 << 16);
	ndjson_write_snapshot(&out, 1000000000, streams, 2);
	json_t *json = parsed(&out);
	const json_t *first = json_object_get(json_object_get(json, "streams"), "persistent");
	assert_string_equal(json_string_value(json_object_get(json, "event")), "snapshot");
	assert_int_equal(json_object_size(first), counter_table_size);
	assert_int_equal(json_integer_value(json_object_get(first, "sent")), 7);
	assert_true(json_integer_value(json_object_get(first, "unasked_bytes")) == INT64_C(1)
											   << 62);
	assert_non_null(json_object_get(json_object_get(json, "streams"), "new"));
	json_decref(json);
	buffer_deinit(&out);
}

static void the_last_line_is_the_report(void **state)
{
	struct report *report = sample_failover();
	struct buffer line;
	struct buffer alone;
	buffer_init(&line, 1 << 20);
	buffer_init(&alone, 1 << 20);
	ndjson_write_report(&line, report);
	json_view_write(report, &alone);
	json_t *json = parsed(&line);
	json_t *same = parsed(&alone);
	assert_true(json_equal(json_object_get(json, "report"), same));
	assert_string_equal(json_string_value(json_object_get(json, "event")), "report");
	json_decref(json);
	json_decref(same);
	buffer_deinit(&line);
	buffer_deinit(&alone);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_what_it_knows),
		cmocka_unit_test(a_snapshot_has_every_counter),
		cmocka_unit_test(the_last_line_is_the_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
