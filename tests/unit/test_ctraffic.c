// -o ctraffic, against a golden file and against the keys that ctraffic itself writes.
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/golden.h"
#include "support/sample_report.h"
#include "view/ctraffic.h"

static json_t *written(struct report *report)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	ctraffic_write(report, &out);
	assert_int_equal(out.error, 0);
	assert_ptr_equal(strchr(buffer_text(&out), '\n'), out.data + out.size - 1);
	json_t *json = json_loadb(out.data, out.size, 0, NULL);
	assert_non_null(json);
	buffer_deinit(&out);
	report_free(report);
	return json;
}

static void the_whole_line(void **state)
{
	struct buffer out;
	struct report *report = sample_failover();
	buffer_init(&out, 1 << 20);
	ctraffic_write(report, &out);
	golden_check("failover.ctraffic", &out);
	buffer_deinit(&out);
	report_free(report);
}

/* Go decodes by name, but its users' scripts cut lines. */
static void check_keys(const json_t *object, const char *const *keys, size_t count)
{
	size_t i = 0;
	for (void *iter = json_object_iter((json_t *)object); iter;
	     iter = json_object_iter_next((json_t *)object, iter), i++) {
		assert_true(i < count);
		assert_string_equal(json_object_iter_key(iter), keys[i]);
	}
	assert_int_equal(i, count);
}

static void keys_in_their_order(void **state)
{
	static const char *const keys[] = {
		"Started",           "Duration",  "Rate",     "Connections", "PacketSize",
		"FailedConnections", "Sent",      "Received", "Dropped",     "Retransmits",
		"FailedConnects",    "ConnStats", "Samples",
	};
	static const char *const connection_keys[] = {
		"Started", "Connect",     "Ended", "Err",    "Sent", "Received",
		"Dropped", "Retransmits", "Local", "Remote", "Host",
	};
	static const char *const sample_keys[] = { "Time", "Sent", "Received", "Dropped" };
	json_t *json = written(sample_failover());
	check_keys(json, keys, array_size(keys));
	check_keys(json_array_get(json_object_get(json, "ConnStats"), 0), connection_keys,
		   array_size(connection_keys));
	check_keys(json_array_get(json_object_get(json, "Samples"), 0), sample_keys,
		   array_size(sample_keys));
	json_decref(json);
}

/* Three connections of slots, and a slot whose attempts failed: it is still connecting. The clock
 * begins with the first of them, 0.9 s before -T. */
static void connections_from_the_first_on(void **state)
{
	json_t *json = written(sample_failover());
	const json_t *connections = json_object_get(json, "ConnStats");
	const json_t *lost = json_array_get(connections, 1);
	const json_t *lasting = json_array_get(connections, 2);
	const json_t *connecting = json_array_get(connections, 3);
	assert_int_equal(json_array_size(connections), 4);
	assert_string_equal(json_string_value(json_object_get(json, "Started")),
			    "2026-11-20T07:11:20.100000000Z");
	assert_int_equal(json_integer_value(json_object_get(json, "Duration")), 10900000000);
	assert_int_equal(json_integer_value(json_object_get(lost, "Started")), 20000000);
	assert_int_equal(json_integer_value(json_object_get(lost, "Ended")), 5492000000);
	assert_string_equal(json_string_value(json_object_get(lost, "Err")), "EOF");
	assert_string_equal(json_string_value(json_object_get(lost, "Host")), "web-3");
	assert_string_equal(json_string_value(json_object_get(lasting, "Err")), "");
	assert_int_equal(json_integer_value(json_object_get(lasting, "Ended")), 10900000000);
	assert_int_equal(json_integer_value(json_object_get(connecting, "Connect")), 0);
	assert_string_equal(json_string_value(json_object_get(connecting, "Err")), "");
	json_decref(json);
}

static void samples_sum_up_once_a_second(void **state)
{
	struct report *report = sample_failover();
	for (uint32_t i = 0; i < 10; i++) {
		report->streams[0].samples[i].at_ns = (int64_t)(i + 1) * 500000000;
		report->streams[0].samples[i].missed = 1;
	}
	json_t *json = written(report);
	const json_t *samples = json_object_get(json, "Samples");
	const json_t *last = json_array_get(samples, 4);
	assert_int_equal(json_array_size(samples), 5);
	assert_int_equal(json_integer_value(json_object_get(last, "Time")), 5900000000);
	assert_int_equal(json_integer_value(json_object_get(last, "Sent")), 20000);
	assert_int_equal(json_integer_value(json_object_get(last, "Received")), 19677);
	assert_int_equal(json_integer_value(json_object_get(last, "Dropped")), 10);
	json_decref(json);
}

static void totals(void **state)
{
	json_t *json = written(sample_interrupted());
	assert_int_equal(json_integer_value(json_object_get(json, "Rate")), 20);
	assert_int_equal(json_integer_value(json_object_get(json, "Connections")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "PacketSize")), 1024);
	assert_int_equal(json_integer_value(json_object_get(json, "Sent")), 57);
	assert_int_equal(json_integer_value(json_object_get(json, "Dropped")), 7);
	json_decref(json);
	json = written(sample_nothing());
	assert_int_equal(json_integer_value(json_object_get(json, "FailedConnects")), 20);
	assert_int_equal(json_array_size(json_object_get(json, "ConnStats")), 0);
	json_decref(json);
}

/* A run without slots is empty, not a crash. */
static void of_another_run(void **state)
{
	json_t *json = written(sample_served());
	assert_int_equal(json_integer_value(json_object_get(json, "Connections")), 0);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_line),
		cmocka_unit_test(keys_in_their_order),
		cmocka_unit_test(connections_from_the_first_on),
		cmocka_unit_test(samples_sum_up_once_a_second),
		cmocka_unit_test(totals),
		cmocka_unit_test(of_another_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
