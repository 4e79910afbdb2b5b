/* Merging, error rows, and copies that are whole while a writer publishes and others read. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/recorder.h"

static void release_recorder(struct recorder **recorder)
{
	recorder_free(*recorder);
}

static void release_publication(struct publication **publication)
{
	publication_free(*publication);
}

#define scoped_recorder    cleanup(release_recorder) struct recorder
#define scoped_publication cleanup(release_publication) struct publication

static struct recorder *new_recorder(void)
{
	struct recorder *recorder = NULL;

	assert_int_equal(recorder_new(&recorder), 0);
	return recorder;
}

static struct publication *new_publication(void)
{
	struct publication *publication = NULL;

	assert_int_equal(publication_new(&publication), 0);
	return publication;
}

static void histograms_follow_one_another(void **state)
{
	scoped_recorder *recorder = new_recorder();

	for (enum latency i = 0; i < LATENCY_RECORDED; i++) {
		struct hist *hist = recorder_hist(recorder, i);

		assert_ptr_equal(hist, recorder_hist_const(recorder, i));
		assert_int_equal(hist->counts_size, HIST_STREAM_COUNTS);
		hist_add(hist, HIST_STREAM_RANGE.highest);
		hist_add(hist, i);
	}
	for (enum latency i = 0; i < LATENCY_RECORDED; i++) {
		assert_int_equal(recorder_hist(recorder, i)->count, 2);
		assert_int_equal(recorder_hist(recorder, i)->minimum, i);
	}
	assert_int_equal(recorder_size(),
			 sizeof(struct recorder) + LATENCY_RECORDED * HIST_STREAM_BYTES);
}

static void names_are_those_of_the_tables(void **state)
{
	assert_string_equal(latency_name(LATENCY_FIRST_REPLY), "first_reply");
	assert_string_equal(latency_help(LATENCY_SEND_ERROR), "how late messages went out");
	assert_string_equal(phase_name(PHASE_RESOLVE), "resolve");
	assert_string_equal(phase_name(PHASE_REPLY), "reply");
}

static void assert_row(const struct error_row *row, struct error_row expected)
{
	assert_int_equal(row->phase, expected.phase);
	assert_int_equal(row->outcome, expected.outcome);
	assert_int_equal(row->code, expected.code);
	assert_int_equal(row->count, expected.count);
	assert_int_equal(row->first_ns, expected.first_ns);
	assert_int_equal(row->last_ns, expected.last_ns);
}

static void errors_are_counted_by_kind(void **state)
{
	scoped_recorder *recorder = new_recorder();

	recorder_error(recorder, PHASE_CONNECT, OUTCOME_REFUSED, 111, 50);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_REFUSED, 111, 70);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_REFUSED, 111, 60);
	recorder_error(recorder, PHASE_SEND, OUTCOME_REFUSED, 111, 80);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_RESET, 111, 90);
	recorder_error(recorder, PHASE_CONNECT, OUTCOME_REFUSED, 0, 100);
	assert_row(&recorder->errors[0],
		   (struct error_row){ PHASE_CONNECT, OUTCOME_REFUSED, 111, 0, 3, 50, 70, "" });
	assert_row(&recorder->errors[1],
		   (struct error_row){ PHASE_SEND, OUTCOME_REFUSED, 111, 0, 1, 80, 80, "" });
	assert_row(&recorder->errors[2],
		   (struct error_row){ PHASE_CONNECT, OUTCOME_RESET, 111, 0, 1, 90, 90, "" });
	assert_row(&recorder->errors[3],
		   (struct error_row){ PHASE_CONNECT, OUTCOME_REFUSED, 0, 0, 1, 100, 100, "" });
	assert_int_equal(recorder->errors[4].count, 0);
}

static void errors_beyond_the_rows_are_other(void **state)
{
	scoped_recorder *recorder = new_recorder();
	const struct error_row *last = &recorder->errors[ERROR_ROWS_MAX - 1];
	uint64_t count = 0;

	for (int code = 1; code <= ERROR_ROWS_MAX; code++)
		recorder_error(recorder, PHASE_SEND, OUTCOME_RESET, code, (uint64_t)code);
	assert_int_equal(last->code, ERROR_ROWS_MAX);
	assert_int_equal(last->outcome, OUTCOME_RESET);

	recorder_error(recorder, PHASE_SEND, OUTCOME_RESET, 1000, 1000);
	recorder_error(recorder, PHASE_SEND, OUTCOME_RESET, 1001, 1001);
	recorder_error(recorder, PHASE_SEND, OUTCOME_RESET, 1, 2000); /* has a row */
	assert_row(last, (struct error_row){ PHASE_SEND, OUTCOME_OTHER, 0, 0, 3, ERROR_ROWS_MAX,
					     1001, "" });
	for (size_t i = 0; i < ERROR_ROWS_MAX; i++)
		count += recorder->errors[i].count;
	assert_int_equal(count, ERROR_ROWS_MAX + 3);
}

