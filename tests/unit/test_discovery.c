/* Finding peers: files, HTTP and DNS on a real loop, lives and names by what a snapshot says. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "mesh/discovery.h"
#include "mesh/pinglist.h"
#include "mesh/target.h"
#include "net/http_server.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

#define PORT        5003
#define PLACES      8
#define TARGETS_MAX 256

struct bench {
	struct loop *loop;
	struct mesh_settings settings;
	struct mesh_events *events;
	struct mesh_discovery *discovery;
	struct mesh_snapshot *snapshot;
	struct endpoint own; /* told before it starts; port 0: nothing is */
	unsigned changes;
	char folder[64];
	char path[96];
	/* What the HTTP server answers. */
	struct http_server *server;
	uint16_t status;
	const char *body;
	char asked_interval[32];
	unsigned requests;
};

static struct bench bench;

static void on_changed(void *context)
{
	assert_ptr_equal(context, &bench);
	bench.changes++;
}

static int set_up(void **state)
{
	static const struct loop_options options = { 0 };

	bench = (struct bench){ .status = 200, .body = "[]" };
	bench.settings = (struct mesh_settings){
		.node = "self",
		.timeout_ns = NS_PER_S,
		.forget_ns = 60 * NS_PER_S,
	};
	bench.snapshot = calloc(1, sizeof(*bench.snapshot) + PLACES * sizeof(struct mesh_pair));
	bench.snapshot->places = PLACES;
	(void)snprintf(bench.folder, sizeof(bench.folder), "/tmp/test_discovery.XXXXXX");
	if (mkdtemp(bench.folder) == NULL || loop_new(&options, &bench.loop) < 0)
		return -1;
	(void)snprintf(bench.path, sizeof(bench.path), "%s/peers.json", bench.folder);
	return mesh_events_new(&bench.events);
}

static int tear_down(void **state)
{
	mesh_discovery_free(bench.discovery);
	http_server_close(bench.server);
	loop_free(bench.loop);
	mesh_events_free(bench.events);
	free(bench.snapshot);
	(void)unlink(bench.path);
	(void)rmdir(bench.folder);
	return 0;
}

/* ---- helpers */

static void open_discovery(const char *const *sources, uint32_t count,
			   const struct mesh_discovery_setup *more)
{
	struct mesh_discovery_setup setup = *more;
	struct error error = { "" };

	setup.loop = bench.loop;
	setup.settings = &bench.settings;
	setup.sources = sources;
	setup.source_count = count;
	setup.peers_max = setup.peers_max != 0 ? setup.peers_max : 10000;
	setup.port = PORT;
	setup.events = bench.events;
	setup.changed = on_changed;
	setup.context = &bench;
	assert_int_equal(mesh_discovery_new(&setup, &error, &bench.discovery), 0);
	if (bench.own.port != 0)
		mesh_discovery_know_own(bench.discovery, &bench.own);
	mesh_discovery_start(bench.discovery);
}

static const struct mesh_peer_list *list(void)
{
	return mesh_discovery_list(bench.discovery);
}

/* Turns until `is_there`, at most for ten seconds. */
static void await(bool (*is_there)(void))
{
	uint64_t end_ns = loop_read_clock(bench.loop) + 10 * NS_PER_S;

	while (!is_there() && loop_now(bench.loop) < end_ns)
		assert_int_equal(loop_run(bench.loop, loop_now(bench.loop) + NS_PER_MS), 0);
	assert_true(is_there());
}

static bool is_settled(void)
{
	return mesh_discovery_is_settled(bench.discovery);
}

static const struct mesh_peer *peer(const char *name)
{
	for (uint32_t i = 0; i < list()->count; i++) {
		if (strcmp(list()->peers[i].name, name) == 0)
			return &list()->peers[i];
	}
	return NULL;
}

/* "name name name " */
static const char *names(void)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < list()->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ",
					 list()->peers[i].name);
	return text;
}

static unsigned events_of(enum mesh_event_kind kind)
{
	unsigned count = 0;

	for (uint64_t n = 1; n <= mesh_events_newest(bench.events); n++)
		count += mesh_events_at(bench.events, n) != NULL &&
			 mesh_events_at(bench.events, n)->kind == kind;
	return count;
}

