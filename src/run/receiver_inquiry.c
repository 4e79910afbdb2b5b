#include "run/receiver_inquiry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/outcome.h"
#include "base/units.h"
#include "net/control_client.h"

/* Between two rounds of questions. */
#define ROUND_NS   (100 * NS_PER_MS)
#define SOCKET_MAX 256

struct host {
	struct control_client client;
	struct inquiry *inquiry;
	struct endpoint place;
	struct receiver_sum sum;
	uint64_t overflows[SOCKET_MAX]; /* by socket */
	uint32_t index;                 /* which host it is */
	uint32_t asked;
	uint32_t heard; /* in this round */
	uint32_t next;  /* the question behind the one that was answered last */
};

struct inquiry {
	const struct receiver_setup *setup;
	const struct receiver_question *questions;
	uint32_t count;
	struct receiver_datagrams *datagrams; /* NULL: these are no datagrams */
	uint8_t *asked_hosts;                 /* which host each question goes to */
	struct host *hosts;
	uint32_t host_count;
	uint32_t hosts_heard; /* in this round */
	struct timer round;
	struct timer deadline;
	struct receiver_sum last; /* of the round before */
	uint32_t rounds;
	bool is_over;
	struct error failure; /* "": none */
};

static struct host *host_of(struct control_client *client)
{
	return container_of(client, struct host, client);
}

static void stop(struct inquiry *inquiry)
{
	inquiry->is_over = true;
	loop_stop(inquiry->setup->loop);
}

