#include "sys/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/attributes.h"

/* What was taken, for who can be given no argument: a signal handler. */
static struct {
	struct termios before;
	int fd;
	pid_t pid; /* who took it: a fork that crashes leaves it alone */
	volatile sig_atomic_t is_taken;
} taken;

bool terminal_can_rewrite(int fd)
{
	static const char *const plain[] = { "",       "dumb", "unknown", "network", "vt52",
					     "dialup", "lpr",  "emacs",   "adm3a" };
	const char *name = getenv("TERM");
	for (size_t i = 0; name && i < array_size(plain); i++)
		if (strcmp(name, plain[i]) == 0)
			return false;
	return name && isatty(fd) == 1;
}

struct terminal_size terminal_size(int fd)
{
	struct winsize size = { 0 };
	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return (struct terminal_size){ 0 };
	return (struct terminal_size){ .columns = size.ws_col, .rows = size.ws_row };
}

bool terminal_is_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);
	return group < 0 || group == getpgrp();
}

/* ---- single keys ---- */

static void give_back_and_crash(int number)
{
	terminal_give_back();
	(void)raise(number); /* its action is the usual one again */
}

/* Where somebody else looks at crashes already (a sanitizer), it is theirs. */
static void catch_crashes(void)
{
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	const struct sigaction action = { .sa_handler = give_back_and_crash,
					  .sa_flags = SA_RESETHAND | SA_NODEFER };
	for (size_t i = 0; i < array_size(crashes); i++) {
		struct sigaction before;
		if (sigaction(crashes[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			(void)sigaction(crashes[i], &action, NULL);
	}
}

int terminal_take_keys(int fd)
{
	struct termios wanted;
	if (tcgetattr(fd, &wanted) < 0)
		return -errno;
	taken.before = wanted;
	taken.fd = fd;
	taken.pid = getpid();
	wanted.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	wanted.c_cc[VMIN] = 0;
	wanted.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &wanted) < 0)
		return -errno;
	taken.is_taken = 1;
	catch_crashes();
	return 0;
}

void terminal_give_back(void)
{
	if (!taken.is_taken || taken.pid != getpid())
		return;
	taken.is_taken = 0;
	(void)tcsetattr(taken.fd, TCSANOW, &taken.before);
}
