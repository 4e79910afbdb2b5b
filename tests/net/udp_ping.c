/* udp_ping serve ADDRESS PORT: echoes datagrams until SIGTERM; prints "ready PORT" first.
 * udp_ping ADDRESS PORT COUNT INTERVAL [SIZE]: sends COUNT datagrams of SIZE (64) bytes, one an
 * INTERVAL, waits 500 ms for the last replies and prints what came back as one JSON object. It
 * neither fragments nor shrinks: "too_big" counts what the kernel refused, "mtu" is what it has
 * learnt of the path. "gap" is the longest run of unanswered datagrams: from the sending of the
 * first of them to the sending of the next one answered (CLOCK_MONOTONIC). */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/units.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

#define LINGER_NS    (500 * NS_PER_MS)
#define SIZE_DEFAULT 64
#define DATAGRAM_MAX 65536
#define BUFFER_BYTES (4 * 1024 * 1024) /* what comes while the machine is busy is no loss */

struct datagram {
	uint64_t sequence;
	uint64_t sent_ns;
};

struct ping {
	int fd;
	uint64_t count;
	uint64_t interval_ns;
	uint64_t size;
	uint64_t sent, received, duplicates, reordered, too_big;
	uint64_t highest;  /* sequence that came back, + 1 */
	uint64_t *sent_ns; /* by sequence */
	uint64_t *rtt_ns;  /* by sequence; 0: unanswered */
};

static int fail(const char *what)
{
	fprintf(stderr, "udp_ping: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

static int parse_number(const char *text, uint64_t *ret)
{
	struct error error = { 0 };

	if (units_parse_count(text, &error, ret) == 0)
		return 0;
	fprintf(stderr, "udp_ping: %s\n", error.text);
	return -EINVAL;
}

/* An address of either family with its port. */
static socklen_t parse_address(const char *address, uint64_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, address, &v6->sin6_addr) == 1 ? sizeof(*v6) : 0;
}

static int serve(int fd)
{
	static char bytes[DATAGRAM_MAX];
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return fail("getsockname");
	printf("ready %u\n", ntohs(((struct sockaddr_in *)&address)->sin_port));
	fflush(stdout);
	for (;;) {
		length = sizeof address;
		ssize_t count =
			recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&address, &length);
		if (count >= 0)
			(void)sendto(fd, bytes, (size_t)count, 0, (struct sockaddr *)&address,
				     length);
	}
}

static void send_one(struct ping *ping)
{
	static char bytes[DATAGRAM_MAX];
	struct datagram head = { .sequence = ping->sent, .sent_ns = clock_monotonic_ns() };

	memcpy(bytes, &head, sizeof head);
	ping->sent_ns[ping->sent++] = head.sent_ns;
	if (send(ping->fd, bytes, ping->size, 0) < 0 && errno == EMSGSIZE)
		ping->too_big++;
}

static void receive_all(struct ping *ping)
{
	static char bytes[DATAGRAM_MAX];
	struct datagram head;

	while (recv(ping->fd, bytes, sizeof bytes, MSG_DONTWAIT) >= (ssize_t)sizeof head) {
		memcpy(&head, bytes, sizeof head);
		if (head.sequence >= ping->sent)
			continue;
		if (ping->rtt_ns[head.sequence] != 0) {
			ping->duplicates++;
			continue;
		}
		ping->rtt_ns[head.sequence] = clock_monotonic_ns() - head.sent_ns;
		ping->received++;
		if (head.sequence + 1 < ping->highest)
			ping->reordered++;
		else
			ping->highest = head.sequence + 1;
	}
}

static void run(struct ping *ping)
{
	uint64_t start_ns = clock_monotonic_ns();
	uint64_t end_ns = start_ns + ping->count * ping->interval_ns + LINGER_NS;

	for (uint64_t now_ns; (now_ns = clock_monotonic_ns()) < end_ns;) {
		uint64_t due_ns = start_ns + ping->sent * ping->interval_ns;

		if (ping->sent < ping->count && due_ns <= now_ns) {
			send_one(ping);
			continue;
		}
		uint64_t wait_ns = (ping->sent < ping->count ? due_ns : end_ns) - now_ns;
		struct timespec wait = { .tv_sec = (time_t)(wait_ns / NS_PER_S),
					 .tv_nsec = (long)(wait_ns % NS_PER_S) };
		struct pollfd polled = { .fd = ping->fd, .events = POLLIN };
		if (ppoll(&polled, 1, &wait, NULL) > 0)
			receive_all(ping);
	}
}