static void write_file(const char *text)
{
	char fresh[128];
	(void)snprintf(fresh, sizeof(fresh), "%s.new", bench.path);
	FILE *file = fopen(fresh, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(fresh, bench.path), 0);
}

/* The probing side tells of the peer in this place of the snapshot. */
static struct mesh_pair *pair_of(unsigned place, const char *name)
{
	struct mesh_pair *pair = &bench.snapshot->pairs[place];
	assert_non_null(peer(name));
	pair->id = peer(name)->id;
	return pair;
}

static bool hear(uint64_t now_ns)
{
	return mesh_discovery_hear(bench.discovery, bench.snapshot, now_ns);
}

/* ---- what is typed */

/* No interface has 127.0.0.2, and still this host answers there; and not at 127.0.0.1, which one
 * has. */
static void the_address_that_it_listens_on_is_its_own(void **state)
{
	static const char *const sources[] = { "127.0.0.2:7000", "127.0.0.2:5003", "127.0.0.3:7000",
					       "127.0.0.1:7000" };

	assert_int_equal(endpoint_parse("127.0.0.2", 7000, &bench.own), 0);
	open_discovery(sources, 4, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
	assert_int_equal(list()->count, 4);
	assert_true(peer("127.0.0.2:7000")->is_self);
	assert_false(peer("127.0.0.1:7000")->is_self);
	assert_false(peer("127.0.0.2")->is_self);
	assert_false(peer("127.0.0.3:7000")->is_self);
	assert_int_equal(list()->chosen, 3);
	(void)state;
}

static void addresses_are_peers_at_once(void **state)
{
	static const char *const sources[] = { "203.0.113.2", "203.0.113.1:7000",
					       "[2001:db8::1]:5003", "127.0.0.1:5003",
					       "203.0.113.2:5003" };
	struct mesh_target targets[TARGETS_MAX];

	open_discovery(sources, 5, &(struct mesh_discovery_setup){ 0 });
	assert_false(is_settled());
	await(is_settled);
	assert_string_equal(names(), "127.0.0.1 2001:db8::1 203.0.113.1:7000 203.0.113.2 ");
	assert_true(peer("127.0.0.1")->is_self);
	assert_false(peer("127.0.0.1")->is_chosen);
	assert_int_equal(peer("203.0.113.2")->source, 0);
	assert_int_equal(peer("203.0.113.2")->endpoint.port, PORT);
	assert_int_equal(peer("203.0.113.2")->life, MESH_LIFE_JOINING);
	assert_int_equal(list()->chosen, 3);
	assert_int_equal(list()->source_count, 5);
	assert_string_equal(list()->sources[1].mechanism, "static");
	assert_int_equal(list()->sources[4].peers, 1);
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX), 3);
	assert_true(targets[0].is_probed);
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, 2), 2);
	assert_int_equal(events_of(MESH_EVENT_JOINED), 3);
	assert_int_equal(bench.changes, 1);
}

static void what_is_no_source_is_told(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{ "a b", "--peers: \"a b\" is not HOST:PORT" },
		{ "a:0", "--peers: \"0\" is not a port from 1 to 65535" },
		{ "ftp://a",
		  "--peers: \"ftp://a\" is no source of peers: HOST:PORT, srv://, file:, "
		  "http:// or https://" },
		{ "srv://a.test",
		  "--peers: \"a.test\" is not _SERVICE._PROTO.NAME; ports are in the "
		  "answer" },
		{ "file:", "--peers: file: names no file" },
		{ "http://a:99999/", "--peers: port \"99999\" is not a number from 1 to 65535" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct mesh_discovery_setup setup = {
			.loop = bench.loop,
			.settings = &bench.settings,
			.sources = &rows[i].text,
			.source_count = 1,
			.peers_max = 10,
			.events = bench.events,
		};
		struct error error = { "" };
		assert_int_equal(mesh_discovery_new(&setup, &error, &bench.discovery), -EINVAL);
		assert_string_equal(error.text, rows[i].sentence);
	}
}

/* ---- files */

static bool has_two(void)
{
	return is_settled() && list()->count == 2;
}

static bool has_failed(void)
{
	return list()->sources[0].failures > 0;
}

