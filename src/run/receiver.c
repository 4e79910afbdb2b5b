#include "run/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metric/report_receiver.h"
#include "run/resolve.h"

/* ---- what was typed */

int receiver_plan_make(const struct receiver_options *options, enum service service,
		       struct error *error, struct receiver_plan *ret)
{
	static const struct uri_defaults asked = {
		.service = SERVICE_CONTROL,
		.services = 1u << SERVICE_CONTROL,
		.transports = 1u << TRANSPORT_TCP,
	};
	int rc = 0;

	*ret = (struct receiver_plan){ .mode = RECEIVER_OFF };
	if (options->token != NULL)
		rc = control_set_token(options->token, error, ret->token);
	if (rc < 0) {
		error_prefix(error, "--receiver-token");
		return rc;
	}
	if (strcmp(options->receiver, "off") == 0)
		return 0;
	if (strcmp(options->receiver, "auto") == 0) {
		ret->mode = service == SERVICE_DISCARD ? RECEIVER_AUTO : RECEIVER_OFF;
		return 0;
	}
	ret->mode = RECEIVER_PLACE;
	rc = uri_parse(options->receiver, &asked, error, &ret->uri);
	if (rc < 0)
		error_prefix(error, "--receiver");
	return rc;
}

int receiver_prepare(struct receiver_plan *plan, struct error *error)
{
	static const struct resolve_options first = { .addresses = RESOLVE_FIRST };
	struct resolved resolved;

	if (plan->mode != RECEIVER_PLACE)
		return 0;
	int rc = resolve_target(&plan->uri, &first, error, &resolved);
	if (rc < 0)
		error_prefix(error, "--receiver");
	else
		plan->place = resolved.endpoints[0];
	return rc;
}

/* ---- whom to ask what */

struct questions {
	struct receiver_question *items; /* RECEIVER_ASKED_MAX */
	uint32_t count;
};

static struct endpoint place_of(const struct receiver_plan *plan, const struct endpoint *remote)
{
	struct endpoint place = plan->mode == RECEIVER_PLACE ? plan->place : *remote;

	if (plan->mode == RECEIVER_AUTO)
		place.port = service_port(SERVICE_CONTROL);
	return place;
}

static bool is_udp(const struct report_stream *stream)
{
	return strcmp(stream->transport, "udp") == 0;
}

static bool has_sent(const struct report_connection *connection, const struct report_stream *stream)
{
	return strcmp(connection->stream, stream->name) == 0 && connection->sent > 0 &&
	       connection->local.family != 0 && connection->remote.family != 0;
}

static void add_question(const struct receiver_plan *plan,
			 const struct report_connection *connection,
			 const struct report_stream *stream, struct questions *questions)
{
	struct receiver_question *question = &questions->items[questions->count++];

	question->place = place_of(plan, &connection->remote);
	question->sent = connection->sent;
	question->text = (struct control_question){
		.ask = CONTROL_RECEIVER,
		.transport = is_udp(stream) ? TRANSPORT_UDP : TRANSPORT_TCP,
		.local = connection->local,
		.remote = connection->remote,
	};
	memcpy(question->text.token, plan->token, sizeof(plan->token));
}

/* False: there are more connections than can be asked about. */
static bool add_questions(const struct receiver_plan *plan, const struct report *report,
			  const struct report_stream *stream, struct questions *questions)
{
	for (uint32_t i = 0; i < report->connection_count; i++) {
		const struct report_connection *connection = &report->connections[i];

		if (!has_sent(connection, stream))
			continue;
		if (questions->count == RECEIVER_ASKED_MAX)
			return false;
		add_question(plan, connection, stream, questions);
	}
	return report->connections_omitted == 0;
}

/* ---- what came of it */

/* Of a TCP connection something has arrived when it was acknowledged: whoever does not know it is
 * somewhere else. Of datagrams nothing may have. */
static const char *doubt(const struct receiver_sum *sum, uint32_t count,
			 const struct report_stream *stream, struct arena *arena)
{
	if (sum->known == count || (is_udp(stream) && sum->known > 0))
		return NULL;
	return arena_format(arena,
			    "the receiver knows %u of %u connections (is there NAT or a balancer "
			    "in between, or is its service no discard?)",
			    (unsigned)sum->known, count);
}

/* While it received, where that was longer than we sent: a queue had to empty itself. Else while we
 * sent, of what counts. */
