#include "run/push_otlp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "run/build.h"
#include "run/otlp_sender.h"
#include "view/otlp.h"

struct push_otlp {
	const struct push_source *source;
	struct otlp_sender *sender;
	char host_name[256];
};

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

static void write_streams(void *context, int64_t started_unix_ns, int64_t now_unix_ns,
			  struct buffer *body)
{
	const struct push_otlp *otlp = context;
	struct otlp_stream streams[PLAN_STREAMS];
	push_source_look(otlp->source);
	const struct otlp_push push = {
		.command = otlp->source->command,
		.host_name = otlp->host_name,
		.started_unix_ns = started_unix_ns,
		.now_unix_ns = now_unix_ns,
		.streams = streams,
		.stream_count = list_streams(otlp, streams),
	};
	otlp_write(&push, body);
}

static void tell(void *context, const char *line)
{
	const struct push_otlp *otlp = context;
	monitor_mark(otlp->source->monitor, loop_read_clock(otlp->source->loop), line);
}

int push_otlp_new(const struct push_source *source, struct error *error, struct push_otlp **ret)
{
	struct push_otlp *otlp = calloc(1, sizeof(*otlp));
	if (!otlp)
		return error_set(error, ENOMEM, "out of memory");
	const struct otlp_sender_setup setup = {
		.loop = source->loop,
		.plan = source->plan,
		.write = write_streams,
		.tell = tell,
		.context = otlp,
	};
	otlp->source = source;
	(void)gethostname(otlp->host_name, sizeof(otlp->host_name) - 1);
	int result = otlp_sender_new(&setup, error, &otlp->sender);
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
	otlp_sender_free(otlp->sender);
	free(otlp);
}

void push_otlp_start(struct push_otlp *otlp)
{
	otlp_sender_start(otlp->sender);
}

void push_otlp_end(struct push_otlp *otlp)
{
	otlp_sender_end(otlp->sender);
}

bool push_otlp_is_busy(const struct push_otlp *otlp)
{
	return otlp_sender_is_busy(otlp->sender);
}

void push_otlp_close(struct push_otlp *otlp)
{
	otlp_sender_close(otlp->sender);
}

void push_otlp_give(const struct push_otlp *otlp, struct report *report)
{
	otlp_sender_give(otlp->sender, report);
}
