/* The least that a paced echo needs: send, receive, epoll. conntest's own cost is measured against
 * it. Both ends are processes of one thread on loopback; each connection sends at its own phase,
 * and the client wakes exactly when the next message is due.
 *   paced_bare CONNECTIONS RATE SECONDS [SIZE]      RATE is of all connections together
 * prints {"event":"begin","client":PID,"server":PID} when all connections are up, and at the end
 * {"event":"end","scheduled":..,"sent":..,"received":..,"connect_s":..,"cpu_client_s":..,
 *  "cpu_server_s":..,"send_error_p50_ns":..,"send_error_p99_ns":..}: lateness of the send call. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bare.h"

#define BATCH        4096
#define EVENTS       512
#define CHUNK        (64 * 1024)
#define DESCRIPTORS  65536
#define LATENESS_MAX 1000000 /* us; later ones count as this */
#define DRAIN_NS     NS_PER_S

/* Messages are zeros, so what waits to be sent is but a number; by descriptor. */
struct end {
	int epoll;
	uint64_t unsent_bytes[DESCRIPTORS];
	bool is_blocked[DESCRIPTORS];
	char bytes[CHUNK];
};

struct client {
	struct end end;
	int *fds;
	uint64_t connections;
	double rate_per_s;
	uint64_t seconds;
	uint64_t size;
	uint64_t start_ns;
	uint64_t sent;
	uint64_t received_bytes;
	uint32_t lateness[LATENESS_MAX + 1]; /* messages by us */
};

static void watch(struct end *end, int fd, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	check(fd < DESCRIPTORS && epoll_ctl(end->epoll, operation, fd, &event) == 0, "epoll_ctl");
}