static void give_up(struct host *host, const char *sentence)
{
	char place[ENDPOINT_TEXT_MAX];

	(void)error_set(&host->inquiry->failure, EIO, "control://%s: %s",
			endpoint_format(&host->place, place), sentence);
	stop(host->inquiry);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_receipt(struct host *host, const struct control_receipt *receipt)
{
	struct receiver_sum *sum = &host->sum;

	if (!receipt->is_known)
		return;
	sum->first_ns = sum->known ? smaller(sum->first_ns, receipt->first_ns) : receipt->first_ns;
	sum->last_ns = larger(sum->last_ns, receipt->last_ns);
	sum->known++;
	sum->bytes += receipt->bytes;
	sum->messages += receipt->messages;
	if (receipt->socket < SOCKET_MAX)
		host->overflows[receipt->socket] =
			larger(host->overflows[receipt->socket], receipt->overflows);
}

static void add_host(struct receiver_sum *sum, const struct host *host)
{
	sum->known += host->sum.known;
	sum->bytes += host->sum.bytes;
	sum->messages += host->sum.messages;
	for (size_t i = 0; i < SOCKET_MAX; i++)
		sum->overflows += host->overflows[i];
	/* Clocks of different hosts have nothing in common. */
	if (host->sum.last_ns - host->sum.first_ns > sum->last_ns - sum->first_ns) {
		sum->first_ns = host->sum.first_ns;
		sum->last_ns = host->sum.last_ns;
	}
}

static void ask_round(struct inquiry *inquiry)
{
	inquiry->rounds++;
	if (inquiry->datagrams != NULL)
		receiver_datagrams_clear(inquiry->datagrams);
	inquiry->hosts_heard = 0;
	for (uint32_t i = 0; i < inquiry->host_count; i++) {
		struct host *host = &inquiry->hosts[i];

		host->heard = 0;
		host->next = 0;
		host->sum = (struct receiver_sum){ 0 };
		memset(host->overflows, 0, sizeof(host->overflows));
	}
	for (uint32_t i = 0; i < inquiry->count && !inquiry->is_over; i++)
		control_client_ask(&inquiry->hosts[inquiry->asked_hosts[i]].client,
				   &inquiry->questions[i].text);
}

static void end_round(struct inquiry *inquiry)
{
	struct receiver_sum sum = { 0 };

	for (uint32_t i = 0; i < inquiry->host_count; i++)
		add_host(&sum, &inquiry->hosts[i]);
	bool is_same = sum.known == inquiry->last.known && sum.bytes == inquiry->last.bytes &&
		       sum.messages == inquiry->last.messages;
	inquiry->last = sum;
	if (inquiry->rounds > 1 && is_same) {
		stop(inquiry);
		return;
	}
	struct loop *loop = inquiry->setup->loop;
	loop_set_timer(loop, &inquiry->round, loop_now(loop) + ROUND_NS);
}

/* The question that the host answers: it was given its own in this order. */
static const struct receiver_question *next_question(struct host *host)
{
	const struct inquiry *inquiry = host->inquiry;

	while (inquiry->asked_hosts[host->next] != host->index)
		host->next++;
	return &inquiry->questions[host->next++];
}

static void on_heard(struct control_client *client, const char *line, size_t size)
{
	struct host *host = host_of(client);
	struct control_receipt receipt;
	struct error error = { "" };

	if (host->inquiry->is_over)
		return;
	if (control_read_receipt(line, size, &error, &receipt) < 0) {
		give_up(host, error.text);
		return;
	}
	if (host->heard == host->asked) {
		give_up(host, "it answers more than it is asked");
		return;
	}
	add_receipt(host, &receipt);
	const struct receiver_question *question = next_question(host);
	if (host->inquiry->datagrams != NULL)
		receiver_datagrams_add(host->inquiry->datagrams, &receipt, question->sent);
	if (++host->heard < host->asked)
		return;
	if (++host->inquiry->hosts_heard == host->inquiry->host_count)
		end_round(host->inquiry);
}

static void on_failed(struct control_client *client, int code)
{
	struct host *host = host_of(client);

	if (host->inquiry->is_over)
		return;
	if (code == -ECONNREFUSED)
		give_up(host, "refused (serve answers other hosts only with --control-token)");
	else if (code == -ENODATA || code == -EPROTO)
		give_up(host, "its answer is not what a control service says");
	else
		give_up(host, outcome_sentence(outcome_from_errno(-code)));
}

static const struct control_client_events client_events = { on_heard, on_failed };

static void on_round(struct timer *timer)
{
	ask_round(container_of(timer, struct inquiry, round));
}

/* What was told last is not known to be all. */
static void on_deadline(struct timer *timer)
{
	struct inquiry *inquiry = container_of(timer, struct inquiry, deadline);

	if (inquiry->rounds > 1)
		(void)error_set(&inquiry->failure, EIO, "still receiving after %u s",
				(unsigned)(RECEIVER_TIME_NS / NS_PER_S));
	else
		give_up(&inquiry->hosts[0], "no answer in time");
	stop(inquiry);
}

/* ---- the hosts */

/* Its index; RECEIVER_HOSTS_MAX: there are too many. */
static uint32_t find_host(struct inquiry *inquiry, const struct endpoint *place)
{
	uint32_t i = 0;

	while (i < inquiry->host_count && !endpoint_is_equal(&inquiry->hosts[i].place, place))
		i++;
	if (i < inquiry->host_count || i == RECEIVER_HOSTS_MAX)
		return i;
	inquiry->hosts[i].place = *place;
	inquiry->hosts[i].inquiry = inquiry;
	inquiry->hosts[i].index = i;
	inquiry->host_count++;
	return i;
}

static int find_hosts(struct inquiry *inquiry)
{
	for (uint32_t i = 0; i < inquiry->count; i++) {
		uint32_t host = find_host(inquiry, &inquiry->questions[i].place);

		if (host == RECEIVER_HOSTS_MAX)
			return error_set(&inquiry->failure, E2BIG,
					 "there were too many hosts to ask (%d at most)",
					 RECEIVER_HOSTS_MAX);
		inquiry->asked_hosts[i] = (uint8_t)host;
		inquiry->hosts[host].asked++;
	}
	return 0;
}

static int open_hosts(struct inquiry *inquiry)
{
	const struct receiver_setup *setup = inquiry->setup;

	for (uint32_t i = 0; i < inquiry->host_count && !inquiry->is_over; i++) {
		struct host *host = &inquiry->hosts[i];
		struct stream_connect connect = { .remote = host->place,
						  .network = setup->network };
		int rc = control_client_open(&host->client, &client_events, setup->transport,
					     setup->loop, &connect);

		if (rc < 0) {
			on_failed(&host->client, rc);
			return rc;
		}
	}
	return 0;
}

static void run_inquiry(struct inquiry *inquiry)
{
	struct loop *loop = inquiry->setup->loop;

	timer_init(&inquiry->round, on_round);
	timer_init(&inquiry->deadline, on_deadline);
	loop_set_timer(loop, &inquiry->deadline, loop_read_clock(loop) + RECEIVER_TIME_NS);
	if (open_hosts(inquiry) == 0)
		ask_round(inquiry);
	while (!inquiry->is_over)
		if (loop_run(loop, UINT64_MAX) < 0)
			break;
	loop_clear_timer(loop, &inquiry->round);
	loop_clear_timer(loop, &inquiry->deadline);
	for (uint32_t i = 0; i < inquiry->host_count; i++)
		control_client_close(&inquiry->hosts[i].client);
}

int receiver_inquire(const struct receiver_setup *setup, const struct receiver_question *questions,
		     uint32_t count, struct receiver_datagrams *datagrams, struct error *error,
		     struct receiver_sum *ret)
{
	struct inquiry inquiry = {
		.setup = setup,
		.questions = questions,
		.count = count,
		.datagrams = datagrams,
		.asked_hosts = calloc(count, 1),
		.hosts = calloc(RECEIVER_HOSTS_MAX, sizeof(struct host)),
	};
	int rc = -ENOMEM;

	*ret = (struct receiver_sum){ 0 };
	if (inquiry.asked_hosts == NULL || inquiry.hosts == NULL)
		(void)error_set(&inquiry.failure, ENOMEM, "out of memory");
	else
		rc = find_hosts(&inquiry);
	if (rc == 0)
		run_inquiry(&inquiry);
	*ret = inquiry.last;
	*error = inquiry.failure;
	free(inquiry.asked_hosts);
	free(inquiry.hosts);
	return inquiry.failure.text[0] != '\0' ? -EIO : 0;
}
