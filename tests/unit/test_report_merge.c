// Several reports made one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"
#include "base/units.h"
#include "metric/figures.h"
#include "metric/report_latency.h"
#include "metric/report_merge.h"
#include "metric/report_read.h"
#include "metric/report_write.h"
#include "support/data.h"
#include "support/sample_report.h"
#include "view/sentence.h"

static struct hist *hist_new(void)
{
	struct hist *hist = calloc(1, HIST_STREAM_BYTES);
	hist_init(hist, HIST_STREAM_RANGE);
	return hist;
}

/* A sample whose response times are real ones, and recorded in `all` too. */
static struct report *with_values(uint64_t seed, double ms, struct hist *all)
{
	struct report *report = sample_failover();
	struct hist *hist = hist_new();
	struct random random;
	random_init(&random, seed);
	for (int i = 0; i < 5000; i++)
		hist_add(hist, (uint64_t)(ms * 1e6 * (1 + random_unit(&random))));
	hist_add_censored(hist, 2 * NS_PER_S, 20);
	hist_merge(all, hist);
	for (unsigned i = 0; i < report->stream_count; i++)
		for (unsigned k = 0; k < LATENCY_COUNT; k++)
			report->streams[i].latency[k].is_measured = false;
	report->streams[0].latency[LATENCY_RESPONSE] = report_latency_of(hist, &report->arena);
	free(hist);
	return report;
}

static struct report *merged(struct report *const *reports, size_t count, struct buffer *notes)
{
	struct report *report = NULL;
	struct error error = { "" };
	buffer_init(notes, 1 << 16);
	if (report_merge((const struct report *const *)reports, count, notes, &error, &report) < 0)
		fail_msg("%s", error.text);
	return report;
}

static void free_all(struct report **reports, size_t count, struct buffer *notes)
{
	for (size_t i = 0; i < count; i++)
		report_free(reports[i]);
	buffer_deinit(notes);
}

static void histograms_are_those_of_one_run(void **state)
{
	struct buffer notes;
	struct hist *all = hist_new();
	struct report *reports[] = { with_values(1, 0.3, all), with_values(2, 30, all), NULL };
	reports[2] = merged(reports, 2, &notes);
	const struct report_latency *latency = &reports[2]->streams[0].latency[LATENCY_RESPONSE];
	assert_true(latency->is_measured);
	assert_int_equal(latency->count, 10040);
	assert_int_equal(latency->censored, 40);
	assert_int_equal(latency->min_ns, all->minimum);
	assert_int_equal(latency->p50_ns, hist_percentile(all, 50));
	assert_int_equal(latency->p99_ns, hist_percentile(all, 99));
	assert_int_equal(latency->max_ns, all->maximum);
	assert_non_null(latency->hdr);
	free(all);
	free_all(reports, 3, &notes);
}

static void check_intervals(const struct report *report, const struct report *one)
{
	const struct report_intervals *all = &report->streams[0].interruptions;
	const struct report_intervals *from = &one->streams[0].interruptions;
	assert_int_equal(all->count, 2 * from->count);
	assert_int_equal(all->total_ns, 2 * from->total_ns);
	assert_int_equal(all->max_ns, from->max_ns);
	assert_int_equal(all->list_count, 2);
	assert_int_equal(all->list[0].start_ns, from->list[0].start_ns);
	assert_int_equal(all->list[1].start_ns, from->list[0].start_ns + 2000000000);
	assert_int_equal(all->list[0].slot, 17);
	assert_int_equal(all->list[1].slot, 217);
}

/* Two generators, the second one 2 s later: all is beside each other. */
static void runs_that_overlap(void **state)
{
	struct buffer notes;
	struct report *reports[] = { sample_failover(), sample_failover(), NULL };
	reports[1]->started_unix_ns += 2 * (int64_t)NS_PER_S;
	struct report *report = reports[2] = merged(reports, 2, &notes);
	const struct report *one = reports[0];
	const struct report_stream *stream = &report->streams[0];
	assert_int_equal(report->started_unix_ns, one->started_unix_ns);
	assert_int_equal(report->duration_ns, 12 * NS_PER_S);
	assert_int_equal(report->overlap_ns, 8 * NS_PER_S);
	assert_int_equal(stream->slots, 400);
	assert_int_equal(stream->totals.sent, 2 * one->streams[0].totals.sent);
	assert_null(counters_check(&stream->totals));
	assert_int_equal(stream->survival[SURVIVAL_CLOSED], 100);
	assert_int_equal(stream->backend_count, 4);
	assert_int_equal(stream->backends[0].slots, 100);
	assert_int_equal(stream->errors[0].count, 100);
	assert_int_equal(stream->errors[0].last_ns, one->streams[0].errors[0].last_ns + 2000000000);
	assert_int_equal(stream->sample_count, 12);
	assert_int_equal(stream->samples[0].sent, 2000);
	assert_int_equal(stream->samples[0].connections, 200);
	assert_int_equal(stream->samples[5].sent, 4000);
	assert_int_equal(stream->samples[5].connections, 400);
	assert_int_equal(stream->samples[7].lost, 323);
	assert_int_equal(report->connection_count, 2 * one->connection_count);
	assert_int_equal(report->connections[one->connection_count].slot, 200);
	check_intervals(report, one);
	free_all(reports, 3, &notes);
}

