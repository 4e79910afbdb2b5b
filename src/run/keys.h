/* Keys that are pressed while a run goes on: read where stdin is the terminal that stderr shows
 * things on and this process is in its foreground. A run that is stopped there (Ctrl-Z) gives the
 * terminal back first and takes it again when it is continued in the foreground; one in the
 * background never touches it. On the owner's loop, opened before any thread starts. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "net/loop.h"
#include "run/key.h"

struct keys {
	struct loop *loop;
	struct watch input;
	struct watch signals;
	struct key_parser parser;
	sigset_t before; /* the mask to put back */
	bool is_open;
	bool is_reading;
	void (*pressed)(struct keys *keys, enum key key);
	/* The terminal was somebody else's meanwhile: what was shown on it is gone. */
	void (*returned)(struct keys *keys);
};

/* No keys yet. */
void keys_init(struct keys *keys);
/* Where there is no such terminal nothing is read, which is no failure. -errno. */
nodiscard int keys_open(struct keys *keys, struct loop *loop);
/* Now and then: a shell that brings a job to the foreground does not tell one that was running. */
void keys_look(struct keys *keys);
void keys_close(struct keys *keys);