static void merging_adds_all_parts(void **state)
{
	scoped_recorder *a = new_recorder();
	scoped_recorder *b = new_recorder();

	a->counters.sent = 3;
	b->counters.sent = 4;
	hist_add(recorder_hist(a, LATENCY_RTT), 100);
	hist_add(recorder_hist(b, LATENCY_RTT), 50);
	recorder_error(a, PHASE_SEND, OUTCOME_RESET, 1, 20);
	recorder_error(b, PHASE_CONNECT, OUTCOME_RESET, 1, 40);
	recorder_error(b, PHASE_SEND, OUTCOME_RESET, 1, 10);
	recorder_error(b, PHASE_SEND, OUTCOME_RESET, 1, 30);
	recorder_merge(a, b);
	assert_int_equal(a->counters.sent, 7);
	assert_int_equal(recorder_hist(a, LATENCY_RTT)->count, 2);
	assert_int_equal(recorder_hist(a, LATENCY_RTT)->minimum, 50);
	assert_row(&a->errors[0],
		   (struct error_row){ PHASE_SEND, OUTCOME_RESET, 1, 0, 3, 10, 30, "" });
	assert_row(&a->errors[1],
		   (struct error_row){ PHASE_CONNECT, OUTCOME_RESET, 1, 0, 1, 40, 40, "" });
}

static void clearing_leaves_nothing(void **state)
{
	scoped_recorder *recorder = new_recorder();

	recorder->counters.sent = 3;
	hist_add(recorder_hist(recorder, LATENCY_CONNECT), 100);
	recorder_error(recorder, PHASE_SEND, OUTCOME_RESET, 1, 20);
	recorder_clear(recorder);
	assert_int_equal(recorder->counters.sent, 0);
	assert_int_equal(recorder->errors[0].count, 0);
	assert_int_equal(recorder_hist(recorder, LATENCY_CONNECT)->count, 0);
	hist_add(recorder_hist(recorder, LATENCY_CONNECT), 7); /* still usable */
	assert_int_equal(hist_percentile(recorder_hist(recorder, LATENCY_CONNECT), 50), 7);
}

/* What a worker does between two ticks, wholly determined by the tick: all that was published
 * under a tick can be told from it. */
#define SENT_A_TICK 7

static void work(struct recorder *recorder, uint64_t tick)
{
	recorder->counters.scheduled += SENT_A_TICK;
	recorder->counters.sent += SENT_A_TICK;
	recorder->counters.received += SENT_A_TICK - 1;
	recorder->counters.lost++;
	for (uint64_t i = 1; i < SENT_A_TICK; i++)
		hist_add(recorder_hist(recorder, LATENCY_SERVICE), (tick * i) % 500);
	hist_add_censored(recorder_hist(recorder, LATENCY_RESPONSE), 400 + tick % 100, 1);
	recorder_error(recorder, PHASE_RECEIVE, OUTCOME_RESET, 104, tick);
}

static uint64_t counted(const struct hist *hist)
{
	struct hist_bucket bucket;
	uint64_t count = 0;

	for (int64_t i = hist_next(hist, 0, &bucket); i >= 0; i = hist_next(hist, i, &bucket))
		count += bucket.count;
	return count;
}

