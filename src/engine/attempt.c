#include "engine/attempt.h"

#include <errno.h>

#include "engine/lateness.h"
#include "engine/script.h"

static struct loop *loop_of(const struct attempts *attempts)
{
	return attempts->worker->loop;
}

static struct speaker *speaker_of(const struct attempt *attempt)
{
	return &attempt->attempts->speakers.items[attempt->target];
}

/* ---- the end of an attempt ---- */

static void log_outcome(const struct attempt *attempt, enum outcome outcome, uint64_t now_ns)
{
	struct attempt_record record = {
		.number = attempt->sequence,
		.due_ns = attempt->due_ns,
		.took_ns = now_ns - attempt->due_ns,
		.outcome = (uint8_t)outcome,
	};
	attempt_log_add(&attempt->attempts->worker->logs.attempts, &record);
}

/* One that did not end well is among the connections, too. */
static void log_attempt(struct attempt *attempt, enum outcome outcome)
{
	struct attempts *attempts = attempt->attempts;
	struct connection_record record = {
		.started_ns = attempt->started_ns,
		.connected_ns = attempt->connected_ns,
		.ended_ns = loop_now(loop_of(attempts)),
		.sent = attempt->written_ns != 0,
		.lost = attempt->written_ns != 0,
		.slot = (uint32_t)attempt->sequence,
		.backend = BACKEND_UNKNOWN,
		.stream = PLAN_NEW,
		.outcome = (uint8_t)outcome,
	};
	(void)stream_endpoints(&attempt->stream, &record.local, &record.remote);
	connection_log_add(&attempts->worker->logs.ended, &record);
	log_outcome(attempt, outcome, record.ended_ns);
}

void attempt_close(struct attempt *attempt)
{
	if (attempt->attempts->plan->attempts.is_reset_at_close)
		stream_reset(&attempt->stream);
	else
		stream_close(&attempt->stream);
	if (attempt->has_speech)
		speaker_end(speaker_of(attempt), attempt->speech);
}

static void drop(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct counters *counters = attempts->counters;
	if (attempt->is_up)
		counters->connections--;
	else
		counters->connecting--;
	loop_clear_timer(loop_of(attempts), &attempt->timer);
	attempt_close(attempt);
	list_remove(&attempt->node);
	slab_put(&attempts->slab, attempt);
	attempts_take_finals(attempts);
	worker_check(attempts->worker);
}

static void tell(struct attempts *attempts, enum event_kind kind, uint64_t number,
		 enum outcome outcome, int code)
{
	worker_event(attempts->worker, &(struct event){ .kind = (uint8_t)kind,
							.stream = PLAN_NEW,
							.slot = (uint32_t)number,
							.backend = BACKEND_UNKNOWN,
							.outcome = (uint8_t)outcome,
							.code = (uint16_t)code,
							.count = 1 });
}

/* The message was sent and lost, or never sent for want of a connection. */
static void settle_unanswered(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct counters *counters = attempts->counters;
	struct window_entry entry;
	if (attempt->written_ns) {
		counters->lost++;
		counters->in_flight--;
		unanswered_lost(&attempts->unanswered, attempt->due_ns,
				loop_now(loop_of(attempts)));
	} else {
		counters->missed_no_connection++;
		counters->debt--;
		unanswered_missed(&attempts->unanswered, attempt->due_ns, 1);
	}
	(void)window_lost(&attempts->window, attempt->sequence, &entry);
}

static void fail(struct attempt *attempt, enum phase phase, enum outcome outcome, int code)
{
	struct attempts *attempts = attempt->attempts;
	attempts->counters->connect_failures++;
	attempts->is_failing = true;
	recorder_error_why(attempts->recorder, phase, outcome, code, loop_now(loop_of(attempts)),
			   attempts->why);
	settle_unanswered(attempt);
	log_attempt(attempt, outcome);
	tell(attempts, EVENT_NEW_FAILED, attempt->sequence, outcome, code);
	drop(attempt);
}

static void succeed(struct attempt *attempt, uint64_t now_ns)
{
	struct attempts *attempts = attempt->attempts;
	struct counters *counters = attempts->counters;
	struct recorder *recorder = attempts->recorder;
	struct window_entry entry;
	bool is_reordered;
	counters->received++;
	counters->in_flight--;
	counters->overdue += now_ns - attempt->written_ns > attempts->plan->reply_timeout_ns;
	hist_add(attempts->unanswered.response, now_ns - attempt->due_ns);
	hist_add(recorder_hist(recorder, LATENCY_SERVICE), now_ns - attempt->written_ns);
	hist_add(recorder_hist(recorder, LATENCY_FIRST_REPLY), now_ns - attempt->started_ns);
	log_outcome(attempt, OUTCOME_DONE, now_ns);
	(void)window_answered(&attempts->window, attempt->sequence, &entry, &is_reordered);
	if (attempts->is_failing)
		tell(attempts, EVENT_NEW_GOOD, attempt->sequence, OUTCOME_DONE, 0);
	attempts->is_failing = false;
	drop(attempt);
}

