/* Other nodes' rows: what is read of them, and how they are asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/rows.h"
#include "metric/mesh_verdict.h"
#include "net/http_server.h"
#include "net/memory.h"
#include "support/data.h"
#include "support/sample_mesh.h"
#include "view/mesh_peers.h"

#define PORT     8080
#define OUT_MAX  (16 << 20)
#define START_NS UINT64_C(1000000000)

/* ---- reading */

static void read_right(const char *text, size_t size, uint32_t most, struct mesh_row *ret)
{
	struct error error = { "" };

	if (mesh_row_read(text, size, most, &error, ret) < 0)
		fail_msg("%s", error.text);
}

static void ours_is_read_as_it_was_written(void **state)
{
	static const enum mesh_peers_detail details[] = { MESH_PEERS_WHOLE, MESH_PEERS_ROW };
	struct sample_mesh *sample = sample_mesh_a4();

	for (size_t i = 0; i < array_size(details); i++) {
		struct buffer out cleanup(buffer_deinit);
		struct mesh_row row;
		buffer_init(&out, OUT_MAX);
		mesh_peers_write(&out, details[i], &sample->state);
		read_right(out.data, out.size, MESH_CELLS_MAX, &row);
		assert_string_equal(row.node, "node-04");
		assert_string_equal(row.location, "b");
		assert_int_equal(row.omitted, 0);
		const struct mesh_cell *hole = mesh_row_find(&row, "node-12");
		const struct mesh_cell *loss = mesh_row_find(&row, "node-09");
		const struct mesh_cell *well = mesh_row_find(&row, "node-01");
		assert_true(hole && loss && well);
		assert_int_equal(hole->verdict, MESH_VERDICT_BLACK_HOLE);
		assert_int_equal(hole->mtu_bytes, 1400);
		assert_int_equal(loss->verdict, MESH_VERDICT_LOSS);
		assert_int_equal(loss->loss_permille, 117); /* 7 of 60 */
		assert_int_equal(well->verdict, MESH_VERDICT_OK);
		assert_in_range(well->rtt_us, 100, 1000);
		assert_int_equal(well->mtu_bytes, 1500);
		free(row.cells);
	}
	sample_mesh_free(sample);
}

static void pingmesh_is_read(void **state)
{
	struct buffer text cleanup(buffer_deinit) = data_text("pingmesh-peers.json");
	struct mesh_row row;

	read_right(text.data, text.size, MESH_CELLS_MAX, &row);
	assert_string_equal(row.node, "mesh-par.example");
	assert_string_equal(row.location, "Paris,FR");
	assert_int_equal(row.count, 2);
	assert_string_equal(row.cells[0].name, "mesh-fra.example");
	assert_int_equal(row.cells[0].verdict, MESH_VERDICT_UNKNOWN);
	assert_int_equal(row.cells[0].loss_permille, 20);
	assert_int_equal(row.cells[0].rtt_us, 9000);
	assert_int_equal(row.cells[1].loss_permille, 1000);
	assert_int_equal(row.cells[1].rtt_us, 0);
	free(row.cells);
}

/* Its peers have no Host, and all the same URL. */
static void an_older_pingmesh_is_read(void **state)
{
	struct buffer text cleanup(buffer_deinit) = data_text("pingmesh-peers-older.json");
	struct mesh_row row;

	read_right(text.data, text.size, MESH_CELLS_MAX, &row);
	assert_string_equal(row.node, "mesh.example");
	assert_int_equal(row.count, 2);
	assert_string_equal(row.cells[0].name, "mesh.example");
	assert_string_equal(row.cells[1].name, "192.0.2.2");
	assert_int_equal(row.cells[0].rtt_us, 20000);
	assert_int_equal(row.cells[1].loss_permille, 750);
	free(row.cells);
}

