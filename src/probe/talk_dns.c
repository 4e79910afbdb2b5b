/* A question to DNS over TCP or TLS: each message has its length in front (RFC 1035, 4.2.2). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"
#include "probe/dns_look.h"
#include "probe/talk.h"

#define LENGTH_BYTES 2

struct dns_talk {
	struct talk talk;
	struct dns_question question;
	struct buffer answer; /* with its length */
	char why[PROBE_WHY_BYTES];
};

static int open_talk(struct talk *talk)
{
	struct dns_talk *dns = container_of(talk, struct dns_talk, talk);
	buffer_init(&dns->answer, LENGTH_BYTES + DNS_MESSAGE_MAX);
	return dns_look_question(talk->prober->target, NULL, &dns->question);
}

static void close_talk(struct talk *talk)
{
	buffer_deinit(&container_of(talk, struct dns_talk, talk)->answer);
}

static void ask(struct talk *talk)
{
	struct dns_talk *dns = container_of(talk, struct dns_talk, talk);
	uint8_t query[LENGTH_BYTES + DNS_QUERY_MAX];
	buffer_clear(&dns->answer);
	/* Nobody can put an answer into a connection, so any id is as good. */
	dns->question.id = (uint16_t)talk->result->number;
	size_t size = dns_write_query(&dns->question, query + LENGTH_BYTES);
	put_u16(query, (uint16_t)size);
	buffer_append(talk->out, query, LENGTH_BYTES + size);
}

static void hear_end(struct dns_talk *dns)
{
	dns->talk.is_ended = true;
	(void)snprintf(dns->why, sizeof(dns->why), "after %zu bytes of the answer",
		       dns->answer.size);
	talk_go_wrong(&dns->talk, OUTCOME_CLOSED, dns->why);
}

static void judge(struct dns_talk *dns, const uint8_t *message, size_t size)
{
	struct dns_answer answer;
	enum dns_verdict verdict = dns_read_answer(&dns->question, message, size, &answer);
	if (verdict != DNS_IS_ANSWER) {
		talk_go_wrong(&dns->talk, OUTCOME_PROTOCOL, dns_verdict_text(verdict));
		return;
	}
	dns->talk.state = TALK_ANSWERED;
	if (!dns_look_judge(dns->talk.prober->target, &dns->question, &answer, dns->talk.result,
			    dns->why))
		talk_go_wrong(&dns->talk, OUTCOME_REJECTED, dns->why);
}

static void hear(struct talk *talk, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct dns_talk *dns = container_of(talk, struct dns_talk, talk);
	(void)now_ns;
	if (!talk->result) {
		talk->is_ended = true;
		return;
	}
	if (size == 0) {
		hear_end(dns);
		return;
	}
	talk->state = TALK_HEARING;
	buffer_append(&dns->answer, data, size);
	const uint8_t *heard = (const uint8_t *)buffer_text(&dns->answer);
	if (dns->answer.size < LENGTH_BYTES)
		return;
	size_t whole = LENGTH_BYTES + (size_t)get_u16(heard);
	if (dns->answer.size < whole)
		return;
	talk->is_ended = dns->answer.size > whole;
	judge(dns, heard + LENGTH_BYTES, whole - LENGTH_BYTES);
}

const struct talk_kind talk_dns = {
	.name = "dns",
	.size = sizeof(struct dns_talk),
	.open = open_talk,
	.ask = ask,
	.hear = hear,
	.close = close_talk,
};
