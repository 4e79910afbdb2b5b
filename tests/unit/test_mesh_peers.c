/* What a mesh tells other programs in JSON, as a Go program would read it. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/golden.h"
#include "support/sample_mesh.h"
#include "view/mesh_peers.h"

#define OUT_MAX (16 << 20)

/* Those that Go's decoder takes for a string, an int, a time.Time, a slice and a struct. */
enum go { GO_TEXT, GO_INT, GO_TIME, GO_LIST, GO_OBJECT };
struct go_field {
	const char *name;
	enum go type;
};

static const struct go_field server_fields[] = {
	{ "Start", GO_TIME },    { "SrvLoc", GO_TEXT },    { "SrvHost", GO_TEXT },
	{ "SrvPort", GO_INT },   { "Peers", GO_LIST },     { "Requests", GO_INT },
	{ "NumActive", GO_INT }, { "NumDeleted", GO_INT }, { "DelPeers", GO_LIST },
};
static const struct go_field peer_fields[] = {
	{ "Url", GO_TEXT },    { "Host", GO_TEXT },      { "Limit", GO_INT },
	{ "Delay", GO_INT },   { "Maxfail", GO_INT },    { "Location", GO_TEXT },
	{ "PeerIP", GO_TEXT }, { "FirstPing", GO_TIME }, { "LatestPing", GO_TIME },
	{ "Pings", GO_INT },   { "Fails", GO_INT },      { "PingTotals", GO_OBJECT },
};
static const struct go_field total_fields[] = {
	{ "Start", GO_TIME },  { "DnsLk", GO_INT },    { "TcpHs", GO_INT },
	{ "TlsHs", GO_INT },   { "Reply", GO_INT },    { "Close", GO_INT },
	{ "Total", GO_INT },   { "DestUrl", GO_TEXT }, { "Location", GO_TEXT },
	{ "Remote", GO_TEXT }, { "RespCode", GO_INT }, { "Size", GO_INT },
};
static const struct go_field metric_fields[] = {
	{ "AppStart", GO_TIME },  { "NumPeers", GO_INT },    { "NumActive", GO_INT },
	{ "NumDeleted", GO_INT }, { "MemStats", GO_OBJECT },
};
static const struct go_field memory_fields[] = {
	{ "Measured", GO_TIME }, { "Active", GO_INT }, { "AllocMB", GO_INT },
	{ "SystemMB", GO_INT },  { "NumGC", GO_INT },
};

static bool is_time(const json_t *value)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) >= 20 && text[4] == '-' && text[10] == 'T' &&
	       text[strlen(text) - 1] == 'Z';
}

static bool is_of(const json_t *value, enum go type)
{
	switch (type) {
	case GO_TEXT:
		return json_is_string(value);
	case GO_INT:
		return json_is_integer(value);
	case GO_TIME:
		return is_time(value);
	case GO_LIST:
		return json_is_array(value);
	case GO_OBJECT:
		return json_is_object(value);
	}
	return false;
}

static void check_fields(const json_t *object, const struct go_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_of(json_object_get(object, fields[i].name), fields[i].type))
			fail_msg("%s is missing or of another type", fields[i].name);
}

static json_t *parse(const struct buffer *out)
{
	json_error_t error;
	json_t *json = json_loadb(out->data, out->size, 0, &error);

	assert_int_equal(out->error, 0);
	if (json == NULL)
		fail_msg("%s in line %d", error.text, error.line);
	return json;
}

static void a_peer_is_complete(const json_t *peer)
{
	const json_t *totals = json_object_get(peer, "PingTotals");
	static const char *const parts[] = { "DnsLk", "TcpHs", "TlsHs", "Reply", "Close" };
	int64_t sum = 0;

	check_fields(peer, peer_fields, array_size(peer_fields));
	check_fields(totals, total_fields, array_size(total_fields));
	for (size_t i = 0; i < array_size(parts); i++)
		sum += json_integer_value(json_object_get(totals, parts[i]));
	assert_int_equal(sum, json_integer_value(json_object_get(totals, "Total")));
}

static void check_whole(struct sample_mesh *sample, enum mesh_peers_detail detail, size_t peers)
{
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	mesh_peers_write(&out, detail, &sample->state);
	json_t *json = parse(&out);
	check_fields(json, server_fields, array_size(server_fields));
	const json_t *list = json_object_get(json, "Peers");
	assert_int_equal(json_array_size(list), peers);
	assert_int_equal(json_integer_value(json_object_get(json, "NumActive")), peers);
	for (size_t i = 0; i < json_array_size(list); i++)
		a_peer_is_complete(json_array_get(list, i));
	json_decref(json);
}

static void a_pingmesh_can_read_it(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_MANY, .peers = 30, .places = 3 });

	check_whole(sample, MESH_PEERS_WHOLE, 30);
	check_whole(sample, MESH_PEERS_ROW, 30);
	sample->settings.probes &= ~(1u << MESH_HTTP);
	check_whole(sample, MESH_PEERS_WHOLE, 30);
	sample->settings.probes = 1u << MESH_UDP;
	check_whole(sample, MESH_PEERS_WHOLE, 30);
	sample_mesh_free(sample);
}

static void who_is_gone_is_deleted(void **state)
{
	struct sample_mesh *sample =
		sample_mesh_new(&(struct sample_mesh_setup){ .peers = 5, .places = 1 });
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	sample->peers[1].life = MESH_LIFE_GONE;
	mesh_peers_write(&out, MESH_PEERS_WHOLE, &sample->state);
	json_t *json = parse(&out);
	assert_int_equal(json_array_size(json_object_get(json, "Peers")), 4);
	assert_int_equal(json_array_size(json_object_get(json, "DelPeers")), 1);
	assert_int_equal(json_integer_value(json_object_get(json, "NumDeleted")), 1);
	a_peer_is_complete(json_array_get(json_object_get(json, "DelPeers"), 0));
	json_decref(json);
	sample_mesh_free(sample);
}

