#include "run/expectations.h"

#include "metric/figures.h"
#include "run/build.h"

#define STREAMS_MAX (PLAN_STREAMS + 1)

/* Datagrams that nobody answers, of which somebody else is asked. */
static bool is_counted_there(const struct run *run, enum plan_stream stream)
{
	return stream == run->plan->slots_stream && plan_is_one_way(run->plan) &&
	       !run->plan->slots.is_receiving && run->receiver->mode != RECEIVER_OFF;
}

static size_t plan_streams(const struct run *run, struct expect_stream streams[STREAMS_MAX])
{
	size_t count = 0;
	for (int i = 0; i < PLAN_STREAMS; i++) {
		struct report_stream stream;
		if (!plan_has_stream(run->plan, i))
			continue;
		build_describe(run->plan, i, run->target, &stream);
		stream.receiver.is_asked = run->receiver && is_counted_there(run, i);
		streams[count++] =
			(struct expect_stream){ stream.name, stream.kind, stream.transport,
						figure_lacks_of(&stream) };
	}
	if (run->wrap)
		streams[count++] = (struct expect_stream){ "run", "command", "", 0 };
	return count;
}

int expectations_read(const struct option_list *texts, const char *option, struct error *error,
		      struct expect_list *list)
{
	int result = 0;
	for (size_t i = 0; i < texts->count && result >= 0; i++)
		result = expect_parse(texts->items[i], error, list);
	if (result < 0)
		error_prefix(error, "%s", option);
	return result;
}

int expectations_check(const struct expect_stream *streams, size_t count, const char *option,
		       struct error *error, struct expect_list *list)
{
	int result = expect_check(list, streams, count, error);
	if (result < 0)
		error_prefix(error, "%s", option);
	return result;
}

int expectations_parse(const struct run *run, const struct option_list *texts, const char *option,
		       struct error *error, struct expect_list *ret)
{
	struct expect_stream streams[STREAMS_MAX];
	size_t count = plan_streams(run, streams);
	int result = expectations_read(texts, option, error, ret);
	/* Who wraps a command expects that it does well, unless he expects something else. */
	if (result >= 0 && run->wrap && !expect_has(ret, "command.exit"))
		result = expect_parse("command.exit == 0", error, ret);
	return result < 0 ? result : expectations_check(streams, count, option, error, ret);
}
