/* Which options are of use for which targets of `ping`. */
#include <ctype.h>
#include <errno.h>

#include "cmd/ping.h"
#include "run/ping_report.h"

#define SERVICE_BIT(symbol) (1u << SERVICE_##symbol)

/* Kinds of targets that an option is for. */
enum use {
	USE_REQUESTS = 1,   /* asked with HTTP, in any version */
	USE_HANDSHAKES = 2, /* a request opens them */
	USE_PAYLOADS = 4,   /* sent what is to come back */
	USE_TALKS = 8,      /* connections on which something is said */
	USE_DATAGRAMS = 16,
	USE_QUESTIONS = 32, /* to DNS */
};

bool ping_expects_rcodes(const struct ping_options *options)
{
	return options->expect_status && isalpha((unsigned char)options->expect_status[0]);
}

static unsigned uses_of(const struct uri *uri)
{
	unsigned bit = uri->service == SERVICE_NONE ? 0 : 1u << uri->service;
	unsigned uses = ping_is_datagram(uri) ? USE_DATAGRAMS : 0;
	if (bit & SERVICE_BIT(DNS))
		uses |= USE_QUESTIONS;
	if (ping_is_datagram(uri) && uri->service == SERVICE_NONE)
		uses |= USE_PAYLOADS;
	if (bit & (SERVICE_BIT(HTTP) | SERVICE_BIT(H2C)))
		uses |= USE_REQUESTS | USE_HANDSHAKES;
	if (bit & (SERVICE_BIT(WS) | SERVICE_BIT(GRPC)))
		uses |= USE_HANDSHAKES;
	if (bit & (SERVICE_BIT(ECHO) | SERVICE_BIT(TRAFFIC) | SERVICE_BIT(ICMP) | SERVICE_BIT(WS) |
		   SERVICE_BIT(STAMP)))
		uses |= USE_PAYLOADS;
	if (!ping_is_datagram(uri) && uri->service != SERVICE_NONE)
		uses |= USE_TALKS;
	return uses;
}

static int check_uses(const struct ping_options *options, const struct uri *uri, unsigned uses,
		      struct error *error)
{
	const struct {
		const char *option;
		bool is_given;
		unsigned use;
		const char *why;
	} rules[] = {
		{ "--method", options->method != NULL, USE_REQUESTS,
		  "http:// and https:// have one" },
		{ "--body", options->body != NULL, USE_REQUESTS, "http:// and https:// take one" },
		{ "--body-file", options->body_file != NULL, USE_REQUESTS,
		  "http:// and https:// take one" },
		{ "--expect-status", options->expect_status && !ping_expects_rcodes(options),
		  USE_REQUESTS, "http:// and https:// answer with a number" },
		{ "--expect-status", ping_expects_rcodes(options), USE_QUESTIONS,
		  "dns:// answers with a word" },
		{ "--expect-text", options->expect_text != NULL, USE_REQUESTS | USE_QUESTIONS,
		  "http://, https:// and dns:// answer with some" },
		{ "--follow", options->follows, USE_REQUESTS, "http:// and https:// redirect" },
		{ "--header", options->headers.count > 0, USE_HANDSHAKES,
		  "http://, ws:// and grpc:// take some" },
		{ "--size", options->payload_bytes > 0, USE_PAYLOADS,
		  "icmp://, echo:// and stamp:// send some" },
		{ "--keep", options->keeps, USE_TALKS,
		  "http:// and echo:// can ask more than once on a connection" },
		{ "--fresh", options->is_fresh, USE_DATAGRAMS,
		  "icmp://, udp:// and dns:// send datagrams" },
	};
	for (size_t i = 0; i < array_size(rules); i++)
		if (rules[i].is_given && !(uses & rules[i].use))
			return error_set(error, EINVAL, "%s: of no use for %s: %s", rules[i].option,
					 uri->text, rules[i].why);
	return 0;
}

static int check_ends(const struct ping_options *options, struct error *error)
{
	if (options->wait_ns > 0 && options->count > 0)
		return error_set(error, EINVAL,
				 "--wait: not together with -c: it ends with the "
				 "first answer");
	if (options->wait_ns > 0 && options->duration_ns > 0)
		return error_set(error, EINVAL,
				 "--wait: not together with -T: it is the longest "
				 "that it takes");
	return 0;
}

int ping_check(const struct ping_options *options, const struct probe_target *looks, uint32_t count,
	       struct error *error)
{
	unsigned uses = 0;
	bool has_tls = options->follows;
	for (uint32_t i = 0; i < count; i++) {
		uses |= uses_of(&looks[i].uri);
		has_tls |= looks[i].uri.transport == TRANSPORT_TLS;
	}
	int result = check_ends(options, error);
	for (uint32_t i = 0; i < count && result >= 0; i++)
		if (looks[i].uri.is_srv && options->connect_to)
			result = error_set(error, EINVAL,
					   "--connect-to: not together with %s, which says where",
					   looks[i].uri.text);
	if (result >= 0)
		result = check_uses(options, &looks[0].uri, uses, error);
	if (result >= 0 && !has_tls)
		result = tls_options_refuse(&options->tls, &looks[0].uri, error);
	return result;
}
