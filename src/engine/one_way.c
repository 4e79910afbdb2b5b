#include "engine/one_way.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "engine/one_way_flow.h"
#include "engine/script.h"
#include "net/source_pool.h"

/* What one turn of the loop sends at most, so that all else gets its turn. */
#define TRAINS_A_TURN 64
/* So often at the end, for what a late wake-up left. */
#define LAST_TURNS 16

static struct one_way *one_way_of(const struct activity *activity)
{
	return container_of(activity, struct one_way, activity);
}

uint64_t one_way_due(const struct one_way *one_way, const struct one_way_flow *flow, uint64_t round)
{
	return schedule_due(&one_way->schedule,
			    round * one_way->plan->slots.count + one_way_number(flow));
}

void one_way_note_error(struct one_way *one_way, enum phase phase, int code)
{
	recorder_error(one_way->recorder, phase, outcome_from_errno(code), code,
		       loop_now(one_way->worker->loop));
}

/* ---- the schedule ---- */

void one_way_list(struct one_way_flow *flow)
{
	struct one_way *one_way = flow->owner;

	if (!flow->is_listed)
		one_way->listed[one_way->listed_count++] = flow->own;
	flow->is_listed = true;
}

static void fall_due(struct one_way *one_way, uint64_t until_ns)
{
	struct schedule_cursor *cursor = &one_way->cursor;
	uint64_t count = 0;

	for (; cursor->due_ns < until_ns; schedule_cursor_next(cursor), count++) {
		struct one_way_flow *flow = &one_way->flows[cursor->own];
		flow->due_round++;
		one_way_list(flow);
	}
	one_way->counters->scheduled += count;
	one_way->counters->debt += count;
}

/* A train of each listed flow in turn; those who owe more go to the end of the list. */
static void flush_listed(struct one_way *one_way)
{
	uint32_t again[TRAINS_A_TURN];
	uint32_t again_count = 0;
	uint32_t turns =
		one_way->listed_count < TRAINS_A_TURN ? one_way->listed_count : TRAINS_A_TURN;
	uint32_t rest = one_way->listed_count - turns;

	for (uint32_t i = 0; i < turns; i++) {
		struct one_way_flow *flow = &one_way->flows[one_way->listed[i]];
		one_way_flush(flow);
		flow->is_listed = !flow->is_blocked && flow->next_round < flow->due_round;
		if (flow->is_listed)
			again[again_count++] = flow->own;
	}
	memmove(one_way->listed, one_way->listed + turns, rest * sizeof(*again));
	memcpy(one_way->listed + rest, again, again_count * sizeof(*again));
	one_way->listed_count = rest + again_count;
}

static void run_schedule(struct pacer *pacer, uint64_t now_ns)
{
	struct one_way *one_way = container_of(pacer, struct one_way, pacer);
	uint64_t end_ns = one_way->worker->end_ns;
	uint64_t limit_ns = worker_paced(one_way->worker, end_ns);

	fall_due(one_way, now_ns < limit_ns ? now_ns + 1 : limit_ns);
	flush_listed(one_way);
	bool has_debt = one_way->listed_count > 0;
	uint64_t due_ns = has_debt ? now_ns : one_way->cursor.due_ns;
	pacer->due_ns = due_ns < (has_debt ? end_ns : limit_ns) ? due_ns : UINT64_MAX;
}

static void start_schedule(struct one_way *one_way)
{
	const struct plan *plan = one_way->plan;
	struct worker *worker = one_way->worker;

	schedule_init_planned(&one_way->schedule, worker->begin_ns, plan->slots.rate_per_second,
			      plan->slots.ramp);
	schedule_cursor_init(&one_way->cursor, &one_way->schedule, plan->slots.count, worker->index,
			     plan->workers);
	one_way->pacer.due_ns = one_way->cursor.due_ns;
	one_way->is_pacing = true;
	loop_add_pacer(worker->loop, &one_way->pacer);
}

/* ---- a change of the rate ---- */

