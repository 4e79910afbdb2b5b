/* Traced hops in a report: what is copied into it, and that its JSON reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/report_hops.h"
#include "metric/report_read.h"
#include "metric/report_write.h"

#define ROUNDS 20

static struct hop_answer answer_of(enum hop_answer_kind kind, const char *from)
{
	struct hop_answer answer = { .kind = kind, .is_icmp = kind != HOP_TARGET, .icmp_type = 11 };
	assert_int_equal(endpoint_parse(from, 0, &answer.from), 0);
	return answer;
}

/* Three hops: a router with labels, one that is half silent and refuses full size, the target. */
static void trace_flow(struct hops_flow *flow, uint16_t port)
{
	struct hop_answer near = answer_of(HOP_EXPIRED, "10.9.1.254");
	struct hop_answer far = answer_of(HOP_EXPIRED, "10.9.2.254");
	struct hop_answer target = answer_of(HOP_TARGET, "10.9.3.7");
	struct hop_answer too_big = answer_of(HOP_TOO_BIG, "10.9.2.254");
	near.labels[0] = 24001;
	near.labels[1] = 17;
	near.label_count = 2;
	too_big.mtu_bytes = 1400;
	flow->local = target.from;
	flow->local.port = port;
	flow->hop_count = 3;
	flow->is_reached = true;
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (unsigned size = 0; size < HOPS_SIZES; size++) {
			for (unsigned hop = 0; hop < 3; hop++)
				hop_note_sent(&flow->hops[hop], size);
			hop_note_answer(&flow->hops[0], size, &near, 1000 + i);
			if (i % 4 == 0)
				hop_note_answer(&flow->hops[1], size, &far, 2000 + i);
			hop_note_answer(&flow->hops[2], size, size == HOPS_FULL ? &too_big : &target,
					3000 + i);
		}
	}
}

static void fill(struct report *report, struct report_hops *ret)
{
	struct hops *hops;
	assert_int_equal(hops_new(HOPS_UDP, 3, 8, ROUNDS, &hops), 0);
	trace_flow(&hops->flows[0], 40000);
	trace_flow(&hops->flows[1], 40001);
	hops->flows[1].failure = 110;
	hops->flows[2].failure = 98;
	hops->bytes[HOPS_SMALL] = 180;
	hops->bytes[HOPS_FULL] = 1500;
	hops->late = 4;
	assert_int_equal(report_hops_fill(&report->arena, hops, ret), 0);
	hops_free(hops);
	report->has_path = true;
	report->path.hops = ret;
	report->path.hops_count = 1;
}

static void check(const struct report_hops *hops)
{
	assert_int_equal(hops->path_count, 1);
	assert_int_equal(hops->failed_count, 1);
	assert_string_equal(hops->failed[0].failure, "Address already in use");
	assert_string_equal(hops->way, "udp");
	assert_string_equal(hops->local, "10.9.3.7");
	assert_int_equal(hops->full_bytes, 1500);
	assert_int_equal(hops->late, 4);
	const struct report_hop_path *path = &hops->paths[0];
	assert_int_equal(path->hop_count, 3);
	assert_int_equal(path->port_count, 2);
	assert_int_equal(path->ports[1].port, 40001);
	assert_string_equal(path->ports[1].failure, "Connection timed out");
	assert_null(path->ports[0].failure);
	assert_int_equal(path->small_lost, 0);
	assert_int_equal(path->full_lost, 2 * ROUNDS);
	assert_int_equal(path->full_lost_from, 3);
	assert_string_equal(path->hops[0].labels, "24001 17");
	assert_int_equal(path->hops[0].rtt_min_ns, 1000);
	assert_string_equal(path->hops[1].small_note, "rate-limited");
	assert_string_equal(path->hops[1].address, "10.9.2.254");
	assert_int_equal(path->hops[1].small_lost, 2 * ROUNDS * 3 / 4);
	assert_true(path->hops[2].is_target);
	assert_int_equal(path->hops[2].too_big, 2 * ROUNDS);
	assert_int_equal(path->hops[2].too_big_bytes, 1400);
	assert_string_equal(path->hops[2].too_big_from, "10.9.2.254");
}

static void test_reads_back(void **state)
{
	cleanup(buffer_deinit) struct buffer first;
	cleanup(buffer_deinit) struct buffer second;
	struct report *report;
	struct report *again;
	struct report_hops hops;
	struct error error = { "" };

	buffer_init(&first, 1 << 20);
	buffer_init(&second, 1 << 20);
	assert_int_equal(report_new(&report), 0);
	fill(report, &hops);
	check(&hops);
	report->tool_name = report->tool_version = report->command = report->target = "";
	report->headline = report->result = report->trust = "";
	report_write(report, &first);
	assert_int_equal(report_read(buffer_text(&first), strlen(buffer_text(&first)), &error, &again),
			 0);
	assert_int_equal(again->path.hops_count, 1);
	check(again->path.hops);
	report_write(again, &second);
	assert_string_equal(buffer_text(&first), buffer_text(&second));
	report_free(again);
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_reads_back) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
