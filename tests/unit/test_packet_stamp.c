/* Looks by STAMP at our own reflector over the in-memory network, under the simulated clock: times
 * of both ways with clocks that differ, loss and duplicates of each way, keys, and what is forged.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "probe/pinger.h"
#include "proto/stamp_wire.h"
#include "support/service_bench.h"

#define DELAY_NS    (3 * NS_PER_MS)
#define AHEAD_NS    INT64_C(250000000) /* the reflector's clock */
#define RESULTS_MAX 2000

static const char key_text[] = "0123456789abcdef";

static struct scene {
	struct bench bench;
	struct pinger *pinger;
	struct probe_target target;
	struct pinger_target row;
	struct probe_result results[RESULTS_MAX];
	unsigned told;
	unsigned late;
	unsigned again;
	bool is_finished;
	char key_path[64];
} scene;

static void on_done(void *context, const struct probe_result *result)
{
	(void)context;
	assert_true(scene.told < RESULTS_MAX);
	scene.results[scene.told++] = *result;
}

static void on_stray(void *context, uint32_t target, uint64_t number, enum probe_stray kind,
		     uint64_t after_ns)
{
	(void)context;
	(void)target;
	(void)number;
	assert_true(after_ns > 0);
	scene.late += kind == PROBE_STRAY_LATE;
	scene.again += kind == PROBE_STRAY_SECOND;
}

static void on_finished(void *context)
{
	(void)context;
	scene.is_finished = true;
}

static int open_pinger(const char *uri, struct error *error)
{
	static const struct uri_defaults defaults = { .service = SERVICE_ICMP };
	struct pinger_setup setup = { .loop = scene.bench.loop,
				      .targets = &scene.row,
				      .target_count = 1,
				      .done = on_done,
				      .stray = on_stray,
				      .finished = on_finished };
	if (uri_parse(uri, &defaults, error, &scene.target.uri) < 0)
		fail_msg("%s", error->text);
	scene.target.datagram = &datagram_memory;
	scene.target.network = scene.bench.network;
	scene.row.target = &scene.target;
	return pinger_new(&setup, error, &scene.pinger);
}

/* The reflector is at 127.0.0.1:862. */
static void open_scene(const struct memory_options *options, const struct plan_stamp *plan)
{
	struct memory_options network = *options;
	struct endpoint reflector = bench_endpoint("127.0.0.1:862");
	scene = (struct scene){ .row = { .interval_ns = 100 * NS_PER_MS,
					 .timeout_ns = NS_PER_S,
					 .count = 10,
					 .in_flight_max = 64 } };
	network.delay_ns = network.delay_ns ? network.delay_ns : DELAY_NS;
	network.wall_error_ns = NS_PER_MS;
	network.wall_ahead_ns = INT64_C(1795158684000000000);
	bench_init(&scene.bench, &network);
	memory_network_set_clock(scene.bench.network, &reflector, AHEAD_NS);
	bench_listen(&scene.bench, SERVICE_STAMP, TRANSPORT_UDP, STAMP_PORT);
	scene.bench.plan.serve.stamp = *plan;
	bench_start(&scene.bench);
}

static void run(const char *uri)
{
	struct error error = { "" };
	if (open_pinger(uri, &error) < 0)
		fail_msg("%s", error.text);
	pinger_start(scene.pinger, loop_now(scene.bench.loop));
	bench_run(&scene.bench, 600 * 1000);
	assert_true(scene.is_finished);
	assert_int_equal(scene.told, scene.row.count);
}

static void close_scene(void)
{
	pinger_free(scene.pinger);
	bench_free(&scene.bench);
	if (scene.key_path[0] != '\0')
		assert_int_equal(unlink(scene.key_path), 0);
}

/* "stamp://...?key-file=FILE", of a file with this key. */
static const char *uri_with_key(const char *key, char text[160])
{
	(void)snprintf(scene.key_path, sizeof(scene.key_path), "/tmp/test_packet_stamp.XXXXXX");
	int fd = mkstemp(scene.key_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, key, strlen(key)), strlen(key));
	assert_int_equal(write(fd, "\n", 1), 1);
	assert_int_equal(close(fd), 0);
	(void)snprintf(text, 160, "stamp://127.0.0.1?key-file=%s", scene.key_path);
	return text;
}

static unsigned count(enum outcome outcome)
{
	unsigned found = 0;
	for (unsigned i = 0; i < scene.told; i++)
		found += scene.results[i].outcome == outcome;
	return found;
}

/* ---- cases ---- */