static bool has_recovered(void)
{
	return list()->sources[0].problem[0] == '\0' && list()->sources[0].updates > 0;
}

static bool has_other_port(void)
{
	return peer("a")->http_port == 81;
}

static void a_file_is_followed(void **state)
{
	char source[128];
	const char *sources[] = { source };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_file("[{\"targets\":[\"203.0.113.1\"],\"labels\":{\"node\":\"a\",\"zone\":\"x\","
		   "\"rack\":\"r\",\"http_port\":\"80\",\"speech\":\"ack\"}}]");
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
	assert_string_equal(names(), "a ");
	assert_string_equal(peer("a")->location, "x");
	assert_string_equal(peer("a")->rack, "r");
	assert_int_equal(peer("a")->http_port, 80);
	assert_int_equal(peer("a")->speech, MESH_SPEECH_ACK);
	/* A port alone is news as well: whom to probe is told again. */
	unsigned changes = bench.changes;
	write_file("[{\"targets\":[\"203.0.113.1\"],\"labels\":{\"node\":\"a\",\"zone\":\"x\","
		   "\"rack\":\"r\",\"http_port\":\"81\",\"speech\":\"ack\"}}]");
	await(has_other_port);
	assert_int_equal(bench.changes, changes + 1);
	write_file("[{\"targets\":[\"203.0.113.1\",\"203.0.113.2:7\"]}]");
	await(has_two);
	assert_string_equal(names(), "203.0.113.1 203.0.113.2:7 ");
	/* What is wrong leaves the list, is counted and told once. */
	write_file("[{\"targets\":[\"203.0.113.3\"");
	await(has_failed);
	assert_string_equal(names(), "203.0.113.1 203.0.113.2:7 ");
	assert_int_equal(list()->sources[0].failures, 1);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 1);
	write_file("[{\"targets\":[\"203.0.113.2:7\"]}]");
	await(has_recovered);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 2);
	await(is_settled);
	/* It was looked at: it drains. */
	assert_string_equal(names(), "203.0.113.1 203.0.113.2:7 ");
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_DRAINING);
	assert_int_equal(events_of(MESH_EVENT_LEAVING), 1);
}

static void a_file_that_is_not_there_is_waited_for(void **state)
{
	char source[128];
	const char *sources[] = { source, "203.0.113.9" };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	open_discovery(sources, 2, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
	assert_string_equal(names(), "203.0.113.9 ");
	assert_string_equal(list()->sources[0].problem,
			    "cannot be read: No such file or directory");
	write_file("[{\"targets\":[\"203.0.113.1\"]}]");
	await(has_two);
	assert_int_equal(list()->sources[0].peers, 1);
}

/* ---- lives */

static void open_three(void)
{
	static const char *const sources[] = { "203.0.113.1", "203.0.113.2", "203.0.113.3" };

	open_discovery(sources, 3, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
}

static void a_listed_peer_leaves_and_comes_back(void **state)
{
	uint64_t at_ns = 0;
	open_three();
	at_ns = loop_now(bench.loop);
	struct mesh_pair *pair = pair_of(0, "203.0.113.1");
	assert_false(hear(at_ns));
	pair->answered_ns = at_ns;
	assert_true(hear(at_ns));
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_UP);
	assert_int_equal(peer("203.0.113.2")->life, MESH_LIFE_JOINING);
	assert_false(hear(at_ns + NS_PER_S));
	/* Silence alone is a verdict and no life. */
	assert_false(hear(at_ns + 1000 * NS_PER_S));
	at_ns += 1000 * NS_PER_S;
	pair->answered_ns = at_ns;
	pair->is_leaving = true;
	assert_true(hear(at_ns));
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_DRAINING);
	assert_false(hear(at_ns + 9 * NS_PER_S));
	assert_true(hear(at_ns + 10 * NS_PER_S));
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_GONE);
	/* It is listed, so it is looked at, and back when it answers. */
	assert_true(peer("203.0.113.1")->is_chosen);
	pair->answered_ns = at_ns + 20 * NS_PER_S;
	pair->is_leaving = false;
	assert_true(hear(at_ns + 20 * NS_PER_S));
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_UP);
	assert_int_equal(events_of(MESH_EVENT_LEAVING), 1);
	assert_int_equal(events_of(MESH_EVENT_GONE), 1);
	assert_int_equal(events_of(MESH_EVENT_JOINED), 4);
}

