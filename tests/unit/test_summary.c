// Raw events in, sentences out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/golden.h"
#include "view/event_text.h"
#include "view/ndjson.h"
#include "view/summary.h"

#define STARTED      (100 * NS_PER_S)
#define STARTED_UNIX INT64_C(1795158681000000000) /* 2026-11-20T07:11:21.000Z */

struct fixture {
	struct summary *summary;
	struct buffer text;
	struct buffer ndjson;
	unsigned told;
	uint64_t now_ns;
};

static const char *backend_name(void *context, uint16_t backend)
{
	static const char *const names[] = { "web-1", "web-2", "web-3", "web-4" };
	return backend < array_size(names) ? names[backend] : NULL;
}

static void tell(void *context, const struct summary_event *event)
{
	struct fixture *fixture = context;
	int64_t offset_ns = (int64_t)(event->at_ns - STARTED);
	event_text_write(&fixture->text, STARTED_UNIX + offset_ns, offset_ns, event->text);
	ndjson_write_event(&fixture->ndjson, event, offset_ns);
	fixture->told++;
}

static struct fixture begin(void)
{
	struct fixture fixture = { .now_ns = STARTED };
	buffer_init(&fixture.text, 1 << 20);
	buffer_init(&fixture.ndjson, 1 << 20);
	return fixture;
}

static void start(struct fixture *fixture, uint32_t slots)
{
	const struct summary_setup setup = {
		.sink = { tell, fixture },
		.backend_name = backend_name,
		.target = "tcp://10.20.0.5:5003",
		.slots = slots,
		.flows = 4,
		.limit_word = "--max-connections",
		.drain_ns = 5 * NS_PER_S,
		.stall_after_ns = 200 * NS_PER_MS,
		.started_ns = STARTED,
	};
	assert_int_equal(summary_new(&setup, &fixture->summary), 0);
}

static void end(struct fixture *fixture)
{
	summary_free(fixture->summary);
	buffer_deinit(&fixture->text);
	buffer_deinit(&fixture->ndjson);
}

/* Time goes on as in a run: a look every 50 ms. */
static void wait_until(struct fixture *fixture, uint64_t now_ns)
{
	for (; fixture->now_ns < now_ns; fixture->now_ns += 50 * NS_PER_MS)
		summary_tick(fixture->summary, fixture->now_ns);
}

static void add(struct fixture *fixture, uint64_t at_ms, struct event event)
{
	event.at_ns = STARTED + at_ms * NS_PER_MS;
	wait_until(fixture, event.at_ns);
	summary_add(fixture->summary, &event);
}

static void check(const struct fixture *fixture, const char *text)
{
	assert_string_equal(buffer_text(&fixture->text), text);
}

/* Clients 50 to 99 are with web-3 and lose it, 23 of them with messages that had waited. */
static void lose_backend(struct fixture *fixture)
{
	static const uint16_t to[] = { 0, 1, 3 };
	for (uint32_t i = 0; i < 50; i++)
		add(fixture, 4233 + i,
		    (struct event){ .kind = EVENT_SLOT_SILENT,
				    .slot = 50 + i,
				    .backend = 2,
				    .span_ns = 200 * NS_PER_MS });
	for (uint32_t i = 0; i < 50; i++)
		add(fixture, 4592 + i / 8,
		    (struct event){ .kind = EVENT_SLOT_ENDED,
				    .slot = 50 + i,
				    .backend = 2,
				    .count = 6,
				    .outcome = OUTCOME_CLOSED });
	for (uint32_t i = 0; i < 50; i++)
		add(fixture, 4600 + i,
		    (struct event){
			    .kind = EVENT_SLOT_CONNECTED, .slot = 50 + i, .backend = to[i % 3] });
}

static void a_failover_is_four_lines(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 200);
	for (uint16_t i = 0; i < 4; i++)
		summary_set_backend_slots(fixture.summary, i, 50);
	add(&fixture, 3930, (struct event){ .kind = EVENT_MARK });
	lose_backend(&fixture);
	wait_until(&fixture, STARTED + 10 * NS_PER_S);
	golden_check("events_failover.txt", &fixture.text);
	golden_check("events_failover.ndjson", &fixture.ndjson);
	end(&fixture);
}

