/* This program a second time: a forked copy that shares the memory which was mapped for that, with
 * a line between the two, which never blocks. Either side sees when the other one is gone: who
 * forked by `pid_fd`, the copy by the line's end. Signals are for who forked: the copy has them all
 * blocked, but those of its own faults and of job control. Fork while there is one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"

struct forked {
	pid_t pid;  /* 0: this is the copy, or there is none */
	int pid_fd; /* readable when it has ended; -1 in the copy */
	int line;
};

struct forked_end {
	int status;
	int signal;      /* that ended it; 0: none, it left with `status` */
	uint64_t cpu_ns; /* that it used, user and system */
};

void forked_init(struct forked *forked);
/* In both: 0; `pid` tells which. -errno: there is no copy. */
nodiscard int forked_start(struct forked *forked);
/* The copy's only way out: nothing is flushed or cleaned up that the other one also has. */
_Noreturn void forked_leave(int status);

/* A byte for the other side; harmless when it is gone or has not read the last ones. */
void forked_say(const struct forked *forked, char word);
/* The oldest byte. -EAGAIN: none; -EPIPE: the other side is gone, or has closed. */
nodiscard int forked_hear(const struct forked *forked, char *ret);
/* The same, and waits for it. */
nodiscard int forked_await(const struct forked *forked, char *ret);

/* CPU time that a copy which is not reaped has used. */
uint64_t forked_cpu_ns(const struct forked *forked);
/* Once it has ended; -EAGAIN before. Where somebody else has reaped it, all is 0. */
nodiscard int forked_reap(struct forked *forked, struct forked_end *ret);
/* Waits for its end. */
void forked_reap_last(struct forked *forked, struct forked_end *ret);
/* Lets go of the line, at whose end a copy leaves, and of the descriptor of its end. */
void forked_close(struct forked *forked);