static void one_that_does_not_come_back_is_missed(void **state)
{
	open_three();
	uint64_t at_ns = loop_now(bench.loop);
	struct mesh_pair *pair = pair_of(0, "203.0.113.1");
	pair->answered_ns = at_ns;
	pair->is_leaving = true;
	assert_true(hear(at_ns));
	assert_true(hear(at_ns + 10 * NS_PER_S));
	assert_false(hear(at_ns + 69 * NS_PER_S));
	assert_true(hear(at_ns + 70 * NS_PER_S));
	assert_int_equal(peer("203.0.113.1")->life, MESH_LIFE_JOINING);
}

static bool has_one(void)
{
	return is_settled() && list()->sources[0].peers == 1;
}

static void one_that_is_not_listed_is_kept_and_forgotten(void **state)
{
	char source[128];
	const char *sources[] = { source };
	struct mesh_target targets[TARGETS_MAX];

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_file("[{\"targets\":[\"203.0.113.1\",\"203.0.113.2\"]}]");
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
	write_file("[{\"targets\":[\"203.0.113.1\"]}]");
	await(has_one);
	uint64_t at_ns = peer("203.0.113.2")->left_ns;
	assert_true(at_ns > 0);
	/* Draining ones are looked at: it may only seem to leave. */
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX), 2);
	assert_true(targets[1].is_probed);
	assert_true(hear(at_ns + 10 * NS_PER_S));
	assert_int_equal(peer("203.0.113.2")->life, MESH_LIFE_GONE);
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX), 2);
	assert_true(targets[0].is_probed);
	assert_false(targets[1].is_probed);
	assert_int_equal(list()->chosen, 1);
	assert_true(hear(at_ns + 70 * NS_PER_S));
	assert_string_equal(names(), "203.0.113.1 ");
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX), 1);
}

/* ---- names */

static void a_peer_is_called_as_it_says(void **state)
{
	open_three();
	struct mesh_pair *pair = pair_of(0, "203.0.113.1");
	(void)snprintf(pair->told_name, sizeof(pair->told_name), "web");
	(void)snprintf(pair->told_place, sizeof(pair->told_place), "north");
	assert_true(hear(loop_now(bench.loop)));
	assert_string_equal(names(), "203.0.113.2 203.0.113.3 web ");
	assert_string_equal(peer("web")->location, "north");
	assert_false(hear(loop_now(bench.loop)));
}

static void two_of_one_name_are_told_apart(void **state)
{
	open_three();
	uint64_t at_ns = loop_now(bench.loop);
	struct mesh_pair *first = pair_of(0, "203.0.113.2");
	struct mesh_pair *second = pair_of(1, "203.0.113.1");
	(void)snprintf(first->told_name, sizeof(first->told_name), "web");
	first->answered_ns = at_ns;
	assert_true(hear(at_ns));
	uint64_t first_id = peer("web")->id;
	(void)snprintf(second->told_name, sizeof(second->told_name), "web");
	second->answered_ns = at_ns;
	assert_true(hear(at_ns));
	assert_string_equal(names(), "203.0.113.3 web web#2 ");
	assert_int_equal(peer("web")->id, first_id);
	assert_int_equal(events_of(MESH_EVENT_RENAMED), 1);
	assert_false(hear(at_ns + NS_PER_S));
	/* The first leaves: the name is the other's. */
	first->answered_ns = at_ns + NS_PER_S;
	first->is_leaving = true;
	assert_true(hear(at_ns + NS_PER_S));
	assert_string_equal(names(), "203.0.113.3 web web#2 ");
	assert_int_equal(peer("web#2")->id, first_id);
	assert_int_equal(peer("web#2")->life, MESH_LIFE_DRAINING);
	assert_false(hear(at_ns + 2 * NS_PER_S));
}