static void what_is_strange_is_passed_over(void **state)
{
	static const char *const texts[] = {
		"{\"Peers\":[]}",
		"{\"Peers\":null}",
		"{\"Peers\":{\"a\":[]},\"SrvHost\":5}",
		"{\"Peers\":[1,null,\"x\",[],{}]}",
		"{\"Peers\":[{\"Host\":\"\",\"Url\":7,\"PeerIP\":[]}]}",
		"{\"Peers\":[],\"SrvLoc\":{\"Peers\":[{\"Host\":\"a\"}]}}",
	};
	struct mesh_row row;

	for (size_t i = 0; i < array_size(texts); i++) {
		read_right(texts[i], strlen(texts[i]), 4, &row);
		assert_int_equal(row.count, 0);
		free(row.cells);
	}
	static const char odd[] =
		"{\"Peers\":[{\"Host\":\"http://[2001:db8::1]:80/x\",\"Pings\":-5,\"Fails\":1e300},"
		"{\"conntest\":{\"name\":\"n\",\"verdict\":\"of tomorrow\",\"blame\":9,"
		"\"loss\":7,\"rtt_median_ns\":1e99,\"mtu_bytes\":{\"forward\":1e9}}},"
		"{\"conntest\":{\"verdict\":\"loss\"},\"PeerIP\":\"10.0.0.1\"}]}";
	read_right(odd, strlen(odd), 4, &row);
	assert_int_equal(row.count, 3);
	assert_string_equal(row.cells[0].name, "[2001:db8::1]");
	assert_int_equal(row.cells[0].loss_permille, 1000);
	assert_string_equal(row.cells[1].name, "n");
	assert_int_equal(row.cells[1].verdict, MESH_VERDICT_UNKNOWN);
	assert_int_equal(row.cells[1].blame, MESH_BLAME_NONE);
	assert_int_equal(row.cells[1].loss_permille, 1000);
	assert_int_equal(row.cells[1].rtt_us, UINT32_MAX);
	assert_int_equal(row.cells[1].mtu_bytes, UINT16_MAX);
	assert_string_equal(row.cells[2].name, "10.0.0.1");
	free(row.cells);
}

static void what_is_wrong_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"null",
		"<html>",
		"{\"Peers\":[{}",
		"{\"Peers\":[]}x",
		"{\"Peers\":[{\"Host\":\"a\"},]}",
	};

	for (size_t i = 0; i < array_size(texts); i++) {
		struct mesh_row row;
		struct error error = { "" };
		assert_int_equal(mesh_row_read(texts[i], strlen(texts[i]), 4, &error, &row),
				 -EINVAL);
		assert_true(error.text[0] != '\0');
		assert_null(row.cells);
		assert_int_equal(row.count, 0);
	}
}

static void no_more_cells_are_kept_than_asked_for(void **state)
{
	struct buffer out cleanup(buffer_deinit);
	struct mesh_row row;

	buffer_init(&out, OUT_MAX);
	buffer_append_text(&out, "{\"Peers\":[");
	for (unsigned i = 0; i < 300; i++)
		buffer_append_format(&out, "%s{\"Host\":\"h%u\"}", i ? "," : "", i);
	buffer_append_text(&out, "]}");
	read_right(out.data, out.size, 256, &row);
	assert_int_equal(row.count, 256);
	assert_int_equal(row.omitted, 44);
	free(row.cells);
}

/* ---- asking */

#define NODES_MAX 300

struct node {
	struct http_server *server;
	const char *text;
	char token[64];
	unsigned asked;
	uint16_t status;
};

struct place {
	struct loop *loop;
	struct memory_network *network;
	struct node nodes[12];
	unsigned node_count;
	struct mesh_peer peers[NODES_MAX];
	struct mesh_peer_list list;
	struct mesh_row_source *source;
	unsigned changes;
};

static void answer_peers(void *context, const struct http_server_request *request,
			 struct http_server_response *response)
{
	struct node *node = context;
	const char *token = http_server_field(request, "Authorization");

	assert_string_equal(request->query, "conntest=row");
	node->asked++;
	(void)snprintf(node->token, sizeof(node->token), "%s", token ? token : "");
	response->status = node->status ? node->status : 200;
	buffer_append_text(&response->body, node->text);
}

static struct endpoint place_of(unsigned number, uint16_t port)
{
	struct endpoint endpoint;
	char text[24];

	(void)snprintf(text, sizeof(text), "10.0.%u.%u", number / 250, number % 250 + 1);
	assert_int_equal(endpoint_parse(text, port, &endpoint), 0);
	return endpoint;
}

static void open_node(struct place *place, unsigned number)
{
	static const struct http_server_route routes[] = { { "GET", "/v1/peers", answer_peers } };
	struct node *node = &place->nodes[number];
	struct http_server_options options = {
		.transport = &stream_memory,
		.listen = { .local = place_of(number, PORT), .network = place->network },
		.routes = routes,
		.route_count = array_size(routes),
		.context = node,
		.response_bytes_max = (size_t)4 << 20,
	};

	node->text = "{\"SrvLoc\":\"b\",\"Peers\":[{\"Host\":\"h\",\"Pings\":1}]}";
	assert_int_equal(http_server_open(place->loop, &options, &node->server), 0);
}

static void on_changed(void *context)
{
	((struct place *)context)->changes++;
}

static void list_peers(struct place *place, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		place->peers[i] = (struct mesh_peer){ .id = i + 1,
						      .endpoint = place_of(i, 5003),
						      .life = MESH_LIFE_UP };
		(void)snprintf(place->peers[i].name, MESH_NAME_MAX, "node-%03u", i);
	}
	place->list = (struct mesh_peer_list){ .peers = place->peers, .count = count };
}

