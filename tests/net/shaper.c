/* shaper NAMESPACE-A NAMESPACE-B [COMMAND...]: a wire between two network namespaces that can be
 * made bad. It makes the device wire0 in each and carries what one sends to the other; packets
 * come and go in user space, so nothing is needed from the kernel but TUN. Commands are in
 * shaper/command.h, given as arguments and as lines on stdin; the log on stdout (shaper/log.h)
 * says what it did and when, first {"event":"ready"}. Ends at `quit`, SIGTERM, or after 10
 * minutes; the end of stdin doesn't end it. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/units.h"
#include "shaper/command.h"
#include "shaper/link.h"
#include "shaper/log.h"
#include "shaper/tun.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define DEVICE      "wire0"
#define LIFE_MAX_NS (600 * NS_PER_S)

/* Commands on stdin, of which a line may come in pieces. */
struct input {
	int fd;
	char text[4096];
	size_t length;
};

static int fail(const char *what, int status)
{
	fprintf(stderr, "shaper: %s: %s\n", what, strerror(-status));
	return EXIT_FAILURE;
}

/* Exact waking, and in front of whoever keeps the processor busy if that is allowed. */
static void become_punctual(void)
{
	struct sched_param first = { .sched_priority = 1 };

	prctl(PR_SET_TIMERSLACK, 1UL);
	(void)sched_setscheduler(0, SCHED_FIFO, &first);
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* A command that is not understood is said and left out: the log has no line for it. */
static void run_line(struct timetable *timetable, const char *line)
{
	struct error error = { 0 };

	if (command_run(timetable, line, clock_monotonic_ns(), &error) < 0)
		fprintf(stderr, "shaper: %s\n", error.text);
}

static void read_commands(struct input *input, struct timetable *timetable)
{
	size_t room = sizeof(input->text) - 1 - input->length;
	ssize_t count = read(input->fd, input->text + input->length, room);

	if (count <= 0) {
		input->fd = -1;
		return;
	}
	input->length += (size_t)count;
	input->text[input->length] = '\0';
	char *line = input->text;
	for (char *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		run_line(timetable, line);
	}
	input->length -= (size_t)(line - input->text);
	memmove(input->text, line, input->length);
}

static struct timespec time_until(uint64_t then_ns, uint64_t now_ns)
{
	uint64_t wait_ns = then_ns > now_ns ? then_ns - now_ns : 0;

	return (struct timespec){ .tv_sec = (time_t)(wait_ns / NS_PER_S),
				  .tv_nsec = (long)(wait_ns % NS_PER_S) };
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void carry(struct link *link, struct timetable *timetable, int signals_fd)
{
	struct input input = { .fd = STDIN_FILENO };
	uint64_t end_ns = timetable->start_ns + LIFE_MAX_NS;

	while (!timetable->has_quit) {
		struct error error = { 0 };
		uint64_t now_ns = clock_monotonic_ns();

		if (command_run_due(timetable, now_ns, &error) < 0)
			fprintf(stderr, "shaper: %s\n", error.text);
		link_release(link, now_ns);
		uint64_t next_ns = earliest(link_due_ns(link), command_due_ns(timetable));
		struct timespec wait = time_until(earliest(next_ns, end_ns), now_ns);
		struct pollfd polled[] = {
			{ .fd = link->ways[WAY_AB].from_fd, .events = POLLIN },
			{ .fd = link->ways[WAY_BA].from_fd, .events = POLLIN },
			{ .fd = input.fd, .events = POLLIN },
			{ .fd = signals_fd, .events = POLLIN },
		};
		int ready = ppoll(polled, array_size(polled), &wait, NULL);
		if (now_ns >= end_ns || (ready > 0 && polled[3].revents != 0))
			return;
		if (ready <= 0)
			continue;
		if (polled[2].revents != 0)
			read_commands(&input, timetable);
		for (int i = 0; i < WAY_COUNT; i++)
			if (polled[i].revents != 0)
				link_receive(link, &link->ways[i]);
	}
}

static void log_end(const struct way *way)
{
	const struct way_counters *counters = &way->counters;

	log_event(clock_monotonic_ns(), "end",
		  ",\"way\":\"%s\",\"in\":%" PRIu64 ",\"out\":%" PRIu64 ",\"loss\":%" PRIu64
		  ",\"cut\":%" PRIu64 ",\"queue\":%" PRIu64 ",\"mtu\":%" PRIu64
		  ",\"duplicate\":%" PRIu64 ",\"reorder\":%" PRIu64,
		  way->name, counters->in, counters->out, counters->loss, counters->cut,
		  counters->queue, counters->mtu, counters->duplicate, counters->reorder);
}

int main(int argc, char **argv)
{
	struct link link;
	struct timetable timetable = { .link = &link };

	if (argc < 3)
		return fputs("usage: shaper NAMESPACE-A NAMESPACE-B [COMMAND...]\n", stderr), 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	owned_fd int signals = open_signals();
	owned_fd int a = tun_open(argv[1], DEVICE);
	if (a < 0)
		return fail(argv[1], a);
	owned_fd int b = tun_open(argv[2], DEVICE);
	if (b < 0)
		return fail(argv[2], b);
	if (link_init(&link, a, b) < 0)
		return fail("memory", -ENOMEM);
	become_punctual();
	timetable.start_ns = clock_monotonic_ns();
	for (int i = 3; i < argc; i++) {
		struct error error = { 0 };
		if (command_run(&timetable, argv[i], timetable.start_ns, &error) < 0)
			return fprintf(stderr, "shaper: %s\n", error.text), 2;
	}
	log_event(timetable.start_ns, "ready", "%s", "");
	carry(&link, &timetable, signals);
	log_end(&link.ways[WAY_AB]);
	log_end(&link.ways[WAY_BA]);
	link_deinit(&link);
	return EXIT_SUCCESS;
}