/* ---- its course ---- */

/* In which step it is that fails. */
static enum phase phase_of(const struct attempt *attempt)
{
	if (attempt->is_up)
		return PHASE_REPLY;
	if (!attempt->connected_ns)
		return PHASE_CONNECT;
	return speaker_of(attempt)->kind->has_opening && !attempt->is_linked ? PHASE_UPGRADE
									     : PHASE_TLS;
}

static void note_first_byte(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct counters *counters = attempts->counters;
	attempt->written_ns = loop_read_clock(loop_of(attempts));
	counters->sent++;
	counters->debt--;
	counters->in_flight++;
	counters->bytes_sent += speaker_of(attempt)->script->message_bytes;
	loop_set_timer(loop_of(attempts), &attempt->timer,
		       attempt->written_ns + attempts->plan->reply_timeout_ns);
}

/* Bytes sent; 0: there is nothing to send or no room; < 0: the attempt is over. */
static ssize_t send_once(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct speech_parts *parts = &attempts->parts;
	struct speaker *speaker = speaker_of(attempt);
	bool is_wanted = attempt->is_up && !attempt->written_ns;
	speaker_write(speaker, attempt->speech, is_wanted || attempt->is_partial,
		      loop_now(loop_of(attempts)), parts);
	if (parts->size == 0)
		return 0;
	ssize_t taken = stream_send(&attempt->stream, parts->parts, parts->count);
	if (taken == -EAGAIN)
		return 0;
	if (taken < 0) {
		fail(attempt, PHASE_SEND, outcome_from_errno((int)-taken), (int)-taken);
		return taken;
	}
	attempts->counters->writes++;
	if (!speaker->script->message_bytes)
		attempts->counters->bytes_sent += (uint64_t)taken;
	if (speaker->kind->wrote(speaker, attempt->speech, (size_t)taken, &attempt->is_partial))
		note_first_byte(attempt);
	return (size_t)taken < parts->size ? 0 : taken;
}

/* False: the attempt is over. */
static bool send_all(struct attempt *attempt)
{
	ssize_t taken = 1;
	while (taken > 0)
		taken = send_once(attempt);
	return taken == 0;
}

static void come_up(struct attempt *attempt)
{
	struct counters *counters = attempt->attempts->counters;
	attempt->is_up = true;
	counters->connecting--;
	counters->connections++;
	counters->connects++;
}

static void reject(struct attempt *attempt, const struct heard *heard)
{
	attempt->attempts->why = heard->why;
	fail(attempt, PHASE_REPLY, heard->outcome, (int)heard->code);
	attempt->attempts->why = NULL;
}

/* What was heard decides; false: the attempt is over. */
static bool act_on(struct attempt *attempt, const struct heard *heard, uint64_t now_ns)
{
	struct attempts *attempts = attempt->attempts;
	switch (heard->what) {
	case HEARD_OPENED:
		come_up(attempt);
		return send_all(attempt);
	case HEARD_REPLY:
		if (heard->code)
			recorder_status(attempts->recorder, heard->code);
		if (heard->outcome == OUTCOME_DONE)
			succeed(attempt, now_ns);
		else
			reject(attempt, heard);
		return false;
	case HEARD_GOODBYE:
		if (heard->is_urgent && !send_all(attempt))
			return false;
		fail(attempt, PHASE_REPLY, OUTCOME_CLOSED, (int)heard->code);
		return false;
	case HEARD_WRONG:
		attempts->counters->corrupted += attempt->written_ns != 0;
		attempts->why = heard->why;
		fail(attempt, phase_of(attempt), heard->outcome, (int)heard->code);
		attempts->why = NULL;
		return false;
	default:
		return !heard->is_urgent || send_all(attempt);
	}
}

/* False: the attempt is over. */
static bool take_bytes(struct attempt *attempt, const uint8_t *data, size_t size, uint64_t now_ns)
{
	struct speaker *speaker = speaker_of(attempt);
	do {
		struct heard heard;
		speaker_hear(speaker, attempt->speech, data, size, &heard);
		if (!act_on(attempt, &heard, now_ns))
			return false;
		data += heard.used;
		size -= heard.used;
	} while (size > 0);
	return true;
}

static void receive(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	uint8_t *scratch = attempts->worker->scratch;
	ssize_t size = WORKER_SCRATCH_BYTES;
	while (size == WORKER_SCRATCH_BYTES) {
		size = stream_receive(&attempt->stream, scratch, WORKER_SCRATCH_BYTES);
		if (size == -EAGAIN)
			return;
		if (size < 0) {
			fail(attempt, phase_of(attempt), outcome_from_errno((int)-size),
			     (int)-size);
			return;
		}
		attempts->counters->reads += size > 0;
		attempts->counters->bytes_received += (uint64_t)size;
		if (!take_bytes(attempt, scratch, (size_t)size, loop_read_clock(loop_of(attempts))))
			return;
		if (size == 0)
			fail(attempt, phase_of(attempt), OUTCOME_CLOSED, 0);
	}
}

