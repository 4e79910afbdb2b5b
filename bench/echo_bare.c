/* The least that requests and their echoes need: one is sent on each connection, and the next when
 * it has come back. Both ends are processes of one thread, each on a cpu of its own. echo_bare
 * epoll|blocking|busy CONNECTIONS SECONDS [SIZE]      blocking and busy: one connection prints
 * {"event":"begin","client":PID,"server":PID} when all connections are up, and at the end
 * {"event":"end","per_s":..,"service_p50_ns":..,"service_p99_ns":..} */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "bare.h"

#define CONNECTIONS_MAX 10000
#define EVENTS          256
#define CHUNK           65536
#define SERVER_CPU      0
#define CLIENT_CPU      1
#define LATENCY_STEP_NS 100
#define LATENCY_STEPS   100000 /* later answers count as this */

struct end {
	int fds[CONNECTIONS_MAX];
	unsigned connections;
	int epoll;
	size_t size;
	char bytes[CHUNK];
	/* Of the client: */
	uint64_t end_ns;
	uint64_t sent_ns[CONNECTIONS_MAX];
	uint64_t answers;
	uint64_t latencies[LATENCY_STEPS];
};

static void send_one(struct end *end, unsigned index, size_t size)
{
	check(send(end->fds[index], end->bytes, size, MSG_NOSIGNAL) == (ssize_t)size, "send");
}

/* Of the client; false: it is over. */
static bool note_answer(struct end *end, unsigned index)
{
	uint64_t now = now_ns();
	uint64_t step = (now - end->sent_ns[index]) / LATENCY_STEP_NS;

	end->latencies[step < LATENCY_STEPS ? step : LATENCY_STEPS - 1]++;
	end->answers++;
	end->sent_ns[index] = now;
	return now < end->end_ns;
}

static bool is_client(const struct end *end)
{
	return end->end_ns > 0;
}

/* Answers, or asks again. False: it is over. */
static bool go_on(struct end *end, unsigned index, ssize_t received)
{
	if (received < 0 && errno == EAGAIN)
		return true;
	check(received >= 0 || errno == ECONNRESET, "recv");
	if (received <= 0 || (is_client(end) && !note_answer(end, index)))
		return false;
	send_one(end, index, (size_t)received);
	return true;
}

static void run_one(struct end *end, int flags)
{
	while (go_on(end, 0, recv(end->fds[0], end->bytes, CHUNK, flags)))
		;
}

static void run_all(struct end *end)
{
	struct epoll_event events[EVENTS];
	bool is_on = true;

	while (is_on) {
		int count = epoll_wait(end->epoll, events, EVENTS, -1);
		for (int i = 0; i < count && is_on; i++) {
			unsigned index = events[i].data.u32;
			is_on = go_on(end, index,
				      recv(end->fds[index], end->bytes, CHUNK, MSG_DONTWAIT));
		}
	}
}

static void watch_all(struct end *end)
{
	end->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < end->connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
		check(epoll_ctl(end->epoll, EPOLL_CTL_ADD, end->fds[i], &event) == 0, "epoll_ctl");
	}
}

static void run(struct end *end, const char *mode)
{
	if (strcmp(mode, "epoll") == 0)
		run_all(end);
	else
		run_one(end, strcmp(mode, "busy") == 0 ? MSG_DONTWAIT : 0);
}

static void serve(struct end *end, const char *mode, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on(SERVER_CPU);
	for (unsigned i = 0; i < end->connections; i++) {
		end->fds[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		check(end->fds[i] >= 0, "accept");
		make_prompt(end->fds[i]);
	}
	watch_all(end);
	run(end, mode);
}

static void connect_all(struct end *end, const struct sockaddr_in *address)
{
	for (unsigned i = 0; i < end->connections; i++) {
		end->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		check(end->fds[i] >= 0 && connect(end->fds[i], (const struct sockaddr *)address,
						  sizeof(*address)) == 0,
		      "connect");
		make_prompt(end->fds[i]);
	}
	watch_all(end);
}

static void ask_all(struct end *end, uint64_t seconds)
{
	end->end_ns = now_ns() + seconds * NS_PER_S;
	for (unsigned i = 0; i < end->connections; i++) {
		end->sent_ns[i] = now_ns();
		send_one(end, i, end->size);
	}
}

static uint64_t percentile_ns(const struct end *end, uint64_t percent)
{
	uint64_t seen = 0;
	uint64_t step = 0;

	for (; step < LATENCY_STEPS - 1; step++)
		if ((seen += end->latencies[step]) * 100 >= end->answers * percent)
			break;
	return step * LATENCY_STEP_NS;
}

static void ask(struct end *end, const char *mode, uint64_t seconds)
{
	stay_on(CLIENT_CPU);
	ask_all(end, seconds);
	run(end, mode);
	printf("{\"event\":\"end\",\"per_s\":%.0f,\"service_p50_ns\":%" PRIu64
	       ",\"service_p99_ns\":%" PRIu64 "}\n",
	       (double)end->answers / (double)seconds, percentile_ns(end, 50),
	       percentile_ns(end, 99));
}

int main(int argc, char **argv)
{
	static struct end end = { .size = 64 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc < 4)
		return fputs("usage: echo_bare MODE CONNECTIONS SECONDS [SIZE]\n", stderr), 2;
	end.connections = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 4)
		end.size = strtoul(argv[4], NULL, 10);
	if (end.connections == 0 || end.connections > CONNECTIONS_MAX || end.size == 0 ||
	    end.size > CHUNK)
		return fputs("echo_bare: too few or too many\n", stderr), 2;
	int listener = listen_anywhere(&address);
	pid_t server = fork();
	check(server >= 0, "fork");
	if (server == 0) {
		serve(&end, argv[1], listener);
		return EXIT_SUCCESS;
	}
	connect_all(&end, &address);
	printf("{\"event\":\"begin\",\"client\":%d,\"server\":%d}\n", getpid(), server);
	fflush(stdout);
	ask(&end, argv[1], strtoull(argv[3], NULL, 10));
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return EXIT_SUCCESS;
}
