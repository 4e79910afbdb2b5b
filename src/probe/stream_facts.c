/* What is told of a connection beside its times: the ends, TLS, the kernel's figures, and a clause
 * about what it failed of. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "net/tls.h"
#include "probe/stream_prober.h"

/* "once", "3 times" */
#define TIMES_MAX 32
static const char *format_times(uint64_t count, char text[TIMES_MAX])
{
	(void)snprintf(text, TIMES_MAX, count == 1 ? "once" : "%" PRIu64 " times", count);
	return text;
}

void stream_forget_answer(struct probe_result *result)
{
	result->status_of = PROBE_STATUS_NONE;
	result->status = 0;
	result->location[0] = '\0';
	result->head_bytes = 0;
	result->body_bytes = 0;
	result->is_cut = false;
	result->is_kept = false;
	result->tls_version[0] = '\0';
	result->protocol[0] = '\0';
	result->certificate_until_s = PROBE_UNKNOWN;
	result->is_resumed = false;
}

static void note_tls(const struct stream *stream, struct probe_result *result)
{
	struct tls_facts facts;
	if (tls_stream_describe(stream, &facts) < 0)
		return;
	(void)snprintf(result->tls_version, sizeof(result->tls_version), "%s", facts.version);
	(void)snprintf(result->protocol, sizeof(result->protocol), "%.*s",
		       (int)sizeof(result->protocol) - 1, facts.alpn);
	result->certificate_until_s = facts.certificate_until_s;
	result->is_resumed = facts.is_resumed;
}

void stream_note_connection(struct stream_call *call)
{
	struct probe_result *result = &call->probe->result;
	if (call->local.family == 0)
		(void)stream_endpoints(&call->stream, &call->local, NULL);
	result->local = call->local;
	result->remote = call->remote;
	result->addresses = call->addresses;
	note_tls(&call->stream, result);
}

/* Before it is up, all but the retransmissions is what the kernel begins with. */
void stream_note_tcp(struct stream_call *call)
{
	struct probe_result *result = &call->probe->result;
	struct stream_info info;
	if (!stream_is_open(&call->stream) || stream_info(&call->stream, &info) < 0)
		return;
	result->tcp_retransmits = info.retransmitted_segments;
	if (call->probe->phase <= PROBE_CONNECT && call->local.family == 0)
		return;
	result->tcp_rtt_ns = info.rtt_ns;
	result->tcp_rtt_min_ns = info.rtt_min_ns;
	result->tcp_mss_bytes = info.mss_bytes;
	result->tcp_path_mtu_bytes = info.path_mtu;
}

const char *stream_explain_end(const struct probe *probe, const char *why)
{
	if (probe->result.is_kept && probe->phase < PROBE_TRANSFER)
		return "the kept connection, before it answered";
	if (!why && probe->phase == PROBE_TLS)
		return "in the TLS handshake";
	return !why && probe->phase == PROBE_TRANSFER ? "in the middle of its answer" : why;
}

const char *stream_explain_failure(const struct stream_call *call, int code)
{
	bool is_end = code == ECONNRESET || code == EPIPE || code == ECONNABORTED;
	return is_end ? stream_explain_end(call->probe, NULL) : tls_stream_complaint(&call->stream);
}

void stream_explain_timeout(struct stream_call *call)
{
	struct probe_result *result = &call->probe->result;
	enum probe_phase phase = call->probe->phase;
	struct stream_info info;
	char times[TIMES_MAX];
	if (phase == PROBE_RESOLVE || !stream_is_open(&call->stream) ||
	    stream_info(&call->stream, &info) < 0)
		return;
	(void)format_times(info.retransmitted_segments + (phase == PROBE_CONNECT), times);
	if (phase == PROBE_CONNECT)
		(void)snprintf(result->why, sizeof(result->why), "SYN sent %s", times);
	else if (info.retransmitted_segments > 0 && info.unacked_segments > 0)
		(void)snprintf(result->why, sizeof(result->why),
			       "the peer acknowledges nothing: sent again %s", times);
}
