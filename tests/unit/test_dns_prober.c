/* Looks at a scripted DNS server over the in-memory network: what it says, what it should not say,
 * and what it says again over TCP. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/big_endian.h"
#include "base/units.h"
#include "net/memory.h"
#include "probe/pinger.h"
#include "proto/dns.h"

#define START_NS    UINT64_C(1000000000)
#define ADDRESS     "192.0.2.53"
#define RTT_NS      (2 * NS_PER_MS)
#define RESULTS_MAX 32
#define CALLS_MAX   16
#define HEAD_BYTES  12

/* How the server answers over one transport. */
struct answer {
	bool is_silent;
	bool is_truncated;
	uint8_t rcode;
	const char *record; /* behind the question; NULL: none */
	size_t record_bytes;
	uint16_t id_change;   /* XORed */
	bool has_other_name;  /* in the question */
	bool has_two_records; /* in the counts, not in the message */
	bool is_query;
	/* Before this one, the next of the table. */
	const struct answer *first;
};

#define RECORD(text) .record = (text), .record_bytes = sizeof(text) - 1
#define A_RECORD     RECORD("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1")

static struct bench {
	struct loop *loop;
	struct memory_network *network;
	struct datagram_socket server;
	struct listener listener;
	struct stream calls[CALLS_MAX];
	unsigned called;
	unsigned asked;
	const struct answer *over_udp;
	const struct answer *over_tcp;
	struct pinger *pinger;
	struct probe_target target;
	struct pinger_target row;
	struct probe_result results[RESULTS_MAX];
	unsigned told;
	unsigned strayed;
	bool is_finished;
} bench;

/* ---- the server ---- */

/* The query without what EDNS adds, and the answer's record behind it. */
static size_t write_answer(const struct answer *answer, const uint8_t *query, size_t size,
			   uint8_t *out)
{
	size_t used = size - 11;
	memcpy(out, query, used);
	put_u16(out, get_u16(query) ^ answer->id_change);
	out[2] = (uint8_t)((answer->is_query ? 0 : 0x80) | (answer->is_truncated ? 2 : 0) | 1);
	out[3] = answer->rcode;
	put_u16(out + 6, (uint16_t)((answer->record != NULL) + answer->has_two_records));
	put_u16(out + 10, 0);
	if (answer->has_other_name)
		out[HEAD_BYTES + 1] ^= 1;
	if (answer->record)
		memcpy(out + used, answer->record, answer->record_bytes);
	return used + (answer->record ? answer->record_bytes : 0);
}

static void answer_over_udp(const struct answer *answer, const struct datagram *asked)
{
	uint8_t out[512];
	struct datagram datagram = { .data = out, .remote = asked->remote };
	if (answer->first)
		answer_over_udp(answer->first, asked);
	if (answer->is_silent)
		return;
	datagram.size = write_answer(answer, asked->data, asked->size, out);
	assert_int_equal(datagram_send(&bench.server, &datagram, 1), 1);
}

static void on_asked(struct datagram_socket *socket, unsigned events)
{
	uint8_t data[512];
	struct datagram datagram = { .data = data, .capacity = sizeof(data) };
	while (datagram_receive(socket, &datagram, 1) == 1) {
		bench.asked++;
		answer_over_udp(bench.over_udp, &datagram);
	}
}

/* Byte by byte, so that the length comes in two. */
static void on_heard(struct stream *stream, unsigned events)
{
	uint8_t query[512];
	uint8_t out[512];
	ssize_t size = stream_receive(stream, query, sizeof(query));
	if (size == 0)
		stream_close(stream);
	if (size <= 0 || bench.over_tcp->is_silent)
		return;
	assert_int_equal(get_u16(query), size - 2);
	size_t used = write_answer(bench.over_tcp, query + 2, (size_t)size - 2, out + 2);
	put_u16(out, (uint16_t)used);
	for (size_t i = 0; i < used + 2; i++)
		assert_int_equal(stream_send(stream, &(struct iovec){ out + i, 1 }, 1), 1);
}