static double goodput(const struct report *report, bool *ret_is_measured)
{
	struct figure_value value;
	figure_value(report, &report->streams[0], figure_find("goodput"), &value);
	*ret_is_measured = value.is_measured;
	return value.number;
}

/* 2,000 messages of 1 KiB a second each; the 323 lost are in the time in common of both. */
static void rates_are_of_the_time_in_common(void **state)
{
	struct buffer notes;
	bool is_measured = false;
	struct report *reports[] = { sample_failover(), sample_failover(), NULL };
	reports[1]->started_unix_ns += 2 * (int64_t)NS_PER_S;
	reports[2] = merged(reports, 2, &notes);
	double wanted = (2 * 16000 - 2 * 323) * 8192.0 / 8;
	double is = goodput(reports[2], &is_measured);
	assert_true(is_measured && is > wanted - 2 && is < wanted + 2);
	assert_true(reports[2]->streams[0].schedule.rate_per_second == 4000);
	assert_non_null(strstr(buffer_text(&notes), "rates are of the 8.0 s in which all ran"));
	free_all(reports, 3, &notes);
}

static void runs_that_do_not(void **state)
{
	struct buffer notes;
	bool is_measured = true;
	struct report *reports[] = { sample_failover(), sample_failover(), NULL };
	reports[1]->started_unix_ns += 3600 * (int64_t)NS_PER_S;
	reports[2] = merged(reports, 2, &notes);
	(void)goodput(reports[2], &is_measured);
	assert_false(is_measured);
	assert_true(reports[2]->streams[0].schedule.rate_per_second == 0);
	assert_true(reports[2]->streams[0].sample_count <= 3600);
	assert_non_null(strstr(buffer_text(&notes), "no time in common"));
	free_all(reports, 3, &notes);
}

static void says_what_it_could_not_merge(void **state)
{
	static const struct report_setting setting = { "rate", "20/conn" };
	struct buffer notes;
	struct report *reports[] = { sample_failover(), sample_failover(), NULL };
	reports[1]->settings = (struct report_setting *)&setting;
	reports[1]->setting_count = 1;
	reports[0]->streams[0].latency[LATENCY_RESPONSE].hdr = NULL;
	reports[2] = merged(reports, 2, &notes);
	assert_non_null(strstr(buffer_text(&notes), "settings differ: connections 200 and unset"));
	assert_non_null(strstr(buffer_text(&notes), "rate 10/conn and 20/conn"));
	assert_non_null(strstr(buffer_text(&notes), "not merged: persistent.response, of which a "
						    "report has no histogram"));
	assert_false(reports[2]->streams[0].latency[LATENCY_RESPONSE].is_measured);
	free_all(reports, 3, &notes);
}

static void what_can_not_be_merged(void **state)
{
	struct buffer notes;
	struct report *report = NULL;
	struct error error = { "" };
	struct report *traffic = sample_failover();
	struct report *serve = sample_served();
	struct report *ctraffic = data_report("ctraffic-udp.json");
	buffer_init(&notes, 1 << 16);
	assert_true(report_merge((const struct report *[]){ traffic, serve }, 2, &notes, &error,
				 &report) < 0);
	assert_string_equal(error.text, "different commands can't be merged: traffic and serve");
	assert_true(report_merge((const struct report *[]){ traffic, ctraffic }, 2, &notes, &error,
				 &report) < 0);
	assert_string_equal(error.text, "what conntest and ctraffic measured can't be merged");
	ctraffic->started_unix_ns = INT64_MAX / 2;
	report_free(serve);
	serve = data_report("ctraffic-udp.json");
	serve->started_unix_ns = 0;
	assert_true(report_merge((const struct report *[]){ ctraffic, serve }, 2, &notes, &error,
				 &report) < 0);
	assert_string_equal(error.text, "the runs lie years apart");
	assert_null(report);
	report_free(traffic);
	report_free(serve);
	report_free(ctraffic);
	buffer_deinit(&notes);
}