/* The oldest of the run whose time may still be asked for. */
static uint64_t oldest_number(const struct one_way *one_way)
{
	uint64_t oldest = one_way->cursor.number;

	for (uint32_t i = 0; i < one_way->count; i++) {
		const struct one_way_flow *flow = &one_way->flows[i];
		uint64_t number =
			flow->next_round * one_way->plan->slots.count + one_way_number(flow);

		if (flow->next_round < flow->due_round && number < oldest)
			oldest = number;
	}
	return oldest;
}

static bool has_room(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);

	if (!one_way->is_pacing || schedule_has_room(&one_way->schedule))
		return true;
	schedule_forget(&one_way->schedule, oldest_number(one_way));
	schedule_cursor_settle(&one_way->cursor);
	return schedule_has_room(&one_way->schedule);
}

static void change(struct activity *activity, const struct pace_change *change)
{
	struct one_way *one_way = one_way_of(activity);

	if (!one_way->is_pacing)
		return;
	bool is_made = schedule_change(&one_way->schedule, change->at_ns, change->rate_per_second);
	assert(is_made);
	schedule_cursor_settle(&one_way->cursor);
	if (one_way->listed_count == 0)
		one_way->pacer.due_ns = one_way->cursor.due_ns;
}

/* ---- the activity ---- */

static void start(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);
	one_way_begin_ramp(one_way);
}

static bool is_settled(const struct activity *activity)
{
	const struct one_way *one_way = one_way_of(activity);
	return one_way->is_settled || one_way->answered == one_way->count;
}

static void begin(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);

	if (!one_way->is_settled)
		one_way_end_ramp(one_way);
	if (one_way_is_receiving(one_way))
		loop_set_timer(one_way->worker->loop, &one_way->greeter, one_way->worker->begin_ns);
	else
		start_schedule(one_way);
}

static void end(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);

	if (one_way_is_receiving(one_way)) {
		one_way_greet_all(one_way);
		return;
	}
	loop_clear_timer(one_way->worker->loop, &one_way->greeter);
	if (!one_way->is_pacing)
		return;
	fall_due(one_way, one_way->worker->end_ns);
	for (unsigned i = 0; i < LAST_TURNS && one_way->listed_count > 0; i++)
		flush_listed(one_way);
	loop_remove_pacer(one_way->worker->loop, &one_way->pacer);
	for (uint32_t i = 0; i < one_way->count; i++)
		one_way_miss(&one_way->flows[i]);
}

static bool is_done(const struct activity *activity)
{
	const struct one_way *one_way = one_way_of(activity);

	for (uint32_t i = 0; one_way_is_receiving(one_way) && i < one_way->count; i++) {
		if (one_way->flows[i].is_up && !one_way_is_over(&one_way->flows[i]))
			return false;
	}
	return true;
}

static void account(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);
	uint64_t overflows = 0;

	for (uint32_t i = 0; i < one_way->count; i++) {
		datagram_look(&one_way->flows[i].socket);
		overflows += one_way->flows[i].socket.queue_overflows;
	}
	one_way->counters->queue_overflows = overflows;
	if (one_way_is_receiving(one_way))
		one_way_account(one_way);
}

static void log_flow(const struct one_way_flow *flow)
{
	const struct one_way *one_way = flow->owner;
	struct connection_record record = {
		.local = flow->socket.local,
		.remote =
			one_way->plan->remotes[one_way_number(flow) % one_way->plan->remote_count],
		.started_ns = flow->opened_ns,
		.connected_ns = flow->answered_ns,
		.sent = (uint32_t)flow->sequence,
		.received = flow->intake != NULL ? (uint32_t)flow->intake->arrivals.unique : 0,
		.lost = flow->intake != NULL ? (uint32_t)flow->intake->arrivals.bursts.lost : 0,
		.slot = one_way_number(flow),
		.backend = BACKEND_UNKNOWN,
		.stream = (uint8_t)one_way->plan->slots_stream,
		.outcome = OUTCOME_OPEN,
	};

	connection_log_add(&one_way->worker->logs.open, &record);
}

