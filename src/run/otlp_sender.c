#include "run/otlp_sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "net/http_client.h"
#include "sys/clock.h"
#include "view/phrase.h"

#define BODY_MAX    ((size_t)4 << 20)
#define ANSWER_MAX  ((size_t)64 << 10)
#define DEADLINE_NS (10 * NS_PER_S)
/* So many wait for a receiver that does not take them. */
#define QUEUE_MAX     4
#define AUTHORITY_MAX (URI_HOST_MAX + 16)
#define HEADERS_MAX   (OPTION_LIST_MAX + 1)

struct otlp_sender {
	struct otlp_sender_setup setup;
	struct tls_client *tls;
	struct http_client *client;
	struct buffer queue[QUEUE_MAX]; /* the oldest first; that one may be under way */
	unsigned waiting;
	struct timer interval;
	int64_t started_unix_ns;
	uint64_t pushes;
	uint64_t dropped;
	char authority[AUTHORITY_MAX];
	const char *headers[HEADERS_MAX];
	char trouble[256]; /* the last */
	bool is_told;
	bool is_ending;
	bool has_given_up; /* nothing more is asked */
};

/* ---- trouble ---- */

static void tell(struct otlp_sender *sender, const char *text)
{
	char line[URI_TEXT_MAX + 512];
	(void)snprintf(line, sizeof(line), "OTLP %s: %s", sender->setup.plan->options->otlp, text);
	sender->setup.tell(sender->setup.context, line);
}

static void note_trouble(struct otlp_sender *sender, const char *text)
{
	(void)snprintf(sender->trouble, sizeof(sender->trouble), "%s", text);
	if (!sender->is_told)
		tell(sender, sender->trouble);
	sender->is_told = true;
}

/* ---- the queue ---- */

static void forget(struct otlp_sender *sender, unsigned place)
{
	struct buffer freed = sender->queue[place];
	sender->waiting--;
	memmove(&sender->queue[place], &sender->queue[place + 1],
		(sender->waiting - place) * sizeof(freed));
	buffer_clear(&freed);
	sender->queue[sender->waiting] = freed;
}

/* The oldest goes, but not the one that is under way. */
static void make_room(struct otlp_sender *sender)
{
	if (sender->waiting < QUEUE_MAX)
		return;
	forget(sender, http_client_is_busy(sender->client) ? 1 : 0);
	sender->dropped++;
}

static void take(struct otlp_sender *sender)
{
	make_room(sender);
	struct buffer *body = &sender->queue[sender->waiting];
	sender->setup.write(sender->setup.context, sender->started_unix_ns,
			    clock_wall_at(loop_read_clock(sender->setup.loop)).unix_ns, body);
	sender->pushes++;
	if (body->error) {
		buffer_clear(body);
		sender->dropped++;
		note_trouble(sender, "out of memory");
		return;
	}
	sender->waiting++;
}

/* ---- pushing ---- */

static uint32_t list_headers(struct otlp_sender *sender)
{
	const struct option_list *given = &sender->setup.plan->options->otlp_headers;
	uint32_t count = 0;
	sender->headers[count++] = "Content-Type: application/json";
	for (size_t i = 0; i < given->count; i++)
		sender->headers[count++] = given->items[i];
	return count;
}

static void ask(struct otlp_sender *sender)
{
	const struct buffer *body = &sender->queue[0];
	struct http1_request request = {
		.method = "POST",
		.path = sender->setup.plan->otlp.path,
		.authority = sender->authority,
		.headers = sender->headers,
		.header_count = list_headers(sender),
	};
	if (sender->waiting == 0 || http_client_is_busy(sender->client))
		return;
	if (http_client_ask(sender->client, &request, body->data, body->size,
			    loop_read_clock(sender->setup.loop) + DEADLINE_NS) < 0)
		note_trouble(sender, "out of memory");
}

