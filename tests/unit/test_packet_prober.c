/* Looks by datagram at a scripted peer over the in-memory network, under the simulated clock: what
 * is lost, doubled, overtaken, late or changed on the way, and what nobody listens to. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/memory.h"
#include "probe/pinger.h"
#include "proto/icmp.h"
#include "proto/traffic_wire.h"

#define START_NS    UINT64_C(1000000000)
#define ADDRESS     "192.0.2.1"
#define PORT        5007
#define RTT_NS      (2 * NS_PER_MS)
#define RESULTS_MAX 2000
#define REPLIES_MAX 64

/* What the peer does with a datagram, by how many it has had before. */
enum habit {
	ECHOES,
	IS_SILENT,
	ANSWERS_TWICE,
	CHANGES_LAST,   /* byte */
	CUTS,           /* the last byte off */
	SAYS_SOMETHING, /* of its own */
	IS_LATE,        /* by 1.5 s */
	IS_NAMED,       /* as `traffic` does */
};

struct reply {
	struct timer timer;
	struct datagram datagram;
	uint8_t data[256];
};

static struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct datagram_socket peer;
	enum habit habit;
	unsigned got;
	uint16_t ports[REPLIES_MAX];
	struct reply replies[REPLIES_MAX];
	unsigned late;
	struct pinger *pinger;
	struct probe_target target;
	struct pinger_target row;
	struct probe_result results[RESULTS_MAX];
	unsigned told;
	struct {
		uint64_t number;
		enum probe_stray kind;
		uint64_t after_ns;
	} strays[RESULTS_MAX];
	unsigned strayed;
	bool is_finished;
} bench;

/* ---- the peer ---- */

static void send_now(const struct datagram *datagram)
{
	assert_int_equal(datagram_send(&bench.peer, datagram, 1), 1);
}

static void send_later(struct timer *timer)
{
	send_now(&container_of(timer, struct reply, timer)->datagram);
}

static void answer_late(const struct datagram *datagram)
{
	struct reply *reply = &bench.replies[bench.late++ % REPLIES_MAX];
	assert_true(datagram->size <= sizeof(reply->data));
	memcpy(reply->data, datagram->data, datagram->size);
	reply->datagram = *datagram;
	reply->datagram.data = reply->data;
	timer_init(&reply->timer, send_later);
	loop_set_timer(bench.loop, &reply->timer, loop_now(bench.loop) + 1500 * NS_PER_MS);
}

static void answer(struct datagram *datagram)
{
	uint8_t *data = datagram->data;
	if (bench.target.uri.service == SERVICE_ICMP)
		data[0] = 0; /* a reply */
	switch (bench.habit) {
	case IS_SILENT:
		return;
	case IS_LATE:
		answer_late(datagram);
		return;
	case ANSWERS_TWICE:
		send_now(datagram);
		break;
	case CHANGES_LAST:
		data[datagram->size - 1] ^= 1;
		break;
	case CUTS:
		datagram->size--;
		break;
	case SAYS_SOMETHING:
		datagram->size = (size_t)snprintf((char *)data, datagram->size, "hello");
		break;
	case IS_NAMED:
		wire_write_name(data, datagram->size, "far-end");
		break;
	case ECHOES:
		break;
	}
	send_now(datagram);
}

static void on_asked(struct datagram_socket *socket, unsigned events)
{
	uint8_t data[2048];
	struct datagram datagram = { .data = data, .capacity = sizeof(data) };
	(void)events;
	while (datagram_receive(socket, &datagram, 1) == 1) {
		bench.ports[bench.got++ % REPLIES_MAX] = datagram.remote.port;
		datagram.local = (struct endpoint){ 0 };
		answer(&datagram);
		datagram.data = data;
	}
}

/* ---- the bench ---- */

static void on_done(void *context, const struct probe_result *result)
{
	assert_ptr_equal(context, &bench);
	assert_true(bench.told < RESULTS_MAX);
	bench.results[bench.told++] = *result;
}

static void on_stray(void *context, uint32_t target, uint64_t number, enum probe_stray kind,
		     uint64_t after_ns)
{
	assert_ptr_equal(context, &bench);
	assert_int_equal(target, 0);
	assert_true(bench.strayed < RESULTS_MAX);
	bench.strays[bench.strayed].number = number;
	bench.strays[bench.strayed].kind = kind;
	bench.strays[bench.strayed++].after_ns = after_ns;
}

static void on_finished(void *context)
{
	assert_ptr_equal(context, &bench);
	bench.is_finished = true;
}

