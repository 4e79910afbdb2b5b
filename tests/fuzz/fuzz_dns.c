// Whatever arrives as an answer from DNS: it is read within its bounds and comes to an end;
// whatever is asked for reads back from its own query. Up to the first newline it is the question.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/dns.h"

/* A server that repeats the question and knows nothing. */
static void read_back(const struct dns_question *question)
{
	uint8_t message[DNS_QUERY_MAX];
	struct dns_answer answer;

	size_t size = dns_write_query(question, message);
	assert(size <= sizeof(message));
	assert(dns_read_answer(question, message, size, &answer) == DNS_IS_QUERY);
	message[2] |= 0x80;
	assert(dns_read_answer(question, message, size, &answer) == DNS_IS_ANSWER);
	assert(answer.answers == 0 && answer.rcode == 0);
}

static void read_answer(struct dns_question *question, const uint8_t *data, size_t size)
{
	char text[DNS_RECORD_TEXT_MAX];
	struct dns_answer answer;
	struct dns_record record;
	unsigned records = 0;

	if (!dns_read_id(data, size, &question->id))
		return;
	enum dns_verdict verdict = dns_read_answer(question, data, size, &answer);
	assert(verdict != DNS_IS_OF_OTHER_ID && verdict != DNS_IS_QUERY);
	if (verdict != DNS_IS_ANSWER)
		return;
	unsigned expected = answer.answers;
	assert(answer.matching <= expected);
	while (dns_next_record(&answer, &record)) {
		assert(record.at <= size && record.size <= size - record.at);
		assert(strlen(dns_record_text(&answer, &record, text)) < sizeof(text));
		records++;
	}
	assert(records == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	struct dns_question question;
	char text[512] = "";

	if (line == NULL || (size_t)(line - data) >= sizeof(text))
		return 0;
	memcpy(text, data, (size_t)(line - data));
	if (dns_parse_question(text, NULL, &question) < 0)
		return 0;
	read_back(&question);
	size_t used = (size_t)(line - data) + 1;
	uint8_t *answer = malloc(size - used + (size == used));
	if (answer == NULL)
		return 0;
	memcpy(answer, data + used, size - used);
	read_answer(&question, answer, size - used);
	free(answer);
	return 0;
}