/* What may go well another time (OTLP 1.3, Failures). */
static bool is_passing(uint16_t status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* The receiver took it, but not all of it: {"partialSuccess":{"rejectedDataPoints":"3",...}}. */
static bool has_rejected(const struct http_client_answer *answer)
{
	const char *found = strstr(answer->body, "\"rejectedDataPoints\"");
	if (!found)
		return false;
	found += strlen("\"rejectedDataPoints\"");
	found += strspn(found, " \t\r\n:\"");
	return *found >= '1' && *found <= '9';
}

static void take_status(struct otlp_sender *sender, const struct http_client_answer *answer)
{
	char text[128];
	bool is_taken = answer->status >= 200 && answer->status < 300;
	if (is_taken && has_rejected(answer))
		note_trouble(sender, "the receiver rejects some of the figures");
	if (!is_taken) {
		(void)snprintf(text, sizeof(text), "the receiver answers %u", answer->status);
		note_trouble(sender, text);
		sender->dropped += !is_passing(answer->status);
	}
	if (is_taken || !is_passing(answer->status)) {
		forget(sender, 0);
		ask(sender);
	}
}

/* What was not taken stays for the next time, of which there is none at the end. */
static void on_done(void *context, const struct http_client_answer *answer)
{
	struct otlp_sender *sender = context;
	bool has_failed = answer->code < 0 || is_passing(answer->status);
	if (answer->code < 0)
		note_trouble(sender, answer->sentence);
	else
		take_status(sender, answer);
	sender->has_given_up = has_failed && sender->is_ending;
	if (sender->is_ending)
		loop_stop(sender->setup.loop);
}

static void push(struct otlp_sender *sender)
{
	take(sender);
	ask(sender);
}

static void on_interval(struct timer *timer)
{
	struct otlp_sender *sender = container_of(timer, struct otlp_sender, interval);
	struct loop *loop = sender->setup.loop;
	loop_set_timer(loop, timer, loop_now(loop) + sender->setup.plan->options->otlp_interval_ns);
	push(sender);
}

/* ---- the course ---- */

void otlp_sender_start(struct otlp_sender *sender)
{
	struct loop *loop = sender->setup.loop;
	uint64_t now_ns = loop_read_clock(loop);
	sender->started_unix_ns = clock_wall_at(now_ns).unix_ns;
	loop_set_timer(loop, &sender->interval,
		       now_ns + sender->setup.plan->options->otlp_interval_ns);
}

void otlp_sender_end(struct otlp_sender *sender)
{
	sender->is_ending = true;
	loop_clear_timer(sender->setup.loop, &sender->interval);
	push(sender);
}

bool otlp_sender_is_busy(const struct otlp_sender *sender)
{
	return sender->waiting > 0 && !sender->has_given_up;
}

void otlp_sender_close(struct otlp_sender *sender)
{
	char text[512], pushes[PHRASE_MAX], dropped[UNITS_TEXT_MAX];
	sender->dropped += sender->waiting;
	if (sender->dropped == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s of %s dropped: %s",
		       units_format_grouped(sender->dropped, dropped),
		       phrase_count(sender->pushes, "request", pushes),
		       sender->trouble[0] ? sender->trouble : "no answer in time");
	tell(sender, text);
}

void otlp_sender_give(const struct otlp_sender *sender, struct report *report)
{
	report->pushes[report->push_count++] = (struct report_push){
		.kind = "OTLP",
		.to = arena_text(&report->arena, sender->setup.plan->options->otlp),
		.sent = sender->pushes,
		.dropped = sender->dropped,
		.trouble = sender->trouble[0] ? arena_text(&report->arena, sender->trouble) : NULL,
	};
}

/* ---- life ---- */

static void write_authority(struct otlp_sender *sender)
{
	const struct uri *uri = &sender->setup.plan->otlp;
	bool is_ipv6 = strchr(uri->host, ':') != NULL;
	(void)snprintf(sender->authority, sizeof(sender->authority), "%s%s%s:%u",
		       is_ipv6 ? "[" : "", uri->host, is_ipv6 ? "]" : "", uri->port);
}

static int open_client(struct otlp_sender *sender, struct error *error)
{
	const struct uri *uri = &sender->setup.plan->otlp;
	bool is_tls = uri->transport == TRANSPORT_TLS;
	struct http_client_setup setup = {
		.loop = sender->setup.loop,
		.transport = is_tls ? &stream_tls : &stream_tcp,
		.below = &stream_tcp,
		.host = uri->host,
		.port = uri->port,
		.body_max = ANSWER_MAX,
		.done = on_done,
		.context = sender,
	};
	int result = 0;
	if (is_tls)
		result = tls_client_new(&(struct tls_client_options){ .has_resumption = true },
					error, &sender->tls);
	if (result < 0)
		return result;
	setup.tls = sender->tls;
	result = http_client_new(&setup, &sender->client);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

int otlp_sender_new(const struct otlp_sender_setup *setup, struct error *error,
		    struct otlp_sender **ret)
{
	struct otlp_sender *sender = calloc(1, sizeof(*sender));
	if (!sender)
		return error_set(error, ENOMEM, "out of memory");
	sender->setup = *setup;
	timer_init(&sender->interval, on_interval);
	for (size_t i = 0; i < QUEUE_MAX; i++)
		buffer_init(&sender->queue[i], BODY_MAX);
	write_authority(sender);
	int result = open_client(sender, error);
	if (result < 0) {
		otlp_sender_free(sender);
		return result;
	}
	*ret = sender;
	return 0;
}

void otlp_sender_free(struct otlp_sender *sender)
{
	if (!sender)
		return;
	loop_clear_timer(sender->setup.loop, &sender->interval);
	http_client_free(sender->client);
	tls_client_free(sender->tls);
	for (size_t i = 0; i < QUEUE_MAX; i++)
		buffer_deinit(&sender->queue[i]);
	free(sender);
}
