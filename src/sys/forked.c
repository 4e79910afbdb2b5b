/* See forked.h. */
#include "sys/forked.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "sys/fd.h"

void forked_init(struct forked *forked)
{
	*forked = (struct forked){ .pid_fd = -1, .line = -1 };
}

/* A terminal's signals go to all of its group: who forked tells the copies what they mean. */
static void block_signals(void)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGILL,  SIGFPE,  SIGABRT,
				   SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t blocked;
	sigfillset(&blocked);
	for (size_t i = 0; i < array_size(own); i++)
		sigdelset(&blocked, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &blocked, NULL);
}

static void become_copy(struct forked *forked, int *line)
{
	block_signals();
	forked_init(forked);
	forked->line = take_fd(line);
}

int forked_start(struct forked *forked)
{
	int ends[2];
	forked_init(forked);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	owned_fd int ours = ends[0];
	owned_fd int its = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		become_copy(forked, &its);
		return 0;
	}
	forked->pid = pid;
	forked->line = take_fd(&ours);
	forked->pid_fd = pidfd_open(pid, 0);
	if (forked->pid_fd >= 0)
		return 0;
	int result = -errno;
	forked_close(forked);
	forked_reap_last(forked, &(struct forked_end){ 0 });
	return result;
}

void forked_leave(int status)
{
	_exit(status);
}

void forked_say(const struct forked *forked, char word)
{
	(void)!send(forked->line, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int forked_hear(const struct forked *forked, char *ret)
{
	ssize_t size = recv(forked->line, ret, 1, MSG_DONTWAIT);
	if (size == 1)
		return 0;
	return size < 0 && errno != ECONNRESET ? -errno : -EPIPE;
}

int forked_await(const struct forked *forked, char *ret)
{
	int result = 0;
	while ((result = forked_hear(forked, ret)) == -EAGAIN)
		(void)poll(&(struct pollfd){ .fd = forked->line, .events = POLLIN }, 1, -1);
	return result;
}

uint64_t forked_cpu_ns(const struct forked *forked)
{
	clockid_t clock;
	struct timespec used;
	if (forked->pid == 0 || clock_getcpuclockid(forked->pid, &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		return 0;
	return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

static uint64_t timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_usec * NS_PER_US;
}

static int reap(struct forked *forked, int options, struct forked_end *ret)
{
	struct rusage usage = { 0 };
	int status = 0;
	pid_t pid = 0;
	*ret = (struct forked_end){ 0 };
	do
		pid = wait4(forked->pid, &status, options, &usage);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return -EAGAIN;
	forked->pid = 0;
	if (pid < 0)
		return 0;
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	ret->cpu_ns = timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
	return 0;
}

int forked_reap(struct forked *forked, struct forked_end *ret)
{
	return reap(forked, WNOHANG, ret);
}

void forked_reap_last(struct forked *forked, struct forked_end *ret)
{
	(void)reap(forked, 0, ret);
}

void forked_close(struct forked *forked)
{
	forked->line = fd_close(forked->line);
	forked->pid_fd = fd_close(forked->pid_fd);
}