static void what_is_lost_without_warning_is_told(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 20);
	summary_set_backend_slots(fixture.summary, 0, 20);
	for (uint32_t i = 0; i < 7; i++)
		add(&fixture, 1000,
		    (struct event){ .kind = EVENT_SLOT_ENDED,
				    .slot = i,
				    .count = 1,
				    .outcome = OUTCOME_RESET });
	wait_until(&fixture, STARTED + 2 * NS_PER_S);
	check(&fixture, "07:11:22.000Z  +1.000 s  web-1: 7 connections reset, 7 messages in flight "
			"lost\n");
	end(&fixture);
}

static void back_where_they_were(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 3);
	summary_set_backend_slots(fixture.summary, 1, 3);
	for (uint32_t i = 0; i < 3; i++)
		add(&fixture, 1000,
		    (struct event){ .kind = EVENT_SLOT_ENDED,
				    .slot = i,
				    .backend = 1,
				    .outcome = OUTCOME_CLOSED });
	for (uint32_t i = 0; i < 2; i++)
		add(&fixture, 2000,
		    (struct event){ .kind = EVENT_SLOT_CONNECTED, .slot = i, .backend = 1 });
	add(&fixture, 3000,
	    (struct event){ .kind = EVENT_SLOT_CONNECTED, .slot = 2, .backend = 1 });
	summary_flush(fixture.summary);
	check(&fixture, "07:11:22.000Z  +1.000 s  web-2: 3 connections closed by peer\n"
			"07:11:23.000Z  +2.000 s  web-2: 2 of 3 clients connected again\n"
			"07:11:24.000Z  +3.000 s  web-2: 1 of 3 clients connected again\n");
	end(&fixture);
}

/* Three clients that are closed and come back again and again are three. */
static void clients_are_counted_once(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 3);
	summary_set_backend_slots(fixture.summary, 1, 3);
	for (uint32_t i = 0; i < 30; i++) {
		add(&fixture, 1000 + i,
		    (struct event){ .kind = EVENT_SLOT_ENDED,
				    .slot = i % 3,
				    .backend = 1,
				    .outcome = OUTCOME_CLOSED });
		if (i % 3 == 2)
			for (uint32_t k = 0; k < 3; k++)
				add(&fixture, 1000 + i,
				    (struct event){ .kind = EVENT_SLOT_CONNECTED,
						    .slot = k,
						    .backend = 1 });
	}
	summary_flush(fixture.summary);
	check(&fixture, "07:11:22.000Z  +1.000 s  web-2: 30 connections closed by peer\n"
			"07:11:22.002Z  +1.002 s  web-2: 3 of 3 clients connected again\n");
	end(&fixture);
}

/* What goes on for longer is not told after what began later and was over at once. */
static void told_in_the_order_of_their_begin(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 20);
	for (uint32_t i = 0; i < 8; i++) {
		add(&fixture, 1000 + 50 * i,
		    (struct event){ .kind = EVENT_SLOT_SILENT, .slot = i, .backend = 0 });
		if (i == 0)
			add(&fixture, 1010,
			    (struct event){ .kind = EVENT_PATH_OUT,
					    .slot = 1,
					    .backend = BACKEND_UNKNOWN });
	}
	wait_until(&fixture, STARTED + 2 * NS_PER_S);
	const char *text = buffer_text(&fixture.text);
	assert_non_null(strstr(text, "+1.000 s  web-1: "));
	assert_true(strstr(text, "+1.000 s  web-1: ") < strstr(text, "+1.010 s  path: "));
	end(&fixture);
}

/* Others were told between a spell's last failure and its end. */
static void a_spell_is_not_told_into_the_past(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 20);
	add(&fixture, 1000, (struct event){ .kind = EVENT_NEW_FAILED, .backend = BACKEND_UNKNOWN });
	add(&fixture, 1100, (struct event){ .kind = EVENT_NEW_GOOD, .backend = BACKEND_UNKNOWN });
	add(&fixture, 1500, (struct event){ .kind = EVENT_MARK });
	wait_until(&fixture, STARTED + 3 * NS_PER_S);
	assert_non_null(strstr(buffer_text(&fixture.text),
			       "  +1.500 s  new connections: 1 failed since +1.000 s, the last at "
			       "+1.000 s\n"));
	end(&fixture);
}

