/* A server that does the least: takes connections on 127.0.0.1, answers who asks for a WebSocket
 * with the upgrade, and throws away all that follows, a thread a connection. Against it the cost of
 * sending shows alone.
 *   sink_bare          prints {"port":..} when it listens, and serves until it is killed */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/websocket_handshake.h"

#define CHUNK     (1024 * 1024)
#define KEY_FIELD "Sec-WebSocket-Key: "

static void check(bool is_good, const char *what)
{
	if (is_good)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

/* What came first is a request for an upgrade: it is taken as right. */
static void upgrade(int fd, const char *request)
{
	struct websocket_opening opening = { .is_get = true };
	char answer[WEBSOCKET_ANSWER_MAX];
	const char *key = strstr(request, KEY_FIELD);

	if (key == NULL)
		return;
	memcpy(opening.key, key + strlen(KEY_FIELD), sizeof opening.key);
	size_t size = websocket_write_switch(&opening, answer);
	check(send(fd, answer, size, MSG_NOSIGNAL) == (ssize_t)size, "send");
}

static void *throw_away(void *context)
{
	int fd = (int)(intptr_t)context;
	char first[4096] = "";
	ssize_t got = recv(fd, first, sizeof first - 1, 0);

	if (got > 0)
		upgrade(fd, first);
	while (got > 0)
		got = recv(fd, NULL, CHUNK, MSG_TRUNC);
	close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
		      listen(listener, 128) == 0 &&
		      getsockname(listener, (struct sockaddr *)&address, &length) == 0,
	      "listen");
	printf("{\"port\":%u}\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);
		check(fd >= 0, "accept");
		check(pthread_create(&thread, NULL, throw_away, (void *)(intptr_t)fd) == 0,
		      "pthread_create");
		pthread_detach(thread);
	}
}