static void print_gap(const struct ping *ping)
{
	uint64_t first = 0;
	uint64_t longest = 0;
	uint64_t run = 0;

	for (uint64_t i = 0; i < ping->sent; i++) {
		run = ping->rtt_ns[i] == 0 ? run + 1 : 0;
		if (run > longest) {
			longest = run;
			first = i + 1 - run;
		}
	}
	uint64_t next = first + longest;
	uint64_t start_ns = longest > 0 ? ping->sent_ns[first] : 0;
	uint64_t end_ns = longest > 0 && next < ping->sent ? ping->sent_ns[next] : start_ns;
	printf("\"gap\":{\"unanswered\":%" PRIu64 ",\"start_ns\":%" PRIu64 ",\"end_ns\":%" PRIu64
	       "}",
	       longest, start_ns, end_ns);
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left;
	const uint64_t *b = right;

	return (*a > *b) - (*a < *b);
}

/* Sorts the round trips; the unanswered ones (0) come first. */
static void print_rtt(struct ping *ping)
{
	qsort(ping->rtt_ns, ping->sent, sizeof(*ping->rtt_ns), compare);
	const uint64_t *rtt_ns = ping->rtt_ns + (ping->sent - ping->received);
	uint64_t last = ping->received > 0 ? ping->received - 1 : 0;

	if (ping->received == 0)
		return;
	printf(",\"rtt_min_ns\":%" PRIu64 ",\"rtt_p50_ns\":%" PRIu64 ",\"rtt_p99_ns\":%" PRIu64
	       ",\"rtt_max_ns\":%" PRIu64,
	       rtt_ns[0], rtt_ns[last / 2], rtt_ns[last * 99 / 100], rtt_ns[last]);
}

static int learnt_mtu(int fd, int family)
{
	int mtu = 0;
	socklen_t length = sizeof mtu;
	bool is_v6 = family == AF_INET6;

	(void)getsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU : IP_MTU, &mtu,
			 &length);
	return mtu;
}

static void forbid_fragments(int fd, int family)
{
	bool is_v6 = family == AF_INET6;
	int mode = is_v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;

	(void)setsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			 is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode, sizeof mode);
}

static int ping_all(struct ping *ping, int family)
{
	ping->sent_ns = calloc(ping->count, sizeof(*ping->sent_ns));
	ping->rtt_ns = calloc(ping->count, sizeof(*ping->rtt_ns));
	if (!ping->sent_ns || !ping->rtt_ns)
		return fail("memory");
	prctl(PR_SET_TIMERSLACK, 1UL);
	forbid_fragments(ping->fd, family);
	run(ping);
	printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64
	       ",\"duplicates\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"too_big\":%" PRIu64
	       ",\"mtu\":%d,",
	       ping->sent, ping->received, ping->sent - ping->received, ping->duplicates,
	       ping->reordered, ping->too_big, learnt_mtu(ping->fd, family));
	print_gap(ping);
	print_rtt(ping);
	puts("}");
	free(ping->sent_ns);
	free(ping->rtt_ns);
	return EXIT_SUCCESS;
}

static int parse_options(struct ping *ping, int argc, char **argv)
{
	struct error error = { 0 };

	ping->size = SIZE_DEFAULT;
	if (argc < 2 || parse_number(argv[0], &ping->count) < 0 ||
	    (argc > 2 && parse_number(argv[2], &ping->size) < 0))
		return -EINVAL;
	if (ping->size < sizeof(struct datagram) || ping->size > DATAGRAM_MAX)
		return -EINVAL;
	return units_parse_time(argv[1], &error, &ping->interval_ns);
}

int main(int argc, char **argv)
{
	struct sockaddr_storage address;
	struct ping ping = { 0 };
	uint64_t port = 0;
	bool is_server = argc == 4 && strcmp(argv[1], "serve") == 0;

	argv += is_server ? 2 : 1;
	argc -= is_server ? 2 : 1;
	if (argc < 2 || parse_number(argv[1], &port) < 0 ||
	    (!is_server && parse_options(&ping, argc - 2, argv + 2) < 0))
		return fputs("udp_ping: see the head of its source for usage\n", stderr), 2;
	socklen_t length = parse_address(argv[0], port, &address);
	owned_fd int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (length == 0 || fd < 0 || ip_socket_set_buffer(fd, SO_RCVBUF, BUFFER_BYTES) < 0)
		return fail(argv[0]);
	if (is_server)
		return bind(fd, (struct sockaddr *)&address, length) < 0 ? fail("bind") : serve(fd);
	if (connect(fd, (struct sockaddr *)&address, length) < 0)
		return fail("connect");
	ping.fd = fd;
	return ping_all(&ping, address.ss_family);
}
