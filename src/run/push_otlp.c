#include "run/push_otlp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "net/http_client.h"
#include "run/build.h"
#include "sys/clock.h"
#include "view/otlp.h"
#include "view/phrase.h"

#define BODY_MAX    ((size_t)4 << 20)
#define ANSWER_MAX  ((size_t)64 << 10)
#define DEADLINE_NS (10 * NS_PER_S)
/* So many wait for a receiver that does not take them. */
#define QUEUE_MAX     4
#define AUTHORITY_MAX (URI_HOST_MAX + 16)
#define HEADERS_MAX   (OPTION_LIST_MAX + 1)

struct push_otlp {
	const struct push_source *source;
	struct tls_client *tls;
	struct http_client *client;
	struct buffer queue[QUEUE_MAX]; /* the oldest first; that one may be under way */
	unsigned waiting;
	struct timer interval;
	int64_t started_unix_ns;
	uint64_t pushes;
	uint64_t dropped;
	char host_name[256];
	char authority[AUTHORITY_MAX];
	const char *headers[HEADERS_MAX];
	char trouble[256]; /* the last */
	bool is_told;
	bool is_ending;
	bool has_given_up; /* nothing more is asked */
};

/* ---- trouble ---- */

static void tell(struct push_otlp *otlp, const char *text)
{
	char line[URI_TEXT_MAX + 512];
	(void)snprintf(line, sizeof(line), "OTLP %s: %s", otlp->source->plan->options->otlp, text);
	monitor_mark(otlp->source->monitor, loop_read_clock(otlp->source->loop), line);
}

static void note_trouble(struct push_otlp *otlp, const char *text)
{
	(void)snprintf(otlp->trouble, sizeof(otlp->trouble), "%s", text);
	if (!otlp->is_told)
		tell(otlp, otlp->trouble);
	otlp->is_told = true;
}

/* ---- the queue ---- */

static void forget(struct push_otlp *otlp, unsigned place)
{
	struct buffer freed = otlp->queue[place];
	otlp->waiting--;
	memmove(&otlp->queue[place], &otlp->queue[place + 1],
		(otlp->waiting - place) * sizeof(freed));
	buffer_clear(&freed);
	otlp->queue[otlp->waiting] = freed;
}

/* The oldest goes, but not the one that is under way. */
static void make_room(struct push_otlp *otlp)
{
	if (otlp->waiting < QUEUE_MAX)
		return;
	forget(otlp, http_client_is_busy(otlp->client) ? 1 : 0);
	otlp->dropped++;
}

static uint32_t list_streams(const struct push_otlp *otlp, struct otlp_stream streams[PLAN_STREAMS])
{
	const struct push_source *source = otlp->source;
	uint32_t count = 0;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		const struct recorder *now = sampler_now(source->sampler, (enum plan_stream)i);
		struct report_stream stream;
		if (!now)
			continue;
		build_describe(source->run, (enum plan_stream)i, source->target, &stream);
		streams[count++] = (struct otlp_stream){ stream.name, stream.target, now };
	}
	return count;
}

static void take(struct push_otlp *otlp)
{
	struct otlp_stream streams[PLAN_STREAMS];
	struct otlp_push push = {
		.command = otlp->source->command,
		.host_name = otlp->host_name,
		.started_unix_ns = otlp->started_unix_ns,
		.now_unix_ns = clock_wall_at(loop_read_clock(otlp->source->loop)).unix_ns,
		.streams = streams,
		.stream_count = list_streams(otlp, streams),
	};
	make_room(otlp);
	struct buffer *body = &otlp->queue[otlp->waiting];
	otlp_write(&push, body);
	otlp->pushes++;
	if (body->error) {
		buffer_clear(body);
		otlp->dropped++;
		note_trouble(otlp, "out of memory");
		return;
	}
	otlp->waiting++;
}

/* ---- pushing ---- */

static uint32_t list_headers(struct push_otlp *otlp)
{
	const struct option_list *given = &otlp->source->plan->options->otlp_headers;
	uint32_t count = 0;
	otlp->headers[count++] = "Content-Type: application/json";
	for (size_t i = 0; i < given->count; i++)
		otlp->headers[count++] = given->items[i];
	return count;
}

