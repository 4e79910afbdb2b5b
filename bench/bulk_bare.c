/* The least that bulk over TCP needs: a blocking send() and a blocking recv(), a thread each, on
 * loopback. conntest's own cost is measured against it.
 *   bulk_bare CONNECTIONS SECONDS [PLACE [TAKE [CHUNK [LOW_WATER]]]]
 *     PLACE  together: both ends of a connection on one cpu; across: on two; free: unpinned
 *     TAKE   throw: recv() throws bytes away (MSG_TRUNC); read: it copies them; splice: throws away
 *            what vmsplice() has lent
 *     CHUNK  bytes of a send, and of a read; LOW_WATER  SO_RCVLOWAT, 0: none
 * prints {"bytes":..,"seconds":..,"gbit_per_s":..,"cpu_client":..,"cpu_server":..}: what was
 * received, and the cpus that either side kept busy. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "bare.h"

#define CONNECTIONS_MAX 64
#define CONGESTION      "cubic" /* bbr would pace */

enum place { TOGETHER, ACROSS, FREE };
enum take { THROW, READ, SPLICE };

static struct {
	enum place place;
	enum take take;
	size_t chunk_bytes;
	int low_water_bytes;
	unsigned cpus;
	atomic_bool is_over;
} plan;

struct end {
	pthread_t thread;
	unsigned cpu;
	int fd;
	_Atomic uint64_t bytes;
	uint64_t cpu_ns;
};

struct connection {
	struct end sender;
	struct end receiver;
};

static void begin(const struct end *end)
{
	if (plan.place != FREE)
		stay_on((int)end->cpu);
}

static void *new_chunk(void)
{
	void *bytes = mmap(NULL, plan.chunk_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	check(bytes != MAP_FAILED, "mmap");
	return bytes;
}

/* Lends the pages of a chunk to the socket, through a pipe. */
static ssize_t lend(int fd, const int pipe_fds[2], void *bytes)
{
	struct iovec part = { bytes, plan.chunk_bytes };
	ssize_t lent = vmsplice(pipe_fds[1], &part, 1, 0);
	ssize_t sent = 0;

	for (ssize_t left = lent; left > 0 && sent >= 0; left -= sent > 0 ? sent : 0)
		sent = splice(pipe_fds[0], NULL, fd, NULL, (size_t)left,
			      SPLICE_F_MOVE | SPLICE_F_MORE);
	return sent < 0 ? sent : lent;
}

static void *send_all(void *context)
{
	struct end *end = context;
	void *bytes = new_chunk();
	int pipe_fds[2];
	ssize_t sent = 1;

	begin(end);
	check(pipe(pipe_fds) == 0, "pipe");
	if (plan.take == SPLICE)
		(void)fcntl(pipe_fds[1], F_SETPIPE_SZ, (int)plan.chunk_bytes);
	while (sent > 0 && !plan.is_over)
		sent = plan.take == SPLICE ? lend(end->fd, pipe_fds, bytes)
					   : send(end->fd, bytes, plan.chunk_bytes, MSG_NOSIGNAL);
	end->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	shutdown(end->fd, SHUT_RDWR);
	return NULL;
}

static void *receive_all(void *context)
{
	struct end *end = context;
	void *bytes = new_chunk();
	ssize_t got = 1;

	begin(end);
	while (got > 0) {
		got = plan.take == READ ? recv(end->fd, bytes, plan.chunk_bytes, 0)
					: recv(end->fd, NULL, plan.chunk_bytes, MSG_TRUNC);
		if (got > 0)
			end->bytes += (uint64_t)got;
	}
	end->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static void connect_one(struct connection *connection, int listener,
			const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0,
	      "connect");
	check(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, CONGESTION, strlen(CONGESTION)) == 0,
	      CONGESTION);
	connection->sender.fd = fd;
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	if (plan.low_water_bytes > 0)
		check(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &plan.low_water_bytes,
				 sizeof plan.low_water_bytes) == 0,
		      "SO_RCVLOWAT");
	connection->receiver.fd = fd;
}

static void start(struct connection *connection, unsigned number)
{
	connection->sender.cpu = number % plan.cpus;
	connection->receiver.cpu = (number + (plan.place == ACROSS)) % plan.cpus;
	check(pthread_create(&connection->receiver.thread, NULL, receive_all,
			     &connection->receiver) == 0,
	      "pthread_create");
	check(pthread_create(&connection->sender.thread, NULL, send_all, &connection->sender) == 0,
	      "pthread_create");
}

static uint64_t received(const struct connection *connections, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += connections[i].receiver.bytes;
	return bytes;
}

static void measure(struct connection *connections, unsigned count, double seconds)
{
	uint64_t begin_ns = now_ns();
	uint64_t client_ns = 0;
	uint64_t server_ns = 0;

	for (unsigned i = 0; i < count; i++)
		start(&connections[i], i);
	usleep((useconds_t)(seconds * 1e6));
	uint64_t bytes = received(connections, count);
	double took_ns = (double)(now_ns() - begin_ns);
	plan.is_over = true;
	for (unsigned i = 0; i < count; i++) {
		pthread_join(connections[i].sender.thread, NULL);
		pthread_join(connections[i].receiver.thread, NULL);
		client_ns += connections[i].sender.cpu_ns;
		server_ns += connections[i].receiver.cpu_ns;
	}
	printf("{\"bytes\":%" PRIu64 ",\"seconds\":%.3f,\"gbit_per_s\":%.3f,\"cpu_client\":%.3f,"
	       "\"cpu_server\":%.3f}\n",
	       bytes, took_ns / NS_PER_S, (double)bytes * 8 / took_ns, (double)client_ns / took_ns,
	       (double)server_ns / took_ns);
}

static enum place place_of(const char *text)
{
	return strcmp(text, "together") == 0 ? TOGETHER
	       : strcmp(text, "across") == 0 ? ACROSS
					     : FREE;
}

static enum take take_of(const char *text)
{
	return strcmp(text, "throw") == 0 ? THROW : strcmp(text, "read") == 0 ? READ : SPLICE;
}

int main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS_MAX];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

	if (argc < 3 || count == 0 || count > CONNECTIONS_MAX)
		return fputs("usage: bulk_bare CONNECTIONS SECONDS [PLACE [TAKE [CHUNK "
			     "[LOW_WATER]]]]\n",
			     stderr),
		       2;
	plan.place = place_of(argc > 3 ? argv[3] : "together");
	plan.take = take_of(argc > 4 ? argv[4] : "throw");
	plan.chunk_bytes = argc > 5 ? strtoul(argv[5], NULL, 10) : 1024 * 1024;
	plan.low_water_bytes = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 0;
	plan.cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	signal(SIGPIPE, SIG_IGN);
	int listener = listen_anywhere(&address);
	for (unsigned i = 0; i < count; i++)
		connect_one(&connections[i], listener, &address);
	measure(connections, count, strtod(argv[2], NULL));
	return EXIT_SUCCESS;
}
