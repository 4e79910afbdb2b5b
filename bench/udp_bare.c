/* The least that one flow of datagrams needs, on loopback: a thread that sends and one that
 * receives, each on a cpu of its own where there are two. conntest's own cost is measured against
 * it.
 *   udp_bare SIZE SECONDS [plain|segmented [BATCH [LOOK_US]]]
 *     plain      sendmmsg() and recvmmsg() of BATCH datagrams each (64)
 *     segmented  sends that the kernel takes apart (UDP_SEGMENT), in a sendmmsg() of BATCH (16),
 *                and receives of what it has put together (UDP_GRO)
 *     LOOK_US    the receiver looks so often, and is woken by no datagram; 0: it is (100)
 * prints {"sent":..,"received":..,"per_s":..,"cpu_client":..,"cpu_server":..}: datagrams, those
 * that were received a second, and the cpus that either side kept busy. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"

#define BATCH_MAX     512
#define TOGETHER_MAX  65000 /* bytes that go down in one piece */
#define SEGMENTS_MAX  128
#define PLAIN_BYTES   2048 /* room of a datagram that comes alone */
#define RECEIVE_BYTES (8 * 1024 * 1024)

static struct {
	unsigned size;
	unsigned batch;
	bool is_segmented;
	unsigned look_us;
	unsigned cpus;
	atomic_bool is_over;
} plan;

struct end {
	pthread_t thread;
	unsigned cpu;
	int fd;
	_Atomic uint64_t datagrams;
	uint64_t cpu_ns;
};

struct batch {
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];
};

static void set(int fd, int level, int name, int value, const char *what)
{
	check(setsockopt(fd, level, name, &value, sizeof value) == 0, what);
}

/* Datagrams of one send, or at most in one receive. */
static unsigned together(void)
{
	unsigned count = plan.is_segmented ? TOGETHER_MAX / plan.size : 1;

	return count < SEGMENTS_MAX ? count : SEGMENTS_MAX;
}

static void fill(struct batch *batch, uint8_t *bytes, size_t step, size_t size)
{
	for (unsigned i = 0; i < plan.batch; i++) {
		batch->parts[i] = (struct iovec){ bytes + i * step, size };
		batch->messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &batch->parts[i], .msg_iovlen = 1 };
	}
}

static void *send_all(void *context)
{
	static uint8_t bytes[65536];
	static struct batch batch;
	struct end *end = context;

	stay_on((int)(end->cpu % plan.cpus));
	if (plan.is_segmented)
		set(end->fd, SOL_UDP, UDP_SEGMENT, (int)plan.size, "UDP_SEGMENT");
	fill(&batch, bytes, 0, (size_t)plan.size * together());
	while (!plan.is_over) {
		int count = sendmmsg(end->fd, batch.messages, plan.batch, 0);
		check(count > 0 || errno == EAGAIN || errno == ECONNREFUSED, "sendmmsg");
		if (count > 0)
			end->datagrams += (uint64_t)count * together();
	}
	end->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

/* Reads what is there, or waits for something where it does not look by the clock. */
static int take(struct end *end, struct batch *batch)
{
	int flags = plan.look_us > 0 ? MSG_DONTWAIT : MSG_WAITFORONE;
	int count = recvmmsg(end->fd, batch->messages, plan.batch, flags, NULL);

	for (int i = 0; i < count; i++)
		end->datagrams += (batch->messages[i].msg_len + plan.size - 1) / plan.size;
	return count;
}

static void *receive_all(void *context)
{
	static uint8_t bytes[BATCH_MAX * PLAIN_BYTES];
	static struct batch batch;
	struct end *end = context;
	size_t room = plan.is_segmented ? sizeof(bytes) / BATCH_MAX * 32 : PLAIN_BYTES;

	stay_on((int)(end->cpu % plan.cpus));
	if (plan.is_segmented)
		set(end->fd, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
	fill(&batch, bytes, room, room);
	while (!plan.is_over) {
		if (take(end, &batch) < (int)plan.batch && plan.look_us > 0)
			usleep(plan.look_us);
	}
	end->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static void open_flow(struct end *sender, struct end *receiver)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_usec = 200000 };
	socklen_t length = sizeof address;
	int bytes = RECEIVE_BYTES;

	receiver->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	check(receiver->fd >= 0 && bind(receiver->fd, (struct sockaddr *)&address, length) == 0,
	      "bind");
	if (setsockopt(receiver->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
		set(receiver->fd, SOL_SOCKET, SO_RCVBUF, bytes, "SO_RCVBUF");
	check(setsockopt(receiver->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
	      "SO_RCVTIMEO");
	check(getsockname(receiver->fd, (struct sockaddr *)&address, &length) == 0, "getsockname");
	sender->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	check(sender->fd >= 0 && connect(sender->fd, (struct sockaddr *)&address, length) == 0,
	      "connect");
}

static void measure(struct end *sender, struct end *receiver, double seconds)
{
	uint64_t begin_ns = now_ns();

	check(pthread_create(&receiver->thread, NULL, receive_all, receiver) == 0 &&
		      pthread_create(&sender->thread, NULL, send_all, sender) == 0,
	      "pthread_create");
	usleep((useconds_t)(seconds * 1e6));
	uint64_t received = receiver->datagrams;
	double took_ns = (double)(now_ns() - begin_ns);
	plan.is_over = true;
	pthread_join(sender->thread, NULL);
	pthread_join(receiver->thread, NULL);
	printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64
	       ",\"per_s\":%.0f,\"cpu_client\":%.3f,\"cpu_server\":%.3f}\n",
	       (uint64_t)sender->datagrams, (uint64_t)receiver->datagrams,
	       (double)received * NS_PER_S / took_ns, (double)sender->cpu_ns / took_ns,
	       (double)receiver->cpu_ns / took_ns);
}

int main(int argc, char **argv)
{
	static struct end sender = { .cpu = 0 };
	static struct end receiver = { .cpu = 1 };

	plan.size = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (argc < 3 || plan.size == 0 || plan.size > PLAIN_BYTES)
		return fputs("usage: udp_bare SIZE SECONDS [plain|segmented [BATCH [LOOK_US]]]\n",
			     stderr),
		       2;
	plan.is_segmented = argc > 3 && strcmp(argv[3], "segmented") == 0;
	plan.batch = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : plan.is_segmented ? 16 : 64;
	if (plan.batch == 0 || plan.batch > (plan.is_segmented ? BATCH_MAX / 32 : BATCH_MAX))
		return fputs("udp_bare: so many don't go in one call\n", stderr), 2;
	plan.look_us = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 100;
	plan.cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	open_flow(&sender, &receiver);
	measure(&sender, &receiver, strtod(argv[2], NULL));
	return EXIT_SUCCESS;
}
