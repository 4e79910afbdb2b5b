/* Datagrams that nobody answers, under a simulated clock: from a client's flows to discard, and
 * from source to a client's flows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/service.h"
#include "engine/worker.h"
#include "net/memory.h"

#define START_NS (1000 * NS_PER_S)
#define FLOWS    4

/* A client's worker and a server's on one loop and network. The loop wakes the latest of them, so
 * the server has begun before the client comes. */
struct pair {
	struct loop *loop;
	struct memory_network *network;
	struct script script;
	struct plan_target target;
	struct endpoint remote;
	struct plan server_plan;
	struct plan client_plan;
	struct worker *server;
	struct worker *client;
	struct service_shared shared;
	/* What the kernel would send at most at once. */
	struct datagram_transport transport;
};

static void pair_init(struct pair *pair, const struct memory_options *options, enum service service)
{
	struct loop_options simulated = { .is_simulated = true, .simulated_start_ns = START_NS };

	*pair = (struct pair){ .target.script = &pair->script, .transport = datagram_memory };
	assert_int_equal(loop_new(&simulated, &pair->loop), 0);
	assert_int_equal(memory_network_new(pair->loop, options, &pair->network), 0);
	assert_int_equal(endpoint_parse("192.0.2.1:5009", 0, &pair->remote), 0);
	pair->server_plan = (struct plan){
		.serve = { .listen = { { service, TRANSPORT_UDP, pair->remote } },
			   .listen_count = 1,
			   .name = "web",
			   .connections_max = 10 },
		.workers = 1,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = pair->network,
	};
	pair->client_plan = (struct plan){
		.slots = { .count = FLOWS,
			   .transport = TRANSPORT_UDP,
			   .message_bytes = 100,
			   .rate_per_second = 10000,
			   .is_receiving = service == SERVICE_SOURCE,
			   .is_segmented = true },
		.slots_stream = PLAN_LOAD,
		.remotes = &pair->remote,
		.remote_count = 1,
		.targets = &pair->target,
		.target_count = 1,
		.connect_timeout_ns = 3 * NS_PER_S,
		.reply_timeout_ns = NS_PER_S,
		.linger_ns = NS_PER_S,
		.duration_ns = 2 * NS_PER_S,
		.workers = 1,
		.seed = 3,
		.stream = &stream_memory,
		.datagram = &pair->transport,
		.network = pair->network,
	};
}

static void pair_run(struct pair *pair, uint64_t ns)
{
	assert_true(loop_run(pair->loop, loop_now(pair->loop) + ns) >= 0);
}

static void pair_serve(struct pair *pair)
{
	struct error error = { "" };

	assert_int_equal(worker_new(&pair->server_plan, 0, pair->loop, &pair->server), 0);
	assert_int_equal(service_add(pair->server, &pair->shared, &error), 0);
	worker_start(pair->server);
	worker_want_begin(pair->server, loop_now(pair->loop));
	pair_run(pair, 0);
}

/* Returns how long the ramp took. */
static uint64_t pair_ramp(struct pair *pair)
{
	uint64_t start_ns = loop_now(pair->loop);

	assert_int_equal(worker_new(&pair->client_plan, 0, pair->loop, &pair->client), 0);
	worker_start(pair->client);
	while (!atomic_load(&pair->client->is_settled))
		pair_run(pair, NS_PER_MS);
	return loop_now(pair->loop) - start_ns;
}

static uint64_t pair_begin(struct pair *pair)
{
	uint64_t ramp_ns = pair_ramp(pair);

	worker_want_begin(pair->client, loop_now(pair->loop) + 10 * NS_PER_MS);
	return ramp_ns;
}

static void pair_finish(struct pair *pair)
{
	/* The client's worker stops the loop, on which the server's goes on. */
	for (int i = 0; i < 10000 && !atomic_load(&pair->client->is_done); i++)
		pair_run(pair, 10 * NS_PER_MS);
	assert_true(atomic_load(&pair->client->is_done));
	pair_run(pair, 200 * NS_PER_MS);
}

static void pair_deinit(struct pair *pair)
{
	worker_free(pair->client);
	worker_free(pair->server);
	memory_network_free(pair->network);
	loop_free(pair->loop);
}

