/* Looks at a scripted server over the in-memory network, under the simulated clock: a delay put
 * into one phase makes that one grow and no other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/units.h"
#include "net/memory.h"
#include "probe/pinger.h"

#define START_NS    UINT64_C(1000000000)
#define ADDRESS     "192.0.2.1"
#define PORT        8080
#define PARTS_MAX   4
#define SERVED_MAX  64
#define RESULTS_MAX 64
#define DELAY_NS    (100 * NS_PER_MS)
#define RTT_NS      (2 * NS_PER_MS)

/* What the server does with each request. */
struct script {
	struct {
		const char *text;
		uint64_t after_ns; /* the one before, or the request */
	} parts[PARTS_MAX];
	uint64_t reads_after_ns; /* the connection was accepted */
	size_t request_bytes;    /* 0: up to the end of a head */
	enum { STAYS, ENDS, RESETS } then;
	uint64_t then_after_ns;
	bool is_spoken_first; /* the first part comes unasked */
};

struct served {
	struct stream stream;
	struct timer timer;
	struct buffer got;
	unsigned part;
	bool is_reading;
	bool is_answering;
	bool is_over;
};

struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct listener listener;
	const struct script *script;
	struct served served[SERVED_MAX];
	unsigned accepted;
	struct pinger *pinger;
	struct pinger_target targets[2];
	struct probe_target target;
	struct probe_result results[RESULTS_MAX];
	unsigned told;
	bool is_finished;
};

static struct bench bench;

/* ---- the server ---- */

static void step(struct served *served);

static void wait_for_step(struct served *served)
{
	uint64_t after_ns = bench.script->then_after_ns;
	if (served->part < PARTS_MAX && bench.script->parts[served->part].text)
		after_ns = bench.script->parts[served->part].after_ns;
	if (after_ns == 0)
		step(served);
	else
		loop_set_timer(bench.loop, &served->timer, loop_now(bench.loop) + after_ns);
}

static void end_answer(struct served *served)
{
	served->is_answering = false;
	served->part = 0;
	buffer_clear(&served->got);
	served->is_over = bench.script->then != STAYS;
	if (bench.script->then == ENDS)
		stream_close(&served->stream);
	else if (bench.script->then == RESETS)
		stream_reset(&served->stream);
}

static void step(struct served *served)
{
	const char *text = served->part < PARTS_MAX ? bench.script->parts[served->part].text : NULL;
	if (!text) {
		end_answer(served);
		return;
	}
	struct iovec part = { (void *)text, strlen(text) };
	served->part++;
	if (part.iov_len > 0 && stream_send(&served->stream, &part, 1) != (ssize_t)part.iov_len) {
		stream_close(&served->stream);
		served->is_over = true;
		return;
	}
	wait_for_step(served);
}

static void read_request(struct served *served)
{
	char bytes[4096];
	ssize_t got = 1;
	if (served->is_over || !served->is_reading)
		return;
	while ((got = stream_receive(&served->stream, bytes, sizeof(bytes))) > 0)
		buffer_append(&served->got, bytes, (size_t)got);
	if (got != -EAGAIN) {
		loop_clear_timer(bench.loop, &served->timer);
		stream_close(&served->stream);
		served->is_over = true;
		return;
	}
	size_t wanted = bench.script->request_bytes;
	bool is_whole = wanted ? served->got.size >= wanted
			       : strstr(buffer_text(&served->got), "\r\n\r\n") != NULL;
	if (!is_whole || served->is_answering)
		return;
	served->is_answering = true;
	wait_for_step(served);
}

static void on_served_timer(struct timer *timer)
{
	struct served *served = container_of(timer, struct served, timer);
	if (served->is_reading && served->is_answering) {
		step(served);
		return;
	}
	served->is_reading = true;
	read_request(served);
}

static void on_served(struct stream *stream, unsigned events)
{
	(void)events;
	read_request(container_of(stream, struct served, stream));
}

static void on_arrived(struct listener *listener)
{
	while (bench.accepted < SERVED_MAX) {
		struct served *served = &bench.served[bench.accepted];
		if (listener_accept(listener, &served->stream, on_served) < 0)
			return;
		bench.accepted++;
		timer_init(&served->timer, on_served_timer);
		buffer_init(&served->got, 1 << 20);
		served->is_reading = bench.script->reads_after_ns == 0;
		served->is_answering = bench.script->is_spoken_first;
		if (served->is_answering)
			wait_for_step(served);
		else if (!served->is_reading)
			loop_set_timer(bench.loop, &served->timer,
				       loop_now(bench.loop) + bench.script->reads_after_ns);
	}
}

/* ---- the bench ---- */

static void on_done(void *context, const struct probe_result *result)
{
	assert_ptr_equal(context, &bench);
	assert_true(bench.told < RESULTS_MAX);
	bench.results[bench.told++] = *result;
}

