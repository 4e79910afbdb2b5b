/* The probing thread beside a reader that looks, changes the list and the settings, and stops it:
 * every copy is whole, and what holds the thread up is told. For the thread sanitizer, too. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/agent_inside.h"
#include "sys/fd.h"

#define PLACES    32
#define WINDOW_NS (50 * NS_PER_MS)
#define ROUND_NS  NS_PER_MS

/* ---- a prober that has a probe to each peer under way, and answers itself */

struct prober {
	const struct mesh_host *host;
	struct mesh_link *links[PLACES]; /* by place */
	struct timer round;
	uint64_t rounds;
	bool is_stopped;
};

/* Set by the test: the thread is held up so long, once. */
static _Atomic uint64_t hold_up_ns;

static void answer_one(struct prober *prober, struct mesh_link *link)
{
	struct mesh_series *series = &link->pair->probes[MESH_TCP];
	struct mesh_window_series *window = &link->pair->window.probes[MESH_TCP];

	if (series->in_flight == 0)
		return;
	if (random_below(prober->host->random, 4) == 0) {
		mesh_series_lost(series, window, MESH_REASON_TIMEOUT);
		return;
	}
	mesh_series_received(series, window, NS_PER_MS);
	prober->host->answered(prober->host->context, link, "web-1@zone-a");
}

static void hold_up(void)
{
	uint64_t ns = atomic_exchange(&hold_up_ns, 0);
	struct timespec time = { .tv_nsec = (long)ns };

	if (ns > 0)
		(void)nanosleep(&time, NULL);
}

static void round_on(struct timer *timer)
{
	struct prober *prober = container_of(timer, struct prober, round);
	uint64_t now_ns = loop_now(prober->host->loop);

	for (unsigned i = 0; i < PLACES; i++) {
		if (prober->links[i] == NULL)
			continue;
		answer_one(prober, prober->links[i]);
		if (prober->is_stopped)
			continue;
		mesh_series_sent(&prober->links[i]->pair->probes[MESH_TCP]);
		prober->host->started(prober->host->context, now_ns - timer->at_ns);
	}
	prober->rounds++;
	hold_up();
	loop_set_timer(prober->host->loop, timer, now_ns + ROUND_NS);
}

static int prober_open(const struct mesh_host *host, struct error *error, void **ret)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	assert_non_null(prober);
	prober->host = host;
	timer_init(&prober->round, round_on);
	loop_set_timer(host->loop, &prober->round, 0);
	*ret = prober;
	return 0;
}

static void prober_close(void *state)
{
	free(state);
}

static int prober_add(void *state, struct mesh_link *link)
{
	struct prober *prober = state;

	prober->links[link->place] = link;
	link->own[MESH_PROBER_ECHO] = prober;
	return 0;
}

static void prober_remove(void *state, struct mesh_link *link)
{
	struct mesh_series *series = &link->pair->probes[MESH_TCP];

	series->sent -= series->in_flight;
	series->in_flight = 0;
	((struct prober *)state)->links[link->place] = NULL;
}

static void prober_stop(void *state)
{
	((struct prober *)state)->is_stopped = true;
}

static bool prober_is_done(const void *state)
{
	const struct prober *prober = state;

	for (unsigned i = 0; i < PLACES; i++) {
		const struct mesh_link *link = prober->links[i];
		if (link != NULL && link->pair->probes[MESH_TCP].in_flight > 0)
			return false;
	}
	return prober->is_stopped;
}

static const struct mesh_prober_kind busy = { "busy",      prober_open,   prober_close,
					      prober_add,  prober_remove, NULL,
					      prober_stop, prober_is_done };

static int open_none(const struct mesh_host *host, struct error *error, void **ret)
{
	*ret = NULL;
	return 0;
}
static const struct mesh_prober_kind none = { .name = "none", .open = open_none };
static const struct mesh_prober_kind *const kinds[MESH_PROBERS] = { &busy, &none, &none, &none };

/* ---- the reader */

struct reader {
	struct mesh_settings settings;
	struct plan_serve serve;
	struct mesh_agent *agent;
	int notices; /* eventfd */
	uint64_t seen;
	uint64_t window; /* the newest that was seen */
	uint64_t delay_max_ns;
};

static void notice(void *context)
{
	static const uint64_t one = 1;

	(void)!write(((struct reader *)context)->notices, &one, sizeof(one));
}

static void await(struct reader *reader)
{
	struct pollfd pollfd = { .fd = reader->notices, .events = POLLIN };
	uint64_t count;

	assert_int_equal(poll(&pollfd, 1, -1), 1);
	assert_int_equal(read(reader->notices, &count, sizeof(count)), sizeof(count));
}

static void check_pair(const struct mesh_snapshot *shot, const struct mesh_pair *pair)
{
	const struct mesh_series *series = &pair->probes[MESH_TCP];
	uint64_t failures = 0;

	for (unsigned i = 0; i < MESH_REASONS; i++)
		failures += series->failures[i];
	assert_int_equal(series->sent, series->received + series->lost + series->in_flight);
	assert_int_equal(series->lost, failures);
	assert_int_equal(mesh_spread_count(&series->rtt), series->received);
	assert_int_equal(pair->window.number, shot->node.window);
	assert_true(pair->closed.number < pair->window.number);
}