static void finish_flow(struct one_way_flow *flow)
{
	struct slot_record *record = &flow->owner->worker->slots[flow->own];

	record->is_connected_at_end = flow->is_up;
	record->survival = flow->is_up ? SURVIVAL_UNTOUCHED : SURVIVAL_NEVER_CONNECTED;
	if (!flow->is_open)
		return;
	if (flow->intake != NULL)
		one_way_settle(flow);
	log_flow(flow);
}

static void finish(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);

	loop_clear_timer(one_way->worker->loop, &one_way->greeter);
	for (uint32_t i = 0; i < one_way->count; i++)
		finish_flow(&one_way->flows[i]);
	account(activity);
	for (uint32_t i = 0; i < one_way->count; i++)
		datagram_close(&one_way->flows[i].socket);
}

static void free_one_way(struct activity *activity)
{
	struct one_way *one_way = one_way_of(activity);

	for (uint32_t i = 0; one_way->flows != NULL && i < one_way->count; i++)
		datagram_close(&one_way->flows[i].socket);
	source_pool_free(one_way->sources);
	train_deinit(&one_way->train);
	volley_deinit(&one_way->volley);
	free(one_way->listed);
	free(one_way->intakes);
	free(one_way->flows);
	free(one_way);
}

static const struct activity_kind one_way_kind = {
	.name = "one_way",
	.start = start,
	.is_settled = is_settled,
	.begin = begin,
	.change = change,
	.has_room = has_room,
	.end = end,
	.is_done = is_done,
	.finish = finish,
	.account = account,
	.free = free_one_way,
};

static void init_flow(struct one_way *one_way, uint32_t own)
{
	struct one_way_flow *flow = &one_way->flows[own];

	flow->owner = one_way;
	flow->own = own;
	flow->run = (uint32_t)random_next(&one_way->worker->random);
	flow->socket.watch.fd = -1;
	if (one_way_is_receiving(one_way)) {
		flow->intake = &one_way->intakes[own];
		one_way_intake_init(flow);
	}
}

static int init_sender(struct one_way *one_way)
{
	const struct script *script = one_way->plan->targets[0].script;

	if (script->message_count > 0)
		return volley_init(&one_way->volley, script);
	return train_init(&one_way->train, one_way->datagram_bytes);
}

static int new_parts(struct one_way *one_way)
{
	const struct plan *plan = one_way->plan;
	bool has_intakes = one_way_is_receiving(one_way);

	one_way->flows = calloc(one_way->count, sizeof(*one_way->flows));
	one_way->listed = calloc(one_way->count, sizeof(*one_way->listed));
	if (has_intakes)
		one_way->intakes = calloc(one_way->count, sizeof(*one_way->intakes));
	if (one_way->flows == NULL || one_way->listed == NULL ||
	    (has_intakes && one_way->intakes == NULL))
		return -ENOMEM;
	for (uint32_t i = 0; i < one_way->count; i++)
		init_flow(one_way, i);
	int result = has_intakes ? 0 : init_sender(one_way);
	if (result >= 0 && plan->sources != NULL)
		result = source_pool_split(plan->sources, one_way->worker->index, plan->workers,
					   &one_way->sources);
	return result;
}

int one_way_add(struct worker *worker)
{
	struct one_way *one_way = calloc(1, sizeof(*one_way));

	if (one_way == NULL)
		return -ENOMEM;
	one_way->worker = worker;
	one_way->plan = worker->plan;
	one_way->recorder = worker->recorders[worker->plan->slots_stream];
	one_way->counters = &one_way->recorder->counters;
	one_way->send_error = recorder_hist(one_way->recorder, LATENCY_SEND_ERROR);
	one_way->count = worker->slot_count;
	one_way->datagram_bytes = worker->plan->slots.message_bytes;
	pacer_init(&one_way->pacer, run_schedule);
	timer_init(&one_way->greeter, one_way_on_greeter);
	worker_add_activity(worker, &one_way->activity, &one_way_kind);
	return new_parts(one_way);
}