static void open_bench(const struct memory_options *options, const char *uri, enum habit habit)
{
	static const struct memory_options usual = { .delay_ns = RTT_NS / 2 };
	static const struct uri_defaults defaults = { .service = SERVICE_ICMP,
						      .bare_transports = URI_TRANSPORTS_RAW };
	struct datagram_options peer = { 0 };
	struct error error = { "" };
	bench = (struct bench){ .habit = habit };
	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true,
							  .simulated_start_ns = START_NS },
				  &bench.loop),
			 0);
	assert_int_equal(memory_network_new(bench.loop, options ? options : &usual, &bench.network),
			 0);
	peer.network = bench.network;
	assert_int_equal(endpoint_parse(ADDRESS, PORT, &peer.local), 0);
	assert_int_equal(datagram_open(&bench.peer, &datagram_memory, bench.loop, &peer, on_asked),
			 0);
	if (uri_parse(uri, &defaults, &error, &bench.target.uri) < 0)
		fail_msg("%s", error.text);
	bench.target.datagram = &datagram_memory;
	bench.target.network = bench.network;
	bench.target.is_kept = true;
	bench.target.connect_port = bench.target.uri.service == SERVICE_ICMP ? PORT : 0;
	bench.row = (struct pinger_target){ .target = &bench.target,
					    .interval_ns = 100 * NS_PER_MS,
					    .timeout_ns = NS_PER_S,
					    .count = 10,
					    .in_flight_max = 64 };
}

static int open_pinger(struct error *error)
{
	return pinger_new(&(struct pinger_setup){ .loop = bench.loop,
						  .targets = &bench.row,
						  .target_count = 1,
						  .done = on_done,
						  .stray = on_stray,
						  .finished = on_finished,
						  .context = &bench },
			  error, &bench.pinger);
}

static void run(void)
{
	struct error error = { "" };
	if (open_pinger(&error) < 0)
		fail_msg("%s", error.text);
	pinger_start(bench.pinger, START_NS);
	assert_int_equal(loop_run(bench.loop, START_NS + 3600 * NS_PER_S), 0);
	assert_true(bench.is_finished);
	assert_int_equal(bench.told, bench.row.count);
}

static void close_bench(void)
{
	pinger_free(bench.pinger);
	for (unsigned i = 0; i < REPLIES_MAX; i++)
		if (bench.replies[i].timer.fire)
			loop_clear_timer(bench.loop, &bench.replies[i].timer);
	datagram_close(&bench.peer);
	memory_network_free(bench.network);
	loop_free(bench.loop);
}

static unsigned count(enum outcome outcome)
{
	unsigned found = 0;
	for (unsigned i = 0; i < bench.told; i++)
		found += bench.results[i].outcome == outcome;
	return found;
}

/* ---- cases ---- */

static const char *const echoes[] = { "echo+udp://" ADDRESS, "udp://" ADDRESS ":5007",
				      "traffic+udp://" ADDRESS ":5007", "icmp://" ADDRESS };

static void an_echo_takes_one_round_trip(void **state)
{
	static const uint64_t sizes[] = { 64, 64, 128, 56 };
	for (size_t i = 0; i < array_size(echoes); i++) {
		open_bench(NULL, echoes[i], i == 2 ? IS_NAMED : ECHOES);
		run();
		for (unsigned k = 0; k < bench.told; k++) {
			const struct probe_result *result = &bench.results[k];
			assert_int_equal(result->outcome, OUTCOME_DONE);
			assert_int_equal(result->phases, 1U << PROBE_SEND | 1U << PROBE_WAIT);
			assert_int_equal(result->phase_ns[PROBE_SEND], 0);
			assert_int_equal(result->phase_ns[PROBE_WAIT], RTT_NS);
			assert_true(result->has_kernel_stamps);
			assert_int_equal(result->own_ns, 0);
			assert_int_equal(result->ttl, 64);
			assert_int_equal(result->is_kept, k > 0);
			assert_int_equal(result->remote.port, PORT);
		}
		assert_int_equal(bench.results[0].body_bytes, sizes[i]);
		assert_int_equal(bench.ports[0], bench.ports[9]);
		assert_int_equal(bench.strayed, 0);
		close_bench();
	}
}

static void a_fresh_socket_has_a_port_of_its_own(void **state)
{
	for (size_t i = 0; i < array_size(echoes); i++) {
		open_bench(NULL, echoes[i], ECHOES);
		bench.target.is_kept = false;
		run();
		assert_int_equal(count(OUTCOME_DONE), 10);
		for (unsigned k = 1; k < 10; k++) {
			assert_int_not_equal(bench.ports[k], bench.ports[k - 1]);
			assert_false(bench.results[k].is_kept);
		}
		close_bench();
	}
}

