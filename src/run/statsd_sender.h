/* Sends StatsD datagrams, on the loop of its owner, whatever they are of. What the network does not
 * take is counted and told once; nothing waits. A name that has several addresses is tried on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "metric/report.h"
#include "net/loop.h"
#include "run/push_plan.h"

struct statsd_sender;

struct statsd_sender_setup {
	struct loop *loop;
	const struct push_plan *plan; /* outlives it */
	/* There is somewhere to send to now; may be NULL. */
	void (*opened)(void *context);
	/* A line for people. */
	void (*tell)(void *context, const char *line);
	void *context;
};

/* -errno. */
nodiscard int statsd_sender_new(const struct statsd_sender_setup *setup,
				struct statsd_sender **ret);
/* Takes NULL. */
void statsd_sender_free(struct statsd_sender *sender);
void statsd_sender_start(struct statsd_sender *sender);
/* Before each time that something is sent: is there somewhere to send to? What can't be sent is
 * counted. */
bool statsd_sender_turn(struct statsd_sender *sender);
bool statsd_sender_is_open(const struct statsd_sender *sender);
/* `context` is the sender; it is open. */
void statsd_sender_send(void *context, const char *bytes, size_t size);
/* Tells how many were not taken. */
void statsd_sender_close(struct statsd_sender *sender);
void statsd_sender_give(const struct statsd_sender *sender, struct report *report);
