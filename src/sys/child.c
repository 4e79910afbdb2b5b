/* See child.h. */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"

void child_init(struct child *child)
{
	*child = (struct child){ .pid_fd = -1, .output_fd = -1 };
}

/* Only our end may not block: its own end is what the command expects of a pipe. */
static int open_output(int *ours, int *its)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ours = ends[0];
	*its = ends[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int set_descriptors(posix_spawn_file_actions_t *actions, enum child_input input, int output)
{
	int result = 0;
	if (input == CHILD_NO_INPUT || isatty(STDIN_FILENO))
		result = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
							  O_RDONLY, 0);
	if (!result)
		result = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (!result)
		result = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
	return result;
}

/* A group of its own, no signal blocked, and the usual answer to those that are passed on to it,
 * though a shell may have had us ignore them. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	sigset_t none, usual;
	sigemptyset(&none);
	sigemptyset(&usual);
	for (size_t i = 0; i < array_size(passed); i++)
		sigaddset(&usual, passed[i]);
	int result = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!result)
		result = posix_spawnattr_setpgroup(attributes, 0);
	if (!result)
		result = posix_spawnattr_setsigmask(attributes, &none);
	if (!result)
		result = posix_spawnattr_setsigdefault(attributes, &usual);
	return result;
}

static int spawn(char *const *words, enum child_input input, int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int result = posix_spawn_file_actions_init(&actions);
	if (result)
		return -result;
	result = posix_spawnattr_init(&attributes);
	if (result) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -result;
	}
	result = set_descriptors(&actions, input, output);
	if (!result)
		result = set_attributes(&attributes);
	if (!result)
		result = posix_spawnp(ret, words[0], &actions, &attributes, words, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -result;
}

int child_start(struct child *child, char *const *words, enum child_input input)
{
	owned_fd int ours = -1;
	owned_fd int its = -1;
	child_init(child);
	int result = open_output(&ours, &its);
	if (result >= 0)
		result = spawn(words, input, its, &child->pid);
	if (result < 0)
		return result;
	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd < 0) {
		result = -errno;
		child_signal(child, SIGKILL);
		(void)waitpid(child->pid, NULL, 0);
		child->pid = 0;
		return result;
	}
	child->output_fd = take_fd(&ours);
	return 0;
}

int child_reap(struct child *child, struct child_end *ret)
{
	siginfo_t info = { .si_pid = 0 };
	if (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG) < 0)
		return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;
	bool is_exit = info.si_code == CLD_EXITED;
	*ret = (struct child_end){
		.status = is_exit ? info.si_status : 128 + info.si_status,
		.signal = is_exit ? 0 : info.si_status,
	};
	child->pid = 0;
	return 0;
}

void child_signal(const struct child *child, int number)
{
	if (child->pid > 0)
		(void)kill(-child->pid, number);
}

void child_close(struct child *child)
{
	child->pid_fd = fd_close(child->pid_fd);
	child->output_fd = fd_close(child->output_fd);
}
