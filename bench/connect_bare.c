/* The least that connections of one request each need: each thread does both ends of one after the
 * other on a cpu of its own, so nothing is waited for and nobody is woken.
 *   connect_bare fin|rst THREADS SECONDS [SIZE]
 * prints {"event":"begin","pid":PID} and at the end {"event":"end","per_s":..}
 * Servers' addresses take turns, as one has not enough ports for what stays in TIME-WAIT. */
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "bare.h"

#define THREADS_MAX 64
#define ADDRESSES   100

struct pair {
	pthread_t thread;
	int cpu;
	bool is_reset;
	size_t size;
	uint64_t end_ns;
	uint64_t connections;
};

/* What one end sends the other gets, as a whole: there is nobody else. */
static void say(int from, int to, char *bytes, size_t size)
{
	check(send(from, bytes, size, MSG_NOSIGNAL) == (ssize_t)size, "send");
	check(recv(to, bytes, size, MSG_WAITALL) == (ssize_t)size, "recv");
}

static void do_one(const struct pair *pair, int listener, const struct sockaddr_in *address)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	char bytes[4096] = "";
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(client >= 0 &&
		      connect(client, (const struct sockaddr *)address, sizeof *address) == 0,
	      "connect");
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	check(server >= 0, "accept");
	say(client, server, bytes, pair->size);
	say(server, client, bytes, pair->size);
	if (pair->is_reset)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(client);
	close(server);
}

static void *run(void *context)
{
	struct pair *pair = context;
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = listen_anywhere(&address);
	uint32_t first = 0x7f010001u + ((uint32_t)pair->cpu << 16);

	stay_on(pair->cpu);
	while (now_ns() < pair->end_ns) {
		address.sin_addr.s_addr = htonl(first + (uint32_t)(pair->connections % ADDRESSES));
		do_one(pair, listener, &address);
		pair->connections++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct pair pairs[THREADS_MAX];
	uint64_t connections = 0;

	if (argc < 4)
		return fputs("usage: connect_bare fin|rst THREADS SECONDS [SIZE]\n", stderr), 2;
	int count = (int)strtoul(argv[2], NULL, 10);
	if (count < 1 || count > THREADS_MAX)
		return fputs("connect_bare: too few or too many\n", stderr), 2;
	printf("{\"event\":\"begin\",\"pid\":%d}\n", getpid());
	fflush(stdout);
	uint64_t seconds = strtoull(argv[3], NULL, 10);
	for (int i = 0; i < count; i++) {
		pairs[i] = (struct pair){ .cpu = i,
					  .is_reset = strcmp(argv[1], "rst") == 0,
					  .size = argc > 4 ? strtoul(argv[4], NULL, 10) : 64,
					  .end_ns = now_ns() + seconds * NS_PER_S };
		check(pthread_create(&pairs[i].thread, NULL, run, &pairs[i]) == 0, "thread");
	}
	for (int i = 0; i < count; i++) {
		pthread_join(pairs[i].thread, NULL);
		connections += pairs[i].connections;
	}
	printf("{\"event\":\"end\",\"per_s\":%.0f}\n", (double)connections / (double)seconds);
	return EXIT_SUCCESS;
}
