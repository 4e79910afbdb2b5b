/* SIGINT, SIGTERM, SIGHUP and those to mark on as events of the loop. Opened before any thread
 * starts, so that all inherit the blocked mask and none is interrupted. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "net/loop.h"

struct signals {
	struct watch watch;
	struct loop *loop;
	void (*arrived)(struct signals *signals, int number);
	sigset_t before; /* the mask to put back */
	bool is_open;
};

void signals_init(struct signals *signals);
/* Makes these wait until they are watched. */
void signals_hold(const sigset_t *held);
/* `also`: beside those that end a run; NULL: none. 0 or -errno. */
nodiscard int signals_open(struct signals *signals, struct loop *loop, const sigset_t *also,
			   void (*arrived)(struct signals *signals, int number));
/* Both a loop and its signals, as above. -errno with the sentence; what was made is the caller's to
 * close and free all the same. */
nodiscard int signals_open_loop(struct signals *signals, const sigset_t *also,
				void (*arrived)(struct signals *signals, int number),
				struct error *error, struct loop **ret);
void signals_close(struct signals *signals);
