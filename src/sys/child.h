/* A command as a child process: started in a process group of its own, its standard output and
 * error in one pipe, its end seen on a descriptor. Signals go to the whole group, as long as the
 * command itself lives. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/attributes.h"

struct child {
	pid_t pid;     /* 0: none, or it has ended */
	int pid_fd;    /* readable when it has ended */
	int output_fd; /* stdout and stderr together, never blocks; may be held by grandchildren */
};

enum child_input {
	CHILD_NO_INPUT,  /* /dev/null */
	CHILD_OUR_INPUT, /* ours, unless that is a terminal, from which its group may not read */
};

struct child_end {
	int status; /* as a shell tells it: 128 + the number where a signal ended it */
	int signal; /* that ended it; 0: none */
};

/* What timeout(1) exits with where a command had to be stopped, or can't be started. */
#define CHILD_TIMED_OUT      124
#define CHILD_NOT_EXECUTABLE 126
#define CHILD_NOT_FOUND      127

void child_init(struct child *child);
/* `words` end with NULL; the first is looked up in PATH. Starts with no signal blocked. -errno,
 * also why the program could not be executed. */
nodiscard int child_start(struct child *child, char *const *words, enum child_input input);
/* Once it has ended; -EAGAIN before. */
nodiscard int child_reap(struct child *child, struct child_end *ret);
/* Harmless after its end. */
void child_signal(const struct child *child, int number);
/* Lets go of the descriptors; what still runs is left alone. */
void child_close(struct child *child);