static void a_label_is_stronger_than_what_is_said(void **state)
{
	char source[128];
	const char *sources[] = { source };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_file("[{\"targets\":[\"203.0.113.1\"],\"labels\":{\"node\":\"a\",\"zone\":\"x\"}},"
		   "{\"targets\":[\"203.0.113.2\"],\"labels\":{\"node\":\"a#2\"}},"
		   "{\"targets\":[\"203.0.113.3\",\"203.0.113.4\"],\"labels\":{\"node\":\"a\"}}]");
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ 0 });
	await(is_settled);
	assert_string_equal(names(), "a a#2 a#3 a#4 ");
	struct mesh_pair *pair = pair_of(0, "a");
	(void)snprintf(pair->told_name, sizeof(pair->told_name), "b");
	(void)snprintf(pair->told_place, sizeof(pair->told_place), "y");
	assert_false(hear(loop_now(bench.loop)));
	assert_string_equal(peer("a")->location, "x");
}

/* ---- many */

static bool has_many(void)
{
	return is_settled() && list()->count > 9000;
}

/* `label` with the number behind it, or for all the same where that is told. */
static void write_many(uint32_t first, uint32_t count, const char *label, bool is_one)
{
	struct buffer text;

	buffer_init(&text, 4 << 20);
	for (uint32_t i = first; i < first + count; i++)
		buffer_append_format(&text,
				     "%c{\"targets\":[\"10.%u.%u.%u\"],"
				     "\"labels\":{\"node\":\"%s%u\",\"zone\":\"zone-%u\"}}",
				     i == first ? '[' : ',', i >> 16, i >> 8 & 255, i & 255, label,
				     is_one ? 1 : i, i % 3);
	buffer_append_text(&text, "]");
	write_file(buffer_text(&text));
	buffer_deinit(&text);
}

static bool has_all(void)
{
	return is_settled() && peer("node-10005") != NULL;
}

static void ten_thousand_are_a_list(void **state)
{
	char source[128];
	const char *sources[] = { source };
	struct mesh_target targets[TARGETS_MAX];

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_many(0, 9999, "node-", false);
	open_discovery(sources, 1,
		       &(struct mesh_discovery_setup){ .k = PINGLIST_K_USUAL, .seed = 1 });
	await(has_many);
	assert_int_equal(list()->count, 9999);
	assert_int_equal(list()->chosen, PINGLIST_K_USUAL);
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX),
			 PINGLIST_K_USUAL);
	/* Of so many only the first are told one by one. */
	assert_in_range(events_of(MESH_EVENT_JOINED), 2, 20);
	/* Ten others: the choice is nearly the same. */
	write_many(10, 9999, "node-", false);
	await(has_all);
	assert_in_range(list()->count, 9999, 9999 + 10);
	uint32_t again = mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX);
	assert_in_range(again, PINGLIST_K_USUAL, PINGLIST_K_USUAL + 4);
}

static void a_name_that_all_claim_costs_no_more(void **state)
{
	char source[128];
	const char *sources[] = { source };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_many(0, 9999, "same", true);
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ .k = PINGLIST_K_USUAL });
	await(has_many);
	assert_non_null(peer("same1"));
	assert_non_null(peer("same1#9999"));
	assert_in_range(events_of(MESH_EVENT_RENAMED), 2, 20);
}

static bool has_another_list(void)
{
	return list()->sources[0].updates == 2 && peer("node-100000") != NULL;
}

/* For a moment both lists are there: twice as many as may be listed. */
static void a_whole_list_takes_the_place_of_another(void **state)
{
	char source[128];
	const char *sources[] = { source };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_many(0, 4437, "node-", false);
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ .peers_max = 4437 });
	await(is_settled);
	assert_int_equal(list()->count, 4437);
	write_many(100000, 4437, "node-", false);
	await(has_another_list);
	assert_int_equal(list()->sources[0].peers, 4437);
	assert_int_equal(list()->refused, 0);
}

static void there_is_a_limit(void **state)
{
	char source[128];
	const char *sources[] = { source };

	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_many(0, 100, "node-", false);
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ .peers_max = 40 });
	await(is_settled);
	assert_int_equal(list()->count, 40);
	assert_int_equal(list()->refused, 60);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 1);
}

/* ---- over HTTP */

static void serve(void *context, const struct http_server_request *request,
		  struct http_server_response *response)
{
	const char *interval = http_server_field(request, "X-Prometheus-Refresh-Interval-Seconds");