static void on_called(struct listener *listener)
{
	while (bench.called < CALLS_MAX &&
	       listener_accept(listener, &bench.calls[bench.called], on_heard) >= 0)
		bench.called++;
}

/* ---- the bench ---- */

static void on_done(void *context, const struct probe_result *result)
{
	assert_true(bench.told < RESULTS_MAX);
	bench.results[bench.told++] = *result;
}

static void on_stray(void *context, uint32_t target, uint64_t number, enum probe_stray kind,
		     uint64_t after_ns)
{
	bench.strayed++;
}

static void on_finished(void *context)
{
	bench.is_finished = true;
}

static void open_bench(const char *path, const struct answer *over_udp,
		       const struct answer *over_tcp)
{
	static const struct memory_options usual = { .delay_ns = RTT_NS / 2 };
	static const struct uri_defaults defaults = { .service = SERVICE_ICMP };
	struct endpoint place;
	struct error error = { "" };
	bench = (struct bench){ .over_udp = over_udp, .over_tcp = over_tcp };
	assert_int_equal(loop_new(&(struct loop_options){ .is_simulated = true,
							  .simulated_start_ns = START_NS },
				  &bench.loop),
			 0);
	assert_int_equal(memory_network_new(bench.loop, &usual, &bench.network), 0);
	assert_int_equal(endpoint_parse(ADDRESS, 53, &place), 0);
	struct datagram_options datagrams = { .local = place, .network = bench.network };
	assert_int_equal(
		datagram_open(&bench.server, &datagram_memory, bench.loop, &datagrams, on_asked),
		0);
	if (over_tcp)
		assert_int_equal(listener_open(&bench.listener, &stream_memory, bench.loop,
					       &(struct listen_options){ .local = place,
									 .network = bench.network },
					       on_called),
				 0);
	if (uri_parse(path, &defaults, &error, &bench.target.uri) < 0)
		fail_msg("%s", error.text);
	bench.target.datagram = &datagram_memory;
	bench.target.stream = &stream_memory;
	bench.target.network = bench.network;
	bench.target.is_kept = true;
	bench.row = (struct pinger_target){ .target = &bench.target,
					    .interval_ns = 100 * NS_PER_MS,
					    .timeout_ns = NS_PER_S,
					    .count = 4,
					    .in_flight_max = 16 };
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

static void run_until(uint64_t until_ns)
{
	struct error error = { "" };
	if (open_pinger(&error) < 0)
		fail_msg("%s", error.text);
	pinger_start(bench.pinger, START_NS);
	assert_int_equal(loop_run(bench.loop, until_ns), 0);
}

static void run(void)
{
	run_until(START_NS + 60 * NS_PER_S);
	assert_true(bench.is_finished);
	assert_int_equal(bench.told, bench.row.count);
}

static void close_bench(void)
{
	pinger_free(bench.pinger);
	for (unsigned i = 0; i < bench.called; i++)
		stream_close(&bench.calls[i]);
	listener_close(&bench.listener);
	datagram_close(&bench.server);
	memory_network_free(bench.network);
	loop_free(bench.loop);
}

/* ---- cases ---- */

static const struct answer good = { A_RECORD };
static const struct answer unknown = { .rcode = 3 };
static const struct answer broken_one = { .rcode = 2 };
static const struct answer empty = { .rcode = 0 };
static const struct answer silent = { .is_silent = true };
static const struct answer forged = { .id_change = 0x8000, A_RECORD };
static const struct answer misdirected = { .has_other_name = true, A_RECORD };
static const struct answer no_answer = { .is_query = true };
static const struct answer after_forged = { A_RECORD, .first = &forged };
static const struct answer after_misdirected = { A_RECORD, .first = &misdirected };
static const struct answer lying = { .has_two_records = true, A_RECORD };
static const struct answer ring = { RECORD("\xc0\x1a\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1") };
static const struct answer cut = { .is_truncated = true };
static const struct answer twice = { A_RECORD, .first = &good };

/* clang-format off */
static const struct row {
	const char *target;
	const struct answer *over_udp;
	const struct answer *over_tcp;
	const char *text;         /* that is expected */
	int expected_status;      /* -1: none */
	enum outcome outcome;
	int status;               /* -1: none was told */
	const char *why;
	unsigned strays;          /* of 4 */
} rows[] = {
#define UDP "dns://" ADDRESS "/web.test"
#define TCP "dns+tcp://" ADDRESS "/web.test"
	{ UDP,        &good,  NULL, NULL, -1, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &good,  NULL, "10.9.0.1", -1, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &good,  NULL, "10.9.0.2", -1, OUTCOME_REJECTED, 0, "no record of the answer holds \"10.9.0.2\"", 0 },
	{ UDP "/AAAA", &good, NULL, NULL, -1, OUTCOME_REJECTED, 0, "the name has no AAAA record", 0 },
	{ UDP,        &empty, NULL, NULL, -1, OUTCOME_REJECTED, 0, "the name has no A record", 0 },
	{ UDP,        &empty, NULL, NULL, 0, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &unknown, NULL, NULL, -1, OUTCOME_REJECTED, 3, "there is no such name", 0 },
	{ UDP,        &unknown, NULL, NULL, 3, OUTCOME_DONE, 3, "", 0 },
	{ UDP,        &good,  NULL, NULL, 3, OUTCOME_REJECTED, 0, "another status was expected", 0 },
	{ UDP,        &broken_one, NULL, NULL, -1, OUTCOME_REJECTED, 2, "it could not find out", 0 },
	{ UDP,        &silent, NULL, NULL, -1, OUTCOME_NO_REPLY, -1, "", 0 },
	{ UDP,        &forged, NULL, NULL, -1, OUTCOME_NO_REPLY, -1, "an answer with another id came", 0 },
	{ UDP,        &misdirected, NULL, NULL, -1, OUTCOME_NO_REPLY, -1, "an answer to another question came", 0 },
	{ UDP,        &no_answer, NULL, NULL, -1, OUTCOME_NO_REPLY, -1, "something came that is no answer", 0 },
	{ UDP,        &after_forged, NULL, NULL, -1, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &after_misdirected, NULL, NULL, -1, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &twice, NULL, NULL, -1, OUTCOME_DONE, 0, "", 4 },
	{ UDP,        &lying, NULL, NULL, -1, OUTCOME_PROTOCOL, -1, "its records run beyond its end, or their names go round", 0 },
	{ UDP,        &ring, NULL, NULL, -1, OUTCOME_PROTOCOL, -1, "its records run beyond its end, or their names go round", 0 },
	{ UDP,        &cut, &good, "10.9.0.1", -1, OUTCOME_DONE, 0, "", 0 },
	{ UDP,        &cut, &unknown, NULL, -1, OUTCOME_REJECTED, 3, "there is no such name", 0 },
	{ UDP,        &cut, NULL, NULL, -1, OUTCOME_REFUSED, -1, "over TCP", 0 },
	{ UDP,        &cut, &ring, NULL, -1, OUTCOME_PROTOCOL, -1, "over TCP: its records run beyond its end, or their names go round", 0 },
	{ UDP,        &cut, &silent, NULL, -1, OUTCOME_TIMED_OUT, -1, "its answer was too large for UDP, and TCP brought none", 0 },
	{ TCP,        NULL, &good, "10.9.0.1", -1, OUTCOME_DONE, 0, "", 0 },
	{ TCP,        NULL, &unknown, NULL, -1, OUTCOME_REJECTED, 3, "there is no such name", 0 },
	{ TCP,        NULL, &forged, NULL, -1, OUTCOME_PROTOCOL, -1, "it has another id", 0 },
	{ TCP,        NULL, &silent, NULL, -1, OUTCOME_NO_REPLY, -1, "", 0 },
#undef UDP
#undef TCP
};
/* clang-format on */

static void answers_are_judged(void **state)
{
	for (size_t i = 0; i < 2 * array_size(rows); i++) {
		const struct row *row = &rows[i / 2];
		uint32_t expected = (uint32_t)row->expected_status;
		open_bench(row->target, row->over_udp, row->over_tcp);
		/* One in flight, so that what is nobody's is known to be its. */
		bench.row.interval_ns = 2 * NS_PER_S;
		bench.target.is_kept = i % 2 == 0;
		bench.target.text = row->text;
		bench.target.statuses = &expected;
		bench.target.status_count = row->expected_status >= 0;
		run();
		for (unsigned k = 0; k < bench.told; k++) {
			const struct probe_result *result = &bench.results[k];
			if (result->outcome != row->outcome || strcmp(result->why, row->why) != 0)
				fail_msg("row %zu: %s (%s)", i / 2, outcome_name(result->outcome),
					 result->why);
			assert_int_equal(result->status_of,
					 row->status >= 0 ? PROBE_STATUS_DNS : PROBE_STATUS_NONE);
			assert_int_equal(result->status, row->status >= 0 ? row->status : 0);
		}
		assert_int_equal(bench.strayed, row->strays);
		close_bench();
	}
}

static void what_tcp_takes_is_the_transfer(void **state)
{
	open_bench("dns://" ADDRESS "/web.test", &cut, &good);
	run();
	const struct probe_result *result = &bench.results[0];
	assert_int_equal(result->phases,
			 1U << PROBE_SEND | 1U << PROBE_WAIT | 1U << PROBE_TRANSFER);
	assert_int_equal(result->phase_ns[PROBE_WAIT], RTT_NS);
	assert_int_equal(result->phase_ns[PROBE_TRANSFER], 2 * RTT_NS);
	assert_string_equal(result->protocol, "tcp");
	assert_int_equal(bench.called, 4);
	close_bench();
}

/* Several in flight, their answers overtaken by those to later ones. */
static void answers_find_their_questions(void **state)
{
	open_bench("dns://" ADDRESS "/web.test", &good, NULL);
	bench.row.interval_ns = NS_PER_MS / 4;
	bench.row.count = RESULTS_MAX;
	bench.row.in_flight_max = RESULTS_MAX;
	run();
	for (unsigned k = 0; k < bench.told; k++) {
		assert_int_equal(bench.results[k].outcome, OUTCOME_DONE);
		assert_int_equal(bench.results[k].phase_ns[PROBE_WAIT], RTT_NS);
	}
	assert_int_equal(bench.asked, RESULTS_MAX);
	assert_int_equal(bench.strayed, 0);
	close_bench();
}

static void it_may_end_while_tcp_is_asked(void **state)
{
	for (uint64_t after_ns = 0; after_ns < 8 * NS_PER_MS; after_ns += NS_PER_MS / 2) {
		open_bench("dns://" ADDRESS "/web.test", &cut, &silent);
		bench.row.interval_ns = NS_PER_MS;
		run_until(START_NS + after_ns);
		close_bench();
	}
}

static void questions_are_checked_first(void **state)
{
	static const struct {
		const char *target;
		const char *error;
	} bad[] = {
		{ "dns://ns", "dns://ns:53: no name to ask for: dns://ns/NAME[/TYPE]" },
		{ "dns+tcp://ns/", "dns+tcp://ns:53/: no name to ask for: dns://ns/NAME[/TYPE]" },
		{ "dns://ns/a..b", "dns://ns:53/a..b: a name has no empty label" },
	};
	for (size_t i = 0; i < array_size(bad); i++) {
		struct error error = { "" };
		open_bench(bad[i].target, &good, NULL);
		assert_int_equal(open_pinger(&error), -EINVAL);
		assert_string_equal(error.text, bad[i].error);
		close_bench();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(what_tcp_takes_is_the_transfer),
		cmocka_unit_test(answers_find_their_questions),
		cmocka_unit_test(it_may_end_while_tcp_is_asked),
		cmocka_unit_test(questions_are_checked_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