/* `nodes` of the `peers` answer. */
static struct place *open_place(unsigned nodes, unsigned peers)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true,
							  .simulated_start_ns = START_NS },
				  &place->loop),
			 0);
	assert_int_equal(memory_network_new(place->loop,
					    &(struct memory_options){ .delay_ns = NS_PER_MS },
					    &place->network),
			 0);
	place->node_count = nodes;
	for (unsigned i = 0; i < nodes; i++)
		open_node(place, i);
	list_peers(place, peers);
	const struct mesh_row_setup setup = {
		.loop = place->loop,
		.node = "node-own",
		.token = "secret",
		.http_port = PORT,
		.fresh_ns = 10 * NS_PER_S,
		.timeout_ns = 2 * NS_PER_S,
		.changed = on_changed,
		.context = place,
		.transport = &stream_memory,
		.network = place->network,
	};
	assert_int_equal(mesh_rows_new(&setup, &place->source), 0);
	return place;
}

static void run(struct place *place, uint64_t ms)
{
	assert_int_equal(loop_run(place->loop, loop_now(place->loop) + ms * NS_PER_MS), 0);
}

static void close_place(struct place *place)
{
	mesh_rows_free(place->source);
	for (unsigned i = 0; i < place->node_count; i++)
		http_server_close(place->nodes[i].server);
	run(place, 100);
	memory_network_free(place->network);
	loop_free(place->loop);
	free(place);
}

static unsigned asked_together(const struct place *place)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < place->node_count; i++)
		sum += place->nodes[i].asked;
	return sum;
}

static void a_row_is_asked_for_once_while_it_is_fresh(void **state)
{
	struct place *place = open_place(3, 3);

	place->peers[1].is_self = true;
	mesh_rows_want(place->source, &place->list, 100);
	assert_int_equal(mesh_rows_list(place->source)->count, 0);
	mesh_rows_want(place->source, &place->list, 100);
	run(place, 1000);
	const struct mesh_rows *rows = mesh_rows_list(place->source);
	assert_int_equal(rows->count, 2);
	assert_int_equal(place->changes, 2);
	const struct mesh_row *row = mesh_rows_find(rows, "node-002");
	assert_non_null(row);
	assert_string_equal(row->location, "b");
	assert_int_equal(row->count, 1);
	assert_false(row->is_bad);
	assert_null(mesh_rows_find(rows, "node-001"));
	assert_string_equal(place->nodes[0].token, "Bearer secret");
	mesh_rows_want(place->source, &place->list, 100);
	run(place, 1000);
	assert_int_equal(asked_together(place), 2);
	run(place, 9000);
	mesh_rows_want(place->source, &place->list, 100);
	run(place, 1000);
	assert_int_equal(asked_together(place), 4);
	close_place(place);
}

static void they_are_asked_in_turn(void **state)
{
	struct place *place = open_place(12, 12);

	for (unsigned i = 1; i <= 4; i++) {
		mesh_rows_want(place->source, &place->list, 3);
		run(place, 1000);
		assert_int_equal(asked_together(place), 3 * i);
		assert_int_equal(mesh_rows_list(place->source)->count, 3 * i);
	}
	mesh_rows_want(place->source, &place->list, 3);
	run(place, 1000);
	assert_int_equal(asked_together(place), 12);
	close_place(place);
}

/* Of twelve, the first four hang. */
static void who_does_not_answer_holds_up_a_few(void **state)
{
	struct place *place = open_place(12, 12);

	place->peers[0].http_port = 81; /* nobody listens */
	place->nodes[1].text = "<html>";
	place->nodes[2].status = 401;
	mesh_rows_want(place->source, &place->list, 12);
	run(place, 2900);
	const struct mesh_rows *rows = mesh_rows_list(place->source);
	assert_int_equal(rows->count, 12);
	for (unsigned i = 0; i < 12; i++) {
		const struct mesh_row *row = mesh_rows_find(rows, place->peers[i].name);
		assert_non_null(row);
		assert_int_equal(row->is_bad, i < 3);
		assert_int_equal(row->problem[0] != '\0', i < 3);
		assert_int_equal(row->asked_ns != 0, i >= 3);
	}
	assert_string_equal(mesh_rows_find(rows, "node-002")->problem,
			    "it answers with HTTP status 401");
	close_place(place);
}

static void what_is_no_peers_page_is_no_row(void **state)
{
	struct place *place = open_place(2, 2);

	place->nodes[0].text = "{\"SrvHost\":\"node-own\",\"Peers\":[]}";
	mesh_rows_want(place->source, &place->list, 2);
	run(place, 1000);
	const struct mesh_row *row = mesh_rows_find(mesh_rows_list(place->source), "node-000");
	assert_true(row->is_bad);
	assert_int_equal(row->asked_ns, 0);
	assert_string_equal(row->problem, "what answers there is this node's own page");

	/* Two peers of one host and one page. */
	place->peers[0].endpoint = place->peers[1].endpoint;
	place->peers[0].endpoint.port++;
	run(place, 11000);
	mesh_rows_want(place->source, &place->list, 2);
	run(place, 1000);
	assert_true(mesh_rows_find(mesh_rows_list(place->source), "node-000")->is_bad);
	assert_false(mesh_rows_find(mesh_rows_list(place->source), "node-001")->is_bad);
	close_place(place);
}