	bench.requests++;
	(void)snprintf(bench.asked_interval, sizeof(bench.asked_interval), "%s",
		       interval ? interval : "");
	response->status = bench.status;
	response->content_type = "application/json";
	buffer_append_text(&response->body, bench.body);
}

static void open_server(char *source, size_t size, const char *path)
{
	static const struct http_server_route routes[] = { { "GET", "/sd", serve },
							   { "GET", "/v1/peers", serve } };
	struct http_server_options options = {
		.transport = &stream_tcp,
		.routes = routes,
		.route_count = 2,
	};
	char text[ENDPOINT_TEXT_MAX];

	assert_int_equal(endpoint_parse("127.0.0.1", 0, &options.listen.local), 0);
	assert_int_equal(http_server_open(bench.loop, &options, &bench.server), 0);
	(void)snprintf(source, size, "http://%s%s",
		       endpoint_format(http_server_local(bench.server), text), path);
}

static bool has_asked_again(void)
{
	return bench.requests >= 4;
}

static void http_sd_is_asked_again_and_again(void **state)
{
	char source[128];
	const char *sources[] = { source };

	open_server(source, sizeof(source), "/sd?token=secret");
	bench.body = "[{\"targets\":[\"203.0.113.1\",\"203.0.113.2\"]}]";
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ .refresh_ns = NS_PER_S / 5 });
	await(is_settled);
	assert_string_equal(names(), "203.0.113.1 203.0.113.2 ");
	assert_string_equal(bench.asked_interval, "1");
	assert_string_equal(list()->sources[0].mechanism, "http");
	assert_null(strstr(list()->sources[0].text, "secret"));
	bench.body = "[{\"targets\":[\"192.0";
	await(has_failed);
	assert_string_equal(names(), "203.0.113.1 203.0.113.2 ");
	bench.status = 503;
	await(has_asked_again);
	assert_true(list()->sources[0].failures >= 1);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 1);
	bench.status = 200;
	bench.body = "[{\"targets\":[\"203.0.113.1\"]}]";
	await(has_recovered);
	await(has_one);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 2);
}

static void pingmeshs_peers_are_looked_at(void **state)
{
	char source[128];
	const char *sources[] = { source };
	struct subnet allowed[1];
	struct error error = { "" };
	struct mesh_target targets[TARGETS_MAX];

	open_server(source, sizeof(source), "/v1/peers");
	bench.body =
		"{\"Peers\":[{\"Url\":\"http://203.0.113.3:8080/v1/ping\",\"Location\":\"Bergen\"},"
		"{\"Url\":\"http://198.51.100.1/v1/ping\"}]}";
	assert_int_equal(subnet_parse("203.0.113.0/24", &error, &allowed[0]), 0);
	open_discovery(sources, 1,
		       &(struct mesh_discovery_setup){ .allowed = allowed, .allowed_count = 1 });
	await(is_settled);
	assert_string_equal(names(), "203.0.113.3:8080 ");
	assert_int_equal(list()->refused, 1);
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 1);
	assert_int_equal(mesh_discovery_targets(bench.discovery, targets, TARGETS_MAX), 1);
	assert_string_equal(targets[0].url, "http://203.0.113.3:8080/v1/ping");
	assert_int_equal(targets[0].speech, MESH_SPEECH_HTTP);
	assert_int_equal(targets[0].endpoint.family, 0);
	assert_string_equal(peer("203.0.113.3:8080")->location, "Bergen");
}

static void peers_are_added(void **state)
{
	struct error error = { "" };

	open_three();
	assert_int_equal(mesh_discovery_add(bench.discovery, "203.0.113.4:7", &error), 0);
	assert_int_equal(mesh_discovery_add(bench.discovery, "203.0.113.4:7", &error), 0);
	assert_int_equal(mesh_discovery_add(bench.discovery, "http://203.0.113.5/v1/ping", &error),
			 0);
	assert_int_equal(mesh_discovery_add(bench.discovery, "file:/etc/passwd", &error), -EINVAL);
	assert_int_equal(mesh_discovery_add(bench.discovery, "a b", &error), -EINVAL);
	await(is_settled);
	assert_string_equal(names(),
			    "203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4:7 203.0.113.5 ");
	assert_int_equal(list()->source_count, 4);
	assert_string_equal(list()->sources[3].text, "added");
	assert_int_equal(list()->sources[3].peers, 2);
}