/* NULL if the copy is that of the tick, else what is wrong. */
static const char *fault_of(const struct recorder *copy, uint64_t tick)
{
	const struct hist *service = recorder_hist_const(copy, LATENCY_SERVICE);
	const struct hist *response = recorder_hist_const(copy, LATENCY_RESPONSE);

	if (counters_check(&copy->counters) != NULL)
		return counters_check(&copy->counters);
	if (copy->counters.sent != tick * SENT_A_TICK)
		return "counters of another tick";
	if (service->count != copy->counters.received || response->censored != tick)
		return "histogram of another tick";
	if (counted(service) != service->count || counted(response) != response->count)
		return "buckets of another tick";
	if (tick > 0 && (copy->errors[0].count != tick || copy->errors[0].last_ns != tick))
		return "errors of another tick";
	return NULL;
}

static void assert_published(const struct publication *publication, uint64_t expected)
{
	scoped_recorder *copy = new_recorder();
	uint64_t tick = UINT64_MAX;
	const char *fault;

	publication_read(publication, copy, &tick);
	assert_int_equal(tick, expected);
	assert_int_equal(publication_tick(publication), expected);
	fault = fault_of(copy, tick);
	if (fault != NULL)
		fail_msg("tick %llu: %s", (unsigned long long)tick, fault);
}

static void each_tick_is_read_whole(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_publication *publication = new_publication();

	assert_published(publication, 0);
	for (uint64_t tick = 1; tick < 40; tick++) {
		work(recorder, tick);
		publication_publish(publication, recorder, tick);
		assert_published(publication, tick);
	}
}

/* Ticks without any work come between: a page must reach both buffers all the same. */
static void idle_ticks_lose_no_page(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_recorder *copy = new_recorder();
	scoped_publication *publication = new_publication();
	struct hist *rtt = recorder_hist(recorder, LATENCY_RTT);
	uint64_t tick = 0;

	for (unsigned i = 0; i < 30; i++) {
		hist_add(rtt, UINT64_C(1) << (10 + i)); /* a page each */
		for (unsigned idle = 0; idle < i % 4; idle++)
			publication_publish(publication, recorder, ++tick);
	}
	publication_publish(publication, recorder, ++tick);
	publication_read(publication, copy, &tick);
	assert_int_equal(counted(recorder_hist(copy, LATENCY_RTT)), 30);
}

static void only_dirty_pages_are_copied(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_recorder *copy = new_recorder();
	scoped_publication *publication = new_publication();
	struct hist *rtt = recorder_hist(recorder, LATENCY_RTT);
	uint64_t tick = 0;

	hist_add(rtt, 1);
	hist_add(rtt, 1000000);
	rtt->counts[5 * HIST_PAGE_COUNTS] = 1; /* behind the histogram's back */
	publication_publish(publication, recorder, 1);
	publication_read(publication, copy, &tick);
	assert_int_equal(recorder_hist(copy, LATENCY_RTT)->counts[5 * HIST_PAGE_COUNTS], 0);
	assert_int_equal(counted(recorder_hist(copy, LATENCY_RTT)), 2);
}

/* The end of the warm-up: what was published before must not shine through. */
static void a_cleared_recorder_is_published_as_such(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_publication *publication = new_publication();

	for (uint64_t tick = 1; tick < 5; tick++) {
		work(recorder, tick);
		hist_add(recorder_hist(recorder, LATENCY_SERVICE), 100000 + tick);
		publication_publish(publication, recorder, tick);
	}
	recorder_clear(recorder);
	for (uint64_t tick = 1; tick < 5; tick++) {
		work(recorder, tick);
		publication_publish(publication, recorder, tick);
		assert_published(publication, tick);
	}
}

static void reading_adds_workers_up(void **state)
{
	scoped_recorder *copy = new_recorder();
	scoped_recorder *wide = new_recorder();
	scoped_recorder *narrow = new_recorder();
	scoped_publication *first = new_publication();
	scoped_publication *second = new_publication();
	uint64_t tick = 0;

	for (uint64_t value = 1; value <= 1000; value++)
		hist_add(recorder_hist(wide, LATENCY_RTT), value);
	hist_add(recorder_hist(narrow, LATENCY_RTT), 1);
	hist_add(recorder_hist(narrow, LATENCY_RTT), 1000);
	publication_publish(first, wide, 1);
	publication_publish(second, narrow, 1);
	publication_read(first, copy, &tick);
	publication_read(second, copy, &tick);
	assert_int_equal(recorder_hist(copy, LATENCY_RTT)->count, 1002);
	assert_int_equal(counted(recorder_hist(copy, LATENCY_RTT)), 1002);
}

