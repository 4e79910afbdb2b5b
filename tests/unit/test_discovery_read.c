/* Lists of peers as others write them, and what is wrong with some. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "mesh/discovery_read.h"
#include "support/data.h"

static int take(void *context, const struct discovery_found *found, struct error *error)
{
	struct buffer *out = context;
	const struct discovery_labels *labels = found->labels;

	if (strcmp(found->host, "stop.example") == 0)
		return error_set(error, ENOSPC, "that is enough");
	buffer_append_format(out, "%s|%u|%s|%s|%s|%s|%u|%u|%u\n", found->host, found->port,
			     found->url ? found->url : "", labels->name, labels->location,
			     labels->rack, labels->speech, labels->http_port, labels->grpc_port);
	return 0;
}

static void check(const char *text, enum discovery_format format, const char *expected,
		  const char *sentence)
{
	struct error error = { "" };
	struct buffer out;
	buffer_init(&out, 1 << 16);
	int result = discovery_read(text, strlen(text), format, take, &out, &error);
	assert_string_equal(error.text, sentence);
	assert_int_equal(result < 0, sentence[0] != '\0');
	if (result == 0)
		assert_string_equal(buffer_text(&out), expected);
	buffer_deinit(&out);
}

static void json_and_yaml_say_the_same(void **state)
{
	static const char expected[] = "192.0.2.1|5003||node-1|a|r1|0|8080|0\n"
				       "two.example|0||node-1|a|r1|0|8080|0\n"
				       "2001:db8::1|7|||||1|0|9\n";
	static const char json[] =
		" [ {\"targets\": [\"192.0.2.1:5003\", \"two.example\"], \"labels\": {"
		"\"instance\": \"other\", \"node\": \"node-1\", \"name\": \"third\","
		"\"location\": \"a\", \"zone\": \"b\", \"rack\": \"r1\", \"http_port\": \"8080\","
		"\"__meta_x\": \"y\"}},\n{\"targets\": [\"[2001:db8::1]:7\"],"
		"\"labels\": {\"speech\": \"ack\", \"grpc_port\": \"9\"}, \"source\": 1}]\n";
	static const char yaml[] = "- targets: ['192.0.2.1:5003', two.example]\n"
				   "  labels:\n    instance: other\n    node: node-1\n"
				   "    zone: b\n    location: a\n    rack: r1\n"
				   "    http_port: 8080\n"
				   "- labels: {speech: ack, grpc_port: \"9\"}\n"
				   "  more: [1, {a: b}]\n"
				   "  targets:\n  - \"[2001:db8::1]:7\"\n";
	check(json, DISCOVERY_JSON, expected, "");
	check(json, DISCOVERY_ANY, expected, "");
	check(yaml, DISCOVERY_YAML, expected, "");
	check(yaml, DISCOVERY_ANY, expected, "");
	check("[]", DISCOVERY_ANY, "", "");
	check("[]", DISCOVERY_YAML, "", "");
	check(" [ ] \n", DISCOVERY_JSON, "", "");
}

static void another_nodes_targets_are_pages(void **state)
{
	static const char json[] =
		"[{\"targets\":[\"192.0.2.1:8080\",\"192.0.2.2:8081\"],\"labels\":{\"node\":\"a\","
		"\"__meta_conntest_traffic_port\":\"5003\"}},"
		"{\"targets\":[\"192.0.2.3:8080\"],\"labels\":{\"http_port\":\"9\","
		"\"__meta_conntest_traffic_port\":\"5004\"}},"
		"{\"targets\":[\"192.0.2.4:5003\"]}]";

	check(json, DISCOVERY_JSON,
	      "192.0.2.1|5003||a|||0|8080|0\n192.0.2.2|5003||a|||0|8081|0\n"
	      "192.0.2.3|5004|||||0|9|0\n192.0.2.4|5003|||||0|0|0\n",
	      "");
	check("[{\"targets\":[],\"labels\":{\"__meta_conntest_traffic_port\":\"0\"}}]",
	      DISCOVERY_JSON, NULL,
	      "__meta_conntest_traffic_port: \"0\" is not a port from 1 to 65535");
}

static void pingmeshs_peers_are_pages(void **state)
{
	struct error error = { "" };
	struct buffer text = data_text("pingmesh_peers.json");
	struct buffer out;
	buffer_init(&out, 1 << 16);
	assert_int_equal(discovery_read(text.data, text.size, DISCOVERY_ANY, take, &out, &error),
			 0);
	assert_string_equal(
		buffer_text(&out),
		"two.example|443|https://two.example/v1/ping||Chur,CH||2|0|0\n"
		"192.0.2.3|8080|http://192.0.2.3:8080/v1/ping||Ísafjörður,_IS||2|0|0\n");
	buffer_deinit(&out);
	buffer_deinit(&text);
	check("{\"Peers\": null}", DISCOVERY_JSON, "", "");
}

static void what_is_wrong_is_refused_whole(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum discovery_format format;
		const char *sentence;
	} rows[] = {
		{ "", DISCOVERY_JSON, "is not JSON: it begins with neither [ nor {" },
		{ "", DISCOVERY_YAML, "line 1: is empty; [] is the list of nobody" },
		{ "[{\"targets\":[\"a\"]}", DISCOVERY_JSON, "is not JSON: byte 18: no , or ]" },
		{ "[{\"targets\":[\"a\"]},", DISCOVERY_JSON, "is not JSON: it ends before its ]" },
		{ "[{\"targets\":[\"a\"]},]", DISCOVERY_JSON, "is not JSON: byte 19: a ] behind a ," },
		{ "[{\"targets\":[\"a\"]}] x", DISCOVERY_JSON, "is not JSON: byte 19: more behind its ]" },
		{ "[[]]", DISCOVERY_JSON, "has a group that is no object" },
		{ "[{}]", DISCOVERY_JSON, "a group has no array \"targets\"" },
		{ "[{\"targets\":[1]}]", DISCOVERY_JSON, "a target is no text" },
		{ "[{\"targets\":[\"a:0\"]}]", DISCOVERY_JSON, "\"0\" is not a port from 1 to 65535" },
		{ "[{\"targets\":[\"a:1x\"]}]", DISCOVERY_JSON, "\"1x\" is not a port from 1 to 65535" },
		{ "[{\"targets\":[\"a b\"]}]", DISCOVERY_JSON, "\"a b\" is not HOST:PORT" },
		{ "[{\"targets\":[\"999.1.1.1:7\"]}]", DISCOVERY_JSON, "\"999.1.1.1:7\" is not HOST:PORT" },
		{ "[{\"targets\":[\"\"]}]", DISCOVERY_JSON, "\"\" is not HOST:PORT" },
		{ "[{\"targets\":[],\"labels\":{\"node\":1}}]", DISCOVERY_JSON, "label \"node\" is no text" },
		{ "[{\"targets\":[],\"labels\":{\"http_port\":\"x\"}}]", DISCOVERY_JSON, "http_port: \"x\" is not a port from 1 to 65535" },
		{ "[{\"targets\":[],\"labels\":{\"speech\":\"x\"}}]", DISCOVERY_JSON, "speech \"x\" is neither traffic, ack nor http" },
		{ "[{\"targets\":[\"stop.example\"]}]", DISCOVERY_JSON, "that is enough" },
		{ "{\"Peers\":[{}]}", DISCOVERY_JSON, "a peer has no \"Url\"" },
		{ "{\"Peers\":[{\"Url\":\"gopher://a\"}]}", DISCOVERY_JSON, NULL },
		{ "{\"status\":\"error\"}", DISCOVERY_JSON, "is neither an array of groups nor pingmesh's \"Peers\"" },
		{ "- targets: [&a b, *a]", DISCOVERY_YAML, "line 1: aliases are not for lists of peers" },
		{ "- labels: {}", DISCOVERY_YAML, "line 2: a group has no targets" },
		{ "a: b", DISCOVERY_YAML, "line 1: a list of groups comes first" },
		{ "- [a]", DISCOVERY_YAML, "line 1: a group has targets: and labels:" },
		{ "- targets: [[a]]", DISCOVERY_YAML, "line 1: here stands one word" },
		{ "- targets: [a\n", DISCOVERY_YAML, "is not YAML: line 2: did not find expected ',' or ']'" },
		{ "[]\n---\n[]", DISCOVERY_YAML, "line 2: one document a file" },
	};
	/* clang-format on */
	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		struct buffer out;
		if (rows[i].sentence != NULL) {
			check(rows[i].text, rows[i].format, NULL, rows[i].sentence);
			continue;
		}
		buffer_init(&out, 1 << 16);
		assert_int_equal(discovery_read(rows[i].text, strlen(rows[i].text), rows[i].format,
						take, &out, &error),
				 -EINVAL);
		assert_true(error.text[0] != '\0');
		buffer_deinit(&out);
	}
}

static void labels_are_fit_to_be_shown(void **state)
{
	check("[{\"targets\":[\"a\"],\"labels\":{\"node\":\"x y\\u0007z\\u007f\"}}]",
	      DISCOVERY_JSON, "a|0||x_y_z_|||0|0|0\n", "");
	check("[{\"targets\":[\"a\"],\"labels\":{\"rack\":\"0123456789012345678901234567890é\"}}]",
	      DISCOVERY_JSON, "a|0||||0123456789012345678901234567890|0|0|0\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_and_yaml_say_the_same),
		cmocka_unit_test(another_nodes_targets_are_pages),
		cmocka_unit_test(pingmeshs_peers_are_pages),
		cmocka_unit_test(what_is_wrong_is_refused_whole),
		cmocka_unit_test(labels_are_fit_to_be_shown),
	};
	return cmocka_run_group_tests_name("discovery_read", tests, NULL, NULL);
}
