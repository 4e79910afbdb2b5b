/* Asks the services control of several hosts what has arrived, all at once, again and again until
 * two answers are the same: what the kernel still sends arrives meanwhile. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/stream.h"
#include "proto/control.h"
#include "run/receiver_datagrams.h"

#define RECEIVER_HOSTS_MAX 16
/* All of it takes no longer. */
#define RECEIVER_TIME_NS UINT64_C(2000000000)

struct engine;

struct receiver_setup {
	struct loop *loop; /* runs until it is over */
	const struct stream_transport *transport;
	void *network;
	const struct engine *engine; /* whose far ends receiver_look_up() knows */
};

struct receiver_question {
	struct control_question text;
	struct endpoint place; /* of the control that is asked */
	uint64_t sent;         /* datagrams */
};

/* What all answers add up to. */
struct receiver_sum {
	uint64_t known; /* of the questions */
	uint64_t bytes;
	uint64_t messages;
	uint64_t overflows; /* of each socket once */
	uint64_t first_ns;  /* by the clock of the host that received for longest */
	uint64_t last_ns;
};

/* `count` above 0; `datagrams`: NULL, or initialised and filled from their flows. -EIO with the
 * sentence that says why not, which names the host. */
nodiscard int receiver_inquire(const struct receiver_setup *setup,
			       const struct receiver_question *questions, uint32_t count,
			       struct receiver_datagrams *datagrams, struct error *error,
			       struct receiver_sum *ret);
/* The same of far ends in this process, which have ended: each is asked once. -ENOMEM. */
nodiscard int receiver_look_up(const struct receiver_setup *setup,
			       const struct receiver_question *questions, uint32_t count,
			       struct receiver_datagrams *datagrams, struct receiver_sum *ret);
