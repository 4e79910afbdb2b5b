#include "support/prober_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"

static void on_started(void *context, uint64_t late_ns)
{
	struct prober_bench *bench = context;

	bench->started++;
	bench->moments += loop_now(bench->host.loop) != bench->newest_ns;
	bench->newest_ns = loop_now(bench->host.loop);
	if (late_ns > bench->late_max_ns)
		bench->late_max_ns = late_ns;
}

static void on_answered(void *context, struct mesh_link *link, const char *name)
{
	struct prober_bench *bench = context;

	bench->answered++;
	link->pair->answered_ns = loop_now(bench->served.loop);
	if (name != NULL)
		(void)snprintf(bench->name, sizeof(bench->name), "%s", name);
}

void prober_bench_init(struct prober_bench *bench, const struct memory_options *options)
{
	*bench = (struct prober_bench){ 0 };
	bench_init(&bench->served, options);
	bench->settings = (struct mesh_settings){
		.node = "node-1",
		.probes = (1U << MESH_PROBES) - 1,
		.wait_ns = NS_PER_S,
		.udp_interval_ns = NS_PER_S,
		.timeout_ns = NS_PER_S,
		.udp_ports = 2,
		.udp_bytes = 96,
	};
	random_init(&bench->random, 1);
	mesh_caps_init(&bench->caps, 0, 0);
	bench->host = (struct mesh_host){
		.loop = bench->served.loop,
		.settings = &bench->settings,
		.node = &bench->node,
		.caps = &bench->caps,
		.random = &bench->random,
		.places = PROBER_LINKS_MAX,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = bench->served.network,
		.started = on_started,
		.answered = on_answered,
		.context = bench,
	};
}

void prober_bench_open(struct prober_bench *bench, const struct mesh_prober_kind *kind)
{
	struct error error = { "" };

	bench_start(&bench->served);
	bench->kind = kind;
	assert_int_equal(kind->open(&bench->host, &error, &bench->state), 0);
	assert_non_null(bench->state);
}

struct mesh_link *prober_bench_add(struct prober_bench *bench, uint16_t port)
{
	uint32_t place = bench->count++;
	struct mesh_link *link = &bench->links[place];

	assert_true(place < PROBER_LINKS_MAX);
	*link = (struct mesh_link){
		.target = { .id = place + 1U, .is_probed = true },
		.pair = &bench->pairs[place],
		.place = place,
	};
	link->target.endpoint = bench_endpoint("127.0.0.1");
	link->target.endpoint.port = port;
	assert_int_equal(bench->kind->add(bench->state, link), 0);
	return link;
}

void prober_bench_remove(struct prober_bench *bench, struct mesh_link *link)
{
	bench->kind->remove(bench->state, link);
	for (unsigned kind = 0; kind < MESH_PROBERS; kind++)
		assert_null(link->own[kind]);
}

static void check_sums(const struct mesh_pair *pair)
{
	for (unsigned probe = 0; probe < MESH_PROBES; probe++) {
		const struct mesh_series *series = &pair->probes[probe];
		uint64_t failures = 0;
		for (unsigned reason = 0; reason < MESH_REASONS; reason++)
			failures += series->failures[reason];
		assert_int_equal(series->sent, series->received + series->lost + series->in_flight);
		assert_int_equal(series->lost, failures);
		assert_int_equal(series->received, mesh_spread_count(&series->rtt));
		assert_true(series->late <= series->lost);
	}
	assert_true(pair->udp.lost_there + pair->udp.lost_back <= pair->probes[MESH_UDP].lost);
}

void prober_bench_run(struct prober_bench *bench, uint64_t ms)
{
	for (uint64_t i = 0; i < ms; i += 5) {
		bench_run(&bench->served, ms - i < 5 ? ms - i : 5);
		for (uint32_t place = 0; place < bench->count; place++)
			check_sums(&bench->pairs[place]);
	}
}

void prober_bench_stop(struct prober_bench *bench)
{
	uint64_t until_ms =
		bench_now_ms(&bench->served) + 2 * bench->settings.timeout_ns / NS_PER_MS;

	bench->kind->stop(bench->state);
	while (!bench->kind->is_done(bench->state) && bench_now_ms(&bench->served) < until_ms)
		prober_bench_run(bench, 5);
	assert_true(bench->kind->is_done(bench->state));
	for (uint32_t place = 0; place < bench->count; place++) {
		for (unsigned probe = 0; probe < MESH_PROBES; probe++)
			assert_int_equal(bench->pairs[place].probes[probe].in_flight, 0);
	}
}

void prober_bench_free(struct prober_bench *bench)
{
	for (uint32_t place = 0; place < bench->count; place++)
		bench->kind->remove(bench->state, &bench->links[place]);
	bench->kind->close(bench->state);
	bench_free(&bench->served);
}
