#include "run/ping_report.h"

#include "base/units.h"
#include "run/report_head.h"
#include "sys/cpu.h"

bool ping_is_datagram(const struct uri *uri)
{
	return uri->transport == TRANSPORT_UDP;
}

static const char *transport_of(const struct uri *uri)
{
	return uri->service == SERVICE_ICMP ? "icmp" : transport_name(uri->transport);
}

static void describe_latencies(unsigned phases, const struct uri *uri, struct report_stream *stream)
{
	static const enum latency latencies[PROBE_PHASES] = {
		[PROBE_RESOLVE] = LATENCY_RESOLVE, [PROBE_CONNECT] = LATENCY_CONNECT,
		[PROBE_TLS] = LATENCY_TLS,         [PROBE_SEND] = LATENCY_SEND,
		[PROBE_WAIT] = LATENCY_WAIT,       [PROBE_TRANSFER] = LATENCY_TRANSFER,
	};
	stream->latency[LATENCY_TOTAL].is_measured = true;
	stream->latency[LATENCY_JITTER].is_measured = ping_is_datagram(uri);
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		stream->latency[latencies[i]].is_measured = (phases & 1u << i) != 0;
}

static void describe_stream(const struct ping_plan *plan, uint32_t index, struct report *report)
{
	const struct pinger_target *target = &plan->targets[index];
	const struct probe_target *look = target->target;
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = plan->target_count == 1 ? "ping"
						: arena_format(&report->arena, "ping%u", index + 1),
		.kind = "ping",
		.target = arena_text(&report->arena, look->uri.text),
		.transport = transport_of(&look->uri),
		.slots = 1,
		.message_bytes = look->payload_bytes,
		.schedule = { .is_open_loop = true,
			      .rate_per_second = (double)NS_PER_S / (double)target->interval_ns,
			      .interval_ns = target->interval_ns },
		.interruptions.reason = "probes are no clients",
		.stalls.reason = "probes are no clients",
		.outages.reason = "of probes each is told by itself",
		.is_measured = true,
		.has_ping = true,
		.ping = { .timeout_ns = target->timeout_ns,
			  .is_kept = look->is_kept,
			  .certificate_until_s = INT64_MIN,
			  .first_answered_ns = INT64_MIN },
	};
	describe_latencies(plan->phases[index], &look->uri, stream);
}

void ping_report_describe(const struct ping *ping, struct report *report)
{
	const struct ping_plan *plan = ping->plan;
	report_head_fill(report, ping->command, ping->options);
	report->target = arena_text(&report->arena, plan->target);
	report->planned_duration_ns = plan->duration_ns;
	report->reply_timeout_ns = plan->targets[0].timeout_ns;
	report->generator.cpus = cpu_count();
	for (uint32_t i = 0; i < plan->target_count; i++)
		describe_stream(plan, i, report);
}
