#include "run/mesh.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/uri.h"
#include "cli/message.h"
#include "net/loop.h"
#include "run/mesh_api.h"
#include "run/mesh_keeper.h"
#include "run/mesh_log.h"
#include "run/mesh_push.h"
#include "run/run.h"
#include "run/signals.h"
#include "sys/clock.h"

/* After the leave, for what is in flight and the services to end. */
#define END_NS (10 * NS_PER_S)

/* Of the page; a window of figures is no younger. */
#define REFRESH_S 5

struct session {
	const struct mesh_run *run;
	struct loop *loop;
	struct signals signals;
	struct mesh_log *log;
	struct mesh_keeper *keeper;
	struct mesh_api *api;    /* NULL: no pages */
	struct mesh_push *push;  /* NULL: nothing is sent elsewhere */
	struct mesh_state state; /* as it was looked at last */
	struct timer end;
	bool is_leaving;
	bool is_stopping;
};

/* ---- events ---- */

static void note(struct session *session, enum mesh_event_kind kind, const char *text)
{
	mesh_events_note(mesh_keeper_events(session->keeper), kind, "", "%s", text);
	mesh_keeper_tell(session->keeper);
}

static void on_told(void *context, const struct mesh_event *event)
{
	struct session *session = context;

	mesh_log_write(session->log, event);
}

static void on_looked(void *context)
{
	struct session *session = context;

	if (session->is_stopping && mesh_keeper_is_done(session->keeper))
		loop_stop(session->loop);
}

/* ---- the end ---- */

static void stop(struct session *session)
{
	session->is_stopping = true;
	loop_set_timer(session->loop, &session->end, loop_read_clock(session->loop) + END_NS);
	mesh_keeper_stop(session->keeper);
}

/* Peers hear of it with the next answer. */
static void leave(struct session *session, const char *why)
{
	char text[96], length[UNITS_TEXT_MAX];
	uint64_t drain_ns = session->run->plan->drain_ns;

	if (session->is_leaving)
		return;
	session->is_leaving = true;
	(void)snprintf(text, sizeof(text), "%s: answers say for %s that this node leaves", why,
		       units_format_time(drain_ns, length));
	note(session, MESH_EVENT_STOP, text);
	mesh_keeper_leave(session->keeper);
	loop_set_timer(session->loop, &session->end, loop_read_clock(session->loop) + drain_ns);
}

/* Nothing is awaited any more. */
static void cut(struct session *session)
{
	mesh_push_cut(session->push);
	loop_stop(session->loop);
}

static void on_end(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, end);

	if (session->is_stopping)
		loop_stop(session->loop);
	else
		stop(session);
}

/* ---- signals ---- */

static void reload(struct session *session)
{
	const struct mesh_run *run = session->run;
	const struct mesh_plan *plan = NULL;
	struct error error = { .text = "" };
	char text[sizeof(error.text) + 64];
	int result = run->reload(run->context, &error, &plan);

	if (result >= 0)
		result = mesh_keeper_change(session->keeper, plan, &error);
	mesh_log_reopen(session->log);
	if (result >= 0)
		(void)snprintf(text, sizeof(text), "the configuration was read again");
	else
		(void)snprintf(text, sizeof(text), "refused, the old configuration stays: %s",
			       error.text);
	note(session, MESH_EVENT_RELOAD, text);
}

static void on_signal(struct signals *signals, int number)
{
	struct session *session = container_of(signals, struct session, signals);

	if (number == SIGHUP)
		reload(session);
	else if (number == SIGUSR1)
		note(session, MESH_EVENT_MARK, "SIGUSR1");
	else if (session->is_stopping)
		cut(session);
	else if (session->is_leaving)
		stop(session);
	else
		leave(session, number == SIGTERM ? "SIGTERM" : "interrupted");
}

/* ---- what the API asks for ---- */

static const struct mesh_state *on_state(void *context)
{
	struct session *session = context;

	session->state = *mesh_keeper_look(session->keeper);
	if (session->api) {
		session->state.page_port = mesh_api_local(session->api, 0)->port;
		session->state.requests = mesh_api_requests(session->api);
	}
	mesh_push_count(session->push, &session->state.pushes, &session->state.pushes_dropped);
	return &session->state;
}

static void on_push_line(void *context, const char *line)
{
	(void)context;
	message_print("conntest mesh", line);
}

static void on_release(void *context)
{
	struct session *session = context;

	mesh_keeper_release(session->keeper);
}

static int on_add_peer(void *context, const char *text, struct error *error)
{
	struct session *session = context;
	int result = mesh_keeper_add_peer(session->keeper, text, error);

	mesh_keeper_tell(session->keeper);
	return result;
}

static void on_mark(void *context, const char *text)
{
	note(context, MESH_EVENT_MARK, text);
}

static void on_quit(void *context)
{
	leave(context, "told over HTTP");
}

static void on_want_rows(void *context)
{
	struct session *session = context;

	mesh_keeper_want_rows(session->keeper);
}

static const char *on_why_not_ready(void *context)
{
	struct session *session = context;

	if (session->is_leaving)
		return "it leaves";
	return mesh_keeper_is_settled(session->keeper) ? NULL
						       : "not every source of peers has answered";
}

