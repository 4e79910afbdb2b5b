#include "probe/hops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/units.h"
#include "net/socket_options.h"
#include "probe/hops_parts.h"
#include "proto/icmp.h"
#include "proto/icmp_extension.h"
#include "sys/fd.h"
#include "sys/ip_socket.h"

/* Between any two packets, so that a round is no burst. */
#define SPACING_NS NS_PER_MS

static const struct hops_way_kind *kind_of(enum hops_way way)
{
	static const struct hops_way_kind *const kinds[HOPS_WAYS] = {
		[HOPS_UDP] = &hops_way_udp,
		[HOPS_SYN] = &hops_way_syn,
		[HOPS_TCP] = &hops_way_tcp,
	};
	return kinds[way];
}

/* ---- turns */

static void finish(struct hops_trace *trace)
{
	trace->is_over = true;
	loop_clear_timer(trace->setup.loop, &trace->due);
	trace->setup.finished(trace->setup.context);
}

static void ask(struct hops_trace *trace, const struct hops_question *question)
{
	struct trace_flow *flow = &trace->flows[question->flow];
	int rc = trace->kind->ask(flow, question);
	if (rc < 0)
		hops_course_unsent(trace->course, question->number);
}

static void on_turn(struct deferred *deferred)
{
	struct hops_trace *trace = container_of(deferred, struct hops_trace, turn);
	struct loop *loop = trace->setup.loop;
	struct hops_question question;

	if (trace->is_over)
		return;
	while (hops_course_next(trace->course, loop_read_clock(loop), &question))
		ask(trace, &question);
	if (hops_course_is_over(trace->course)) {
		finish(trace);
		return;
	}
	uint64_t due_ns = hops_course_due(trace->course);
	if (due_ns == UINT64_MAX)
		loop_clear_timer(loop, &trace->due);
	else
		loop_set_timer(loop, &trace->due, due_ns);
}

static void on_due(struct timer *timer)
{
	struct hops_trace *trace = container_of(timer, struct hops_trace, due);
	trace_told(trace);
}

void trace_told(struct hops_trace *trace)
{
	loop_defer(trace->setup.loop, &trace->turn);
}

void trace_end_flow(struct trace_flow *flow, int failure)
{
	flow->trace->kind->close_flow(flow);
	hops_course_end_flow(flow->trace->course, flow->index, failure);
	trace_told(flow->trace);
}

/* ---- sockets */

int trace_note_local(struct trace_flow *flow, int fd)
{
	int rc = ip_socket_local(fd, &flow->local);
	if (rc == 0)
		hops_course_result(flow->trace->course)->flows[flow->index].local = flow->local;
	return rc;
}

static int set_up(struct trace_flow *flow, int fd, int type)
{
	const struct hops_setup *setup = &flow->trace->setup;
	enum socket_role role = type == SOCK_DGRAM ? SOCKET_DATAGRAM : SOCKET_CONNECTS;
	int rc = 0;

	if (setup->options)
		rc = socket_options_apply(fd, role, setup->options, NULL);
	/* A connection may take the port of one that is just over, or that this flow keeps. */
	if (rc == 0 && type == SOCK_STREAM)
		rc = ip_socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rc == 0)
		rc = ip_socket_bind(fd, &flow->local);
	/* Those behind the first port are only the next best. */
	if (rc == -EADDRINUSE && flow->index > 0 && !flow->is_opened) {
		flow->local.port = 0;
		rc = ip_socket_bind(fd, &flow->local);
	}
	return rc;
}

int trace_open_socket(struct trace_flow *flow, int type)
{
	owned_fd int fd = ip_socket_open(flow->local.family, type);
	if (fd < 0)
		return fd;
	int rc = set_up(flow, fd, type);
	return rc < 0 ? rc : take_fd(&fd);
}

/* ---- answers */

static bool is_from_target(const struct hops_trace *trace, const struct endpoint *from)
{
	return from->family == trace->setup.target.family &&
	       memcmp(from->address, trace->setup.target.address, sizeof(from->address)) == 0;
}

void trace_read_icmp(const struct hops_trace *trace, uint8_t type, uint8_t code, uint32_t info,
		     const struct endpoint *from, struct hop_answer *ret)
{
	enum icmp_meaning meaning = icmp_meaning(trace->setup.target.family, type, code);

	*ret = (struct hop_answer){
		.kind = HOP_STOPPED,
		.from = *from,
		.icmp_type = type,
		.icmp_code = code,
		.is_icmp = true,
	};
	if (meaning == ICMP_MEANS_EXPIRED) {
		ret->kind = HOP_EXPIRED;
	} else if (meaning == ICMP_MEANS_TOO_BIG) {
		ret->kind = HOP_TOO_BIG;
		ret->mtu_bytes = info;
	} else if (is_from_target(trace, from)) {
		ret->kind = HOP_TARGET;
	}
}

void trace_read_queued(const struct hops_trace *trace, const struct queued_error *queued,
		       const uint8_t *data, struct hop_answer *ret)
{
	trace_read_icmp(trace, queued->icmp_type, queued->icmp_code, queued->info, &queued->from,
			ret);
	if (queued->extension_at > 0 && queued->extension_at < queued->size)
		ret->label_count = icmp_extension_labels(data + queued->extension_at,
							 queued->size - queued->extension_at,
							 ret->labels, HOP_LABELS_MAX);
}