static const struct counters *client_counters(const struct pair *pair)
{
	const struct counters *counters = &pair->client->recorders[PLAN_LOAD]->counters;
	assert_null(counters_check(counters));
	return counters;
}

/* What the server knows of each of the client's flows, added up; delays as the largest. */
struct known {
	struct receiver_record sum;
	unsigned flows;
};

static struct known ask(struct pair *pair)
{
	const struct connection_log *log = &pair->client->logs.open;
	struct known known = { 0 };

	for (uint32_t i = 0; i < log->count; i++) {
		struct receiver_record record;
		struct receiver_key key = { log->items[i].local, pair->remote, TRANSPORT_UDP };
		key.local.scope = 0;
		if (!receiver_tables_find(&pair->shared.receivers, &key, &record, NULL))
			continue;
		known.flows++;
		known.sum.messages += record.messages;
		known.sum.bytes += record.bytes;
		known.sum.numbered += record.numbered;
		known.sum.unique += record.unique;
		known.sum.duplicate += record.duplicate;
		known.sum.reordered += record.reordered;
		known.sum.next += record.next;
		known.sum.delay_count += record.delay_count;
		known.sum.overflows = record.overflows;
		if (record.delay_max_ns > known.sum.delay_max_ns)
			known.sum.delay_max_ns = record.delay_max_ns;
		bursts_merge(&known.sum.bursts, &record.bursts);
	}
	return known;
}

static void run(struct pair *pair)
{
	pair_serve(pair);
	(void)pair_begin(pair);
	pair_finish(pair);
}

/* ---- to discard */

static struct loop *clock_loop;

static uint64_t read_clock(void)
{
	return loop_now(clock_loop);
}

/* Every 40 ms to some rate, a pause too. */
static void the_rate_may_change_meanwhile(void **state)
{
	struct pair pair;
	struct pace pace = { .number = 0 };
	double rate = 10000, due = 0;
	uint64_t since_ns = 0;

	pair_init(&pair, &(struct memory_options){ .delay_ns = 3 * NS_PER_MS }, SERVICE_DISCARD);
	pair_serve(&pair);
	(void)pair_begin(&pair);
	pair_run(&pair, 10 * NS_PER_MS);
	clock_loop = pair.loop;
	pair.client->pace = &pace;
	for (unsigned i = 0; i < 45; i++) {
		pair_run(&pair, 40 * NS_PER_MS);
		(void)client_counters(&pair);
		uint64_t at_ns =
			pace_set(&pace, i % 5 * 3001.7, read_clock) - pair.client->begin_ns;
		worker_want_pace(pair.client);
		due += rate * (double)(at_ns - since_ns) / NS_PER_S;
		since_ns = at_ns;
		rate = i % 5 * 3001.7;
	}
	pair_finish(&pair);
	due += rate * (double)(2 * NS_PER_S - since_ns) / NS_PER_S;
	const struct counters *counters = client_counters(&pair);
	assert_in_range(counters->scheduled, (uint64_t)due - 1, (uint64_t)due + 1);
	assert_int_equal(counters->sent, counters->scheduled);
	assert_int_equal(counters->sent_late, 0);
	pair_deinit(&pair);
}

static void all_are_sent_on_time_and_counted_by_both(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .delay_ns = 3 * NS_PER_MS }, SERVICE_DISCARD);
	pair_serve(&pair);
	assert_in_range(pair_begin(&pair), 6 * NS_PER_MS, 7 * NS_PER_MS); /* it answers greetings */
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->scheduled, 20000);
	assert_int_equal(counters->sent, 20000);
	assert_int_equal(counters->one_way, 20000);
	assert_int_equal(counters->bytes_sent, 2000000);
	assert_int_equal(counters->connects, FLOWS);
	assert_int_equal(counters->sent_late, 0);
	const struct hist *send_error =
		recorder_hist_const(pair.client->recorders[PLAN_LOAD], LATENCY_SEND_ERROR);
	assert_int_equal(send_error->count, 20000);
	assert_int_equal(send_error->maximum, 0);
	struct known known = ask(&pair);
	assert_int_equal(known.flows, FLOWS);
	assert_int_equal(known.sum.messages, 20000);
	assert_int_equal(known.sum.unique, 20000);
	assert_int_equal(known.sum.bytes, 2000000);
	assert_int_equal(known.sum.bursts.count, 0);
	assert_int_equal(known.sum.delay_count, 20000);
	assert_int_equal(known.sum.delay_max_ns, 0);
	pair_deinit(&pair);
}