static void note_linked(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	attempt->connected_ns = loop_read_clock(loop_of(attempts));
	hist_add(recorder_hist(attempts->recorder, LATENCY_CONNECT),
		 attempt->connected_ns - attempt->started_ns);
}

static void note_connected(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct speaker *speaker = speaker_of(attempt);
	if (attempt->is_linked)
		hist_add(recorder_hist(attempts->recorder, LATENCY_TLS),
			 loop_read_clock(loop_of(attempts)) - attempt->connected_ns);
	else
		note_linked(attempt);
	attempt->is_linked = false;
	attempt->has_speech = true;
	speaker->kind->begin(speaker, attempt->speech,
			     &(struct speech_start){ .uid = (uint32_t)attempt->sequence });
	if (!speaker->kind->has_opening)
		come_up(attempt);
}

static void on_ready(struct stream *stream, unsigned events)
{
	struct attempt *attempt = container_of(stream, struct attempt, stream);
	if ((events & STREAM_LINKED) && !attempt->connected_ns) {
		note_linked(attempt);
		attempt->is_linked = true;
	}
	if (events & STREAM_CONNECTED)
		note_connected(attempt);
	if (attempt->is_linked || !attempt->connected_ns) {
		int code = stream_error(stream);
		if (events & STREAM_FAILED)
			fail(attempt, phase_of(attempt),
			     code == ETIMEDOUT ? OUTCOME_CONNECT_TIMEOUT : outcome_from_errno(code),
			     code);
		return;
	}
	if (!send_all(attempt))
		return;
	if (events & (STREAM_READABLE | STREAM_FAILED))
		receive(attempt);
}

static void on_timeout(struct timer *timer)
{
	struct attempt *attempt = container_of(timer, struct attempt, timer);
	enum phase phase = phase_of(attempt);
	fail(attempt, phase, phase == PHASE_CONNECT ? OUTCOME_CONNECT_TIMEOUT : OUTCOME_NO_REPLY,
	     0);
}

static void connect_attempt(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	const struct plan *plan = attempts->plan;
	uint32_t remote = (uint32_t)(attempt->sequence % plan->remote_count);
	attempt->target = plan->remote_targets ? plan->remote_targets[remote] : 0;
	struct stream_connect connect =
		plan_connect(plan, &plan->remotes[remote], &plan->targets[attempt->target]);
	if (attempts->sources)
		connect.local = source_pool_next(attempts->sources);
	attempts->counters->attempts++;
	attempts->counters->connecting++;
	int result = stream_connect(&attempt->stream, plan->stream, loop_of(attempts), &connect,
				    on_ready);
	if (result < 0)
		fail(attempt, PHASE_CONNECT, outcome_from_errno(-result), -result);
	else
		loop_set_timer(loop_of(attempts), &attempt->timer,
			       attempt->started_ns + plan->connect_timeout_ns);
}

void attempt_start(struct attempts *attempts, uint64_t due_ns)
{
	struct attempt *attempt =
		window_is_full(&attempts->window) ? NULL : slab_take(&attempts->slab);
	attempts->counters->scheduled++;
	if (!attempt) {
		attempts->counters->missed_generator++;
		unanswered_missed(&attempts->unanswered, due_ns, 1);
		return;
	}
	attempts->counters->debt++;
	attempt->attempts = attempts;
	attempt->due_ns = due_ns;
	attempt->started_ns = loop_read_clock(loop_of(attempts));
	attempt->sequence = window_sent(&attempts->window, due_ns, attempt->started_ns);
	lateness_count(attempts->counters, recorder_hist(attempts->recorder, LATENCY_SEND_ERROR),
		       due_ns, attempt->started_ns);
	timer_init(&attempt->timer, on_timeout);
	list_append(&attempts->live, &attempt->node);
	connect_attempt(attempt);
}

/* What is still under way at the end of the linger was waited for long enough to be counted as
 * unanswered, but stays in flight or becomes missed: it was not given up on the wire. */
void attempt_abandon(struct attempt *attempt)
{
	struct attempts *attempts = attempt->attempts;
	struct window_entry entry;
	if (attempt->written_ns) {
		unanswered_lost(&attempts->unanswered, attempt->due_ns,
				loop_now(loop_of(attempts)));
	} else {
		attempts->counters->missed_no_connection++;
		attempts->counters->debt--;
		unanswered_missed(&attempts->unanswered, attempt->due_ns, 1);
	}
	(void)window_lost(&attempts->window, attempt->sequence, &entry);
	log_attempt(attempt, OUTCOME_OPEN);
	drop(attempt);
}
