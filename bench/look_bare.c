/* The least that looks at a service need: a new connection at a fixed rate, a request and its
 * answer where there is one, what TCP knows of it. look_bare ADDRESS PORT COUNT INTERVAL_US
 * [REQUEST] prints how many microseconds of CPU each took, of the whole process. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/epoll.h>

#include "bare.h"

static void await(int epoll)
{
	struct epoll_event event;

	check(epoll_wait(epoll, &event, 1, 5000) == 1, "epoll_wait");
}

static void look(int epoll, const struct sockaddr_in *address, const char *request)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	char answer[4096];
	struct tcp_info info;
	socklen_t size = sizeof info;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	check(fd >= 0, "socket");
	(void)connect(fd, (const struct sockaddr *)address, sizeof *address);
	check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
	await(epoll);
	if (request) {
		size_t length = strlen(request);
		check(send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
		await(epoll);
		check(recv(fd, answer, sizeof answer, 0) > 0, "recv");
	}
	check(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0, "TCP_INFO");
	check(info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT, "connect");
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	check(argc > 4 && inet_pton(AF_INET, argv[1], &address.sin_addr) == 1, "arguments");
	address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	uint64_t count = strtoull(argv[3], NULL, 10);
	uint64_t due_ns = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		due_ns += strtoull(argv[4], NULL, 10) * 1000;
		struct timespec due = { (time_t)(due_ns / NS_PER_S), (long)(due_ns % NS_PER_S) };
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		look(epoll, &address, argv[5]);
	}
	printf("%.3f\n", (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e3 / (double)count);
	return 0;
}
