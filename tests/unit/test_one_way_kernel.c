/* Datagrams in one direction through the kernel's loopback: several in one, queues that overflow,
 * and what the receiver knows of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/script.h"
#include "engine/service.h"
#include "engine/worker.h"
#include "metric/report_datagrams.h"

/* Both ends in one thread, each on a loop of its own, turned as the test wants. */
struct pair {
	struct loop *server_loop;
	struct loop *client_loop;
	struct script script;
	struct plan_target target;
	struct endpoint remote;
	struct plan server_plan;
	struct plan client_plan;
	struct worker *server;
	struct worker *client;
	struct service_shared shared;
};

static void turn(struct loop *loop, uint64_t ns)
{
	assert_int_equal(loop_run(loop, loop_read_clock(loop) + ns), 0);
}

static void turn_both(struct pair *pair)
{
	turn(pair->client_loop, NS_PER_MS / 2);
	turn(pair->server_loop, NS_PER_MS / 10);
}

static void pair_serve(struct pair *pair, enum service service)
{
	struct error error = { "" };

	*pair = (struct pair){ .target.script = &pair->script };
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &pair->server_loop), 0);
	assert_int_equal(loop_new(&(struct loop_options){ 0 }, &pair->client_loop), 0);
	assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &pair->remote), 0);
	pair->server_plan = (struct plan){
		.serve = { .listen = { { service, TRANSPORT_UDP, pair->remote } },
			   .listen_count = 1,
			   .name = "web",
			   .connections_max = 10 },
		.workers = 1,
		.datagram = &datagram_udp,
	};
	assert_int_equal(worker_new(&pair->server_plan, 0, pair->server_loop, &pair->server), 0);
	assert_int_equal(service_add(pair->server, &pair->shared, &error), 0);
	worker_start(pair->server);
	pair->remote.port = pair->shared.ports[0];
	pair->client_plan = (struct plan){
		.slots = { .count = 1,
			   .transport = TRANSPORT_UDP,
			   .message_bytes = 64,
			   .rate_per_second = 100000,
			   .is_receiving = service == SERVICE_SOURCE,
			   .is_segmented = true },
		.slots_stream = PLAN_LOAD,
		.remotes = &pair->remote,
		.remote_count = 1,
		.targets = &pair->target,
		.target_count = 1,
		.connect_timeout_ns = 3 * NS_PER_S,
		.linger_ns = 3 * NS_PER_S,
		.duration_ns = NS_PER_S / 2,
		.workers = 1,
		.datagram = &datagram_udp,
	};
}

static void pair_begin(struct pair *pair, int64_t ahead_ns)
{
	assert_int_equal(worker_new(&pair->client_plan, 0, pair->client_loop, &pair->client), 0);
	worker_start(pair->client);
	for (int i = 0; i < 5000 && !atomic_load(&pair->client->is_settled); i++)
		turn_both(pair);
	assert_true(atomic_load(&pair->client->is_settled));
	assert_int_equal(pair->client->recorders[PLAN_LOAD]->counters.connects,
			 pair->client_plan.slots.count);
	worker_want_begin(pair->client, loop_read_clock(pair->client_loop) + (uint64_t)ahead_ns);
}

static void pair_finish(struct pair *pair)
{
	for (int i = 0; i < 20000 && !atomic_load(&pair->client->is_done); i++)
		turn_both(pair);
	assert_true(atomic_load(&pair->client->is_done));
	assert_null(counters_check(&pair->client->recorders[PLAN_LOAD]->counters));
}

/* What lies in the server's queue is read; the publication of its totals, with which the overflows
 * are told, comes every 100 ms. */
static void pair_settle(struct pair *pair)
{
	turn(pair->server_loop, NS_PER_S);
}

static void pair_deinit(struct pair *pair)
{
	worker_free(pair->client);
	worker_free(pair->server);
	loop_free(pair->client_loop);
	loop_free(pair->server_loop);
}

/* All of the client's flows go to one socket: its overflows are not added up. */
static struct receiver_record ask(struct pair *pair)
{
	const struct connection_log *log = &pair->client->logs.open;
	struct receiver_record sum = { 0 };