static void loss_is_counted_in_bursts(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .loss = 0.01, .seed = 5 }, SERVICE_DISCARD);
	run(&pair);
	struct known known = ask(&pair);
	uint64_t lost = 20000 - known.sum.unique;
	assert_in_range(lost, 200 - 57, 200 + 57); /* four standard deviations */
	assert_int_equal(known.sum.duplicate + known.sum.reordered, 0);
	/* Behind the last that came nothing is known. */
	assert_int_equal(known.sum.bursts.lost, known.sum.next - known.sum.unique);
	assert_in_range(known.sum.bursts.lost, lost - FLOWS, lost);
	assert_in_range(known.sum.bursts.count, lost * 95 / 100, lost);
	pair_deinit(&pair);
}

static void a_cut_is_one_burst_of_each_flow(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	pair_serve(&pair);
	(void)pair_begin(&pair);
	pair_run(&pair, 510 * NS_PER_MS);
	memory_network_cut(pair.network);
	pair_run(&pair, 300 * NS_PER_MS);
	memory_network_join(pair.network);
	pair_finish(&pair);
	struct known known = ask(&pair);
	assert_int_equal(known.sum.bursts.count, FLOWS);
	assert_in_range(known.sum.bursts.longest, 749, 751); /* 2,500/s for 0.3 s */
	assert_in_range(known.sum.bursts.first_lost, 1249, 1251);
	assert_int_equal(known.sum.bursts.lost, 20000 - known.sum.unique);
	pair_deinit(&pair);
}

static void what_comes_twice_is_counted_twice_and_once(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .duplication = 1 }, SERVICE_DISCARD);
	run(&pair);
	struct known known = ask(&pair);
	assert_int_equal(known.sum.messages, 40000);
	assert_int_equal(known.sum.unique, 20000);
	assert_int_equal(known.sum.duplicate, 20000);
	pair_deinit(&pair);
}

static void what_overtakes_makes_others_reordered(void **state)
{
	struct pair pair;

	/* An overtaker is 5 ms early: 12 of its flow are then still on their way. */
	pair_init(&pair,
		  &(struct memory_options){
			  .delay_ns = 5 * NS_PER_MS, .reordering = 0.001, .seed = 2 },
		  SERVICE_DISCARD);
	run(&pair);
	struct known known = ask(&pair);
	assert_int_equal(known.sum.unique, 20000);
	assert_int_equal(known.sum.bursts.lost, 0);
	assert_in_range(known.sum.reordered, 100, 20 * 13 * 2);
	assert_int_equal(known.sum.delay_max_ns, 5 * NS_PER_MS);
	pair_deinit(&pair);
}

/* -m: a constant message and one with its number, in turn; nothing else goes to the peer. */
static void messages_are_sent_in_turn_and_counted(void **state)
{
	static const char *const texts[] = { "ping\n", "\\{message.seq}." };
	struct template *templates[2] = { NULL, NULL };
	struct error error = { "" };
	struct pair pair;

	for (int i = 0; i < 2; i++)
		assert_int_equal(
			template_compile(texts[i], strlen(texts[i]), NULL, &error, &templates[i]),
			0);
	pair_init(&pair, &(struct memory_options){ .delay_ns = NS_PER_MS }, SERVICE_DISCARD);
	pair.script.messages = (const struct template *const *)templates;
	pair.script.message_count = 2;
	pair.client_plan.slots.rate_per_second = 100;
	pair_serve(&pair);
	assert_true(pair_begin(&pair) < 10 * NS_PER_MS); /* nobody is greeted */
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	/* Of each of 4 flows 25 constant ones, and 25 with the numbers 1, 3 ... 49. */
	uint64_t bytes = FLOWS * (25 * 5 + 5 * 2 + 20 * 3);
	assert_int_equal(counters->one_way, 200);
	assert_int_equal(counters->bytes_sent, bytes);
	struct known known = ask(&pair);
	assert_int_equal(known.flows, FLOWS);
	assert_int_equal(known.sum.messages, 200);
	assert_int_equal(known.sum.bytes, bytes);
	assert_int_equal(known.sum.numbered, 0);
	pair_deinit(&pair);
	for (int i = 0; i < 2; i++)
		template_free(templates[i]);
}