struct hop_answer trace_target_answer(const struct hops_trace *trace)
{
	struct hop_answer answer = { .kind = HOP_TARGET, .from = trace->setup.target };
	answer.from.port = 0;
	return answer;
}

void trace_answered(struct trace_flow *flow, uint32_t number, const struct hop_answer *answer)
{
	struct hops_trace *trace = flow->trace;
	uint64_t now_ns = loop_read_clock(trace->setup.loop);

	if (!hops_course_answered(trace->course, number, answer, now_ns))
		hops_course_result(trace->course)->late++;
	trace_told(trace);
}

/* ---- the whole */

static int check(const struct hops_setup *setup, struct error *error)
{
	if (setup->source.family != 0 && setup->source.family != setup->target.family)
		return error_set(error, EINVAL,
				 "the source address is of another family than the target's");
	return 0;
}

static void init_flows(struct hops_trace *trace)
{
	const struct hops_setup *setup = &trace->setup;

	for (uint32_t i = 0; i < setup->flows; i++) {
		struct trace_flow *flow = &trace->flows[i];
		*flow = (struct trace_flow){
			.trace = trace,
			.index = i,
			.local = setup->source,
			.watch.fd = -1,
			.port_fd = -1,
		};
		flow->local.family = setup->target.family;
		if (setup->source.port != 0 && setup->source.port + i <= UINT16_MAX)
			flow->local.port = (uint16_t)(setup->source.port + i);
		else
			flow->local.port = 0;
	}
}

static int make_course(struct hops_trace *trace)
{
	const struct hops_setup *setup = &trace->setup;
	struct hops_course_setup course = {
		.way = setup->way,
		.flows = setup->flows,
		.rounds = setup->rounds,
		.ttl_max = setup->ttl_max,
		.has_full = trace->payload_sizes[HOPS_FULL] > 0,
		.is_one_by_one = setup->way != HOPS_UDP,
		.timeout_ns = setup->timeout_ns,
		.gap_ns = setup->gap_ns,
		.spacing_ns = SPACING_NS,
	};
	int rc = hops_course_new(&course, &trace->course);
	if (rc < 0)
		return rc;
	struct hops *hops = hops_course_result(trace->course);
	hops->target = setup->target;
	return 0;
}

static int make_room(struct hops_trace *trace)
{
	size_t size = trace->payload_sizes[HOPS_SMALL];
	if (trace->payload_sizes[HOPS_FULL] > size)
		size = trace->payload_sizes[HOPS_FULL];
	trace->payload = calloc(1, size > 0 ? size : 1);
	return trace->payload ? 0 : -ENOMEM;
}

int hops_trace_new(const struct hops_setup *setup, struct error *error, struct hops_trace **ret)
{
	int rc = check(setup, error);
	if (rc < 0)
		return rc;
	struct hops_trace *trace = calloc(1, sizeof(*trace));
	if (!trace)
		return error_set(error, ENOMEM, "out of memory");
	trace->setup = *setup;
	trace->kind = kind_of(setup->way);
	trace->raw.fd = -1;
	timer_init(&trace->due, on_due);
	deferred_init(&trace->turn, on_turn);
	init_flows(trace);
	rc = trace->kind->open(trace, error);
	if (rc == 0) {
		rc = make_course(trace);
		if (rc == 0)
			rc = make_room(trace);
		if (rc < 0)
			(void)error_set(error, -rc, "hops: %s", strerror(-rc));
	}
	if (rc < 0) {
		hops_trace_free(trace);
		return rc;
	}
	*ret = trace;
	return 0;
}

void hops_trace_start(struct hops_trace *trace)
{
	struct hops *hops = hops_course_result(trace->course);

	trace->is_started = true;
	hops->is_nameless = trace->setup.way == HOPS_TCP && trace->raw.fd < 0;
	for (uint32_t i = 0; i < trace->setup.flows; i++) {
		int rc = trace->kind->open_flow(&trace->flows[i]);
		trace->flows[i].is_opened = true;
		if (rc < 0)
			trace_end_flow(&trace->flows[i], -rc);
	}
	trace_told(trace);
}

void hops_trace_stop(struct hops_trace *trace)
{
	for (uint32_t i = 0; i < trace->setup.flows; i++)
		trace_end_flow(&trace->flows[i], 0);
}

double hops_trace_progress(const struct hops_trace *trace)
{
	return hops_course_progress(trace->course);
}

struct hops *hops_trace_take(struct hops_trace *trace)
{
	return hops_course_take(trace->course);
}

void hops_trace_free(struct hops_trace *trace)
{
	if (!trace)
		return;
	loop_clear_timer(trace->setup.loop, &trace->due);
	list_remove(&trace->turn.node);
	for (uint32_t i = 0; i < trace->setup.flows && trace->is_started; i++)
		trace->kind->close_flow(&trace->flows[i]);
	if (trace->raw.fd >= 0) {
		loop_unwatch(trace->setup.loop, &trace->raw);
		(void)fd_close(trace->raw.fd);
	}
	hops_course_free(trace->course);
	free(trace->payload);
	free(trace);
}
