/* The resolver against a real dnsmasq on loopback, and against servers that don't answer. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

enum { MANY = 60 };

struct fixture {
	pid_t dnsmasq; /* 0: not to be had here */
	char hosts_path[64];
	char servers[ENDPOINT_TEXT_MAX];
};

/* What `done` was told. */
struct note {
	unsigned calls;
	int code;
	char sentence[256];
	size_t count;
	uint32_t ttl_s;
	struct endpoint endpoints[RESOLVER_ENDPOINTS_MAX];
};

static void take_note(void *context, const struct resolver_answer *answer)
{
	struct note *note = context;

	note->calls++;
	note->code = answer->code;
	note->count = answer->count;
	note->ttl_s = answer->ttl_s;
	(void)snprintf(note->sentence, sizeof(note->sentence), "%s", answer->sentence);
	if (answer->count > 0)
		memcpy(note->endpoints, answer->endpoints,
		       answer->count * sizeof(*answer->endpoints));
}

struct bench {
	struct loop *loop;
	struct resolver *resolver;
	struct note note;
};

static void open_bench(struct bench *bench, const struct resolver_options *options)
{
	struct loop_options loop_options = { 0 };

	memset(bench, 0, sizeof(*bench));
	assert_int_equal(loop_new(&loop_options, &bench->loop), 0);
	assert_int_equal(resolver_new(bench->loop, options, &bench->resolver), 0);
}

static void close_bench(struct bench *bench)
{
	resolver_free(bench->resolver);
	loop_free(bench->loop);
}

/* Turns until `done` is called, at most for five seconds. */
static void await(struct bench *bench)
{
	uint64_t end_ns = loop_read_clock(bench->loop) + 5 * NS_PER_S;

	while (bench->note.calls == 0 && loop_now(bench->loop) < end_ns)
		assert_int_equal(loop_run(bench->loop, loop_now(bench->loop) + NS_PER_MS), 0);
	assert_int_equal(bench->note.calls, 1);
}

static void resolve(struct bench *bench, const char *host)
{
	memset(&bench->note, 0, sizeof(bench->note));
	assert_int_equal(resolver_resolve(bench->resolver, host, 80, take_note, &bench->note), 0);
	await(bench);
}

static void assert_answer(const struct note *note, const char *const *expected)
{
	char text[ENDPOINT_TEXT_MAX];
	size_t i = 0;

	assert_string_equal(note->sentence, "");
	assert_int_equal(note->code, 0);
	for (; i < note->count && expected[i] != NULL; i++)
		assert_string_equal(endpoint_format(&note->endpoints[i], text), expected[i]);
	assert_int_equal(i, note->count);
	assert_null(expected[i]);
}

/* ---- the server */

