#include "view/ping_tsv.h"

#include <inttypes.h>

#include "base/status.h"
#include "base/units.h"

/* What perftest says of a request that failed, whatever became of it. */
#define CODE_FAILED 520u

void ping_tsv_head(struct buffer *out)
{
	buffer_append_text(out, "# timestamp\tDNS\tTCP\tTLS\tFirst\tLastB\tTotal\tHTTP\tSize\t"
				"From_Location\tRemote_Addr\tproto://uri\n");
}

/* A time that there was none of is 0. */
static double ms(int64_t ns)
{
	return ns == INT64_MIN ? 0 : (double)ns / (double)NS_PER_MS;
}

/* What is not of HTTP has no code. */
static uint32_t code_of(const struct report_probe *probe)
{
	bool is_http = probe->status > 0 && probe->status < STATUS_GRPC;
	if (probe->has_failed && !is_http)
		return CODE_FAILED;
	return is_http ? probe->status : 0;
}

static double total_ms(const struct report_probe *probe)
{
	double total = 0;
	for (unsigned i = PROBE_CONNECT; i < PROBE_PHASES; i++)
		total += ms(probe->phase_ns[i]);
	return total + ms(probe->failed_after_ns);
}

static void append_word(struct buffer *out, const char *text)
{
	for (; *text; text++)
		buffer_append(out, (unsigned char)*text > ' ' && *text != 0x7f ? text : "_", 1);
}

void ping_tsv_row(const struct report *report, const struct report_stream *stream,
		  const struct report_probe *probe, struct buffer *out)
{
	char remote[ENDPOINT_TEXT_MAX] = "-";
	const int64_t *phase_ns = probe->phase_ns;
	int64_t at_s = (report->started_unix_ns + probe->at_ns) / (int64_t)NS_PER_S;
	if (probe->remote.family)
		(void)endpoint_format_address(&probe->remote, remote);
	buffer_append_format(
		out,
		"%" PRIu64 " %" PRId64 "\t%.03f\t%.03f\t%.03f\t%.03f\t%.03f\t%.03f"
		"\t%03" PRIu32 "\t%" PRIu64 "\t",
		probe->number, at_s, ms(phase_ns[PROBE_RESOLVE]), ms(phase_ns[PROBE_CONNECT]),
		ms(phase_ns[PROBE_TLS]), ms(phase_ns[PROBE_SEND]) + ms(phase_ns[PROBE_WAIT]),
		ms(phase_ns[PROBE_TRANSFER]), total_ms(probe), code_of(probe), probe->body_bytes);
	append_word(out, report->host_name ? report->host_name : "-");
	buffer_append_format(out, "\t%s\t", remote);
	append_word(out, stream->target);
	buffer_append_text(out, "\n");
}

void ping_tsv_write(const struct report *report, struct buffer *out)
{
	ping_tsv_head(out);
	for (uint32_t i = 0; i < report->stream_count; i++)
		for (uint32_t k = 0; k < report->streams[i].ping.probe_count; k++)
			ping_tsv_row(report, &report->streams[i],
				     &report->streams[i].ping.probes[k], out);
}