static void look(struct reader *reader)
{
	const struct mesh_snapshot *shot = mesh_agent_look(reader->agent);

	assert_true(shot->places <= PLACES);
	assert_true(shot->node.window >= reader->window);
	for (uint32_t i = 0; i < shot->places; i++) {
		if (shot->pairs[i].id != 0)
			check_pair(shot, &shot->pairs[i]);
	}
	reader->window = shot->node.window;
	if (shot->node.closed.delay_max_ns > reader->delay_max_ns)
		reader->delay_max_ns = shot->node.closed.delay_max_ns;
	reader->seen++;
	mesh_agent_release(reader->agent);
}

/* Another half of the peers each time, and now and then all rest. */
static void change_list(struct reader *reader, uint64_t round)
{
	struct mesh_target targets[PLACES];
	uint32_t count = 0;

	for (uint32_t i = 0; i < 2 * PLACES; i++) {
		if ((i + round) % 2 == 0)
			targets[count++] = (struct mesh_target){
				.id = 1 + i + round % 7 * 3,
				.is_probed = round % 5 != 0,
				.url = i % 3 == 0 ? "http://192.0.2.1/" : NULL,
			};
	}
	assert_int_equal(mesh_agent_set_targets(reader->agent, targets, count), 0);
}

static void reader_start(struct reader *reader)
{
	struct error error = { "" };

	*reader = (struct reader){
		.settings = { .node = "web-1",
			      .window_ns = WINDOW_NS,
			      .timeout_ns = 20 * NS_PER_MS },
		.serve = { .listen_count = 1,
			   .listen = { { .service = SERVICE_TRAFFIC, .transport = TRANSPORT_UDP } },
			   .connections_max = 10,
			   .drain_ns = NS_PER_S },
		.notices = eventfd(0, EFD_CLOEXEC),
	};
	assert_true(reader->notices >= 0);
	assert_int_equal(endpoint_parse("127.0.0.1", 0, &reader->serve.listen[0].local), 0);
	assert_int_equal(mesh_agent_new_with(
				 &(struct mesh_agent_setup){
					 .settings = &reader->settings,
					 .serve = &reader->serve,
					 .places = PLACES,
					 .stream = &stream_tcp,
					 .datagram = &datagram_udp,
					 .notify = notice,
					 .context = reader,
				 },
				 kinds, NULL, &error, &reader->agent),
			 0);
	assert_int_equal(mesh_agent_start(reader->agent), 0);
}

static void reader_end(struct reader *reader)
{
	mesh_agent_stop(reader->agent);
	while (!mesh_agent_is_done(reader->agent))
		await(reader);
	look(reader);
	mesh_agent_free(reader->agent);
	assert_int_equal(fd_close(reader->notices), -1);
}

static void every_copy_is_whole(void **state)
{
	struct reader reader;

	reader_start(&reader);
	for (uint64_t round = 0; round < 40; round++) {
		change_list(&reader, round);
		await(&reader);
		look(&reader);
		reader.settings.wait_ns++;
		assert_int_equal(mesh_agent_set_settings(reader.agent, &reader.settings), 0);
		if (round == 20)
			mesh_agent_leave(reader.agent);
	}
	const struct mesh_snapshot *shot = mesh_agent_look(reader.agent);
	assert_true(shot->node.is_leaving);
	mesh_agent_release(reader.agent);
	reader_end(&reader);
	assert_true(reader.seen >= 40);
}

/* By whatever: the probes that were due are late, and where none is due the loop is. */
static void a_thread_that_is_held_up_says_so(void **state)
{
	struct reader reader;

	reader_start(&reader);
	await(&reader);
	atomic_store(&hold_up_ns, 120 * NS_PER_MS);
	while (reader.delay_max_ns < 60 * NS_PER_MS) {
		await(&reader);
		look(&reader);
	}
	reader_end(&reader);
}

/* The thread serves while it probes. */
static void it_answers_from_the_kernel(void **state)
{
	struct reader reader;
	struct sockaddr_storage address;
	struct endpoint remote;
	uint8_t question[96], reply[96];
	char name[WIRE_NAME_BYTES];

	reader_start(&reader);
	change_list(&reader, 1);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(endpoint_parse("127.0.0.1", mesh_agent_port(reader.agent, 0), &remote), 0);
	socklen_t size = endpoint_to_sockaddr(&remote, &address);
	wire_write_datagram(question, sizeof(question), 1, 1);
	assert_int_equal(sendto(fd, question, sizeof(question), 0, (void *)&address, size),
			 sizeof(question));
	assert_int_equal(recv(fd, reply, sizeof(reply), 0), sizeof(reply));
	(void)wire_read_name(reply, sizeof(reply), name);
	assert_string_equal(name, "web-1");
	assert_int_equal(fd_close(fd), -1);
	reader_end(&reader);
}

/* Who has to go at once does not ask it to stop first. */
static void one_that_runs_is_cut(void **state)
{
	struct reader reader;

	reader_start(&reader);
	change_list(&reader, 1);
	await(&reader);
	mesh_agent_free(reader.agent);
	assert_int_equal(fd_close(reader.notices), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_copy_is_whole),
		cmocka_unit_test(a_thread_that_is_held_up_says_so),
		cmocka_unit_test(it_answers_from_the_kernel),
		cmocka_unit_test(one_that_runs_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