static void exec_dnsmasq(const struct fixture *fixture, uint16_t port)
{
	char port_option[32];
	char hosts_option[128];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(port_option, sizeof(port_option), "--port=%u", (unsigned)port);
	(void)snprintf(hosts_option, sizeof(hosts_option), "--addn-hosts=%s", fixture->hosts_path);
	const char *const arguments[] = {
		"dnsmasq",
		"--keep-in-foreground",
		"--no-resolv",
		"--no-hosts",
		"--conf-file=/dev/null",
		"--listen-address=127.0.0.1",
		"--bind-interfaces",
		"--user=root",
		"--pid-file=",
		"--local=/test/",
		"--local-ttl=9",
		"--host-record=a.test,127.0.0.2,::1",
		"--host-record=brief.test,127.0.0.5,7",
		"--cname=alias.test,brief.test,3",
		"--srv-host=_brief._tcp.test,brief.test,7005",
		"--host-record=b.test,127.0.0.3",
		"--host-record=c.test,127.0.0.4",
		"--srv-host=_echo._tcp.test,b.test,7002,10,20",
		"--srv-host=_echo._tcp.test,c.test,7003,10,90",
		"--srv-host=_echo._tcp.test,a.test,7001,20,99",
		"--srv-host=_half._tcp.test,none.test,7001,10,99",
		"--srv-host=_half._tcp.test,b.test,7002,10,20",
		"--srv-host=_gone._tcp.test,none.test,7001,10,99",
		"--srv-host=_off._tcp.test",
		port_option,
		hosts_option,
		NULL,
	};
	(void)setenv("PATH", "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", 1);
	(void)execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

/* A name with more addresses than fit into a datagram of 512 bytes. */
static void write_hosts(struct fixture *fixture)
{
	(void)snprintf(fixture->hosts_path, sizeof(fixture->hosts_path),
		       "/tmp/test_resolver.XXXXXX");
	FILE *file = fdopen(mkstemp(fixture->hosts_path), "w");
	assert_non_null(file);
	for (int i = 1; i <= MANY; i++)
		(void)fprintf(file, "127.1.1.%d many.test\n", i);
	assert_int_equal(fclose(file), 0);
}

/* A port of 127.0.0.1 that is free now. */
static struct endpoint find_port(void)
{
	struct endpoint local = { 0 };
	owned_fd int fd = ip_socket_open(AF_INET, SOCK_DGRAM);

	assert_int_equal(endpoint_parse("127.0.0.1", 0, &local), 0);
	assert_int_equal(ip_socket_bind(fd, &local), 0);
	assert_int_equal(ip_socket_local(fd, &local), 0);
	return local;
}

/* Until it answers; false when it has ended. */
static bool await_dnsmasq(const struct fixture *fixture)
{
	struct resolver_options options = {
		.timeout_ns = 100 * NS_PER_MS,
		.servers = fixture->servers,
	};
	uint64_t end_ns = clock_monotonic_ns() + 5 * NS_PER_S;
	struct bench bench = { .note.code = -1 };

	while (bench.note.code != 0 && clock_monotonic_ns() < end_ns) {
		if (waitpid(fixture->dnsmasq, NULL, WNOHANG) != 0)
			return false;
		open_bench(&bench, &options);
		resolve(&bench, "b.test");
		close_bench(&bench);
		usleep(10000);
	}
	return bench.note.code == 0;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	struct endpoint local = find_port();

	write_hosts(&fixture);
	endpoint_format(&local, fixture.servers);
	fixture.dnsmasq = fork();
	if (fixture.dnsmasq == 0)
		exec_dnsmasq(&fixture, local.port);
	if (!await_dnsmasq(&fixture))
		fixture.dnsmasq = 0;
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	(void)unlink(fixture->hosts_path);
	if (fixture->dnsmasq > 0) {
		(void)kill(fixture->dnsmasq, SIGTERM);
		(void)waitpid(fixture->dnsmasq, NULL, 0);
	}
	return 0;
}

/* Skips the test where there is no dnsmasq. */
static struct resolver_options use_dnsmasq(void **state, int family)
{
	const struct fixture *fixture = *state;

	if (fixture->dnsmasq == 0)
		skip();
	return (struct resolver_options){ .servers = fixture->servers, .family = family };
}

/* ---- tests */

static void test_addresses(void **state)
{
	static const struct {
		const char *host;
		int family;
		const char *expected[3];
	} rows[] = {
		{ "a.test", AF_UNSPEC, { "[::1]:80", "127.0.0.2:80" } },
		{ "a.test", AF_INET, { "127.0.0.2:80" } },
		{ "a.test", AF_INET6, { "[::1]:80" } },
		{ "A.Test.", AF_INET, { "127.0.0.2:80" } },
		{ "b.test", AF_UNSPEC, { "127.0.0.3:80" } },
		{ "192.0.2.9", AF_UNSPEC, { "192.0.2.9:80" } },
		{ "2001:db8::9", AF_UNSPEC, { "[2001:db8::9]:80" } },
		{ "fe80::1%lo", AF_UNSPEC, { "[fe80::1%1]:80" } },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct resolver_options options = use_dnsmasq(state, rows[i].family);
		struct bench bench;
		open_bench(&bench, &options);
		resolve(&bench, rows[i].host);
		assert_answer(&bench.note, rows[i].expected);
		close_bench(&bench);
	}
}

static void test_failures(void **state)
{
	static const struct {
		const char *host;
		int family;
		int code;
		const char *sentence;
	} rows[] = {
		{ "none.test", AF_UNSPEC, -ENOENT, "none.test: no such name" },
		{ "b.test", AF_INET6, -ENODATA, "b.test: the name has no record of this kind" },
		{ "elsewhere.invalid-tld", AF_INET, -ECONNREFUSED,
		  "elsewhere.invalid-tld: no name server gives an answer" },
		{ "two..dots.test", AF_INET, -EINVAL, "two..dots.test: not a valid name" },
		{ "::1", AF_INET, -EAFNOSUPPORT, "::1: not an address of the family asked for" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct resolver_options options = use_dnsmasq(state, rows[i].family);
		struct bench bench;
		open_bench(&bench, &options);
		resolve(&bench, rows[i].host);
		assert_string_equal(bench.note.sentence, rows[i].sentence);
		assert_int_equal(bench.note.code, rows[i].code);
		assert_int_equal(bench.note.count, 0);
		close_bench(&bench);
	}
}

static void test_truncated_answer_comes_over_tcp(void **state)
{
	struct resolver_options options = use_dnsmasq(state, AF_UNSPEC);
	struct bench bench;

	open_bench(&bench, &options);
	resolve(&bench, "many.test");
	assert_int_equal(bench.note.count, MANY);
	close_bench(&bench);
}

static void test_services(void **state)
{
	static const struct {
		const char *name;
		const char *expected[4];
		int code;
		const char *sentence;
	} rows[] = {
		/* Heavier first; the one of a higher priority number is not used. */
		{ "_echo._tcp.test", { "127.0.0.4:7003", "127.0.0.3:7002" }, 0, "" },
		{ "_half._tcp.test", { "127.0.0.3:7002" }, 0, "" },
		{ "_gone._tcp.test", { 0 }, -ENOENT, "_gone._tcp.test: none.test: no such name" },
		{ "_off._tcp.test",
		  { 0 },
		  -ENODATA,
		  "_off._tcp.test: the service is not offered there" },
		{ "_none._tcp.test", { 0 }, -ENOENT, "_none._tcp.test: no such name" },
		{ "b.test", { 0 }, -ENODATA, "b.test: the name has no record of this kind" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct resolver_options options = use_dnsmasq(state, AF_UNSPEC);
		struct bench bench;
		open_bench(&bench, &options);
		assert_int_equal(resolver_resolve_service(bench.resolver, rows[i].name, take_note,
							  &bench.note),
				 0);
		await(&bench);
		assert_string_equal(bench.note.sentence, rows[i].sentence);
		assert_int_equal(bench.note.code, rows[i].code);
		if (bench.note.code == 0)
			assert_answer(&bench.note, rows[i].expected);
		close_bench(&bench);
	}
}

/* The shortest of the records that lead to the addresses. */
static void test_times_to_live(void **state)
{
	static const struct {
		const char *name;
		bool is_service;
		uint32_t ttl_s;
	} rows[] = {
		{ "a.test", false, 9 },         { "brief.test", false, 7 },
		{ "alias.test", false, 3 },     { "192.0.2.1", false, UINT32_MAX },
		{ "_echo._tcp.test", true, 9 }, { "_brief._tcp.test", true, 7 },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct resolver_options options = use_dnsmasq(state, AF_UNSPEC);
		struct bench bench;
		open_bench(&bench, &options);
		if (rows[i].is_service)
			assert_int_equal(resolver_resolve_service(bench.resolver, rows[i].name,
								  take_note, &bench.note),
					 0);
		else
			assert_int_equal(resolver_resolve(bench.resolver, rows[i].name, 80,
							  take_note, &bench.note),
					 0);
		await(&bench);
		assert_int_equal(bench.note.code, 0);
		assert_int_equal(bench.note.ttl_s, rows[i].ttl_s);
		close_bench(&bench);
	}
}

static void test_an_answer_is_cut_where_it_is_told(void **state)
{
	struct resolver_options options = use_dnsmasq(state, AF_UNSPEC);
	struct bench bench;

	options.endpoints_max = 7;
	open_bench(&bench, &options);
	resolve(&bench, "many.test");
	assert_int_equal(bench.note.count, 7);
	close_bench(&bench);
}

static void test_hosts_file(void **state)
{
	struct resolver_options options = { .family = AF_INET, .servers = "127.0.0.1:1" };
	static const char *const expected[] = { "127.0.0.1:80", NULL };
	struct bench bench;

	open_bench(&bench, &options);
	resolve(&bench, "localhost");
	assert_answer(&bench.note, expected);
	close_bench(&bench);
}

static void test_silent_server(void **state)
{
	owned_fd int fd = ip_socket_open(AF_INET, SOCK_DGRAM);
	struct endpoint local = { .family = AF_INET, .address = { 127, 0, 0, 1 } };
	char servers[ENDPOINT_TEXT_MAX];
	struct resolver_options options = { .timeout_ns = 50 * NS_PER_MS, .servers = servers };
	struct bench bench;

	assert_int_equal(ip_socket_bind(fd, &local), 0);
	assert_int_equal(ip_socket_local(fd, &local), 0);
	endpoint_format(&local, servers);
	open_bench(&bench, &options);
	uint64_t start_ns = loop_now(bench.loop);
	resolve(&bench, "a.test");
	assert_int_equal(bench.note.code, -ETIMEDOUT);
	assert_string_equal(bench.note.sentence, "a.test: no answer from the name server in time");
	assert_in_range(loop_now(bench.loop) - start_ns, 100 * NS_PER_MS, 2 * NS_PER_S);
	close_bench(&bench);
}

static void test_no_server(void **state)
{
	struct endpoint nobody = find_port();
	char servers[ENDPOINT_TEXT_MAX];
	struct resolver_options options = { .servers = servers };
	struct bench bench;

	endpoint_format(&nobody, servers);
	open_bench(&bench, &options);
	resolve(&bench, "a.test");
	assert_int_equal(bench.note.code, -ECONNREFUSED);
	close_bench(&bench);
}

static void test_freeing_cancels(void **state)
{
	struct endpoint nobody = { .family = AF_INET, .address = { 127, 0, 0, 1 } };
	owned_fd int fd = ip_socket_open(AF_INET, SOCK_DGRAM);
	char servers[ENDPOINT_TEXT_MAX];
	struct resolver_options options = { .servers = servers };
	struct note second = { 0 };
	struct bench bench;

	assert_int_equal(ip_socket_bind(fd, &nobody), 0);
	assert_int_equal(ip_socket_local(fd, &nobody), 0);
	endpoint_format(&nobody, servers);
	open_bench(&bench, &options);
	assert_int_equal(resolver_resolve(bench.resolver, "a.test", 80, take_note, &bench.note), 0);
	assert_int_equal(
		resolver_resolve_service(bench.resolver, "_a._tcp.test", take_note, &second), 0);
	assert_int_equal(bench.note.calls + second.calls, 0);
	close_bench(&bench);
	assert_int_equal(bench.note.calls, 1);
	assert_int_equal(bench.note.code, -ECANCELED);
	assert_int_equal(second.calls, 1);
	assert_int_equal(second.code, -ECANCELED);
}

static void test_bad_servers(void **state)
{
	struct loop_options loop_options = { 0 };
	struct resolver_options options = { .servers = "not-an-address" };
	struct loop *loop = NULL;
	struct resolver *resolver = NULL;

	assert_int_equal(loop_new(&loop_options, &loop), 0);
	assert_int_equal(resolver_new(loop, &options, &resolver), -EINVAL);
	resolver_free(NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_truncated_answer_comes_over_tcp),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_times_to_live),
		cmocka_unit_test(test_an_answer_is_cut_where_it_is_told),
		cmocka_unit_test(test_hosts_file),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_freeing_cancels),
		cmocka_unit_test(test_bad_servers),
	};
	return cmocka_run_group_tests_name("resolver", tests, set_up, tear_down);
}
