#include "support/link_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "net/memory.h"

struct link_bench link_bench;

#define bench link_bench

static void on_started(void *context, uint64_t late_ns)
{
	assert_ptr_equal(context, &bench);
	bench.started++;
	if (late_ns > bench.late_ns)
		bench.late_ns = late_ns;
}

static void on_answered(void *context, struct mesh_link *link, const char *name)
{
	assert_ptr_equal(context, &bench);
	bench.answered++;
	link->pair->answered_ns = loop_now(bench.host.loop);
	if (name)
		(void)snprintf(bench.told_name, sizeof(bench.told_name), "%s", name);
}

void link_bench_init(const struct mesh_prober_kind *kind, struct loop *loop, void *network)
{
	bench = (struct link_bench){ .kind = kind };
	bench.settings = (struct mesh_settings){
		.node = "here",
		.probes = (1u << MESH_PROBES) - 1,
		.has_mtu = true,
		.wait_ns = 5 * NS_PER_S,
		.udp_interval_ns = NS_PER_S,
		.control_port = 5004,
		.mtu_interval_ns = 30 * NS_PER_S,
		.timeout_ns = 2 * NS_PER_S,
		.window_ns = 30 * NS_PER_S,
		.http_path = "/v1/ping",
	};
	random_init(&bench.random, 7);
	bench.host = (struct mesh_host){
		.loop = loop,
		.settings = &bench.settings,
		.node = &bench.node,
		.caps = &bench.caps,
		.random = &bench.random,
		.places = LINK_BENCH_MAX,
		.stream = &stream_memory,
		.datagram = &datagram_memory,
		.network = network,
		.started = on_started,
		.answered = on_answered,
		.context = &bench,
	};
}

void link_bench_open(void)
{
	struct error error = { "" };
	if (bench.kind->open(&bench.host, &error, &bench.state) < 0)
		fail_msg("%s", error.text);
}

struct mesh_target *link_bench_target(const char *endpoint)
{
	assert_true(bench.count < LINK_BENCH_MAX);
	struct mesh_link *link = &bench.links[bench.count];
	*link = (struct mesh_link){
		.target = { .id = bench.count + 1, .is_probed = true },
		.pair = &bench.pairs[bench.count],
		.place = bench.count,
	};
	assert_int_equal(endpoint_parse(endpoint, 0, &link->target.endpoint), 0);
	link->pair->id = link->target.id;
	bench.count++;
	return &link->target;
}

void link_bench_add(void)
{
	for (uint32_t i = 0; i < bench.count; i++)
		if (bench.links[i].target.id && !bench.links[i].own[MESH_PROBER_LOOK] &&
		    !bench.links[i].own[MESH_PROBER_MTU])
			assert_int_equal(bench.kind->add(bench.state, &bench.links[i]), 0);
}

void link_bench_remove(uint32_t index)
{
	bench.kind->remove(bench.state, &bench.links[index]);
	bench.links[index].target.id = 0;
}

void link_bench_assert_sums(void)
{
	for (uint32_t i = 0; i < bench.count; i++) {
		for (int probe = 0; probe < MESH_PROBES; probe++) {
			const struct mesh_series *series = &bench.pairs[i].probes[probe];
			uint64_t failures = 0;
			for (int reason = 0; reason < MESH_REASONS; reason++)
				failures += series->failures[reason];
			assert_int_equal(series->sent,
					 series->received + series->lost + series->in_flight);
			assert_int_equal(failures, series->lost);
			assert_int_equal(mesh_spread_count(&series->rtt), series->received);
		}
	}
}

void link_bench_close(void)
{
	link_bench_assert_sums();
	for (uint32_t i = 0; i < bench.count; i++)
		if (bench.links[i].target.id)
			link_bench_remove(i);
	bench.kind->close(bench.state);
}
