#include "run/keys.h"

#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/terminal.h"

/* Without these blocked, a look at a terminal that has just become another's would stop us. */
static sigset_t held_signals(void)
{
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGTSTP);
	sigaddset(&held, SIGCONT);
	sigaddset(&held, SIGTTIN);
	sigaddset(&held, SIGTTOU);
	return held;
}

/* ---- the terminal ---- */

static void let_go(struct keys *keys)
{
	if (!keys->is_reading)
		return;
	keys->is_reading = false;
	loop_unwatch(keys->loop, &keys->input);
	if (terminal_is_foreground(STDIN_FILENO))
		terminal_give_back();
}

static void take(struct keys *keys)
{
	if (keys->is_reading || !terminal_is_foreground(STDIN_FILENO) ||
	    terminal_take_keys(STDIN_FILENO) < 0)
		return;
	keys->parser = (struct key_parser){ KEY_PLAIN };
	keys->is_reading = loop_watch(keys->loop, &keys->input) >= 0;
	if (!keys->is_reading)
		terminal_give_back();
}

static void on_input(struct watch *watch, uint32_t events)
{
	struct keys *keys = container_of(watch, struct keys, input);
	uint8_t bytes[64];
	ssize_t size = 1;
	(void)events;
	while (keys->is_reading && terminal_is_foreground(STDIN_FILENO) && size > 0) {
		size = read(STDIN_FILENO, bytes, sizeof(bytes));
		for (ssize_t i = 0; i < size; i++) {
			enum key key = key_take(&keys->parser, bytes[i]);
			if (key != KEY_NONE)
				keys->pressed(keys, key);
		}
	}
	if (size < 0) /* it is gone: SIGHUP says so too */
		let_go(keys);
}

/* ---- Ctrl-Z, fg and bg ---- */

/* As if nobody had caught it: nothing happens where no shell could continue us. */
static void stop_here(struct keys *keys)
{
	sigset_t stop;
	let_go(keys);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
	(void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
	take(keys);
	keys->returned(keys);
}

static void on_signal(struct watch *watch, uint32_t events)
{
	struct keys *keys = container_of(watch, struct keys, signals);
	struct signalfd_siginfo info;
	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP) {
			stop_here(keys);
		} else if (info.ssi_signo == SIGCONT) {
			/* Whoever stopped us otherwise may have changed the terminal. */
			let_go(keys);
			take(keys);
			keys->returned(keys);
		}
	}
}

void keys_look(struct keys *keys)
{
	if (!keys->is_open || keys->is_reading)
		return;
	take(keys);
	if (keys->is_reading)
		keys->returned(keys);
}

/* ---- life ---- */

void keys_init(struct keys *keys)
{
	*keys = (struct keys){ .input = { on_input, STDIN_FILENO }, .signals = { on_signal, -1 } };
}

static int open_signals(struct keys *keys)
{
	sigset_t held = held_signals();
	int result = pthread_sigmask(SIG_BLOCK, &held, &keys->before);
	if (result)
		return -result;
	keys->is_open = true;
	sigdelset(&held, SIGTTIN);
	sigdelset(&held, SIGTTOU);
	keys->signals.fd = signalfd(-1, &held, SFD_NONBLOCK | SFD_CLOEXEC);
	return keys->signals.fd < 0 ? -errno : loop_watch(keys->loop, &keys->signals);
}

int keys_open(struct keys *keys, struct loop *loop)
{
	keys->loop = loop;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return 0;
	int result = open_signals(keys);
	if (result >= 0)
		take(keys);
	return result;
}

void keys_close(struct keys *keys)
{
	let_go(keys);
	if (keys->signals.fd >= 0)
		loop_unwatch(keys->loop, &keys->signals);
	keys->signals.fd = fd_close(keys->signals.fd);
	if (keys->is_open)
		(void)pthread_sigmask(SIG_SETMASK, &keys->before, NULL);
	keys->is_open = false;
}