/* Two senders to one receiver: its socket counts what it dropped of both, and tells it to each. */
static void what_one_socket_dropped_is_not_added_up(void **state)
{
	struct buffer notes;
	struct report *reports[] = { sample_one_way(), sample_one_way(), NULL };
	for (int i = 0; i < 2; i++) {
		struct report_stream *load = &reports[i]->streams[0];
		load->datagrams.receiver_overflows = 100;
		load->datagrams.network_lost = load->datagrams.lost - 100;
		load->receiver.queue_overflows = 120;
	}
	struct report *report = reports[2] = merged(reports, 2, &notes);
	const struct report_stream *load = &report->streams[0];
	assert_int_equal(load->datagrams.lost, 2 * 2143);
	assert_false(load->datagrams.has_overflows);
	assert_false(load->datagrams.has_network_lost);
	assert_int_equal(load->receiver.queue_overflows, 120);
	free_all(reports, 3, &notes);
}

/* The result is a report like any other. */
static void is_written_and_read_again(void **state)
{
	struct buffer notes;
	struct buffer first;
	struct buffer second;
	struct report *again = NULL;
	struct error error = { "" };
	struct report *reports[] = { sample_datagrams(), sample_datagrams(), sample_datagrams(),
				     NULL };
	struct report *report = reports[3] = merged(reports, 3, &notes);
	assert_true(report->merged_from == 3);
	sentence_build(report);
	buffer_init(&first, REPORT_FILE_MAX);
	buffer_init(&second, REPORT_FILE_MAX);
	report_write(report, &first);
	if (report_read(buffer_text(&first), first.size, &error, &again) < 0)
		fail_msg("%s", error.text);
	report_write(again, &second);
	assert_string_equal(buffer_text(&first), buffer_text(&second));
	buffer_deinit(&first);
	buffer_deinit(&second);
	report_free(again);
	free_all(reports, 4, &notes);
}

static struct report *over_tls(struct report_tls tls)
{
	struct report *report = sample_failover();
	report->has_tls = true;
	report->tls = tls;
	return report;
}

static void what_came_of_tls_is_merged(void **state)
{
	static const struct report_tls first = {
		.version = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.is_verified = true,
		.handshakes = 10,
		.resumed = 2,
		.cut_short = 1,
	};
	static const struct report_tls second = {
		.version = "TLSv1.2",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.protocol = "http/1.1",
		.handshakes = 5,
		.resumed = 3,
		.cut_short = 4,
		.complaint = "the second's",
	};
	struct buffer notes;
	struct report *reports[] = { sample_failover(), over_tls(first), over_tls(second), NULL };
	reports[3] = merged(reports, 3, &notes);
	const struct report_tls *tls = &reports[3]->tls;
	assert_true(reports[3]->has_tls);
	assert_string_equal(tls->version, "TLSv1.3, TLSv1.2");
	assert_string_equal(tls->cipher, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(tls->protocol, "http/1.1");
	assert_false(tls->is_verified);
	assert_int_equal(tls->handshakes, 15);
	assert_int_equal(tls->resumed, 5);
	assert_int_equal(tls->cut_short, 5);
	assert_string_equal(tls->complaint, "the second's");
	free_all(reports, array_size(reports), &notes);
	reports[0] = over_tls(first);
	reports[1] = sample_failover();
	reports[2] = merged(reports, 2, &notes);
	assert_true(reports[2]->tls.is_verified);
	free_all(reports, 3, &notes);
	reports[0] = sample_failover();
	reports[1] = merged(reports, 1, &notes);
	assert_false(reports[1]->has_tls);
	free_all(reports, 2, &notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_of_tls_is_merged),
		cmocka_unit_test(histograms_are_those_of_one_run),
		cmocka_unit_test(runs_that_overlap),
		cmocka_unit_test(rates_are_of_the_time_in_common),
		cmocka_unit_test(runs_that_do_not),
		cmocka_unit_test(says_what_it_could_not_merge),
		cmocka_unit_test(what_can_not_be_merged),
		cmocka_unit_test(what_one_socket_dropped_is_not_added_up),
		cmocka_unit_test(is_written_and_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