static void each_way_has_its_time(void **state)
{
	static const struct {
		uint64_t size;
		uint64_t answered;
	} rows[] = { { 0, 44 }, { 14, 41 }, { 41, 41 }, { 46, 46 }, { 1400, 1400 } };
	for (size_t i = 0; i < array_size(rows); i++) {
		open_scene(&(struct memory_options){ 0 }, &(struct plan_stamp){ 0 });
		scene.target.payload_bytes = rows[i].size;
		run("stamp://127.0.0.1");
		for (unsigned k = 0; k < scene.told; k++) {
			const struct probe_result *result = &scene.results[k];
			assert_int_equal(result->outcome, OUTCOME_DONE);
			assert_int_equal(result->phase_ns[PROBE_WAIT], 2 * DELAY_NS);
			assert_true(result->has_kernel_stamps);
			assert_int_equal(result->forward_ns, (int64_t)DELAY_NS + AHEAD_NS);
			assert_int_equal(result->backward_ns, (int64_t)DELAY_NS - AHEAD_NS);
			assert_in_range(result->clock_error_ns, 2 * NS_PER_MS, 2.1 * NS_PER_MS);
			assert_int_equal(result->at_peer_ns, 0);
			assert_int_equal(result->ttl_at_peer, 64);
			assert_int_equal(result->body_bytes, rows[i].answered);
			assert_int_equal(result->peer_count, 0);
			assert_int_equal(result->is_kept, k > 0);
		}
		assert_int_equal(scene.late + scene.again, 0);
		close_scene();
	}
}

static void a_key_is_of_both_ends(void **state)
{
	char uri[160];
	struct plan_stamp plan = { .key = (const uint8_t *)key_text, .key_size = 16 };
	for (uint64_t size = 0; size < 300; size += 150) {
		open_scene(&(struct memory_options){ 0 }, &plan);
		scene.target.payload_bytes = size;
		run(uri_with_key(key_text, uri));
		assert_int_equal(count(OUTCOME_DONE), 10);
		assert_int_equal(scene.results[0].body_bytes, size ? size : 112);
		close_scene();
	}
	char both[200];
	plan.is_stateful = true;
	open_scene(&(struct memory_options){ 0 }, &plan);
	(void)snprintf(both, sizeof(both), "%s&counts", uri_with_key(key_text, uri));
	run(both);
	assert_int_equal(scene.results[0].body_bytes, 112 + 16 + 20);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(scene.results[i].peer_count, i + 1);
	close_scene();
	plan.is_stateful = false;
	open_scene(&(struct memory_options){ 0 }, &plan);
	run(uri_with_key("another key", uri));
	assert_int_equal(count(OUTCOME_NO_REPLY), 10);
	assert_int_equal(bench_counters(&scene.bench)->stamp_forged, 10);
	close_scene();
	open_scene(&(struct memory_options){ 0 }, &plan);
	run("stamp://127.0.0.1");
	assert_int_equal(count(OUTCOME_NO_REPLY), 10);
	assert_int_equal(bench_counters(&scene.bench)->stamp_malformed, 10);
	close_scene();
}

/* Of what was lost a stateful reflector tells which way. */
static void loss_has_a_direction(void **state)
{
	static const char *const uris[] = { "stamp://127.0.0.1", "stamp://127.0.0.1?stateful",
					    "stamp://127.0.0.1?counts" };
	for (size_t i = 0; i < array_size(uris); i++) {
		open_scene(&(struct memory_options){ .loss = 0.2, .seed = 5 },
			   &(struct plan_stamp){ .is_stateful = true });
		scene.row.count = 1000;
		run(uris[i]);
		uint64_t arrived = bench_counters(&scene.bench)->received;
		unsigned done = count(OUTCOME_DONE);
		uint64_t last = 0;
		for (unsigned k = 0; k < scene.told; k++) {
			const struct probe_result *result = &scene.results[k];
			assert_true(result->peer_count <= result->number);
			if (result->outcome == OUTCOME_DONE && k > 50)
				assert_true(result->peer_count > last);
			if (result->outcome == OUTCOME_DONE)
				last = result->peer_count;
		}
		assert_in_range(last, arrived - 20, arrived);
		assert_in_range(1000 - arrived, 150, 250);
		assert_in_range(arrived - done, 110, 210);
		if (i > 0)
			assert_int_equal(scene.results[0].peer_count > 0,
					 scene.results[0].outcome == OUTCOME_DONE);
		close_scene();
	}
}

static void duplicates_and_late_answers_are_strays(void **state)
{
	open_scene(&(struct memory_options){ .duplication = 1 }, &(struct plan_stamp){ 0 });
	run("stamp://127.0.0.1");
	assert_int_equal(count(OUTCOME_DONE), 10);
	assert_int_equal(scene.again, 30);
	close_scene();

	open_scene(&(struct memory_options){ .delay_ns = 600 * NS_PER_MS },
		   &(struct plan_stamp){ 0 });
	run("stamp://127.0.0.1");
	assert_int_equal(count(OUTCOME_NO_REPLY), 10);
	assert_in_range(scene.late, 8, 10);
	close_scene();
}

/* ---- who is no reflector ---- */

static struct {
	struct datagram_socket socket;
	enum { WRONG_KEY, NO_STAMP, OTHER_SESSION, SET_CLOCK } habit;
} liar;

