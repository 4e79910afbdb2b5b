#include "probe/path_back.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/outcome.h"
#include "base/service.h"
#include "base/units.h"
#include "probe/path_direction.h"

/* The far end hangs up on who says nothing for 5 s. */
#define TIMEOUT_MAX_NS (4 * NS_PER_S)

static struct path_back *back_of(struct control_client *client)
{
	return container_of(client, struct path_back, client);
}

static void finish(struct path_back *back)
{
	if (back->state == PATH_BACK_OVER)
		return;
	back->state = PATH_BACK_OVER;
	loop_clear_timer(back->loop, &back->timer);
	control_client_close(&back->client);
	back->over(back);
}

static void give_up(struct path_back *back, const char *sentence, const char *advice)
{
	char place[ENDPOINT_TEXT_MAX];
	(void)snprintf(back->reason, sizeof(back->reason), "control://%s: %s%s",
		       endpoint_format(&back->place, place), sentence, advice);
	finish(back);
}

/* ---- asking ---- */

static void ask(struct path_back *back, const struct pmtu_probe *probe)
{
	/* A far end that claims so is none to believe. */
	if (probe->bytes < back->header_bytes) {
		give_up(back, "it says that its interface takes no packet of ours", "");
		return;
	}
	back->question.number = probe->number;
	back->question.payload_bytes = probe->bytes - back->header_bytes;
	control_client_ask(&back->client, &back->question);
}

static void drive(struct path_back *back)
{
	struct pmtu_probe probe = { 0 };
	uint64_t wake_ns = UINT64_MAX;
	enum pmtu_step step = PMTU_SEND;
	while (step == PMTU_SEND && back->state == PATH_BACK_ASKING) {
		step = pmtu_next(&back->pmtu, loop_read_clock(back->loop), &probe, &wake_ns);
		if (step == PMTU_SEND)
			ask(back, &probe);
	}
	if (back->state != PATH_BACK_ASKING)
		return; /* the connection broke meanwhile */
	if (step == PMTU_WAIT)
		loop_set_timer(back->loop, &back->timer, wake_ns);
	else
		finish(back);
}

static void on_timer(struct timer *timer)
{
	drive(container_of(timer, struct path_back, timer));
}

/* ---- hearing ---- */

static void note(struct path_back *back, const struct control_path *told)
{
	back->interface_bytes = told->interface_bytes;
	back->route_bytes = told->route_bytes;
	if (told->is_too_large)
		pmtu_refused(&back->pmtu, told->number, (uint32_t)told->interface_bytes);
	if (told->is_signalled && told->signal_bytes <= PMTU_MAX_BYTES)
		pmtu_signalled(&back->pmtu, told->signal_number, (uint32_t)told->signal_bytes,
			       &told->signal_from);
}

static void on_heard(struct control_client *client, const char *line, size_t size)
{
	struct path_back *back = back_of(client);
	struct control_path told;
	struct error error = { "" };
	if (control_read_path(line, size, &error, &told) < 0) {
		give_up(back, error.text, "");
		return;
	}
	note(back, &told);
	drive(back);
}

static void on_failed(struct control_client *client, int code)
{
	static const char advice[] = " (serve --control-token TEXT there and --receiver-token "
				     "TEXT here let it answer)";
	bool is_refused = code == -ECONNREFUSED || code == -ETIMEDOUT;
	give_up(back_of(client), outcome_sentence(outcome_from_errno(-code)),
		is_refused ? advice : "");
}

static const struct control_client_events events = { .heard = on_heard, .failed = on_failed };

/* ---- life ---- */

void path_back_init(struct path_back *back, struct loop *loop, const struct path_far_end *far_end,
		    void (*over)(struct path_back *back))
{
	*back = (struct path_back){ .loop = loop, .far_end = far_end, .over = over };
	timer_init(&back->timer, on_timer);
	if (!far_end || far_end->is_off)
		path_back_stop(back, "--receiver off");
}

static void begin_search(struct path_back *back, const struct pmtu_setup *setup)
{
	struct pmtu_setup search = *setup;
	if (search.timeout_ns > TIMEOUT_MAX_NS)
		search.timeout_ns = TIMEOUT_MAX_NS;
	back->header_bytes = setup->small_bytes - PATH_WIRE_BYTES;
	pmtu_init(&back->pmtu, &search);
}

static int connect_to_far_end(struct path_back *back, const struct endpoint *local)
{
	struct stream_connect connect = {
		.remote = back->place,
		.local = *local,
		.network = back->far_end->network,
	};
	connect.local.port = 0;
	if (connect.local.family != connect.remote.family)
		connect.local = (struct endpoint){ 0 };
	return control_client_open(&back->client, &events, back->far_end->stream, back->loop,
				   &connect);
}

void path_back_start(struct path_back *back, const struct path_wire *answer,
		     const struct endpoint *local, const struct pmtu_setup *setup)
{
	const struct path_far_end *far_end = back->far_end;
	back->state = PATH_BACK_ASKING;
	back->place = far_end->place;
	begin_search(back, setup);
	back->question = (struct control_question){
		.ask = CONTROL_PATH,
		.local = answer->sender,
		.remote = answer->server,
		.run = answer->run,
	};
	memcpy(back->question.cookie, answer->cookie, sizeof(back->question.cookie));
	memcpy(back->question.token, far_end->token, sizeof(back->question.token));
	int result = connect_to_far_end(back, local);
	if (result < 0)
		give_up(back, outcome_sentence(outcome_from_errno(-result)), "");
	else
		drive(back);
}

void path_back_arrived(struct path_back *back, uint64_t number)
{
	if (back->state != PATH_BACK_ASKING)
		return;
	pmtu_answered(&back->pmtu, number, loop_read_clock(back->loop));
	drive(back);
}

void path_back_stop(struct path_back *back, const char *reason)
{
	if (back->state == PATH_BACK_WAITING)
		(void)snprintf(back->reason, sizeof(back->reason), "%s", reason);
	back->state = PATH_BACK_OVER;
	loop_clear_timer(back->loop, &back->timer);
	control_client_close(&back->client);
}

void path_back_describe(const struct path_back *back, struct arena *arena,
			struct path_direction *ret)
{
	if (back->reason[0]) {
		*ret = (struct path_direction){ .reason = arena_text(arena, back->reason) };
		return;
	}
	path_direction_describe(&back->pmtu, arena, ret);
	ret->interface_bytes = back->interface_bytes;
	ret->route_bytes = back->route_bytes;
	ret->told_by = ret->small_answered + ret->large_answered > 0 ? PATH_BY_ANSWER : NULL;
}
