#include "run/signals.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/fd.h"

static void on_ready(struct watch *watch, uint32_t events)
{
	struct signals *signals = container_of(watch, struct signals, watch);
	struct signalfd_siginfo info;
	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		signals->arrived(signals, (int)info.ssi_signo);
}

void signals_init(struct signals *signals)
{
	*signals = (struct signals){ .watch.fd = -1 };
}

void signals_hold(const sigset_t *held)
{
	(void)pthread_sigmask(SIG_BLOCK, held, NULL);
}

/* nohup has it ignored: then the run goes on without its terminal. */
static bool is_ignored(int number)
{
	struct sigaction action;
	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_open(struct signals *signals, struct loop *loop, const sigset_t *also,
		 void (*arrived)(struct signals *signals, int number))
{
	sigset_t wanted;
	sigemptyset(&wanted);
	if (also)
		wanted = *also;
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	if (!is_ignored(SIGHUP))
		sigaddset(&wanted, SIGHUP);
	int result = pthread_sigmask(SIG_BLOCK, &wanted, &signals->before);
	if (result)
		return -result;
	signals->is_open = true;
	signals->loop = loop;
	signals->arrived = arrived;
	signals->watch.ready = on_ready;
	signals->watch.fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
	return signals->watch.fd < 0 ? -errno : loop_watch(loop, &signals->watch);
}

int signals_open_loop(struct signals *signals, const sigset_t *also,
		      void (*arrived)(struct signals *signals, int number), struct error *error,
		      struct loop **ret)
{
	int result = loop_new(&(struct loop_options){ 0 }, ret);
	if (result >= 0)
		result = signals_open(signals, *ret, also, arrived);
	return result < 0 ? error_set(error, -result, "cannot set up the event loop: %s",
				      strerrordesc_np(-result))
			  : 0;
}

void signals_close(struct signals *signals)
{
	if (signals->watch.fd >= 0)
		loop_unwatch(signals->loop, &signals->watch);
	signals->watch.fd = fd_close(signals->watch.fd);
	if (signals->is_open)
		(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
	signals->is_open = false;
}