/* ---- what the sender meets */

static int most;
static struct datagram_socket *blocked[FLOWS];
static unsigned blocked_count;

static int send_at_most(struct datagram_socket *socket, const struct datagram *batch, int count)
{
	if (most == 0) {
		if (!socket->is_blocked && blocked_count < FLOWS)
			blocked[blocked_count++] = socket;
		socket->is_blocked = true;
		return -EAGAIN;
	}
	int sent = datagram_memory.send(socket, batch, count < most ? count : most);
	socket->is_blocked = sent < count;
	return sent;
}

/* What fell due while nothing else ran goes out at once, several in one send, and none twice. */
static void what_is_late_goes_in_trains(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	/* A simulated loop is never late of its own: it begins in the past. */
	pair_serve(&pair);
	(void)pair_ramp(&pair);
	worker_want_begin(pair.client, loop_now(pair.loop) - 500 * NS_PER_MS);
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->sent, 20000);
	assert_in_range(counters->datagrams_merged, 4900, 5100);
	assert_in_range(counters->merged_sends, FLOWS * 9, FLOWS * 11); /* of 128 each */
	assert_in_range(counters->debt_max_ns, 499 * NS_PER_MS, 501 * NS_PER_MS);
	assert_in_range(counters->sent_late, 4900, 5100);
	struct known known = ask(&pair);
	assert_int_equal(known.sum.unique, 20000 - known.sum.overflows);
	pair_deinit(&pair);
}

static void a_blocked_flow_owes_and_the_end_makes_it_the_peers_fault(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	pair.transport.send = send_at_most;
	most = 1000;
	pair_serve(&pair);
	(void)pair_begin(&pair);
	pair_run(&pair, 1010 * NS_PER_MS);
	most = 0;
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->scheduled, 20000);
	assert_in_range(counters->sent, 9999, 10001);
	assert_int_equal(counters->missed_peer, 20000 - counters->sent);
	assert_int_equal(counters->debt, 0);
	pair_deinit(&pair);
}

static void datagrams_that_waited_for_room_are_told_apart(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	pair.transport.send = send_at_most;
	most = 1000;
	pair_serve(&pair);
	(void)pair_begin(&pair);
	pair_run(&pair, 510 * NS_PER_MS);
	most = 0;
	blocked_count = 0;
	pair_run(&pair, 100 * NS_PER_MS);
	most = 1000;
	assert_int_equal(blocked_count, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++) {
		blocked[i]->is_blocked = false;
		blocked[i]->ready(blocked[i], STREAM_WRITABLE);
	}
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->sent, 20000);
	assert_in_range(counters->sent_late, 950, 1000); /* all but the last ms of 100 */
	assert_int_equal(counters->held_up, counters->sent_late);
	pair_deinit(&pair);
}

static void nobody_there_is_refused_in_the_ramp(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .delay_ns = NS_PER_MS }, SERVICE_DISCARD);
	assert_in_range(pair_begin(&pair), NS_PER_S, NS_PER_S + 2 * NS_PER_MS);
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->attempts, FLOWS);
	assert_int_equal(counters->connect_failures, FLOWS);
	assert_int_equal(counters->connects, 0);
	const struct error_row *row = &pair.client->recorders[PLAN_LOAD]->errors[0];
	assert_int_equal(row->phase, PHASE_CONNECT);
	assert_int_equal(row->outcome, OUTCOME_REFUSED);
	pair_deinit(&pair);
}

/* Somebody takes datagrams who knows nothing of greetings. */
static void hush(struct datagram_socket *socket, unsigned events)
{
	uint8_t room[2000];
	struct datagram datagram = { .data = room, .capacity = sizeof(room) };
	while (datagram_receive(socket, &datagram, 1) == 1) {
	}
}

static void who_is_silent_is_there(void **state)
{
	struct pair pair;
	struct datagram_socket sink;

	pair_init(&pair, &(struct memory_options){ 0 }, SERVICE_DISCARD);
	struct datagram_options options = { .local = pair.remote, .network = pair.network };
	assert_int_equal(datagram_open(&sink, &datagram_memory, pair.loop, &options, hush), 0);
	assert_in_range(pair_begin(&pair), NS_PER_S, NS_PER_S + 2 * NS_PER_MS);
	pair_finish(&pair);
	assert_int_equal(client_counters(&pair)->connects, FLOWS);
	assert_int_equal(client_counters(&pair)->sent, 20000);
	datagram_close(&sink);
	pair_deinit(&pair);
}

