#include "support/probe_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/certificate.h"

struct probe_bench probe_bench;

#define bench probe_bench

/* ---- the server ---- */

static void step(struct probe_served *served);

static bool has_part(const struct probe_served *served)
{
	return served->part < array_size(served->script->parts) &&
	       served->script->parts[served->part].text;
}

static void wait_for_step(struct probe_served *served)
{
	uint64_t after_ns = has_part(served) ? served->script->parts[served->part].after_ns
					     : served->script->then_after_ns;
	if (after_ns == 0)
		step(served);
	else
		loop_set_timer(bench.loop, &served->timer, loop_now(bench.loop) + after_ns);
}

static void end(struct probe_served *served, void (*how)(struct stream *stream))
{
	loop_clear_timer(bench.loop, &served->timer);
	how(&served->stream);
	served->is_over = true;
}

static bool send_all(struct probe_served *served, const char *data, size_t size)
{
	struct iovec part = { (void *)data, size };
	if (size == 0 || stream_send(&served->stream, &part, 1) == (ssize_t)size)
		return true;
	end(served, stream_reset);
	return false;
}

static void end_answer(struct probe_served *served)
{
	served->is_answering = false;
	served->part = 0;
	buffer_clear(&served->got);
	if (served->script->then == PROBE_ENDS)
		end(served, stream_close);
	else if (served->script->then == PROBE_RESETS)
		end(served, stream_reset);
}

static void step(struct probe_served *served)
{
	if (!has_part(served)) {
		end_answer(served);
		return;
	}
	const char *text = served->script->parts[served->part].text;
	size_t size = served->script->parts[served->part].size;
	served->part++;
	if (text && send_all(served, text, size ? size : strlen(text)))
		wait_for_step(served);
}

static void choose_script(struct probe_served *served)
{
	unsigned last = bench.script_count - 1;
	served->script = &bench.scripts[bench.requests < last ? bench.requests : last];
}

static void answer(struct probe_served *served)
{
	served->is_answering = true;
	bench.requests++;
	buffer_clear(&bench.last_request);
	buffer_append(&bench.last_request, served->got.data, served->got.size);
	if (!served->script->is_echo || send_all(served, served->got.data, served->got.size))
		wait_for_step(served);
}

static void read_request(struct probe_served *served)
{
	char bytes[4096];
	ssize_t got = 1;
	if (served->is_over || !served->is_reading)
		return;
	while ((got = stream_receive(&served->stream, bytes, sizeof(bytes))) > 0)
		buffer_append(&served->got, bytes, (size_t)got);
	if (got != -EAGAIN) {
		end(served, stream_close);
		return;
	}
	if (served->is_answering || served->got.size == 0)
		return;
	choose_script(served);
	size_t wanted = served->script->request_bytes;
	if (wanted ? served->got.size >= wanted
		   : strstr(buffer_text(&served->got), "\r\n\r\n") != NULL)
		answer(served);
}

static void on_timer(struct timer *timer)
{
	struct probe_served *served = container_of(timer, struct probe_served, timer);
	if (served->is_answering) {
		step(served);
		return;
	}
	served->is_reading = true;
	read_request(served);
}

static void on_served(struct stream *stream, unsigned events)
{
	struct probe_served *served = container_of(stream, struct probe_served, stream);
	if ((events & STREAM_FAILED) && !served->is_over)
		end(served, stream_close);
	read_request(served);
}

static struct probe_served *accept_one(struct listener *listener, stream_ready_fn ready)
{
	assert_true(bench.accepted < PROBE_SERVED_MAX);
	struct probe_served *served = &bench.served[bench.accepted];
	if (listener_accept(listener, &served->stream, ready) < 0)
		return NULL;
	bench.accepted++;
	timer_init(&served->timer, on_timer);
	buffer_init(&served->got, 1 << 20);
	return served;
}

static void on_arrived(struct listener *listener)
{
	for (struct probe_served *served; (served = accept_one(listener, on_served)) != NULL;) {
		choose_script(served);
		served->is_reading = served->script->reads_after_ns == 0;
		if (served->script->is_hasty)
			answer(served);
		else if (!served->is_reading)
			loop_set_timer(bench.loop, &served->timer,
				       loop_now(bench.loop) + served->script->reads_after_ns);
	}
}

static void on_mute(struct stream *stream, unsigned events)
{
	char bytes[4096];
	ssize_t got = 1;
	(void)events;
	while (got > 0)
		got = stream_receive(stream, bytes, sizeof(bytes));
	if (got != -EAGAIN)
		stream_close(stream);
}

static void on_mute_arrived(struct listener *listener)
{
	while (accept_one(listener, on_mute))
		;
}

/* ---- the bench ---- */

static void on_done(void *context, const struct probe_result *result)
{
	assert_ptr_equal(context, &bench);
	assert_true(bench.told < PROBE_TOLD_MAX);
	bench.results[bench.told++] = *result;
}

