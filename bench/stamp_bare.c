/* A sender of STAMP that does the least: 44 bytes each, at even times, in one process with the
 * reader of the answers. What a reflector doesn't answer shows here. stamp_bare PORT RATE SECONDS
 * prints {"sent":..,"received":..,"wrong":..,"seconds":..}; wrong: answers that are no reflection.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "bare.h"

#define PACKET_BYTES 44
#define BATCH        64
#define LINGER_NS    (NS_PER_S / 2)
#define BUFFER_BYTES (8 << 20)

struct sender {
	int fd;
	uint64_t sent;
	uint64_t received;
	uint64_t wrong;
};

static int open_to(uint16_t port)
{
	struct sockaddr_in reflector = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int bytes = BUFFER_BYTES;

	check(fd >= 0, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	check(connect(fd, (struct sockaddr *)&reflector, sizeof reflector) == 0, "connect");
	return fd;
}

static uint32_t read_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return ntohl(value);
}

/* Numbers of ours, and both times of the reflector's. */
static bool is_reflection(const struct sender *sender, const uint8_t *packet, unsigned size)
{
	return size == PACKET_BYTES && read_u32(packet + 24) < sender->sent &&
	       read_u32(packet + 4) != 0 && read_u32(packet + 16) != 0;
}

static void receive(struct sender *sender)
{
	static uint8_t packets[BATCH][256];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	int count;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ packets[i], sizeof packets[i] };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	do {
		count = recvmmsg(sender->fd, messages, BATCH, 0, NULL);
		check(count > 0 || errno == EAGAIN, "recvmmsg");
		for (int i = 0; i < count; i++) {
			bool is_right = is_reflection(sender, packets[i], messages[i].msg_len);
			sender->received += is_right;
			sender->wrong += !is_right;
		}
	} while (count == BATCH);
}

static void send_due(struct sender *sender, uint64_t due)
{
	static uint8_t packets[BATCH][PACKET_BYTES];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	unsigned count = due - sender->sent < BATCH ? (unsigned)(due - sender->sent) : BATCH;

	for (unsigned i = 0; i < count; i++) {
		uint32_t sequence = htonl((uint32_t)(sender->sent + i));
		memcpy(packets[i], &sequence, sizeof sequence);
		packets[i][4] = 0xee; /* some moment, and an error of 2^-32 s */
		packets[i][13] = 1;
		parts[i] = (struct iovec){ packets[i], PACKET_BYTES };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	int sent = sendmmsg(sender->fd, messages, count, 0);
	check(sent >= 0 || errno == EAGAIN, "sendmmsg");
	sender->sent += sent > 0 ? (uint64_t)sent : 0;
}

int main(int argc, char **argv)
{
	check(argc == 4, "usage: stamp_bare PORT RATE SECONDS");
	struct sender sender = { .fd = open_to((uint16_t)strtoul(argv[1], NULL, 10)) };
	uint64_t rate = strtoull(argv[2], NULL, 10);
	uint64_t total = rate * strtoull(argv[3], NULL, 10);
	uint64_t start_ns = now_ns();
	uint64_t last_ns = start_ns;

	while (sender.sent < total || (sender.received < total && now_ns() < last_ns + LINGER_NS)) {
		uint64_t due = (now_ns() - start_ns) * rate / NS_PER_S + 1;
		for (due = due < total ? due : total; sender.sent < due; receive(&sender)) {
			send_due(&sender, due);
			last_ns = now_ns();
		}
		receive(&sender);
		usleep(50);
	}
	printf("{\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"wrong\":%" PRIu64
	       ",\"seconds\":%.3f}\n",
	       sender.sent, sender.received, sender.wrong,
	       (double)(last_ns - start_ns) / (double)NS_PER_S);
	return 0;
}
