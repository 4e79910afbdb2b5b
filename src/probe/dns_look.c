#include "probe/dns_look.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int dns_look_question(const struct probe_target *target, struct error *error,
		      struct dns_question *ret)
{
	const char *text = target->question ? target->question : target->uri.path;
	if (text[0] == '/')
		text++;
	if (text[0] == '\0')
		return error_set(error, EINVAL, "%s: no name to ask for: dns://%s/NAME[/TYPE]",
				 target->uri.text, target->uri.host);
	int result = dns_parse_question(text, error, ret);
	if (result < 0)
		error_prefix(error, "%s", target->uri.text);
	return result;
}

static bool is_expected(const struct probe_target *target, uint32_t rcode)
{
	for (size_t i = 0; i < target->status_count; i++)
		if (target->statuses[i] == rcode)
			return true;
	return false;
}

static const char *words_of(uint32_t rcode)
{
	static const char *const words[] = {
		[DNS_NOERROR] = "another status was expected",
		[DNS_FORMERR] = "it could not read the question",
		[DNS_SERVFAIL] = "it could not find out",
		[DNS_NXDOMAIN] = "there is no such name",
		[DNS_NOTIMP] = "it does not do that",
		[DNS_REFUSED] = "it will not answer that",
	};
	return rcode < array_size(words) ? words[rcode] : "an error";
}

static bool has_text(struct dns_answer *answer, const char *text)
{
	char said[DNS_RECORD_TEXT_MAX];
	struct dns_record record;
	while (dns_next_record(answer, &record))
		if (strstr(dns_record_text(answer, &record, said), text))
			return true;
	return false;
}

bool dns_look_judge(const struct probe_target *target, const struct dns_question *question,
		    struct dns_answer *answer, struct probe_result *result,
		    char why[PROBE_WHY_BYTES])
{
	char name[DNS_TYPE_TEXT_MAX];
	bool is_wanted = target->status_count > 0;
	result->status_of = PROBE_STATUS_DNS;
	result->status = answer->rcode;
	result->body_bytes = answer->size;
	why[0] = '\0';
	if (is_wanted ? !is_expected(target, answer->rcode) : answer->rcode != DNS_NOERROR)
		(void)snprintf(why, PROBE_WHY_BYTES, "%s", words_of(answer->rcode));
	else if (!is_wanted && answer->matching == 0)
		(void)snprintf(why, PROBE_WHY_BYTES, "the name has no %s record",
			       dns_type_text(question->type, name));
	else if (target->text && !has_text(answer, target->text))
		(void)snprintf(why, PROBE_WHY_BYTES, "no record of the answer holds \"%s\"",
			       target->text);
	return why[0] == '\0';
}