static void nor_is_what_had_to_rest(void **state)
{
	const struct event refused = { .kind = EVENT_SLOT_REFUSED,
				       .backend = BACKEND_UNKNOWN,
				       .outcome = OUTCOME_TIMED_OUT };
	struct fixture fixture = begin();
	start(&fixture, 20);
	add(&fixture, 0, refused);
	add(&fixture, 1000, refused);
	add(&fixture, 2500, refused);
	add(&fixture, 5000, (struct event){ .kind = EVENT_MARK });
	wait_until(&fixture, STARTED + 6 * NS_PER_S);
	summary_flush(fixture.summary);
	check(&fixture, "07:11:21.000Z  +0.000 s  1 attempt to connect failed (timed out)\n"
			"07:11:26.000Z  +5.000 s  mark\n"
			"07:11:26.000Z  +5.000 s  2 attempts to connect failed in 1.5 s, the last "
			"at +2.500 s (timed out)\n");
	end(&fixture);
}

static void datagrams_tell_since_when(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 2);
	for (uint32_t i = 0; i < 2; i++)
		add(&fixture, 3280 + i,
		    (struct event){ .kind = EVENT_SLOT_LOSS,
				    .slot = i,
				    .backend = BACKEND_UNKNOWN,
				    .span_ns = 1980 * NS_PER_MS });
	summary_flush(fixture.summary);
	check(&fixture, "07:11:24.280Z  +3.280 s  2 of 2 clients without answers since +1.300 s\n");
	end(&fixture);
}

static void the_ramp_has_its_own_clock(void **state)
{
	struct buffer out;
	struct summary_event event = { .kind = EVENT_MARK, .is_in_ramp = true, .text = "mark" };
	buffer_init(&out, 4096);
	event_text_write_ramp(&out, STARTED_UNIX, 492 * NS_PER_MS, "mark");
	assert_string_equal(buffer_text(&out), "07:11:21.000Z  ramp +0.492 s  mark\n");
	buffer_clear(&out);
	ndjson_write_event(&out, &event, 492);
	assert_non_null(strstr(buffer_text(&out), "\"ramp_ns\":492,"));
	assert_null(strstr(buffer_text(&out), "at_ns"));
	buffer_deinit(&out);
}

static void first_connections_are_counted_only(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 3);
	for (uint32_t i = 0; i < 3; i++)
		add(&fixture, 0,
		    (struct event){ .kind = EVENT_SLOT_CONNECTED, .slot = i, .backend = 1 });
	add(&fixture, 1000, (struct event){ .kind = EVENT_SLOT_SILENT, .slot = 1, .backend = 1 });
	summary_flush(fixture.summary);
	check(&fixture, "07:11:22.000Z  +1.000 s  web-2: 1 of 3 clients silent for more than 0.2 "
			"s\n");
	end(&fixture);
}

/* A balancer takes the connection for a dead backend and closes it again. */
static void ended_again_before_it_answered(void **state)
{
	const struct event ended = { .kind = EVENT_SLOT_ENDED,
				     .backend = 1,
				     .outcome = OUTCOME_CLOSED };
	const struct event again = { .kind = EVENT_SLOT_ENDED,
				     .backend = BACKEND_UNKNOWN,
				     .outcome = OUTCOME_CLOSED };
	const struct event connected = { .kind = EVENT_SLOT_CONNECTED, .backend = 3 };
	struct fixture fixture = begin();
	start(&fixture, 1);
	summary_set_backend_slots(fixture.summary, 1, 1);
	add(&fixture, 1000, ended);
	add(&fixture, 2000, again);
	add(&fixture, 3000, connected);
	summary_flush(fixture.summary);
	check(&fixture, "07:11:22.000Z  +1.000 s  web-2: 1 connection closed by peer\n"
			"07:11:23.000Z  +2.000 s  1 connection closed by peer\n"
			"07:11:24.000Z  +3.000 s  web-2: 1 of 1 client connected again: web-4 1\n");
	end(&fixture);
}