/* ---- from source */

static void source_sends_what_was_asked_for(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .delay_ns = 3 * NS_PER_MS }, SERVICE_SOURCE);
	pair_serve(&pair);
	assert_in_range(pair_begin(&pair), 6 * NS_PER_MS, 7 * NS_PER_MS);
	pair_finish(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_int_equal(counters->connects, FLOWS);
	/* It begins a delay after us and is stopped as much after our end. */
	assert_in_range(counters->sent, 19990, 20000);
	assert_int_equal(counters->received, counters->sent);
	assert_int_equal(counters->bytes_received, 100 * counters->received);
	assert_int_equal(counters->lost + counters->in_flight + counters->duplicate, 0);
	const struct hist *delay =
		recorder_hist_const(pair.client->recorders[PLAN_LOAD], LATENCY_DELAY_VARIATION);
	assert_int_equal(delay->count, counters->received);
	assert_int_equal(delay->maximum, 0);
	assert_int_equal(pair.server->recorders[PLAN_SERVED]->counters.one_way, counters->sent);
	pair_deinit(&pair);
}

static void what_source_sent_and_did_not_come_is_lost(void **state)
{
	struct pair pair;

	pair_init(&pair,
		  &(struct memory_options){
			  .delay_ns = 3 * NS_PER_MS, .loss = 0.05, .duplication = 0.01, .seed = 9 },
		  SERVICE_SOURCE);
	run(&pair);
	const struct counters *counters = client_counters(&pair);
	assert_in_range(counters->sent, 19000, 20000);
	assert_int_equal(counters->in_flight, 0);
	assert_int_equal(counters->sent, counters->received + counters->lost);
	assert_in_range(counters->lost, counters->sent / 25, counters->sent * 3 / 50);
	assert_int_equal(pair.client->logs.bursts.lost, counters->lost);
	assert_in_range(counters->duplicate, 120, 280);
	/* Ours that never left the server are not among them. */
	assert_int_equal(pair.server->recorders[PLAN_SERVED]->counters.one_way, counters->sent);
	pair_deinit(&pair);
}

static void source_stops_when_nobody_asks_any_more(void **state)
{
	struct pair pair;

	pair_init(&pair, &(struct memory_options){ .delay_ns = NS_PER_MS }, SERVICE_SOURCE);
	pair.client_plan.duration_ns = 60 * NS_PER_S;
	pair_serve(&pair);
	(void)pair_begin(&pair);
	pair_run(&pair, 2 * NS_PER_S);
	memory_network_cut(pair.network);
	const struct counters *served = &pair.server->recorders[PLAN_SERVED]->counters;
	pair_run(&pair, 4 * NS_PER_S);
	uint64_t sent = served->one_way;
	assert_in_range(sent, 40000, 52000); /* 3 s at most after the last that it heard */
	pair_run(&pair, 4 * NS_PER_S);
	assert_int_equal(served->one_way, sent);
	pair_deinit(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_may_change_meanwhile),
		cmocka_unit_test(all_are_sent_on_time_and_counted_by_both),
		cmocka_unit_test(loss_is_counted_in_bursts),
		cmocka_unit_test(a_cut_is_one_burst_of_each_flow),
		cmocka_unit_test(what_comes_twice_is_counted_twice_and_once),
		cmocka_unit_test(what_overtakes_makes_others_reordered),
		cmocka_unit_test(what_is_late_goes_in_trains),
		cmocka_unit_test(a_blocked_flow_owes_and_the_end_makes_it_the_peers_fault),
		cmocka_unit_test(messages_are_sent_in_turn_and_counted),
		cmocka_unit_test(datagrams_that_waited_for_room_are_told_apart),
		cmocka_unit_test(nobody_there_is_refused_in_the_ramp),
		cmocka_unit_test(who_is_silent_is_there),
		cmocka_unit_test(source_sends_what_was_asked_for),
		cmocka_unit_test(what_source_sent_and_did_not_come_is_lost),
		cmocka_unit_test(source_stops_when_nobody_asks_any_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