static void on_finished(void *context)
{
	assert_ptr_equal(context, &bench);
	assert_false(bench.is_finished);
	bench.is_finished = true;
}

struct uri probe_bench_uri(const char *text)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP,
						      .bare_transports = URI_TRANSPORTS_RAW };
	struct error error;
	struct uri uri;
	if (uri_parse(text, &defaults, &error, &uri) < 0)
		fail_msg("%s", error.text);
	return uri;
}

static void listen_at(struct listener *listener, uint16_t port, enum probe_transport transport,
		      void (*arrived)(struct listener *listener))
{
	struct listen_options options = { .network = bench.network,
					  .below = &stream_memory,
					  .tls = bench.server_tls,
					  .protocols = "\x08http/1.1" };
	assert_int_equal(endpoint_parse(PROBE_ADDRESS, port, &options.local), 0);
	assert_int_equal(listener_open(listener,
				       transport == PROBE_OVER_TLS ? &stream_tls : &stream_memory,
				       bench.loop, &options, arrived),
			 0);
}

static void open_on(const struct loop_options *loop, const struct memory_options *options,
		    enum probe_transport transport, const struct probe_script *scripts,
		    unsigned script_count)
{
	static const struct memory_options usual = { .delay_ns = PROBE_RTT_NS / 2 };
	bench = (struct probe_bench){ .scripts = scripts, .script_count = script_count };
	buffer_init(&bench.last_request, 1 << 20);
	assert_int_equal(loop_new(loop, &bench.loop), 0);
	assert_int_equal(memory_network_new(bench.loop, options ? options : &usual, &bench.network),
			 0);
	if (transport == PROBE_OVER_TLS) {
		bench.client_tls = certificate_client("ca");
		bench.server_tls = certificate_server("web");
	}
	if (scripts)
		listen_at(&bench.listeners[0], PROBE_PORT, transport, on_arrived);
	listen_at(&bench.listeners[1], PROBE_MUTE_PORT, PROBE_OVER_TCP, on_mute_arrived);
}

void probe_bench_open(const struct memory_options *options, enum probe_transport transport,
		      const struct probe_script *scripts, unsigned script_count)
{
	static const struct loop_options simulated = { .is_simulated = true,
						       .simulated_start_ns = PROBE_START_NS };
	open_on(&simulated, options, transport, scripts, script_count);
}

void probe_bench_open_real(const struct probe_script *scripts, unsigned script_count)
{
	open_on(&(struct loop_options){ 0 }, NULL, PROBE_OVER_TCP, scripts, script_count);
}

void probe_bench_target(const char *uri)
{
	bench.target = (struct probe_target){ .uri = probe_bench_uri(uri),
					      .tls = bench.client_tls,
					      .stream = &stream_memory,
					      .network = bench.network };
	bench.other = bench.target;
	for (unsigned i = 0; i < array_size(bench.targets); i++)
		bench.targets[i] =
			(struct pinger_target){ .target = i == 0 ? &bench.target : &bench.other,
						.interval_ns = NS_PER_S,
						.timeout_ns = 2 * NS_PER_S,
						.count = 1,
						.in_flight_max = 16 };
}

int probe_bench_new(uint32_t target_count, struct error *error)
{
	return pinger_new(&(struct pinger_setup){ .loop = bench.loop,
						  .servers = bench.servers,
						  .targets = bench.targets,
						  .target_count = target_count,
						  .done = on_done,
						  .finished = on_finished,
						  .context = &bench },
			  error, &bench.pinger);
}

void probe_bench_start(uint32_t target_count)
{
	struct error error = { "" };
	if (probe_bench_new(target_count, &error) < 0)
		fail_msg("%s", error.text);
	pinger_start(bench.pinger, loop_read_clock(bench.loop));
}

void probe_bench_run_until(uint64_t at_ns)
{
	assert_int_equal(loop_run(bench.loop, at_ns), 0);
}

void probe_bench_run(uint32_t target_count)
{
	probe_bench_start(target_count);
	probe_bench_run_until(PROBE_START_NS + 3600 * NS_PER_S);
	assert_true(bench.is_finished);
}

void probe_bench_close(void)
{
	pinger_free(bench.pinger);
	for (unsigned i = 0; i < array_size(bench.listeners); i++)
		if (bench.listeners[i].transport)
			listener_close(&bench.listeners[i]);
	for (unsigned i = 0; i < bench.accepted; i++) {
		loop_clear_timer(bench.loop, &bench.served[i].timer);
		stream_close(&bench.served[i].stream);
		buffer_deinit(&bench.served[i].got);
	}
	buffer_deinit(&bench.last_request);
	memory_network_free(bench.network);
	loop_free(bench.loop);
	tls_client_free(bench.client_tls);
	tls_server_free(bench.server_tls);
}
