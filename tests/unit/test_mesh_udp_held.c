/* Datagram probes of a mesh where this host is held up: under the real clock, over the kernel's
 * UDP.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/units.h"
#include "mesh/caps.h"
#include "mesh/prober.h"

/* Half of it is the time-out: long enough for a busy host to echo in. */
#define HELD_NS (1000 * NS_PER_MS)

/* Echoes from a thread of its own, until it gets a datagram without a byte. */
static void *echo_until_empty(void *context)
{
	const int *fd = context;
	uint8_t data[256];
	struct sockaddr_storage from;
	ssize_t size = 1;

	while (size > 0) {
		socklen_t length = sizeof(from);
		size = recvfrom(*fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);
		if (size > 0)
			(void)!sendto(*fd, data, (size_t)size, 0, (struct sockaddr *)&from, length);
	}
	return NULL;
}

struct held {
	unsigned started;
	unsigned held;
	uint64_t late_max_ns;
};

/* The loop does not come to the answer before its time is over. */
static void hold_up(void *context, uint64_t late_ns)
{
	static const struct timespec while_held = { .tv_sec = HELD_NS / NS_PER_S,
						    .tv_nsec = HELD_NS % NS_PER_S };
	struct held *held = context;

	if (held->held > 0 && late_ns > held->late_max_ns)
		held->late_max_ns = late_ns;
	if (++held->started % 10 != 0)
		return;
	held->held++;
	(void)nanosleep(&while_held, NULL);
}

static void hear_nothing(void *context, struct mesh_link *link, const char *name)
{
	(void)context;
	(void)link;
	(void)name;
}

/* One link over the kernel's UDP to that thread. */
struct real_bench {
	struct mesh_settings settings;
	struct mesh_node node;
	struct mesh_caps caps;
	struct random random;
	struct mesh_host host;
	struct mesh_pair pair;
	struct mesh_link link;
	struct held held;
	void *prober;
	int fd;
	struct sockaddr_in at;
	pthread_t thread;
};

static void open_real(struct real_bench *bench, uint64_t interval_ns)
{
	struct loop_options real = { 0 };
	socklen_t length = sizeof(bench->at);

	*bench = (struct real_bench){
		.settings = {
			.probes = 1U << MESH_UDP,
			.udp_ports = 2,
			.udp_bytes = 96,
			.udp_interval_ns = interval_ns,
			.timeout_ns = HELD_NS / 2,
		},
		.host = {
			.settings = &bench->settings,
			.node = &bench->node,
			.caps = &bench->caps,
			.random = &bench->random,
			.places = 1,
			.datagram = &datagram_udp,
			.started = hold_up,
			.answered = hear_nothing,
			.context = &bench->held,
		},
		.link = { .target.is_probed = true, .pair = &bench->pair },
		.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
	};
	random_init(&bench->random, 1);
	assert_int_equal(bind(bench->fd, (struct sockaddr *)&bench->at, length), 0);
	assert_int_equal(getsockname(bench->fd, (struct sockaddr *)&bench->at, &length), 0);
	endpoint_from_sockaddr((struct sockaddr *)&bench->at, &bench->link.target.endpoint);
	assert_int_equal(pthread_create(&bench->thread, NULL, echo_until_empty, &bench->fd), 0);
	assert_int_equal(loop_new(&real, &bench->host.loop), 0);
	assert_int_equal(mesh_prober_udp.open(&bench->host, NULL, &bench->prober), 0);
	assert_int_equal(mesh_prober_udp.add(bench->prober, &bench->link), 0);
}

static void turn_real(const struct real_bench *bench)
{
	assert_int_equal(loop_run(bench->host.loop, loop_now(bench->host.loop) + NS_PER_MS), 0);
}

static void close_real(struct real_bench *bench)
{
	mesh_prober_udp.remove(bench->prober, &bench->link);
	mesh_prober_udp.close(bench->prober);
	loop_free(bench->host.loop);
	assert_int_equal(
		sendto(bench->fd, "", 0, 0, (struct sockaddr *)&bench->at, sizeof(bench->at)), 0);
	assert_int_equal(pthread_join(bench->thread, NULL), 0);
	assert_int_equal(close(bench->fd), 0);
}

static void hold_up_at(uint64_t interval_ns)
{
	struct real_bench bench;

	open_real(&bench, interval_ns);
	uint64_t end_ns = loop_read_clock(bench.host.loop) + 10 * NS_PER_S;
	while (bench.held.held < 3 && loop_now(bench.host.loop) < end_ns)
		turn_real(&bench);
	mesh_prober_udp.stop(bench.prober);
	while (!mesh_prober_udp.is_done(bench.prober) && loop_now(bench.host.loop) < end_ns)
		turn_real(&bench);

	const struct mesh_series *series = &bench.pair.probes[MESH_UDP];
	assert_int_equal(bench.held.held, 3);
	/* They waited here for longer than there is time for an answer. */
	assert_int_equal(series->received, series->sent);
	assert_true(bench.pair.window.probes[MESH_UDP].rtt_max_ns < bench.settings.timeout_ns);
	/* What fell due meanwhile is left out, but for the newest: at least once, as the last time
	 * is the end and two may fall together on a busy host. */
	assert_true(bench.node.skipped_late >= HELD_NS / bench.settings.udp_interval_ns - 1);
	assert_int_equal(series->skipped, bench.node.skipped_late);
	assert_true(bench.held.late_max_ns < HELD_NS);
	close_real(&bench);
}

static void being_held_up_is_in_no_figure_of_the_peer(void **state)
{
	hold_up_at(20 * NS_PER_MS);
}

/* So many a second that answers are looked for by the clock. */
static void nor_is_looking_seldom(void **state)
{
	hold_up_at(3 * NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(being_held_up_is_in_no_figure_of_the_peer),
		cmocka_unit_test(nor_is_looking_seldom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
