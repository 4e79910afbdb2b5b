/* bad_peer HOW: a TCP server on a free loopback port that misbehaves; prints "ready PORT".
 *   echo      none of it: a plain echo without a host name
 *   slow      a plain echo, in two halves 20 ms apart
 *   ctraffic  as ctraffic's server: an echo with a host name over the head of what comes first
 *   silent    accepts and reads, never answers
 *   half      answers the first half of what came first, then nothing
 *   garbage   answers as many bytes as came, but others
 *   reset     resets each connection as soon as it is there
 *   close     closes each connection at its first bytes, which it doesn't read
 *   unasked   sends 100 bytes that nobody asked for, then echoes */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/attributes.h"
#include "sys/fd.h"

#define BACKLOG 1024

/* What becomes of a connection; one that is ignored stays open and is never read again. */
enum next { GO_ON, IGNORE, CLOSE };

static enum next send_all(int fd, const char *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t count = send(fd, bytes + done, length - done, MSG_NOSIGNAL);
		if (count <= 0)
			return CLOSE;
		done += (size_t)count;
	}
	return GO_ON;
}

/* What is done with a new connection. */

static enum next greet_nothing(int fd)
{
	(void)fd;
	return GO_ON;
}

static enum next greet_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	return CLOSE;
}

static enum next greet_close(int fd)
{
	char byte;

	(void)recv(fd, &byte, sizeof byte, MSG_PEEK);
	return CLOSE;
}

static enum next greet_unasked(int fd)
{
	char bytes[100];

	memset(bytes, '!', sizeof bytes);
	return send_all(fd, bytes, sizeof bytes);
}

/* What is done with what has come. */

static enum next answer_echo(int fd, char *bytes, size_t length)
{
	return send_all(fd, bytes, length);
}

static enum next answer_slow(int fd, char *bytes, size_t length)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	if (send_all(fd, bytes, length / 2) == CLOSE)
		return CLOSE;
	nanosleep(&pause, NULL);
	return send_all(fd, bytes + length / 2, length - length / 2);
}

static bool has_name[BACKLOG]; /* by descriptor: to be sent */

static enum next greet_ctraffic(int fd)
{
	if (fd >= BACKLOG)
		return CLOSE;
	has_name[fd] = true;
	return GO_ON;
}

static enum next answer_ctraffic(int fd, char *bytes, size_t length)
{
	static const char name[] = "ctraffic-host";

	if (has_name[fd] && length >= sizeof name)
		memcpy(bytes, name, sizeof name);
	has_name[fd] = false;
	return send_all(fd, bytes, length);
}

static enum next answer_silent(int fd, char *bytes, size_t length)
{
	(void)fd, (void)bytes, (void)length;
	return GO_ON;
}

static enum next answer_half(int fd, char *bytes, size_t length)
{
	return send_all(fd, bytes, length / 2) == CLOSE ? CLOSE : IGNORE;
}

static enum next answer_garbage(int fd, char *bytes, size_t length)
{
	memset(bytes, '#', length);
	return send_all(fd, bytes, length);
}

/* clang-format off */
static const struct behaviour {
	const char *name;
	enum next (*greet)(int fd);
	enum next (*answer)(int fd, char *bytes, size_t length);
} behaviours[] = {
	{ "echo",     greet_nothing,  answer_echo },
	{ "slow",     greet_nothing,  answer_slow },
	{ "ctraffic", greet_ctraffic, answer_ctraffic },
	{ "silent",   greet_nothing,  answer_silent },
	{ "half",     greet_nothing,  answer_half },
	{ "garbage",  greet_nothing,  answer_garbage },
	{ "reset",    greet_reset,    answer_silent },
	{ "close",    greet_close,    answer_silent },
	{ "unasked",  greet_unasked,  answer_echo },
};
/* clang-format on */

static int listen_anywhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	owned_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(fd, BACKLOG) < 0 || getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	printf("ready %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return take_fd(&fd);
}

static void greet(const struct behaviour *behaviour, int epoll, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return;
	if (behaviour->greet(fd) == CLOSE || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		(void)fd_close(fd);
}

static void serve(const struct behaviour *behaviour, int epoll, int listener)
{
	static char bytes[256 * 1024];
	struct epoll_event event;

	while (epoll_wait(epoll, &event, 1, -1) >= 0 || errno == EINTR) {
		int fd = event.data.fd;
		if (fd == listener) {
			greet(behaviour, epoll, listener);
			continue;
		}
		ssize_t length = recv(fd, bytes, sizeof bytes, 0);
		enum next next = length > 0 ? behaviour->answer(fd, bytes, (size_t)length) : CLOSE;
		if (next == IGNORE)
			(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		else if (next == CLOSE)
			(void)fd_close(fd);
	}
}

int main(int argc, char **argv)
{
	const struct behaviour *behaviour = NULL;

	for (size_t i = 0; argc == 2 && i < array_size(behaviours); i++)
		if (strcmp(argv[1], behaviours[i].name) == 0)
			behaviour = &behaviours[i];
	if (!behaviour)
		return fputs("bad_peer: see the head of its source for usage\n", stderr), 2;
	owned_fd int listener = listen_anywhere();
	owned_fd int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
	if (listener < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
		return perror("bad_peer"), EXIT_FAILURE;
	serve(behaviour, epoll, listener);
	return EXIT_FAILURE;
}