static void on_finished(void *context)
{
	assert_ptr_equal(context, &bench);
	assert_false(bench.is_finished);
	bench.is_finished = true;
}

static struct endpoint place(void)
{
	struct endpoint endpoint;
	assert_int_equal(endpoint_parse(ADDRESS, PORT, &endpoint), 0);
	return endpoint;
}

static struct uri uri_of(const char *text)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP,
						      .bare_transports = URI_TRANSPORTS_RAW };
	struct error error;
	struct uri uri;
	if (uri_parse(text, &defaults, &error, &uri) < 0)
		fail_msg("%s", error.text);
	return uri;
}

static void open_network(const struct memory_options *options, const struct script *script)
{
	static const struct memory_options usual = { .delay_ns = RTT_NS / 2 };
	bench = (struct bench){ .script = script };
	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true,
							  .simulated_start_ns = START_NS },
				  &bench.loop),
			 0);
	assert_int_equal(memory_network_new(bench.loop, options ? options : &usual, &bench.network),
			 0);
	if (script)
		assert_int_equal(listener_open(&bench.listener, &stream_memory, bench.loop,
					       &(struct listen_options){ .local = place(),
									 .network = bench.network },
					       on_arrived),
				 0);
	bench.target.stream = &stream_memory;
	bench.target.network = bench.network;
	bench.targets[0] = (struct pinger_target){ .target = &bench.target,
						   .interval_ns = NS_PER_S,
						   .timeout_ns = 2 * NS_PER_S,
						   .count = 1,
						   .in_flight_max = 16 };
}

static int open_pinger(uint32_t count, struct error *error)
{
	return pinger_new(&(struct pinger_setup){ .loop = bench.loop,
						  .targets = bench.targets,
						  .target_count = count,
						  .done = on_done,
						  .finished = on_finished,
						  .context = &bench },
			  error, &bench.pinger);
}

static void start(uint32_t count)
{
	struct error error = { "" };
	if (open_pinger(count, &error) < 0)
		fail_msg("%s", error.text);
	pinger_start(bench.pinger, START_NS);
}

static void run_until(uint64_t until_ns)
{
	assert_int_equal(loop_run(bench.loop, until_ns), 0);
}

static void run_all(uint32_t count)
{
	start(count);
	run_until(START_NS + 3600 * NS_PER_S);
	assert_true(bench.is_finished);
}

static void close_bench(void)
{
	pinger_free(bench.pinger);
	listener_close(&bench.listener);
	for (unsigned i = 0; i < bench.accepted; i++) {
		loop_clear_timer(bench.loop, &bench.served[i].timer);
		stream_close(&bench.served[i].stream);
		buffer_deinit(&bench.served[i].got);
	}
	memory_network_free(bench.network);
	loop_free(bench.loop);
}

/* Nothing lies between the phases, whatever became of it. */
static void check_sum(const struct probe_result *result, uint64_t ended_ns)
{
	uint64_t sum = probe_total(result);
	if (result->outcome != OUTCOME_DONE)
		sum += result->failed_after_ns;
	assert_int_equal(sum, ended_ns - result->started_ns);
}

/* ---- cases ---- */

static const struct script ok = { .parts = { { .text = "HTTP/1.1 200 OK\r\n"
						       "Content-Length: 5\r\n\r\nhello" } } };

static void looks_at_a_web_server(void **state)
{
	(void)state;
	open_network(NULL, &ok);
	bench.target.uri = uri_of("http://" ADDRESS ":8080/health?x=1");
	run_all(1);
	const struct probe_result *result = &bench.results[0];
	assert_int_equal(bench.told, 1);
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->status, 200);
	assert_int_equal(result->body_bytes, 5);
	assert_int_equal(result->head_bytes, 38);
	assert_string_equal(result->protocol, "http/1.1");
	assert_false(probe_has(result, PROBE_RESOLVE));
	assert_true(probe_has(result, PROBE_CONNECT));
	assert_false(probe_has(result, PROBE_TLS));
	assert_int_equal(result->phase_ns[PROBE_CONNECT], RTT_NS);
	assert_int_equal(result->phase_ns[PROBE_WAIT], RTT_NS);
	assert_int_equal(result->tcp_rtt_ns, RTT_NS);
	check_sum(result, START_NS + 2 * RTT_NS);
	close_bench();
}

static void looks_at_a_port(void **state)
{
	(void)state;
	open_network(NULL, &ok);
	bench.target.uri = uri_of("tcp://" ADDRESS ":8080");
	run_all(1);
	const struct probe_result *result = &bench.results[0];
	assert_int_equal(result->outcome, OUTCOME_DONE);
	assert_int_equal(result->phases, 1U << PROBE_CONNECT);
	check_sum(result, START_NS + RTT_NS);
	close_bench();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_at_a_web_server),
		cmocka_unit_test(looks_at_a_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