/* What was known of it stays. */
static void a_bad_answer_keeps_the_old_row(void **state)
{
	struct place *place = open_place(1, 1);
	struct buffer large cleanup(buffer_deinit);

	mesh_rows_want(place->source, &place->list, 1);
	run(place, 1000);
	buffer_init(&large, (size_t)4 << 20);
	buffer_append_text(&large, "{\"Peers\":[],\"x\":\"");
	buffer_append_repeated(&large, 'x', MESH_ROW_BYTES_MAX);
	buffer_append_text(&large, "\"}");
	place->nodes[0].text = large.data;
	run(place, 10000);
	mesh_rows_want(place->source, &place->list, 1);
	run(place, 1000);
	const struct mesh_row *row = mesh_rows_find(mesh_rows_list(place->source), "node-000");
	assert_true(row->is_bad);
	assert_string_equal(row->problem, "its answer is too long");
	assert_int_equal(row->count, 1);
	place->nodes[0].text = "{\"Peers\":[]}";
	run(place, 10000);
	mesh_rows_want(place->source, &place->list, 1);
	run(place, 1000);
	row = mesh_rows_find(mesh_rows_list(place->source), "node-000");
	assert_false(row->is_bad);
	assert_string_equal(row->problem, "");
	assert_int_equal(row->count, 0);
	close_place(place);
}

static void who_leaves_is_forgotten(void **state)
{
	struct place *place = open_place(3, 3);

	mesh_rows_want(place->source, &place->list, 3);
	run(place, 1000);
	assert_int_equal(mesh_rows_list(place->source)->count, 3);
	place->peers[0].life = MESH_LIFE_GONE;
	place->list.count = 2;
	mesh_rows_want(place->source, &place->list, 3);
	assert_int_equal(mesh_rows_list(place->source)->count, 1);
	assert_non_null(mesh_rows_find(mesh_rows_list(place->source), "node-001"));
	run(place, 11000);
	mesh_rows_want(place->source, &place->list, 3);
	place->list.count = 0;
	mesh_rows_want(place->source, &place->list, 3); /* while it is asked */
	run(place, 1000);
	assert_int_equal(mesh_rows_list(place->source)->count, 0);
	close_place(place);
}

static void a_pingmesh_is_asked_at_its_url(void **state)
{
	struct place *place = open_place(3, 3);

	for (unsigned i = 0; i < 3; i++)
		place->peers[i].endpoint.family = 0;
	place->peers[0].url = "http://10.0.0.1:8080/v1/ping?x";
	place->peers[0].speech = MESH_SPEECH_HTTP;
	place->peers[1].url = "gopher://10.0.0.2/";
	mesh_rows_want(place->source, &place->list, 3);
	run(place, 1000);
	assert_int_equal(asked_together(place), 1);
	assert_int_equal(mesh_rows_list(place->source)->count, 1);
	assert_string_equal(place->nodes[0].token, "");
	close_place(place);
}

static void rows_are_bounded(void **state)
{
	struct place *place = open_place(0, NODES_MAX);

	mesh_rows_want(place->source, &place->list, NODES_MAX);
	run(place, 100000);
	assert_int_equal(mesh_rows_list(place->source)->count, MESH_ROWS_MAX);
	close_place(place);
}

static void it_ends_at_any_moment(void **state)
{
	for (unsigned us = 0; us < 10000; us += 700) {
		struct place *place = open_place(6, 6);
		mesh_rows_want(place->source, &place->list, 6);
		assert_int_equal(loop_run(place->loop, loop_now(place->loop) + us * NS_PER_US), 0);
		close_place(place);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_is_read_as_it_was_written),
		cmocka_unit_test(pingmesh_is_read),
		cmocka_unit_test(an_older_pingmesh_is_read),
		cmocka_unit_test(what_is_strange_is_passed_over),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(no_more_cells_are_kept_than_asked_for),
		cmocka_unit_test(a_row_is_asked_for_once_while_it_is_fresh),
		cmocka_unit_test(they_are_asked_in_turn),
		cmocka_unit_test(who_does_not_answer_holds_up_a_few),
		cmocka_unit_test(what_is_no_peers_page_is_no_row),
		cmocka_unit_test(a_bad_answer_keeps_the_old_row),
		cmocka_unit_test(who_leaves_is_forgotten),
		cmocka_unit_test(a_pingmesh_is_asked_at_its_url),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(it_ends_at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