/* Sends what waits on this connection, as far as it goes, and the rest when there is room. */
static void push(struct end *end, int fd)
{
	uint64_t *unsent = &end->unsent_bytes[fd];
	bool is_blocked = false;

	while (*unsent > 0 && !is_blocked) {
		size_t length = *unsent < CHUNK ? *unsent : CHUNK;
		ssize_t count = send(fd, end->bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		check(count >= 0 || errno == EAGAIN, "send");
		is_blocked = count < 0;
		*unsent -= count > 0 ? (size_t)count : 0;
	}
	if (is_blocked != end->is_blocked[fd])
		watch(end, fd, is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
	end->is_blocked[fd] = is_blocked;
}

/* Reads what is there: the number of bytes, 0 at the end of the connection. */
static size_t pull(int fd)
{
	char bytes[CHUNK];
	ssize_t count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (count < 0)
		check(errno == EAGAIN || errno == ECONNRESET, "recv");
	return count > 0 ? (size_t)count : 0;
}

static void serve(int listener)
{
	static struct end end;
	struct epoll_event events[EVENTS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	end.epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(&end, listener, EPOLLIN, EPOLL_CTL_ADD);
	for (;;) {
		int count = epoll_wait(end.epoll, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;
			if (fd == listener) {
				fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
				check(fd >= 0, "accept");
				make_prompt(fd);
				watch(&end, fd, EPOLLIN, EPOLL_CTL_ADD);
				continue;
			}
			if ((events[i].events & EPOLLIN) != 0)
				end.unsent_bytes[fd] += pull(fd);
			if ((events[i].events & EPOLLHUP) != 0)
				close(fd);
			else
				push(&end, fd);
		}
	}
}

static void connect_all(struct client *client, const struct sockaddr_in *address)
{
	client->end.epoll = epoll_create1(EPOLL_CLOEXEC);
	client->fds = calloc(client->connections, sizeof(*client->fds));
	check(client->fds != NULL, "memory");
	for (uint64_t i = 0; i < client->connections; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		check(fd >= 0, "socket");
		check(connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0,
		      "connect");
		make_prompt(fd);
		watch(&client->end, fd, EPOLLIN, EPOLL_CTL_ADD);
		client->fds[i] = fd;
	}
}

/* Message i is due at start + i / rate, on the connections in turn. */
static uint64_t due_ns(const struct client *client, uint64_t message)
{
	return client->start_ns + (uint64_t)((double)message * NS_PER_S / client->rate_per_s);
}

/* Counts a message as sent at `now` on its connection; true if the connection had nothing to do. */
static bool owe(struct client *client, uint64_t now, uint64_t due)
{
	uint64_t late_us = (now - due) / 1000;
	uint64_t *unsent =
		&client->end.unsent_bytes[client->fds[client->sent % client->connections]];
	bool was_idle = *unsent == 0;

	client->lateness[late_us < LATENESS_MAX ? late_us : LATENESS_MAX]++;
	client->sent++;
	*unsent += client->size;
	return was_idle;
}

/* Sends what is due, a batch at most, those of one connection together; returns when the next
 * message is due. */
static uint64_t send_due(struct client *client, uint64_t scheduled)
{
	int busy[BATCH];
	size_t busy_count = 0;
	uint64_t now = now_ns();
	uint64_t due = 0;

	for (int i = 0; i < BATCH && client->sent < scheduled; i++) {
		int fd = client->fds[client->sent % client->connections];
		due = due_ns(client, client->sent);
		if (due > now)
			break;
		if (owe(client, now, due))
			busy[busy_count++] = fd;
	}
	for (size_t i = 0; i < busy_count; i++)
		push(&client->end, busy[i]);
	return client->sent < scheduled ? due : UINT64_MAX;
}

static void receive(struct client *client, uint64_t until_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t now = now_ns();
	uint64_t wait_ns = until_ns > now ? until_ns - now : 0;
	struct timespec wait = { .tv_sec = (time_t)(wait_ns / NS_PER_S),
				 .tv_nsec = (long)(wait_ns % NS_PER_S) };
	int count = epoll_pwait2(client->end.epoll, events, EVENTS, &wait, NULL);

	for (int i = 0; i < count; i++) {
		if ((events[i].events & EPOLLIN) != 0)
			client->received_bytes += pull(events[i].data.fd);
		if ((events[i].events & EPOLLOUT) != 0)
			push(&client->end, events[i].data.fd);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void run(struct client *client, uint64_t scheduled)
{
	uint64_t end_ns = client->start_ns + client->seconds * NS_PER_S + DRAIN_NS;

	while (now_ns() < end_ns && client->received_bytes < scheduled * client->size)
		receive(client, earlier(send_due(client, scheduled), end_ns));
}

static uint64_t lateness_ns(const struct client *client, double share)
{
	uint64_t wanted = (uint64_t)((double)client->sent * share);
	uint64_t seen = 0;
	uint64_t us = 0;

	for (; us < LATENESS_MAX; us++)
		if ((seen += client->lateness[us]) > wanted)
			break;
	return us * 1000;
}

static double cpu_seconds(pid_t pid)
{
	clockid_t clock;
	struct timespec used;

	check(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0, "cpu");
	return (double)used.tv_sec + (double)used.tv_nsec / NS_PER_S;
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int measure(struct client *client, pid_t server, double connect_s)
{
	double client_s = cpu_seconds(getpid());
	double server_s = cpu_seconds(server);
	uint64_t scheduled = (uint64_t)(client->rate_per_s * (double)client->seconds);

	printf("{\"event\":\"begin\",\"client\":%d,\"server\":%d}\n", getpid(), server);
	fflush(stdout);
	client->start_ns = now_ns();
	run(client, scheduled);
	client_s = cpu_seconds(getpid()) - client_s;
	server_s = cpu_seconds(server) - server_s;
	printf("{\"event\":\"end\",\"scheduled\":%" PRIu64 ",\"sent\":%" PRIu64
	       ",\"received\":%" PRIu64 ",\"connect_s\":%.3f,\"cpu_client_s\":%.3f,"
	       "\"cpu_server_s\":%.3f,\"send_error_p50_ns\":%" PRIu64
	       ",\"send_error_p99_ns\":%" PRIu64 "}\n",
	       scheduled, client->sent, client->received_bytes / client->size, connect_s, client_s,
	       server_s, lateness_ns(client, 0.5), lateness_ns(client, 0.99));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct client client = { .size = 1024 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc < 4)
		return fputs("usage: paced_bare CONNECTIONS RATE SECONDS [SIZE]\n", stderr), 2;
	client.connections = strtoull(argv[1], NULL, 10);
	client.rate_per_s = strtod(argv[2], NULL);
	client.seconds = strtoull(argv[3], NULL, 10);
	if (argc > 4)
		client.size = strtoull(argv[4], NULL, 10);
	if (client.connections == 0 || client.rate_per_s <= 0 || client.size == 0)
		return fputs("paced_bare: numbers above 0\n", stderr), 2;
	allow_descriptors();
	prctl(PR_SET_TIMERSLACK, 1UL);
	int listener = listen_anywhere(&address);
	pid_t server = fork();
	check(server >= 0, "fork");
	if (server == 0)
		serve(listener);
	close(listener);
	uint64_t before_ns = now_ns();
	connect_all(&client, &address);
	int status = measure(&client, server, (double)(now_ns() - before_ns) / NS_PER_S);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return status;
}
