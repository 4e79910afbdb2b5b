/* ctraffic_client tcp|udp ADDRESS PORT SIZE COUNT: what ctraffic's client puts on the wire. Sends
 * COUNT packets of SIZE zero bytes, each after the answer to the one before, and checks the
 * answers: the first of a TCP connection, and every datagram, has the host name and a NUL over its
 * head; all else is zero. Prints the host name. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "sys/fd.h"

#define NAME_BYTES 64
#define PACKET_MAX 65507
#define PATIENCE_S 10

static char packet[PACKET_MAX];

static int fail(const char *what)
{
	fprintf(stderr, "ctraffic_client: %s: %s\n", what, errno ? strerror(errno) : "not so");
	return EXIT_FAILURE;
}

static int open_client(bool is_udp, const char *address, const char *port)
{
	struct sockaddr_in remote = { .sin_family = AF_INET,
				      .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	owned_fd int fd = socket(AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	/* A connected datagram socket takes only what comes from the address it sent to. */
	if (fd < 0 || inet_pton(AF_INET, address, &remote.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
	    connect(fd, (struct sockaddr *)&remote, sizeof remote) < 0)
		return -1;
	return take_fd(&fd);
}

/* One packet there and back; false if it doesn't come back in its length. */
static bool exchange(int fd, size_t size)
{
	memset(packet, 0, size);
	if (send(fd, packet, size, MSG_NOSIGNAL) != (ssize_t)size)
		return false;
	memset(packet, '?', size);
	return recv(fd, packet, size, MSG_WAITALL) == (ssize_t)size;
}

static bool is_zero(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool has_name(size_t size)
{
	size_t length = strnlen(packet, NAME_BYTES);

	return length > 0 && length < NAME_BYTES && is_zero(packet + length, size - length);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return fputs("ctraffic_client: see the head of its source for usage\n", stderr), 2;
	bool is_udp = strcmp(argv[1], "udp") == 0;
	size_t size = strtoul(argv[4], NULL, 10);
	unsigned long count = strtoul(argv[5], NULL, 10);
	owned_fd int fd = open_client(is_udp, argv[2], argv[3]);
	if (fd < 0 || size < NAME_BYTES || size > sizeof packet)
		return fail("set-up");
	for (unsigned long i = 0; i < count; i++) {
		errno = 0;
		if (!exchange(fd, size))
			return fail("an answer to every packet");
		if (is_udp || i == 0 ? !has_name(size) : !is_zero(packet, size))
			return fail("the name, and zeros");
		if (i == 0)
			puts(packet);
	}
	return EXIT_SUCCESS;
}
