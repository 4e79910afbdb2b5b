#include "run/statsd_sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "net/datagram.h"
#include "net/resolver.h"
#include "view/phrase.h"

/* From a name that did not resolve to the next try. */
#define RETRY_NS (5 * NS_PER_S)
/* Addresses of a name that are tried, as many refuse. */
#define REMOTES_MAX 8

struct statsd_sender {
	struct statsd_sender_setup setup;
	struct resolver *resolver;
	struct datagram_socket socket;
	struct timer retry;
	uint64_t sent;
	uint64_t refused;
	struct endpoint remotes[REMOTES_MAX];
	size_t remote_count;
	size_t remote;
	bool is_open;
	bool is_refused; /* by this one of the addresses */
	bool is_told;
	char trouble[256]; /* the last: "refused" */
};

/* ---- trouble ---- */

static void tell(struct statsd_sender *sender, const char *text)
{
	char line[512];
	(void)snprintf(line, sizeof(line), "StatsD %s: %s", sender->setup.plan->options->statsd,
		       text);
	sender->setup.tell(sender->setup.context, line);
}

static void note_trouble(struct statsd_sender *sender, const char *text)
{
	(void)snprintf(sender->trouble, sizeof(sender->trouble), "%s", text);
	if (!sender->is_told)
		tell(sender, text);
	sender->is_told = true;
}

static void note_refused(struct statsd_sender *sender, int code)
{
	sender->refused++;
	sender->is_refused |= code == ECONNREFUSED;
	note_trouble(sender, code == EAGAIN ? "this host's queue is full"
					    : outcome_sentence(outcome_from_errno(code)));
}

static void try_again_later(struct statsd_sender *sender, const char *why)
{
	struct loop *loop = sender->setup.loop;
	note_trouble(sender, why);
	loop_set_timer(loop, &sender->retry, loop_now(loop) + RETRY_NS);
}

/* ---- the network ---- */

void statsd_sender_send(void *context, const char *bytes, size_t size)
{
	struct statsd_sender *sender = context;
	struct datagram datagram = { .data = (void *)bytes, .size = size };
	int result = datagram_send(&sender->socket, &datagram, 1);
	/* That was the answer to an earlier one; this one has not gone. */
	if (result == -ECONNREFUSED) {
		note_refused(sender, ECONNREFUSED);
		result = datagram_send(&sender->socket, &datagram, 1);
	}
	sender->sent++;
	if (result < 0)
		note_refused(sender, -result);
}

/* Nobody answers a StatsD datagram: what arrives is an error for one that was sent. */
static void on_ready(struct datagram_socket *socket, unsigned events)
{
	struct statsd_sender *sender = container_of(socket, struct statsd_sender, socket);
	char byte;
	struct datagram datagram = { .data = &byte, .capacity = sizeof(byte) };
	int result = (events & STREAM_READABLE) != 0 ? 0 : -EAGAIN;
	for (int i = 0; i < DATAGRAM_BATCH_MAX && result != -EAGAIN; i++) {
		result = datagram_receive(socket, &datagram, 1);
		if (result < 0 && result != -EAGAIN)
			note_refused(sender, -result);
	}
}

static void open_socket(struct statsd_sender *sender)
{
	struct datagram_options options = { .remote = sender->remotes[sender->remote] };
	int result = datagram_open(&sender->socket, &datagram_udp, sender->setup.loop, &options,
				   on_ready);
	if (result < 0) {
		try_again_later(sender, outcome_sentence(outcome_from_errno(-result)));
		return;
	}
	sender->is_open = true;
	if (sender->setup.opened)
		sender->setup.opened(sender->setup.context);
}

/* "localhost" is two addresses, and the daemon may have only one. */
static void open_next(struct statsd_sender *sender)
{
	if (sender->is_open)
		datagram_close(&sender->socket);
	sender->is_open = false;
	sender->is_refused = false;
	sender->remote = (sender->remote + 1) % sender->remote_count;
	open_socket(sender);
}

static void on_resolved(void *context, const struct resolver_answer *answer)
{
	struct statsd_sender *sender = context;
	if (answer->code == -ECANCELED)
		return;
	if (answer->code < 0) {
		try_again_later(sender, answer->sentence);
		return;
	}
	sender->remote = 0;
	sender->remote_count = answer->count < REMOTES_MAX ? answer->count : REMOTES_MAX;
	memcpy(sender->remotes, answer->endpoints, sender->remote_count * sizeof(*sender->remotes));
	open_socket(sender);
}

static void resolve(struct statsd_sender *sender)
{
	const struct uri *place = &sender->setup.plan->statsd;
	int result =
		resolver_resolve(sender->resolver, place->host, place->port, on_resolved, sender);
	if (result < 0)
		try_again_later(sender, outcome_sentence(outcome_from_errno(-result)));
}

static void on_retry(struct timer *timer)
{
	resolve(container_of(timer, struct statsd_sender, retry));
}

/* ---- the course ---- */

/* There is nowhere to send it: the name has not been resolved. */
static void note_unsent(struct statsd_sender *sender)
{
	sender->sent++;
	sender->refused++;
	if (!sender->trouble[0])
		note_trouble(sender, "its name is still looked up");
}

bool statsd_sender_turn(struct statsd_sender *sender)
{
	if (sender->is_refused && sender->remote_count > 1)
		open_next(sender);
	if (!sender->is_open)
		note_unsent(sender);
	return sender->is_open;
}

bool statsd_sender_is_open(const struct statsd_sender *sender)
{
	return sender->is_open;
}

void statsd_sender_start(struct statsd_sender *sender)
{
	resolve(sender);
}

void statsd_sender_close(struct statsd_sender *sender)
{
	char text[384], refused[UNITS_TEXT_MAX], sent[PHRASE_MAX];
	if (sender->refused == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s of %s not taken: %s",
		       units_format_grouped(sender->refused, refused),
		       phrase_count(sender->sent, "datagram", sent), sender->trouble);
	tell(sender, text);
}

void statsd_sender_give(const struct statsd_sender *sender, struct report *report)
{
	report->pushes[report->push_count++] = (struct report_push){
		.kind = "StatsD",
		.to = arena_text(&report->arena, sender->setup.plan->options->statsd),
		.sent = sender->sent,
		.dropped = sender->refused,
		.trouble = sender->trouble[0] ? arena_text(&report->arena, sender->trouble) : NULL,
	};
}

/* ---- life ---- */

int statsd_sender_new(const struct statsd_sender_setup *setup, struct statsd_sender **ret)
{
	struct statsd_sender *sender = calloc(1, sizeof(*sender));
	if (!sender)
		return -ENOMEM;
	sender->setup = *setup;
	timer_init(&sender->retry, on_retry);
	int result = resolver_new(setup->loop, &(struct resolver_options){ 0 }, &sender->resolver);
	if (result < 0) {
		statsd_sender_free(sender);
		return result;
	}
	*ret = sender;
	return 0;
}

void statsd_sender_free(struct statsd_sender *sender)
{
	if (!sender)
		return;
	resolver_free(sender->resolver);
	if (sender->is_open)
		datagram_close(&sender->socket);
	loop_clear_timer(sender->setup.loop, &sender->retry);
	free(sender);
}
