/* Tracings of loopback, where the first hop is the target: all ways, answered and refused. What
 * needs routers is in tests/net/path_hops.sh. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "probe/hops.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

struct asked {
	enum hops_way way;
	const char *address;
	bool is_listening; /* nobody accepts: the kernel's TCP answers, and UDP is silent */
	uint32_t full_bytes;
	bool is_reached;
	bool is_icmp;
	uint32_t unsent;
	int failure;
};

/* clang-format off */
static const struct asked asked[] = {
	{ HOPS_UDP, "127.0.0.1", false, 1500, true,  true,  0, 0 },
	{ HOPS_UDP, "::1",       false, 1500, true,  true,  0, 0 },
	{ HOPS_UDP, "127.0.0.1", true,  0,    false, false, 0, 0 },
	{ HOPS_SYN, "127.0.0.1", true,  0,    true,  false, 0, 0 },
	{ HOPS_SYN, "::1",       true,  0,    true,  false, 0, 0 },
	{ HOPS_SYN, "127.0.0.1", false, 0,    true,  false, 0, 0 }, /* a reset is an answer */
	{ HOPS_TCP, "127.0.0.1", true,  0,    true,  false, 0, 0 },
	{ HOPS_TCP, "127.0.0.1", true,  1500, true,  false, 0, 0 },
	{ HOPS_TCP, "::1",       true,  0,    true,  false, 0, 0 },
	{ HOPS_TCP, "127.0.0.1", false, 0,    false, false, 0, ECONNREFUSED },
};
/* clang-format on */

#define FLOWS  2
#define ROUNDS 3

static void finished(void *context)
{
	loop_stop(context);
}

static int open_target(const struct asked *one, struct endpoint *ret)
{
	bool is_udp = one->way == HOPS_UDP;
	assert_int_equal(endpoint_parse(one->address, 0, ret), 0);
	int fd = ip_socket_open(ret->family, is_udp ? SOCK_DGRAM : SOCK_STREAM);
	assert_true(fd >= 0);
	assert_int_equal(ip_socket_bind(fd, ret), 0);
	assert_int_equal(ip_socket_local(fd, ret), 0);
	if (one->is_listening && !is_udp)
		assert_int_equal(listen(fd, 100), 0);
	if (!one->is_listening)
		fd = fd_close(fd);
	return fd;
}

static struct hops_setup setup_of(const struct asked *one, struct loop *loop)
{
	return (struct hops_setup){
		.loop = loop,
		.way = one->way,
		.service = SERVICE_ECHO,
		.host = "localhost",
		.flows = FLOWS,
		.rounds = ROUNDS,
		.ttl_max = 4,
		.full_bytes = one->full_bytes,
		.timeout_ns = 500 * NS_PER_MS,
		.gap_ns = NS_PER_MS,
		.token = 12345,
		.finished = finished,
		.context = loop,
	};
}

static void check_flow(const struct asked *one, const struct hops_flow *flow)
{
	assert_int_equal(flow->failure, one->failure);
	assert_int_equal(flow->is_reached, one->is_reached);
	assert_int_not_equal(flow->local.port, 0);
	if (!one->is_reached)
		return;
	const struct hop *hop = &flow->hops[0];
	assert_int_equal(flow->hop_count, 1);
	assert_int_equal(hop->last.kind, HOP_TARGET);
	assert_int_equal(hop->last.is_icmp, one->is_icmp);
	assert_true(endpoint_is_loopback(hop_address(hop)));
	for (unsigned size = 0; size < HOPS_SIZES; size++) {
		bool is_sent = size == HOPS_SMALL || one->full_bytes > 0;
		assert_int_equal(hop->counts[size].sent, is_sent ? ROUNDS : 0);
		assert_int_equal(hop->counts[size].answered, is_sent ? ROUNDS : 0);
	}
}

static void trace(const struct asked *one)
{
	struct loop *loop;
	struct hops_trace *trace;
	struct error error = { 0 };
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &loop), 0);
	struct hops_setup setup = setup_of(one, loop);
	int fd = open_target(one, &setup.target);
	assert_int_equal(hops_trace_new(&setup, &error, &trace), 0);
	hops_trace_start(trace);
	uint64_t until_ns = loop_read_clock(loop) + 20 * NS_PER_S;
	assert_int_equal(loop_run(loop, until_ns), 0);
	assert_true(loop_read_clock(loop) < until_ns);
	assert_true(hops_trace_progress(trace) >= 1);
	struct hops *hops = hops_trace_take(trace);
	assert_int_equal(hops->unsent, one->unsent);
	for (uint32_t i = 0; i < FLOWS; i++)
		check_flow(one, &hops->flows[i]);
	assert_int_not_equal(hops->flows[0].local.port, hops->flows[1].local.port);
	hops_free(hops);
	hops_trace_free(trace);
	loop_free(loop);
	(void)fd_close(fd);
}

static void test_ways(void **state)
{
	for (size_t i = 0; i < array_size(asked); i++)
		trace(&asked[i]);
}

/* Stopped before it began to answer: what was counted is there, and all is let go. */
static void test_stop(void **state)
{
	for (enum hops_way way = 0; way < HOPS_WAYS; way++) {
		const struct asked one = { .way = way,
					   .address = "127.0.0.1",
					   .is_listening = true };
		struct loop *loop;
		struct hops_trace *trace;
		struct error error = { 0 };
		assert_int_equal(loop_new(&(struct loop_options){ 0 }, &loop), 0);
		struct hops_setup setup = setup_of(&one, loop);
		setup.timeout_ns = NS_PER_S;
		int fd = open_target(&one, &setup.target);
		assert_int_equal(hops_trace_new(&setup, &error, &trace), 0);
		hops_trace_start(trace);
		hops_trace_stop(trace);
		assert_int_equal(loop_run(loop, loop_read_clock(loop) + 20 * NS_PER_S), 0);
		assert_true(hops_trace_progress(trace) >= 1);
		hops_trace_free(trace);
		loop_free(loop);
		(void)fd_close(fd);
	}
}

struct refused {
	const char *source;
	uint16_t source_port;
	uint32_t flows;
	uint32_t full_bytes;
	enum hops_way way;
	enum service service;
	const char *sentence;
};

/* clang-format off */
static const struct refused refused[] = {
	{ "::1", 0, 1, 0, HOPS_UDP, SERVICE_ECHO, "the source address is of another family than the target's" },
	{ "127.0.0.1", 0, 1, 60, HOPS_UDP, SERVICE_ECHO, "60 bytes are no size for a packet of full size" },
	{ "127.0.0.1", 0, 1, 0, HOPS_TCP, SERVICE_SOURCE, "hops can't be traced inside a connection whose server sends unasked" },
};
/* clang-format on */

static void test_refused(void **state)
{
	struct loop *loop;
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &loop), 0);
	for (size_t i = 0; i < array_size(refused); i++) {
		const struct asked one = { .way = refused[i].way };
		struct hops_trace *trace = NULL;
		struct error error = { 0 };
		struct hops_setup setup = setup_of(&one, loop);
		setup.service = refused[i].service;
		setup.flows = refused[i].flows;
		setup.full_bytes = refused[i].full_bytes;
		assert_int_equal(endpoint_parse("127.0.0.1:9", 0, &setup.target), 0);
		assert_int_equal(endpoint_parse(refused[i].source, 0, &setup.source), 0);
		setup.source.port = refused[i].source_port;
		assert_int_equal(hops_trace_new(&setup, &error, &trace), -EINVAL);
		assert_string_equal(error.text, refused[i].sentence);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