/* ---- names that DNS knows */

struct server {
	pid_t process;
	uint16_t port;
	char servers[ENDPOINT_TEXT_MAX];
};

static void start_dnsmasq(struct server *server, const char *const *records)
{
	char port_option[32];
	const char *arguments[16] = { "dnsmasq",
				      "--keep-in-foreground",
				      "--no-resolv",
				      "--no-hosts",
				      "--conf-file=/dev/null",
				      "--listen-address=127.0.0.1",
				      "--bind-interfaces",
				      "--user=root",
				      "--pid-file=",
				      "--local=/test/",
				      port_option };
	size_t count = 11;

	(void)snprintf(port_option, sizeof(port_option), "--port=%u", server->port);
	for (; *records != NULL; records++)
		arguments[count++] = *records;
	server->process = fork();
	if (server->process != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setenv("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", 1);
	(void)execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

static void stop_dnsmasq(struct server *server)
{
	(void)kill(server->process, SIGTERM);
	(void)waitpid(server->process, NULL, 0);
}

static void find_port(struct server *server)
{
	struct endpoint local = { 0 };
	owned_fd int fd = ip_socket_open(AF_INET, SOCK_DGRAM);

	assert_int_equal(endpoint_parse("127.0.0.1", 0, &local), 0);
	assert_int_equal(ip_socket_bind(fd, &local), 0);
	assert_int_equal(ip_socket_local(fd, &local), 0);
	server->port = local.port;
	endpoint_format(&local, server->servers);
}

static bool has_dnsmasq(void)
{
	return access("/usr/sbin/dnsmasq", X_OK) == 0;
}

/* The server may not be there yet when it is asked first. */
static bool has_three(void)
{
	return is_settled() && list()->count == 3 &&
	       strcmp(list()->sources[2].problem, "none.test: no such name") == 0;
}

static bool has_changed_answer(void)
{
	return peer("127.0.0.13:7003") != NULL;
}

/* A service that is not there, then is, then is another one: what it named before drains. */
static void a_service_comes_and_changes(void **state)
{
	static const char *const before[] = { "--host-record=one.test,127.0.0.11,1",
					      "--host-record=two.test,127.0.0.12,1",
					      "--srv-host=_conntest._tcp.test,one.test,7001",
					      "--srv-host=_conntest._tcp.test,two.test,7002",
					      NULL };
	static const char *const after[] = { "--host-record=two.test,127.0.0.12,1",
					     "--host-record=three.test,127.0.0.13,1",
					     "--srv-host=_conntest._tcp.test,two.test,7002",
					     "--srv-host=_conntest._tcp.test,three.test,7003",
					     NULL };
	static const char *const sources[] = { "srv://_conntest._tcp.test" };
	struct server server = { 0 };

	if (!has_dnsmasq())
		skip();
	find_port(&server);
	open_discovery(sources, 1, &(struct mesh_discovery_setup){ .servers = server.servers });
	await(is_settled);
	assert_int_equal(list()->count, 0);
	assert_int_equal(list()->sources[0].failures, 1);
	assert_string_equal(list()->sources[0].mechanism, "srv");
	start_dnsmasq(&server, before);
	await(has_two);
	assert_string_equal(names(), "127.0.0.11:7001 127.0.0.12:7002 ");
	assert_int_equal(events_of(MESH_EVENT_SOURCE), 2);
	stop_dnsmasq(&server);
	start_dnsmasq(&server, after);
	await(has_changed_answer);
	assert_string_equal(names(), "127.0.0.11:7001 127.0.0.12:7002 127.0.0.13:7003 ");
	assert_int_equal(peer("127.0.0.11:7001")->life, MESH_LIFE_DRAINING);
	assert_int_equal(list()->sources[0].peers, 2);
	stop_dnsmasq(&server);
}

/* All addresses of a name; names in a file. */
static void a_name_is_all_its_addresses(void **state)
{
	static const char *const records[] = { "--host-record=one.test,127.0.0.11",
					       "--host-record=one.test,127.0.0.12",
					       "--host-record=two.test,127.0.0.13", NULL };
	char source[128];
	const char *sources[] = { "one.test:7001", source, "none.test" };
	struct server server = { 0 };

	if (!has_dnsmasq())
		skip();
	find_port(&server);
	start_dnsmasq(&server, records);
	(void)snprintf(source, sizeof(source), "file:%s", bench.path);
	write_file("[{\"targets\":[\"two.test\",\"one.test:7001\"],"
		   "\"labels\":{\"location\":\"x\"}}]");
	open_discovery(sources, 3, &(struct mesh_discovery_setup){ .servers = server.servers });
	await(has_three);
	assert_string_equal(names(), "127.0.0.11:7001 127.0.0.12:7001 127.0.0.13 ");
	assert_string_equal(list()->sources[0].mechanism, "dns");
	assert_string_equal(peer("127.0.0.13")->location, "x");
	assert_string_equal(peer("127.0.0.11:7001")->location, "");
	stop_dnsmasq(&server);
}

static bool has_added(void)
{
	return peer("192.0.2.9:7") != NULL;
}

static void other_sources_take_their_place(void **state)
{
	/* The name is asked for when its source goes: the answer finds nobody. */
	static const char *const first[] = { "192.0.2.1:7", "name.test", "192.0.2.3:7" };
	static const char *const second[] = { "192.0.2.3:7", "192.0.2.4:7" };
	static const char *const wrong[] = { "192.0.2.5:7", "ftp://a" };
	struct mesh_discovery_setup setup = {
		.sources = second, .source_count = 2, .refresh_ns = NS_PER_S, .k = 4
	};
	struct error error = { "" };

	open_discovery(first, 3, &(struct mesh_discovery_setup){ .servers = "127.0.0.1:9" });
	await(has_two);
	assert_int_equal(mesh_discovery_change(bench.discovery, &setup, &error), 0);
	await(is_settled);
	assert_string_equal(names(), "192.0.2.1:7 192.0.2.3:7 192.0.2.4:7 ");
	assert_int_equal(peer("192.0.2.1:7")->life, MESH_LIFE_DRAINING);
	assert_int_equal(list()->source_count, 2);
	assert_string_equal(list()->sources[0].text, "192.0.2.3:7");
	assert_int_equal(peer("192.0.2.3:7")->source, 0);
	assert_int_equal(peer("192.0.2.4:7")->source, 1);

	/* All of it, or nothing. */
	setup.sources = wrong;
	assert_int_equal(mesh_discovery_change(bench.discovery, &setup, &error), -EINVAL);
	assert_non_null(strstr(error.text, "ftp://a"));
	assert_int_equal(list()->source_count, 2);

	/* What was added over the API is not of the file. */
	assert_int_equal(mesh_discovery_add(bench.discovery, "192.0.2.9:7", &error), 0);
	await(has_added);
	setup.sources = second;
	setup.source_count = 1;
	assert_int_equal(mesh_discovery_change(bench.discovery, &setup, &error), 0);
	await(is_settled);
	assert_int_equal(peer("192.0.2.9:7")->life, MESH_LIFE_JOINING);
	assert_int_equal(peer("192.0.2.4:7")->life, MESH_LIFE_DRAINING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_address_that_it_listens_on_is_its_own),
		TEST(addresses_are_peers_at_once),
		TEST(what_is_no_source_is_told),
		TEST(a_file_is_followed),
		TEST(a_file_that_is_not_there_is_waited_for),
		TEST(a_listed_peer_leaves_and_comes_back),
		TEST(one_that_does_not_come_back_is_missed),
		TEST(one_that_is_not_listed_is_kept_and_forgotten),
		TEST(a_peer_is_called_as_it_says),
		TEST(two_of_one_name_are_told_apart),
		TEST(a_label_is_stronger_than_what_is_said),
		TEST(ten_thousand_are_a_list),
		TEST(a_name_that_all_claim_costs_no_more),
		TEST(a_whole_list_takes_the_place_of_another),
		TEST(there_is_a_limit),
		TEST(http_sd_is_asked_again_and_again),
		TEST(pingmeshs_peers_are_looked_at),
		TEST(peers_are_added),
		TEST(a_service_comes_and_changes),
		TEST(a_name_is_all_its_addresses),
		TEST(other_sources_take_their_place),
	};
	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