static void new_connections_fail_in_spells(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 0);
	const struct event failed = { .kind = EVENT_NEW_FAILED,
				      .backend = BACKEND_UNKNOWN,
				      .outcome = OUTCOME_REFUSED };
	const struct event good = { .kind = EVENT_NEW_GOOD, .backend = BACKEND_UNKNOWN };
	add(&fixture, 10702, failed);
	add(&fixture, 10802, good);
	add(&fixture, 11100, failed);
	add(&fixture, 11600, failed);
	add(&fixture, 11700, good);
	wait_until(&fixture, STARTED + 12 * NS_PER_S);
	add(&fixture, 13000, failed);
	summary_flush(fixture.summary);
	check(&fixture,
	      "07:11:31.702Z  +10.702 s  new connections fail (refused by 10.20.0.5:5003)\n"
	      "07:11:32.600Z  +11.600 s  new connections: 3 failed since +10.702 s, this the last\n"
	      "07:11:34.000Z  +13.000 s  new connections fail (refused by 10.20.0.5:5003)\n"
	      "07:11:34.000Z  +13.000 s  new connections: 1 failed since +13.000 s, to the end\n");
	end(&fixture);
}

static void the_same_again_rests(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 20);
	for (uint32_t i = 0; i < 120; i++)
		add(&fixture, 100 * i,
		    (struct event){ .kind = EVENT_SLOT_REFUSED,
				    .slot = i % 20,
				    .backend = BACKEND_UNKNOWN,
				    .outcome = OUTCOME_REFUSED });
	summary_flush(fixture.summary);
	check(&fixture,
	      "07:11:21.000Z  +0.000 s  5 attempts to connect failed (refused by 10.20.0.5:5003)\n"
	      "07:11:31.400Z  +10.400 s  100 attempts to connect failed in 9.9 s (refused by "
	      "10.20.0.5:5003)\n"
	      "07:11:32.900Z  +11.900 s  15 attempts to connect failed in 1.4 s (refused by "
	      "10.20.0.5:5003)\n");
	end(&fixture);
}

static void who_of_several_refused_is_not_known(void **state)
{
	struct fixture fixture = begin();
	const struct summary_setup setup = {
		.sink = { tell, &fixture },
		.backend_name = backend_name,
		.target = "tcp://10.20.0.5:5003 tcp://10.20.0.6:5003",
		.slots = 2,
		.started_ns = STARTED,
	};
	assert_int_equal(summary_new(&setup, &fixture.summary), 0);
	add(&fixture, 100,
	    (struct event){ .kind = EVENT_SLOT_REFUSED,
			    .backend = BACKEND_UNKNOWN,
			    .outcome = OUTCOME_REFUSED });
	summary_flush(fixture.summary);
	check(&fixture, "07:11:21.100Z  +0.100 s  1 attempt to connect failed (refused)\n");
	end(&fixture);
}

static void ten_a_second_and_then_a_count(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 0);
	for (uint16_t i = 0; i < 25; i++)
		add(&fixture, 1000,
		    (struct event){
			    .kind = EVENT_SLOT_LOSS, .slot = i, .backend = (uint16_t)(100 + i) });
	add(&fixture, 1000, (struct event){ .kind = EVENT_MARK });
	wait_until(&fixture, STARTED + 3 * NS_PER_S);
	assert_int_equal(fixture.told, 12);
	assert_non_null(strstr(buffer_text(&fixture.text), "  mark\n"));
	assert_non_null(strstr(buffer_text(&fixture.text), "  15 more events\n"));
	end(&fixture);
}