static void payloads_have_their_bounds(void **state)
{
	static const struct {
		const char *uri;
		uint64_t bytes;
		const char *error;
	} rows[] = {
		{ "echo+udp://h", 15,
		  "echo+udp://h:5007: its payload has 16 to 65507 bytes, not 15" },
		{ "traffic+udp://h", 79,
		  "traffic+udp://h:5003: its payload has 80 to 65507 bytes, not 79" },
		{ "icmp://h", 65508, "icmp://h: its payload has 0 to 65507 bytes, not 65508" },
		{ "echo+udp://" ADDRESS, 16, NULL },
		{ "icmp://" ADDRESS, 1, NULL },
		{ "icmp://" ADDRESS, 1400, NULL },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct error error = { "" };
		open_bench(NULL, rows[i].uri, ECHOES);
		bench.target.payload_bytes = rows[i].bytes;
		if (rows[i].error) {
			assert_int_equal(open_pinger(&error), -EINVAL);
			assert_string_equal(error.text, rows[i].error);
		} else {
			run();
			assert_int_equal(count(OUTCOME_DONE), 10);
			assert_int_equal(bench.results[0].body_bytes, rows[i].bytes);
		}
		close_bench();
	}
}

static void what_is_changed_is_told(void **state)
{
	static const struct {
		enum habit habit;
		const char *why;
		const char *icmp;
	} rows[] = {
		{ CHANGES_LAST, "at byte 64 of 64", "at byte 56 of 56" },
		{ CUTS, "63 of 64 bytes came back", "55 of 56 bytes came back" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		for (unsigned is_icmp = 0; is_icmp < 2; is_icmp++) {
			open_bench(NULL, echoes[is_icmp ? 3 : 0], rows[i].habit);
			run();
			assert_int_equal(count(OUTCOME_CORRUPTED), 10);
			assert_string_equal(bench.results[3].why,
					    is_icmp ? rows[i].icmp : rows[i].why);
			assert_int_equal(bench.results[3].failed_in, PROBE_WAIT);
			close_bench();
		}
	}
}

/* Nothing of ours comes back, but the look was the only one under way. */
static void a_peer_that_is_no_echo_is_told(void **state)
{
	open_bench(NULL, "udp://" ADDRESS ":5007", SAYS_SOMETHING);
	run();
	assert_int_equal(count(OUTCOME_CORRUPTED), 10);
	assert_string_equal(bench.results[0].why, "5 of 64 bytes came back");
	close_bench();
}

static void silence_is_no_reply(void **state)
{
	open_bench(NULL, echoes[0], IS_SILENT);
	run();
	assert_int_equal(count(OUTCOME_NO_REPLY), 10);
	assert_int_equal(bench.results[0].failed_in, PROBE_WAIT);
	assert_true(bench.results[0].failed_after_ns >= NS_PER_S);
	assert_int_equal(bench.results[0].phases, 1U << PROBE_SEND);
	close_bench();
}

/* 20 answers twice, the second of each is a stray. */
static void what_comes_twice_is_a_stray(void **state)
{
	for (size_t i = 0; i < array_size(echoes); i++) {
		open_bench(NULL, echoes[i], ANSWERS_TWICE);
		bench.row.count = 20;
		bench.target.is_kept = i % 2 == 0;
		run();
		assert_int_equal(count(OUTCOME_DONE), 20);
		assert_int_equal(bench.strayed, 20);
		for (unsigned k = 0; k < bench.strayed; k++) {
			assert_int_equal(bench.strays[k].kind, PROBE_STRAY_SECOND);
			assert_int_equal(bench.strays[k].number, k + 1);
			assert_int_equal(bench.strays[k].after_ns, RTT_NS);
		}
		close_bench();
	}
}

/* Half a second after they were given up. */
static void what_comes_late_is_a_stray(void **state)
{
	for (unsigned is_kept = 0; is_kept < 2; is_kept++) {
		open_bench(NULL, echoes[0], IS_LATE);
		bench.row.count = 30;
		bench.target.is_kept = is_kept;
		run();
		assert_int_equal(count(OUTCOME_NO_REPLY), 30);
		assert_int_equal(bench.strayed, 30);
		for (unsigned k = 0; k < bench.strayed; k++) {
			assert_int_equal(bench.strays[k].kind, PROBE_STRAY_LATE);
			assert_int_equal(bench.strays[k].number, k + 1);
			assert_in_range(bench.strays[k].after_ns, 1500 * NS_PER_MS,
					1503 * NS_PER_MS);
		}
		close_bench();
	}
}

/* Later than twice its time nobody remembers it. */
static void what_comes_much_later_is_nothing(void **state)
{
	open_bench(NULL, echoes[0], IS_LATE);
	bench.row.timeout_ns = 500 * NS_PER_MS;
	bench.row.interval_ns = 100 * NS_PER_MS;
	bench.row.count = 40;
	run();
	assert_int_equal(count(OUTCOME_NO_REPLY), 40);
	assert_int_equal(bench.strayed, 0);
	close_bench();
}

/* Several in flight, in any order: each answer is its own probe's. */
static void a_bad_network_is_counted_exactly(void **state)
{
	static const struct memory_options bad = { .delay_ns = 200 * NS_PER_MS,
						   .jitter_ns = 100 * NS_PER_MS,
						   .loss = 0.05,
						   .duplication = 0.05,
						   .reordering = 0.05,
						   .seed = 7 };
	for (size_t i = 0; i < array_size(echoes); i++) {
		open_bench(&bad, echoes[i], ECHOES);
		bench.row.interval_ns = 10 * NS_PER_MS;
		bench.row.in_flight_max = 200;
		bench.row.count = RESULTS_MAX;
		run();
		unsigned done = count(OUTCOME_DONE);
		unsigned lost = count(OUTCOME_NO_REPLY);
		assert_int_equal(done + lost, RESULTS_MAX);
		assert_in_range(lost, 120, 280);          /* about 2 x 5 % of 2000 */
		assert_in_range(bench.strayed, 120, 280); /* the same */
		for (unsigned k = 0; k < bench.told; k++)
			if (bench.results[k].outcome == OUTCOME_DONE)
				assert_true(bench.results[k].phase_ns[PROBE_WAIT] <=
					    600 * NS_PER_MS);
		close_bench();
	}
}

static void a_port_that_nobody_has_refuses(void **state)
{
	for (unsigned is_kept = 0; is_kept < 2; is_kept++) {
		open_bench(NULL, "echo+udp://" ADDRESS ":9", ECHOES);
		bench.target.is_kept = is_kept;
		run();
		assert_int_equal(count(OUTCOME_REFUSED), 10);
		assert_int_equal(bench.results[9].failed_in, PROBE_WAIT);
		assert_in_range(bench.results[9].failed_after_ns, RTT_NS, RTT_NS + NS_PER_MS);
		close_bench();
	}
}

/* ---- a flood ---- */

#define FLOOD 5000

static struct flood {
	unsigned heard;
	unsigned heard_before_others;
	struct deferred others;
} flood;

static void on_others(struct deferred *deferred)
{
	(void)deferred;
	flood.heard_before_others = flood.heard;
}

/* As if so many of nobody's had come before the first answer. */
static int receive_flood(struct datagram_socket *socket, struct datagram *batch, int count)
{
	if (flood.heard == FLOOD)
		return datagram_memory.receive(socket, batch, count);
	if (flood.heard++ == 0)
		loop_defer(bench.loop, &flood.others);
	memset(batch->data, 0, 8);
	batch->size = 8;
	return 1;
}

static void a_flood_lets_others_have_their_turn(void **state)
{
	struct datagram_transport flooded = datagram_memory;
	flooded.receive = receive_flood;
	flood = (struct flood){ 0 };
	deferred_init(&flood.others, on_others);
	open_bench(NULL, echoes[3], ECHOES);
	bench.target.datagram = &flooded;
	run();
	assert_int_equal(count(OUTCOME_DONE), 10);
	assert_int_equal(flood.heard, FLOOD);
	assert_in_range(flood.heard_before_others, 1, FLOOD / 2);
	close_bench();
}

/* Closed with looks under way and others remembered. */
static void it_may_end_at_any_moment(void **state)
{
	for (uint64_t after_ns = 0; after_ns < 2 * NS_PER_S; after_ns += 130 * NS_PER_MS) {
		struct error error;
		open_bench(NULL, echoes[0], IS_LATE);
		bench.target.is_kept = after_ns % (260 * NS_PER_MS) == 0;
		assert_int_equal(open_pinger(&error), 0);
		pinger_start(bench.pinger, START_NS);
		assert_int_equal(loop_run(bench.loop, START_NS + after_ns), 0);
		close_bench();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_takes_one_round_trip),
		cmocka_unit_test(a_fresh_socket_has_a_port_of_its_own),
		cmocka_unit_test(payloads_have_their_bounds),
		cmocka_unit_test(what_is_changed_is_told),
		cmocka_unit_test(a_peer_that_is_no_echo_is_told),
		cmocka_unit_test(silence_is_no_reply),
		cmocka_unit_test(what_comes_twice_is_a_stray),
		cmocka_unit_test(what_comes_late_is_a_stray),
		cmocka_unit_test(what_comes_much_later_is_nothing),
		cmocka_unit_test(a_bad_network_is_counted_exactly),
		cmocka_unit_test(a_port_that_nobody_has_refuses),
		cmocka_unit_test(a_flood_lets_others_have_their_turn),
		cmocka_unit_test(it_may_end_at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
