/* A mesh as OTLP: the shape of the request, and that it says what a scrape says. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/sample_mesh.h"
#include "view/mesh_otlp.h"

static struct sample_mesh *sample;
static json_t *json;

static const char *text(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *only(json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);
	assert_int_equal(json_array_size(list), 1);
	return json_array_get(list, 0);
}

static json_t *metrics(void)
{
	return json_object_get(only(only(json, "resourceMetrics"), "scopeMetrics"), "metrics");
}

static json_t *metric(const char *name)
{
	for (size_t i = 0; i < json_array_size(metrics()); i++) {
		json_t *one = json_array_get(metrics(), i);
		if (strcmp(text(one, "name"), name) == 0)
			return one;
	}
	return NULL;
}

static const char *attribute(json_t *object, const char *key)
{
	json_t *attributes = json_object_get(object, "attributes");
	for (size_t i = 0; i < json_array_size(attributes); i++) {
		json_t *one = json_array_get(attributes, i);
		if (strcmp(text(one, "key"), key) == 0)
			return text(json_object_get(one, "value"), "stringValue");
	}
	return NULL;
}

/* The point with these two attributes. */
static json_t *point(const char *name, const char *kind, const char *group, const char *probe)
{
	json_t *points = json_object_get(json_object_get(metric(name), kind), "dataPoints");
	for (size_t i = 0; i < json_array_size(points); i++) {
		json_t *one = json_array_get(points, i);
		const char *found = attribute(one, "probe");
		if (strcmp(attribute(one, "group"), group) == 0 &&
		    (probe == NULL || (found != NULL && strcmp(found, probe) == 0)))
			return one;
	}
	fail_msg("no %s of %s", name, group);
	return NULL;
}

static double integer(json_t *one, const char *key)
{
	return strtod(text(one, key), NULL);
}

static void it_says_which_node_it_is(void **state)
{
	json_t *resource = json_object_get(only(json, "resourceMetrics"), "resource");
	assert_string_equal(attribute(resource, "service.name"), "conntest");
	assert_string_equal(attribute(resource, "service.instance.id"), "node-04");
	assert_string_equal(attribute(resource, "host.name"), "worker-4");
	assert_string_equal(attribute(resource, "conntest.command"), "mesh");
	assert_string_equal(attribute(resource, "conntest.location"), "b");
}

static void names_lose_their_unit(void **state)
{
	static const struct {
		const char *name;
		const char *kind;
		const char *unit;
	} cases[] = {
		{ "conntest.probes_sent", "sum", "1" },
		{ "conntest.probes_in_flight", "gauge", "1" },
		{ "conntest.probe_rtt", "histogram", "s" },
		{ "conntest.path_mtu", "gauge", "By" },
		{ "conntest.agent_throttled", "sum", "s" },
		{ "conntest.peer_info", "gauge", "1" },
		{ "conntest.pair_probes_sent", "sum", "1" },
		{ "process.resident_memory", "gauge", "By" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		json_t *one = metric(cases[i].name);
		if (one == NULL)
			fail_msg("no %s", cases[i].name);
		assert_string_equal(text(one, "unit"), cases[i].unit);
		assert_non_null(json_object_get(one, cases[i].kind));
		assert_true(strlen(text(one, "description")) > 0);
	}
}

static void each_metric_is_whole(void **state)
{
	json_t *all = metrics();
	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *one = json_array_get(all, i);
		json_t *sum = json_object_get(one, "sum");
		json_t *hist = json_object_get(one, "histogram");
		json_t *data = sum ? sum : hist ? hist : json_object_get(one, "gauge");
		assert_true(json_array_size(json_object_get(data, "dataPoints")) > 0);
		json_t *kept = json_object_get(data, "aggregationTemporality");
		assert_int_equal(json_integer_value(kept), sum || hist ? 2 : 0);
		assert_int_equal(json_is_true(json_object_get(data, "isMonotonic")), sum != NULL);
		/* None is there twice. */
		assert_ptr_equal(metric(text(one, "name")), one);
	}
	assert_true(json_array_size(all) > 40);
}

static void figures_are_those_of_the_node(void **state)
{
	double sent = integer(point("conntest.probes_sent", "sum", "a", "udp"), "asInt");
	double received = integer(point("conntest.probes_received", "sum", "a", "udp"), "asInt");
	double lost = integer(point("conntest.probes_lost", "sum", "a", "udp"), "asInt");
	double open = integer(point("conntest.probes_in_flight", "gauge", "a", "udp"), "asInt");
	json_t *rtt = point("conntest.probe_rtt", "histogram", "a", "udp");
	json_t *counts = json_object_get(rtt, "bucketCounts");
	double count = 0;
	assert_true(sent == received + lost + open && lost > 0 && open > 0);
	assert_int_equal(json_array_size(counts), MESH_SPREAD_BUCKETS);
	assert_int_equal(json_array_size(json_object_get(rtt, "explicitBounds")),
			 MESH_SPREAD_BUCKETS - 1);
	for (size_t i = 0; i < MESH_SPREAD_BUCKETS; i++)
		count += strtod(json_string_value(json_array_get(counts, i)), NULL);
	assert_true(integer(rtt, "count") == count && count == received);
	assert_true(json_real_value(json_object_get(rtt, "sum")) > 0);
	assert_true(json_real_value(json_array_get(json_object_get(rtt, "explicitBounds"), 1)) ==
		    0.0001);
	assert_true(integer(rtt, "startTimeUnixNano") ==
		    (double)sample->snapshot->node.started_unix_ns);
	assert_true(integer(rtt, "timeUnixNano") == (double)SAMPLE_MESH_NOW);
}

static int open_sample(void **state)
{
	struct buffer out;
	sample = sample_mesh_a4();
	buffer_init(&out, (size_t)4 << 20);
	mesh_otlp_write(&out, "worker-4", 1, &sample->state);
	json = out.error ? NULL : json_loadb(out.data, out.size, JSON_REJECT_DUPLICATES, NULL);
	print_message("%zu bytes\n", out.size);
	buffer_deinit(&out);
	return json ? 0 : -1;
}

static int close_sample(void **state)
{
	json_decref(json);
	sample_mesh_free(sample);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_which_node_it_is),
		cmocka_unit_test(names_lose_their_unit),
		cmocka_unit_test(each_metric_is_whole),
		cmocka_unit_test(figures_are_those_of_the_node),
	};
	return cmocka_run_group_tests(tests, open_sample, close_sample);
}