static void sentences(void **state)
{
	static const struct {
		struct event event;
		const char *text;
	} cases[] = {
		{ { .kind = EVENT_SLOT_ANSWERS, .backend = 1, .span_ns = 620000000 },
		  "web-2: 1 client answers again, silent for at most 0.6 s" },
		{ { .kind = EVENT_SLOT_ENDED, .backend = 1, .outcome = OUTCOME_CORRUPTED },
		  "web-2: 1 connection answered with other bytes than were sent" },
		{ { .kind = EVENT_SLOT_LOSS, .backend = BACKEND_UNKNOWN },
		  "1 of 20 clients without answers" },
		{ { .kind = EVENT_SLOT_GOOD, .backend = 3, .span_ns = 300000000 },
		  "web-4: 1 client answers again, out for at most 0.3 s" },
		{ { .kind = EVENT_PATH_OUT }, "path: 1 of 4 flows without answers" },
		{ { .kind = EVENT_PATH_BACK, .span_ns = 310000000 },
		  "path: 1 flow answers again, out for at most 0.3 s" },
		{ { .kind = EVENT_PATH_ANSWERED },
		  "path: datagrams are answered, the UDP probe begins" },
		{ { .kind = EVENT_PATH_SILENT, .count = 3 },
		  "path: 3 datagrams unanswered, no UDP probe" },
		{ { .kind = EVENT_SATURATED, .span_ns = 35000000 },
		  "this host falls behind its schedule by 35.0 ms" },
		{ { .kind = EVENT_LIMIT, .outcome = OUTCOME_LIMITED },
		  "1 client turned away by --max-connections" },
		{ { .kind = EVENT_LIMIT, .outcome = OUTCOME_NO_DESCRIPTORS },
		  "1 client turned away by ulimit -n" },
		{ { .kind = EVENT_DRAIN, .count = 67 },
		  "SIGTERM: draining 67 connections, 5 s at most" },
		{ { .kind = EVENT_DRAIN }, "SIGTERM: no connections to drain" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct fixture fixture = begin();
		start(&fixture, 20);
		summary_set_cause(fixture.summary, "SIGTERM");
		add(&fixture, 0, cases[i].event);
		summary_flush(fixture.summary);
		assert_non_null(strstr(buffer_text(&fixture.text), cases[i].text));
		assert_int_equal(fixture.told, 1);
		end(&fixture);
	}
}

static void the_deadline_is_when_something_falls_due(void **state)
{
	struct fixture fixture = begin();
	start(&fixture, 20);
	assert_true(summary_deadline_ns(fixture.summary) == UINT64_MAX);
	add(&fixture, 0, (struct event){ .kind = EVENT_SLOT_ANSWERS });
	uint64_t deadline = summary_deadline_ns(fixture.summary);
	assert_true(deadline == STARTED + 100 * NS_PER_MS);
	summary_tick(fixture.summary, deadline - 1);
	assert_int_equal(fixture.told, 0);
	summary_tick(fixture.summary, deadline);
	assert_int_equal(fixture.told, 1);
	assert_true(summary_deadline_ns(fixture.summary) == UINT64_MAX);
	end(&fixture);
}

/* More kinds of groups at once than there is room for: told early, none lost. */
static void nothing_is_lost_when_there_are_many(void **state)
{
	struct fixture fixture = begin();
	uint64_t told = 0;
	start(&fixture, 20);
	for (uint16_t i = 0; i < 1000; i++) {
		struct event event = { .at_ns = STARTED, .kind = EVENT_SLOT_GOOD, .backend = i };
		summary_add(fixture.summary, &event);
	}
	summary_flush(fixture.summary);
	for (const char *at = buffer_text(&fixture.text); (at = strstr(at, " answers again")); at++)
		told++;
	assert_int_equal(told, 20);
	assert_non_null(strstr(buffer_text(&fixture.text), "  980 more events\n"));
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failover_is_four_lines),
		cmocka_unit_test(what_is_lost_without_warning_is_told),
		cmocka_unit_test(back_where_they_were),
		cmocka_unit_test(clients_are_counted_once),
		cmocka_unit_test(told_in_the_order_of_their_begin),
		cmocka_unit_test(a_spell_is_not_told_into_the_past),
		cmocka_unit_test(nor_is_what_had_to_rest),
		cmocka_unit_test(datagrams_tell_since_when),
		cmocka_unit_test(the_ramp_has_its_own_clock),
		cmocka_unit_test(first_connections_are_counted_only),
		cmocka_unit_test(ended_again_before_it_answered),
		cmocka_unit_test(new_connections_fail_in_spells),
		cmocka_unit_test(the_same_again_rests),
		cmocka_unit_test(who_of_several_refused_is_not_known),
		cmocka_unit_test(ten_a_second_and_then_a_count),
		cmocka_unit_test(sentences),
		cmocka_unit_test(the_deadline_is_when_something_falls_due),
		cmocka_unit_test(nothing_is_lost_when_there_are_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