static void ask(struct push_otlp *otlp)
{
	const struct buffer *body = &otlp->queue[0];
	struct http1_request request = {
		.method = "POST",
		.path = otlp->source->plan->otlp.path,
		.authority = otlp->authority,
		.headers = otlp->headers,
		.header_count = list_headers(otlp),
	};
	if (otlp->waiting == 0 || http_client_is_busy(otlp->client))
		return;
	if (http_client_ask(otlp->client, &request, body->data, body->size,
			    loop_read_clock(otlp->source->loop) + DEADLINE_NS) < 0)
		note_trouble(otlp, "out of memory");
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

static void take_status(struct push_otlp *otlp, const struct http_client_answer *answer)
{
	char text[128];
	bool is_taken = answer->status >= 200 && answer->status < 300;
	if (is_taken && has_rejected(answer))
		note_trouble(otlp, "the receiver rejects some of the figures");
	if (!is_taken) {
		(void)snprintf(text, sizeof(text), "the receiver answers %u", answer->status);
		note_trouble(otlp, text);
		otlp->dropped += !is_passing(answer->status);
	}
	if (is_taken || !is_passing(answer->status)) {
		forget(otlp, 0);
		ask(otlp);
	}
}

/* What was not taken stays for the next time, of which there is none at the end. */
static void on_done(void *context, const struct http_client_answer *answer)
{
	struct push_otlp *otlp = context;
	bool has_failed = answer->code < 0 || is_passing(answer->status);
	if (answer->code < 0)
		note_trouble(otlp, answer->sentence);
	else
		take_status(otlp, answer);
	otlp->has_given_up = has_failed && otlp->is_ending;
	if (otlp->is_ending)
		loop_stop(otlp->source->loop);
}

static void push(struct push_otlp *otlp)
{
	push_source_look(otlp->source);
	take(otlp);
	ask(otlp);
}

static void on_interval(struct timer *timer)
{
	struct push_otlp *otlp = container_of(timer, struct push_otlp, interval);
	struct loop *loop = otlp->source->loop;
	loop_set_timer(loop, timer, loop_now(loop) + otlp->source->plan->options->otlp_interval_ns);
	push(otlp);
}

/* ---- the course ---- */

void push_otlp_start(struct push_otlp *otlp)
{
	struct loop *loop = otlp->source->loop;
	uint64_t now_ns = loop_read_clock(loop);
	otlp->started_unix_ns = clock_wall_at(now_ns).unix_ns;
	loop_set_timer(loop, &otlp->interval,
		       now_ns + otlp->source->plan->options->otlp_interval_ns);
}

void push_otlp_end(struct push_otlp *otlp)
{
	otlp->is_ending = true;
	loop_clear_timer(otlp->source->loop, &otlp->interval);
	push(otlp);
}

bool push_otlp_is_busy(const struct push_otlp *otlp)
{
	return otlp->waiting > 0 && !otlp->has_given_up;
}

void push_otlp_close(struct push_otlp *otlp)
{
	char text[512], pushes[PHRASE_MAX], dropped[UNITS_TEXT_MAX];
	otlp->dropped += otlp->waiting;
	if (otlp->dropped == 0)
		return;
	(void)snprintf(text, sizeof(text), "%s of %s dropped: %s",
		       units_format_grouped(otlp->dropped, dropped),
		       phrase_count(otlp->pushes, "request", pushes),
		       otlp->trouble[0] ? otlp->trouble : "no answer in time");
	tell(otlp, text);
}

void push_otlp_give(const struct push_otlp *otlp, struct report *report)
{
	report->pushes[report->push_count++] = (struct report_push){
		.kind = "OTLP",
		.to = arena_text(&report->arena, otlp->source->plan->options->otlp),
		.sent = otlp->pushes,
		.dropped = otlp->dropped,
		.trouble = otlp->trouble[0] ? arena_text(&report->arena, otlp->trouble) : NULL,
	};
}

/* ---- life ---- */

static void write_authority(struct push_otlp *otlp)
{
	const struct uri *uri = &otlp->source->plan->otlp;
	bool is_ipv6 = strchr(uri->host, ':') != NULL;
	(void)snprintf(otlp->authority, sizeof(otlp->authority), "%s%s%s:%u", is_ipv6 ? "[" : "",
		       uri->host, is_ipv6 ? "]" : "", uri->port);
}

static int open_client(struct push_otlp *otlp, struct error *error)
{
	const struct uri *uri = &otlp->source->plan->otlp;
	bool is_tls = uri->transport == TRANSPORT_TLS;
	struct http_client_setup setup = {
		.loop = otlp->source->loop,
		.transport = is_tls ? &stream_tls : &stream_tcp,
		.below = &stream_tcp,
		.host = uri->host,
		.port = uri->port,
		.body_max = ANSWER_MAX,
		.done = on_done,
		.context = otlp,
	};
	int result = 0;
	if (is_tls)
		result = tls_client_new(&(struct tls_client_options){ .has_resumption = true },
					error, &otlp->tls);
	if (result < 0)
		return result;
	setup.tls = otlp->tls;
	result = http_client_new(&setup, &otlp->client);
	return result < 0 ? error_set(error, -result, "out of memory") : 0;
}

int push_otlp_new(const struct push_source *source, struct error *error, struct push_otlp **ret)
{
	struct push_otlp *otlp = calloc(1, sizeof(*otlp));
	if (!otlp)
		return error_set(error, ENOMEM, "out of memory");
	otlp->source = source;
	timer_init(&otlp->interval, on_interval);
	for (size_t i = 0; i < QUEUE_MAX; i++)
		buffer_init(&otlp->queue[i], BODY_MAX);
	(void)gethostname(otlp->host_name, sizeof(otlp->host_name) - 1);
	write_authority(otlp);
	int result = open_client(otlp, error);
	if (result < 0) {
		push_otlp_free(otlp);
		return result;
	}
	*ret = otlp;
	return 0;
}

void push_otlp_free(struct push_otlp *otlp)
{
	if (!otlp)
		return;
	loop_clear_timer(otlp->source->loop, &otlp->interval);
	http_client_free(otlp->client);
	tls_client_free(otlp->tls);
	for (size_t i = 0; i < QUEUE_MAX; i++)
		buffer_deinit(&otlp->queue[i]);
	free(otlp);
}