#define READERS     2
#define LAST_TICK   2000
#define TICK_NS     100000
#define READS_LEAST 20

struct reader {
	const struct publication *publication;
	struct recorder *copy;
	pthread_t thread;
	const char *fault;
	uint64_t reads;
	uint64_t tick;
};

static void *read_until_the_last(void *context)
{
	struct reader *reader = context;

	while (reader->fault == NULL && reader->tick < LAST_TICK) {
		uint64_t tick = 0;

		recorder_clear(reader->copy);
		publication_read(reader->publication, reader->copy, &tick);
		reader->fault =
			tick < reader->tick ? "an older tick" : fault_of(reader->copy, tick);
		reader->tick = tick;
		reader->reads++;
	}
	return NULL;
}

static void publish_until_the_last(struct publication *publication, struct recorder *recorder)
{
	const struct timespec pause = { .tv_nsec = TICK_NS };

	for (uint64_t tick = 1; tick <= LAST_TICK; tick++) {
		work(recorder, tick);
		publication_publish(publication, recorder, tick);
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}

static void readers_see_whole_copies_while_the_writer_goes_on(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_publication *publication = new_publication();
	struct reader readers[READERS] = { 0 };

	for (size_t i = 0; i < READERS; i++) {
		readers[i].publication = publication;
		readers[i].copy = new_recorder();
		assert_int_equal(
			pthread_create(&readers[i].thread, NULL, read_until_the_last, &readers[i]),
			0);
	}
	publish_until_the_last(publication, recorder);
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
		recorder_free(readers[i].copy);
	}
	for (size_t i = 0; i < READERS; i++) {
		if (readers[i].fault != NULL)
			fail_msg("tick %llu: %s", (unsigned long long)readers[i].tick,
				 readers[i].fault);
		assert_int_equal(readers[i].tick, LAST_TICK);
		assert_true(readers[i].reads >= READS_LEAST);
	}
}

static void what_a_killed_process_published_stays(void **state)
{
	scoped_recorder *recorder = new_recorder();
	scoped_publication *publication = new_publication();
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		for (uint64_t tick = 1; tick <= 3; tick++) {
			work(recorder, tick);
			publication_publish(publication, recorder, tick);
		}
		(void)raise(SIGKILL);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_published(publication, 3);
}

static void freeing_nothing_is_allowed(void **state)
{
	recorder_free(NULL);
	publication_free(NULL);
}

static void says_what_the_first_did_wrong(void **state)
{
	struct recorder *recorder = NULL;
	struct recorder *sum = NULL;

	assert_int_equal(recorder_new(&recorder), 0);
	assert_int_equal(recorder_new(&sum), 0);
	recorder_error_why(recorder, PHASE_REPLY, OUTCOME_PROTOCOL, 0, 5,
			   "sent a chunk size that overflows");
	recorder_error_why(recorder, PHASE_REPLY, OUTCOME_PROTOCOL, 0, 6, "does not speak HTTP");
	recorder_merge(sum, recorder);
	assert_int_equal(sum->errors[0].count, 2);
	assert_string_equal(sum->errors[0].why, "sent a chunk size that overflows");
	recorder_free(recorder);
	recorder_free(sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histograms_follow_one_another),
		cmocka_unit_test(names_are_those_of_the_tables),
		cmocka_unit_test(errors_are_counted_by_kind),
		cmocka_unit_test(errors_beyond_the_rows_are_other),
		cmocka_unit_test(merging_adds_all_parts),
		cmocka_unit_test(clearing_leaves_nothing),
		cmocka_unit_test(each_tick_is_read_whole),
		cmocka_unit_test(idle_ticks_lose_no_page),
		cmocka_unit_test(only_dirty_pages_are_copied),
		cmocka_unit_test(a_cleared_recorder_is_published_as_such),
		cmocka_unit_test(reading_adds_workers_up),
		cmocka_unit_test(readers_see_whole_copies_while_the_writer_goes_on),
		cmocka_unit_test(what_a_killed_process_published_stays),
		cmocka_unit_test(says_what_the_first_did_wrong),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
