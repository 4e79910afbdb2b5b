/* The plan of a mesh: its figures by hand, its text as a golden file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "metric/mesh_judge.h"
#include "support/golden.h"
#include "view/mesh_forecast.h"

static const struct mesh_settings settings = {
	.probes = 1u << MESH_TCP | 1u << MESH_TCP_LONG | 1u << MESH_UDP | 1u << MESH_HTTP,
	.has_mtu = true,
	.wait_ns = 5 * NS_PER_S,
	.rand_ns = 5 * NS_PER_S,
	.udp_interval_ns = NS_PER_S,
	.mtu_interval_ns = 60 * NS_PER_S,
	.window_ns = 30 * NS_PER_S,
	.udp_ports = 8,
	.udp_bytes = 128,
};

static const struct mesh_forecast large = {
	.settings = &settings,
	.members = 1000,
	.k = 10,
	.all = 30,
	.pairs = 10000,
	.pairs_across = 2400,
	.out_min = 10,
	.out_max = 10,
	.in_min = 5,
	.in_max = 19,
	.in_mean = 10,
	.locations = 2,
	.location_pairs = 2,
	.location_pairs_covered = 2,
	.racks = 40,
	.rack_pairs = 1560,
	.rack_pairs_covered = 1523,
	.series = 512,
};

static const struct mesh_forecast small = {
	.settings = &settings,
	.members = 3,
	.pairs = 6,
	.out_min = 2,
	.out_max = 2,
	.in_min = 2,
	.in_max = 2,
	.in_mean = 2,
	.locations = 1,
	.series = 77,
};

static void figures_are_those_of_the_formulas(void **state)
{
	struct mesh_forecast_traffic traffic;
	struct mesh_settings udp = { .probes = 1u << MESH_UDP,
				     .udp_interval_ns = NS_PER_S / 10,
				     .udp_bytes = 72 };
	struct mesh_forecast forecast = large;

	/* reference: 299 probes see 1 %, 2,995 see 0.1 %, 95 times in 100 */
	assert_true(fabs(mesh_smallest_loss(299) - 0.01) < 0.0001);
	assert_true(fabs(mesh_smallest_loss(2995) - 0.001) < 0.00001);
	assert_true(mesh_smallest_loss(0) == 1);
	/* 16/64: 0.26; 64/256: 1.1 */
	assert_true(fabs(mesh_forecast_missed_paths(16, 64) - 0.26) < 0.005);
	assert_true(fabs(mesh_forecast_missed_paths(64, 256) - 1.14) < 0.01);
	/* Ten peers, ten times a second, and as many answers: 100 bytes each. */
	forecast.settings = &udp;
	mesh_forecast_traffic(&forecast, &traffic);
	assert_true(fabs(traffic.packets_per_second - 200) < 0.001);
	assert_true(fabs(traffic.bytes_per_second - 20000) < 0.1);
}

static void a_plan_reads_so(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	mesh_forecast_write(&out, &large);
	buffer_append_text(&out, "\n");
	mesh_forecast_write(&out, &small);
	golden_check("mesh_forecast.txt", &out);
	buffer_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_those_of_the_formulas),
		cmocka_unit_test(a_plan_reads_so),
	};
	return cmocka_run_group_tests_name("mesh_forecast", tests, NULL, NULL);
}