static const struct mesh_api_calls calls = {
	.look = on_state,
	.release = on_release,
	.why_not_ready = on_why_not_ready,
	.want_rows = on_want_rows,
	.add_peer = on_add_peer,
	.mark = on_mark,
	.quit = on_quit,
};

/* ---- set-up ---- */

static int open_loop(struct session *session, struct error *error)
{
	sigset_t also;

	(void)sigemptyset(&also);
	(void)sigaddset(&also, SIGUSR1);
	(void)sigaddset(&also, SIGHUP);
	return signals_open_loop(&session->signals, &also, on_signal, error, &session->loop);
}

static int open_log(struct session *session, struct error *error)
{
	struct mesh_log_setup setup = {
		.command = "conntest mesh",
		.path = session->run->plan->events,
		.is_quiet = session->run->output->is_quiet,
	};

	return mesh_log_new(&setup, error, &session->log);
}

static int open_keeper(struct session *session, struct error *error)
{
	struct mesh_keeper_setup setup = {
		.plan = session->run->plan,
		.loop = session->loop,
		.told = on_told,
		.looked = on_looked,
		.context = session,
	};

	return mesh_keeper_new(&setup, error, &session->keeper);
}

static int open_api(struct session *session, struct error *error)
{
	const struct mesh_plan *plan = session->run->plan;
	struct mesh_api_setup setup = {
		.loop = session->loop,
		.places = &plan->http,
		.place_count = 1,
		.tls = plan->http_tls,
		.token = plan->token,
		.token_for_all = plan->token_for_all,
		.allowed = plan->allowed,
		.allowed_count = plan->allowed_count,
		.allowed_hosts = plan->allowed_hosts,
		.allowed_host_count = plan->allowed_host_count,
		.refresh_s = REFRESH_S,
		.metrics = plan->metrics,
		.self = "",
		.calls = &calls,
		.context = session,
	};

	return plan->has_http ? mesh_api_open(&setup, error, &session->api) : 0;
}

static int open_push(struct session *session, struct error *error)
{
	struct mesh_push_setup setup = {
		.loop = session->loop,
		.plan = &session->run->plan->push,
		.worst = session->run->plan->metrics.worst,
		.look = on_state,
		.release = on_release,
		.tell = on_push_line,
		.context = session,
	};

	return mesh_push_new(&setup, error, &session->push);
}

static int open_session(struct session *session, struct error *error)
{
	int result = open_loop(session, error);

	if (result >= 0)
		result = open_log(session, error);
	if (result >= 0)
		result = open_keeper(session, error);
	if (result >= 0)
		result = open_api(session, error);
	return result < 0 ? result : open_push(session, error);
}

static void close_session(struct session *session)
{
	mesh_push_free(session->push);
	mesh_api_close(session->api);
	mesh_keeper_free(session->keeper);
	mesh_log_free(session->log);
	signals_close(&session->signals);
	loop_free(session->loop);
}

/* ---- what it says first ---- */

/* "traffic    tcp  [::]:5003" */
static void say_place(const struct session *session, uint32_t index)
{
	const struct plan_listen *place = &session->run->plan->serve.listen[index];
	struct endpoint endpoint = place->local;
	char text[ENDPOINT_TEXT_MAX];

	if (endpoint.family == 0)
		endpoint.family = AF_INET6; /* [::]: all of both families */
	endpoint.port = mesh_keeper_port(session->keeper, index);
	(void)printf("%-10s %s  %s\n", service_name(place->service),
		     transport_name(place->transport), endpoint_format(&endpoint, text));
}

static void say_first(const struct session *session)
{
	const struct mesh_plan *plan = session->run->plan;
	char text[ENDPOINT_TEXT_MAX];

	(void)printf("%-10s %s%s%s, peers: %s\n", "node", plan->settings.node,
		     plan->settings.location[0] ? " in " : "", plan->settings.location,
		     session->run->target);
	for (uint32_t i = 0; i < plan->serve.listen_count; i++)
		say_place(session, i);
	if (session->api)
		(void)printf("%-10s %s://%s/\n", "page", plan->http_tls ? "https" : "http",
			     endpoint_format(mesh_api_local(session->api, 0), text));
	(void)fflush(stdout);
}

/* ---- */

static int serve(struct session *session, struct error *error)
{
	int result = mesh_keeper_start(session->keeper, error);

	if (result < 0)
		return result;
	say_first(session);
	note(session, MESH_EVENT_START, "conntest " CONNTEST_VERSION);
	mesh_push_start(session->push);
	result = loop_run(session->loop, UINT64_MAX);
	if (result < 0)
		return error_set(error, -result, "the event loop failed: %s",
				 strerrordesc_np(-result));
	mesh_push_stop(session->push);
	return 0;
}

int mesh_serve(const struct mesh_run *run)
{
	struct session session = { .run = run };
	struct error error = { .text = "" };

	signals_init(&session.signals);
	timer_init(&session.end, on_end);
	int result = open_session(&session, &error);
	if (result >= 0)
		result = serve(&session, &error);
	close_session(&session);
	return result < 0 ? command_fail(run->command, run_exit_code(result), &error) : EXIT_OK;
}
