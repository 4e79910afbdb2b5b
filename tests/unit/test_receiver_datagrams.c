/* What receipts of datagram flows add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "engine/receiver_table.h"
#include "metric/hdr_codec.h"
#include "run/receiver_datagrams.h"

/* [2, 6) and [8, 9) of [0, 10) were lost. */
static const struct control_receipt lossy = {
	.is_known = true,
	.numbered = 6,
	.next = 10,
	.unique = 5,
	.duplicate = 1,
	.reordered = 2,
	.bursts = 2,
	.bursts_lost = 5,
	.burst_longest = 4,
	.burst_longest_at = 2,
	.burst_first_lost = 2,
	.burst_last_lost = 8,
	.burst_lengths = { 0, 1, 0, 0, 1 },
};

static void set_delays(struct control_receipt *receipt, uint64_t value_ns, uint64_t count)
{
	struct hist *hist = calloc(1, hist_size(RECEIVER_DELAY_RANGE));
	struct buffer text cleanup(buffer_deinit);

	assert_non_null(hist);
	buffer_init(&text, CONTROL_HDR_MAX - 1);
	hist_init(hist, RECEIVER_DELAY_RANGE);
	hist_add_many(hist, value_ns, count);
	hdr_encode(hist, &text);
	memcpy(receipt->delay_hdr, text.data, text.size);
	receipt->delay_count = count;
	free(hist);
}

static void give(struct receiver_datagrams *datagrams, uint64_t overflows, struct report **ret)
{
	assert_int_equal(report_new(ret), 0);
	*report_add_stream(*ret) = (struct report_stream){
		.transport = "udp",
		.totals.sent = 40,
		.schedule.interval_ns = NS_PER_MS,
	};
	receiver_datagrams_give(datagrams, overflows, &(*ret)->arena, &(*ret)->streams[0]);
}

static void flows_add_up(void **state)
{
	struct receiver_datagrams datagrams;
	struct control_receipt first = lossy;
	struct control_receipt whole = {
		.is_known = true, .numbered = 10, .next = 10, .unique = 10
	};
	struct report *report = NULL;

	assert_int_equal(receiver_datagrams_init(&datagrams), 0);
	for (int round = 0; round < 2; round++) { /* the first one is forgotten */
		receiver_datagrams_clear(&datagrams);
		set_delays(&first, 100000, 5);
		set_delays(&whole, 300000, 10);
		receiver_datagrams_add(&datagrams, &first, 13); /* and [10, 13) */
		receiver_datagrams_add(&datagrams, &whole, 10);
		/* Of one nothing came. */
		receiver_datagrams_add(&datagrams, &(struct control_receipt){ 0 }, 17);
	}
	give(&datagrams, 4, &report);
	const struct report_stream *stream = &report->streams[0];
	assert_true(stream->datagrams.is_measured);
	assert_string_equal(stream->datagrams.counted_by, "receiver");
	assert_int_equal(stream->datagrams.lost, 40 - 15);
	assert_int_equal(stream->datagrams.bursts, 4);
	assert_int_equal(stream->datagrams.longest_burst, 17);
	assert_int_equal(stream->datagrams.first_lost_ns, 0);
	assert_int_equal(stream->datagrams.last_lost_ns, 16 * NS_PER_MS);
	assert_true(stream->datagrams.has_overflows);
	assert_int_equal(stream->datagrams.receiver_overflows, 4);
	assert_int_equal(stream->datagrams.network_lost, 21);
	assert_int_equal(stream->totals.duplicate, 1);
	assert_int_equal(stream->totals.reordered, 2);
	const struct report_latency *delays = &stream->latency[LATENCY_DELAY_VARIATION];
	assert_true(delays->is_measured);
	assert_int_equal(delays->count, 15);
	assert_in_range(delays->p50_ns, 295000, 305000);
	report_free(report);
	receiver_datagrams_deinit(&datagrams);
}

/* One that was dropped may stand for several. */
static void merged_ones_leave_it_open_who_lost_them(void **state)
{
	struct receiver_datagrams datagrams;
	struct control_receipt merged = lossy;
	struct report *report = NULL;

	merged.merged = 3;
	assert_int_equal(receiver_datagrams_init(&datagrams), 0);
	receiver_datagrams_add(&datagrams, &merged, 10);
	give(&datagrams, 1, &report);
	assert_true(report->streams[0].datagrams.has_overflows);
	assert_false(report->streams[0].datagrams.has_network_lost);
	report_free(report);
	give(&datagrams, 0, &report);
	assert_true(report->streams[0].datagrams.has_network_lost);
	report_free(report);
	receiver_datagrams_deinit(&datagrams);
}

static void what_one_leaves_out_is_not_known(void **state)
{
	struct receiver_datagrams datagrams;
	struct control_receipt without = lossy;
	struct report *report = NULL;

	without.delay_count = 6; /* whose histogram did not fit into the line */
	assert_int_equal(receiver_datagrams_init(&datagrams), 0);
	receiver_datagrams_add(&datagrams, &without, 10);
	give(&datagrams, 0, &report);
	assert_true(report->streams[0].datagrams.is_measured);
	assert_false(report->streams[0].latency[LATENCY_DELAY_VARIATION].is_measured);
	report_free(report);

	/* Datagrams that carry no numbers. */
	receiver_datagrams_clear(&datagrams);
	receiver_datagrams_add(&datagrams, &(struct control_receipt){ .is_known = true }, 10);
	give(&datagrams, 0, &report);
	assert_false(report->streams[0].datagrams.is_measured);
	report_free(report);
	receiver_datagrams_deinit(&datagrams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_add_up),
		cmocka_unit_test(merged_ones_leave_it_open_who_lost_them),
		cmocka_unit_test(what_one_leaves_out_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