static void metrics_are_those_of_pingmesh(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	mesh_peers_write_metrics(&out, &sample->state);
	json_t *json = parse(&out);
	check_fields(json, metric_fields, array_size(metric_fields));
	check_fields(json_object_get(json, "MemStats"), memory_fields, array_size(memory_fields));
	json_decref(json);
	sample_mesh_free(sample);
}

/* As pingmesh's client finds it. */
static void a_ping_says_from_where(void **state)
{
	static const char mark[] = "<p>Served from ";
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	mesh_peers_write_ping(&out, &sample->state);
	const char *place = strstr(buffer_text(&out), mark);
	assert_non_null(place);
	assert_memory_equal(place + strlen(mark), "b\n", 2);
	buffer_clear(&out);
	(void)snprintf(sample->snapshot->node.location, MESH_PLACE_MAX, "<b>&");
	mesh_peers_write_ping(&out, &sample->state);
	assert_non_null(strstr(buffer_text(&out), "<p>Served from &lt;b&gt;&amp;\n"));
	sample_mesh_free(sample);
}

static void events_go_on_behind_a_number(void **state)
{
	struct sample_mesh *sample =
		sample_mesh_new(&(struct sample_mesh_setup){ .peers = 2, .places = 1 });
	struct buffer out cleanup(buffer_deinit);
	uint64_t from = mesh_events_newest(sample->events);
	char wanted[64];

	buffer_init(&out, OUT_MAX);
	mesh_events_note(sample->events, MESH_EVENT_MARK, "", "one \"and\" more");
	mesh_events_note(sample->events, MESH_EVENT_MARK, "", "two");
	mesh_events_write(&out, sample->events, from, 1);
	assert_non_null(strstr(buffer_text(&out), "\"text\":\"one \\\"and\\\" more\"}\n"));
	assert_null(strstr(buffer_text(&out), "two"));
	buffer_clear(&out);
	mesh_events_write(&out, sample->events, from + 1, UINT32_MAX);
	(void)snprintf(wanted, sizeof(wanted), "{\"number\":%u,", (unsigned)from + 2);
	assert_memory_equal(buffer_text(&out), wanted, strlen(wanted));
	buffer_clear(&out);
	mesh_events_write(&out, sample->events, from + 2, UINT32_MAX);
	assert_int_equal(out.size, 0);
	sample_mesh_free(sample);
}

static void a_gap_in_the_events_is_told(void **state)
{
	struct mesh_events *events = NULL;
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	assert_int_equal(mesh_events_new(&events), 0);
	mesh_events_write(&out, events, 0, UINT32_MAX);
	assert_int_equal(out.size, 0);
	for (unsigned i = 0; i < MESH_EVENTS_MAX + 5; i++)
		mesh_events_note(events, MESH_EVENT_MARK, "", "%u", i + 1);
	mesh_events_write(&out, events, 5, 1);
	assert_memory_equal(buffer_text(&out), "{\"number\":6,", 12);
	buffer_clear(&out);
	mesh_events_write(&out, events, 4, 1);
	assert_memory_equal(buffer_text(&out), "{\"event\":\"gap\",\"after\":4,\"oldest\":6,", 35);
	assert_non_null(strstr(buffer_text(&out), "\n{\"number\":6,"));
	buffer_clear(&out);
	mesh_events_write(&out, events, 1000, UINT32_MAX);
	assert_memory_equal(buffer_text(&out), "{\"event\":\"gap\",\"after\":1000,", 28);
	assert_non_null(strstr(buffer_text(&out), "\n{\"number\":261,"));
	mesh_events_free(events);
}

static void others_find_us(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	mesh_peers_write_sd(&out, &sample->state, "10.0.0.4:8080");
	golden_check("mesh_sd.json", &out);
	json_t *json = parse(&out);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *group = json_array_get(json, i);
		assert_int_equal(json_array_size(json_object_get(group, "targets")), 1);
		assert_true(json_is_object(json_object_get(group, "labels")));
	}
	json_decref(json);
	buffer_clear(&out);
	sample->list.count = 0;
	mesh_peers_write_sd(&out, &sample->state, "");
	assert_string_equal(buffer_text(&out), "[]\n");
	sample_mesh_free(sample);
}

static void it_is_as_it_was(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out cleanup(buffer_deinit);

	buffer_init(&out, OUT_MAX);
	mesh_peers_write(&out, MESH_PEERS_WHOLE, &sample->state);
	golden_check("mesh_peers.json", &out);
	buffer_clear(&out);
	mesh_peers_write(&out, MESH_PEERS_ROW, &sample->state);
	golden_check("mesh_peers_row.json", &out);
	buffer_clear(&out);
	mesh_events_write(&out, sample->events, 0, UINT32_MAX);
	golden_check("mesh_events.ndjson", &out);
	sample_mesh_free(sample);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pingmesh_can_read_it),
		cmocka_unit_test(who_is_gone_is_deleted),
		cmocka_unit_test(metrics_are_those_of_pingmesh),
		cmocka_unit_test(a_ping_says_from_where),
		cmocka_unit_test(events_go_on_behind_a_number),
		cmocka_unit_test(a_gap_in_the_events_is_told),
		cmocka_unit_test(others_find_us),
		cmocka_unit_test(it_is_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