static void set_bytes(const struct report *report, struct report_stream *stream, uint64_t bytes,
		      uint64_t span_ns)
{
	struct report_receiver *receiver = &stream->receiver;
	uint64_t warm_up = stream->totals.warm_up_bytes;
	bool is_longer = span_ns > report->duration_ns;

	receiver->is_known = true;
	receiver->bytes = bytes > warm_up ? bytes - warm_up : 0;
	if (is_longer)
		receiver->bits_per_second = (double)bytes * 8e9 / (double)span_ns;
	else if (report->duration_ns > 0)
		receiver->bits_per_second =
			(double)receiver->bytes * 8e9 / (double)report->duration_ns;
}

static void take_sum(const struct receiver_sum *sum, const struct report *report,
		     struct report_stream *stream)
{
	struct report_receiver *receiver = &stream->receiver;

	set_bytes(report, stream, sum->bytes, sum->last_ns - sum->first_ns);
	receiver->source = "control";
	receiver->connections_known = sum->known;
	receiver->messages = sum->messages;
	receiver->queue_overflows = sum->overflows;
}

/* discard answered the end of every connection with its count. */
static void take_ends(const struct report *report, struct report_stream *stream)
{
	struct report_receiver *receiver = &stream->receiver;
	const struct counters *totals = &stream->totals;

	if (totals->told == 0 || totals->untold > 0)
		return;
	set_bytes(report, stream, totals->told_bytes, totals->told_ns);
	receiver->reason = NULL;
	receiver->source = "end";
	receiver->connections = totals->told;
	receiver->connections_known = totals->told;
}

static int ask(const struct receiver_setup *setup, const struct receiver_plan *plan,
	       const struct questions *questions, struct receiver_datagrams *datagrams,
	       struct error *error, struct receiver_sum *ret)
{
	if (plan->mode != RECEIVER_HERE)
		return receiver_inquire(setup, questions->items, questions->count, datagrams, error,
					ret);
	int rc = receiver_look_up(setup, questions->items, questions->count, datagrams, ret);
	return rc < 0 ? error_set(error, -rc, "out of memory") : 0;
}

static void inquire(const struct receiver_setup *setup, const struct receiver_plan *plan,
		    const struct questions *questions, struct report *report,
		    struct report_stream *stream)
{
	struct receiver_datagrams datagrams cleanup(receiver_datagrams_deinit);
	struct receiver_sum sum = { 0 };
	struct error error = { "" };
	int rc = receiver_datagrams_init(&datagrams);

	if (rc == 0)
		rc = ask(setup, plan, questions, is_udp(stream) ? &datagrams : NULL, &error, &sum);
	else
		rc = error_set(&error, -rc, "out of memory");
	stream->receiver.reason = rc < 0 ? arena_text(&report->arena, error.text)
					 : doubt(&sum, questions->count, stream, &report->arena);
	if (stream->receiver.reason != NULL)
		return;
	take_sum(&sum, report, stream);
	receiver_datagrams_give(&datagrams, sum.overflows, &report->arena, stream);
}

static void ask_control(const struct receiver_setup *setup, const struct receiver_plan *plan,
			struct report *report, struct report_stream *stream)
{
	struct questions questions = { calloc(RECEIVER_ASKED_MAX, sizeof(*questions.items)), 0 };

	if (questions.items == NULL)
		stream->receiver.reason = "out of memory";
	else if (!add_questions(plan, report, stream, &questions))
		stream->receiver.reason =
			arena_format(&report->arena,
				     "there were more than %d connections, too many to ask about",
				     RECEIVER_ASKED_MAX);
	else if (questions.count == 0)
		stream->receiver.reason = "nothing was sent";
	else
		inquire(setup, plan, &questions, report, stream);
	stream->receiver.connections = questions.count;
	free(questions.items);
}

void receiver_ask(const struct receiver_setup *setup, const struct receiver_plan *plan,
		  struct report *report, struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	bool is_asked = plan->mode != RECEIVER_OFF;

	stream->receiver = (struct report_receiver){
		.is_asked = is_asked || totals->told + totals->untold > 0,
	};
	if (is_asked)
		ask_control(setup, plan, report, stream);
	if (!stream->receiver.is_known)
		take_ends(report, stream);
}

void receiver_ask_all(const struct receiver_plan *plan, const struct engine *engine,
		      struct report *report)
{
	struct receiver_setup setup = { .transport = &stream_tcp, .engine = engine };

	if (loop_new(&(struct loop_options){ 0 }, &setup.loop) < 0)
		return;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		if (report_is_one_way(&report->streams[i]))
			receiver_ask(&setup, plan, report, &report->streams[i]);
	}
	loop_free(setup.loop);
}
