/* Whole lines, through pipes that are read and that are not. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/relay.h"
#include "sys/fd.h"

struct fixture {
	struct relay relay;
	int ends[2];
};

static void set_up(struct fixture *fixture)
{
	assert_int_equal(pipe2(fixture->ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fixture->ends[0], F_SETFL, O_NONBLOCK), 0);
	relay_init(&fixture->relay, fixture->ends[1]);
}

static void tear_down(struct fixture *fixture)
{
	relay_deinit(&fixture->relay);
	(void)fd_close(fixture->ends[0]);
	(void)fd_close(fixture->ends[1]);
}

static void add(struct fixture *fixture, const char *text)
{
	relay_add(&fixture->relay, text, strlen(text));
}

static void comes_out(struct fixture *fixture, const char *text)
{
	char bytes[256];
	ssize_t size = read(fixture->ends[0], bytes, sizeof(bytes) - 1);
	bytes[size > 0 ? size : 0] = '\0';
	assert_string_equal(bytes, text);
}

static void lines_stay_whole(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	add(&fixture, "one\ntw");
	assert_true(relay_is_ready(&fixture.relay));
	relay_flush(&fixture.relay);
	comes_out(&fixture, "one\n");
	assert_false(relay_is_ready(&fixture.relay));
	add(&fixture, "o\n50 %\r100");
	relay_flush(&fixture.relay);
	comes_out(&fixture, "two\n50 %\r");
	relay_end(&fixture.relay);
	comes_out(&fixture, "100\n");
	assert_int_equal(fixture.relay.dropped, 0);
	tear_down(&fixture);
}

static void nothing_ends_as_nothing(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	relay_flush(&fixture.relay);
	relay_end(&fixture.relay);
	comes_out(&fixture, "");
	tear_down(&fixture);
}

static void a_long_line_goes_out_in_parts(void **state)
{
	struct fixture fixture;
	set_up(&fixture);
	for (int i = 0; i < 500; i++)
		add(&fixture, "0123456789");
	relay_flush(&fixture.relay);
	assert_int_equal(fixture.relay.size, 0);
	tear_down(&fixture);
}

/* Nobody reads: what fits waits, the rest is counted, and nothing blocks. */
static void a_slow_reader_loses_and_is_told(void **state)
{
	struct fixture fixture;
	char line[1000];
	uint64_t added = 0;
	set_up(&fixture);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 5000; i++) {
		relay_add(&fixture.relay, line, sizeof(line));
		relay_flush(&fixture.relay);
		added += sizeof(line);
	}
	int in_pipe = fcntl(fixture.ends[1], F_GETPIPE_SZ);
	assert_true(fixture.relay.size <= RELAY_WAITING_MAX);
	assert_in_range(fixture.relay.dropped, added - RELAY_WAITING_MAX - (uint64_t)in_pipe,
			added - RELAY_WAITING_MAX);
	uint64_t dropped = fixture.relay.dropped;
	uint64_t waiting = fixture.relay.size;
	relay_end(&fixture.relay);
	assert_in_range(fixture.relay.dropped, dropped + waiting, dropped + waiting + 1);
	tear_down(&fixture);
}

static void a_reader_that_went_away_ends_it(void **state)
{
	struct fixture fixture;
	(void)signal(SIGPIPE, SIG_IGN);
	set_up(&fixture);
	fixture.ends[0] = fd_close(fixture.ends[0]);
	add(&fixture, "for nobody\n");
	relay_flush(&fixture.relay);
	assert_int_equal(fixture.relay.dropped, strlen("for nobody\n"));
	assert_int_equal(fixture.relay.size, 0);
	tear_down(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_stay_whole),
		cmocka_unit_test(nothing_ends_as_nothing),
		cmocka_unit_test(a_long_line_goes_out_in_parts),
		cmocka_unit_test(a_slow_reader_loses_and_is_told),
		cmocka_unit_test(a_reader_that_went_away_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