	for (uint32_t i = 0; i < log->count; i++) {
		struct receiver_record record;
		struct receiver_key key = { log->items[i].local, pair->remote, TRANSPORT_UDP };
		assert_true(receiver_tables_find(&pair->shared.receivers, &key, &record, NULL));
		sum.messages += record.messages;
		sum.unique += record.unique;
		sum.merged += record.merged;
		sum.delay_count += record.delay_count;
		if (record.overflows > sum.overflows)
			sum.overflows = record.overflows;
		bursts_merge(&sum.bursts, &record.bursts);
	}
	return sum;
}

static void datagrams_that_are_late_go_through_the_kernel_together(void **state)
{
	struct pair pair;

	pair_serve(&pair, SERVICE_DISCARD);
	pair_begin(&pair, -(int64_t)(100 * NS_PER_MS)); /* 10,000 are owed at once */
	pair_finish(&pair);
	const struct counters *counters = &pair.client->recorders[PLAN_LOAD]->counters;
	if (counters->datagrams_merged == 0) {
		pair_deinit(&pair);
		skip(); /* a kernel without UDP_SEGMENT */
	}
	assert_int_equal(counters->scheduled, 50000);
	assert_int_equal(counters->sent, 50000);
	assert_in_range(counters->datagrams_merged, 9900, 50000);
	assert_true(counters->datagrams_merged <= 128 * counters->merged_sends);
	assert_true(counters->datagrams_merged >= 2 * counters->merged_sends);
	pair_settle(&pair);
	struct receiver_record record = ask(&pair);
	assert_true(record.merged > 0);
	assert_int_equal(record.delay_count, record.unique);
	if (record.overflows == 0)
		assert_int_equal(record.unique, 50000);
	pair_deinit(&pair);
}

/* While the server sleeps its queue takes what it can: all else is lost there, none on the way. */
static void what_the_receivers_queue_drops_is_lost_there(void **state)
{
	struct pair pair;

	pair_serve(&pair, SERVICE_DISCARD);
	pair.client_plan.slots.count = 3;
	pair.client_plan.slots.is_segmented = false;
	pair.client_plan.slots.rate_per_second = 60000;
	pair_begin(&pair, NS_PER_MS);
	for (int i = 0; i < 100; i++)
		turn(pair.client_loop, 5 * NS_PER_MS);
	pair_finish(&pair);
	const struct counters *counters = &pair.client->recorders[PLAN_LOAD]->counters;
	assert_int_equal(counters->datagrams_merged, 0);
	pair_settle(&pair);
	struct receiver_record record = ask(&pair);
	assert_in_range(record.unique, 1, counters->sent - 1);
	assert_int_equal(counters->sent - record.unique, record.overflows);
	assert_int_equal(record.merged, 0);
	struct report_datagrams told =
		report_datagrams_of(&(struct datagram_losses){ .counted_by = "receiver",
							       .sent = counters->sent,
							       .unique = record.unique,
							       .bursts = &record.bursts,
							       .has_overflows = true,
							       .overflows = record.overflows });
	assert_int_equal(told.receiver_overflows, counters->sent - record.unique);
	assert_int_equal(told.network_lost, 0);
	pair_deinit(&pair);
}

static void source_sends_through_the_kernel(void **state)
{
	struct pair pair;

	pair_serve(&pair, SERVICE_SOURCE);
	pair.client_plan.slots.count = 2;
	pair_begin(&pair, NS_PER_MS);
	pair_finish(&pair);
	const struct counters *counters = &pair.client->recorders[PLAN_LOAD]->counters;
	assert_in_range(counters->sent, 40000, 50100);
	assert_int_equal(counters->sent, counters->received + counters->lost);
	assert_true(counters->queue_overflows > 0 || counters->lost == 0);
	assert_int_equal(
		recorder_hist_const(pair.client->recorders[PLAN_LOAD], LATENCY_DELAY_VARIATION)
			->count,
		counters->received);
	pair_deinit(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_that_are_late_go_through_the_kernel_together),
		cmocka_unit_test(what_the_receivers_queue_drops_is_lost_there),
		cmocka_unit_test(source_sends_through_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