static void lie(const struct datagram *request)
{
	uint8_t data[256];
	struct stamp_key *key = NULL;
	struct datagram datagram = *request;
	struct stamp_answer answer = { .sequence = 7, .received_unix_ns = 5 };
	assert_true(request->size <= sizeof(data));
	memcpy(data, request->data, request->size);
	datagram.data = data;
	if (liar.habit == WRONG_KEY)
		assert_int_equal(stamp_key_new((const uint8_t *)"wrong key", 9, &key), 0);
	if (liar.habit == NO_STAMP)
		datagram.size = 40;
	else
		stamp_answer_write(data, request->size, &answer, key);
	if (liar.habit == OTHER_SESSION)
		data[14] ^= 0x55;
	/* Its clock went back between the two. */
	if (liar.habit != NO_STAMP)
		stamp_answer_finish(data, liar.habit == SET_CLOCK ? -INT64_C(1000000000) : 5,
				    &answer.clock, key);
	assert_int_equal(datagram_send(&liar.socket, &datagram, 1), 1);
	stamp_key_free(key);
}

static void on_asked(struct datagram_socket *socket, unsigned events)
{
	uint8_t data[256];
	struct datagram datagram = { .data = data, .capacity = sizeof(data) };
	(void)events;
	while (datagram_receive(socket, &datagram, 1) == 1) {
		datagram.local = (struct endpoint){ 0 };
		lie(&datagram);
	}
}

static void who_lies_is_not_believed(void **state)
{
	static const struct {
		int habit;
		const char *why;
	} rows[] = {
		{ WRONG_KEY, "what came has an HMAC of another key" },
		{ NO_STAMP, "what came is no STAMP packet of this session" },
		{ OTHER_SESSION, "what came is no STAMP packet of this session" },
		{ SET_CLOCK, NULL },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct datagram_options options = { .local = bench_endpoint("127.0.0.7:862") };
		char uri[160] = "stamp://127.0.0.7";
		open_scene(&(struct memory_options){ 0 }, &(struct plan_stamp){ 0 });
		options.network = scene.bench.network;
		liar.habit = rows[i].habit;
		assert_int_equal(datagram_open(&liar.socket, &datagram_memory, scene.bench.loop,
					       &options, on_asked),
				 0);
		if (liar.habit == WRONG_KEY) {
			(void)uri_with_key(key_text, uri);
			memcpy(strstr(uri, "127.0.0.1"), "127.0.0.7", 9);
		}
		run(uri);
		assert_int_equal(count(rows[i].why ? OUTCOME_NO_REPLY : OUTCOME_DONE), 10);
		assert_string_equal(scene.results[3].why, rows[i].why ? rows[i].why : "");
		if (liar.habit == SET_CLOCK)
			assert_int_equal(scene.results[3].phase_ns[PROBE_WAIT], 2 * DELAY_NS);
		assert_int_equal(scene.late + scene.again, 0);
		datagram_close(&liar.socket);
		close_scene();
	}
}

static void options_are_checked(void **state)
{
	static const struct {
		const char *uri;
		uint64_t size;
		uint16_t port;
		const char *error;
	} rows[] = {
		{ "stamp://h", 13, 0, "stamp://h:862: its payload has 14 to 65507 bytes, not 13" },
		{ "stamp://h?key-file=/dev/null", 0, 0,
		  "stamp://h:862/?key-file=/dev/null: key-file=/dev/null: a key has 8 to 64 bytes" },
		{ "stamp://h?key-file=/no/key", 0, 0,
		  "stamp://h:862/?key-file=/no/key: key-file=/no/key: No such file or directory" },
		{ "stamp://h?key-file=/dev/null", 44, 0,
		  "stamp://h:862/?key-file=/dev/null: its payload has 112 to 65507 bytes, not 44" },
		{ "stamp://h?sateful", 0, 0,
		  "stamp://h:862/?sateful: \"sateful\" is no option of stamp:// (key-file=FILE, "
		  "stateful, counts)" },
		{ "stamp://h/path", 0, 0,
		  "stamp://h:862/path: stamp takes no path: leave out /path" },
		{ "stamp://h", 0, 862,
		  "stamp://h:862: nothing from port 862 is answered: it is a reflector's, and two "
		  "could answer each other for ever" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		open_scene(&(struct memory_options){ 0 }, &(struct plan_stamp){ 0 });
		scene.target.payload_bytes = rows[i].size;
		if (rows[i].port > 0)
			scene.target.source = bench_endpoint("127.0.0.1:862");
		assert_int_equal(open_pinger(rows[i].uri, &error), -EINVAL);
		assert_string_equal(error.text, rows[i].error);
		close_scene();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_has_its_time),
		cmocka_unit_test(a_key_is_of_both_ends),
		cmocka_unit_test(loss_has_a_direction),
		cmocka_unit_test(duplicates_and_late_answers_are_strays),
		cmocka_unit_test(who_lies_is_not_believed),
		cmocka_unit_test(options_are_checked),
	};
	return cmocka_run_group_tests_name("packet_stamp", tests, NULL, NULL);
}
