#include "run/hand.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rate_ramp.h"
#include "base/units.h"
#include "view/phrase.h"

/* A key that is held down comes 30 times a second: every third changes the schedule. */
#define CHANGE_EVERY_NS (100 * NS_PER_MS)
/* Changes that follow one another within this are told as one. */
#define TELL_AFTER_NS NS_PER_S
#define NOTE_NS       (3 * NS_PER_S)

#define RATE_LOWEST  0.001
#define RATE_HIGHEST 1e9

/* ---- steps ---- */

/* The preferred numbers of IEC 60063, 24 a decade: round, even, and what goes up one comes down
 * one. */
static const double steps[] = { 1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3,
				3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1, 10 };
#define NEARLY 1e-9

static double decade_of(double rate)
{
	double decade = pow(10, floor(log10(rate) + NEARLY));
	return decade;
}

double hand_rate_above(double rate_per_second)
{
	double decade = decade_of(rate_per_second);
	size_t i = 0;
	while (i + 1 < array_size(steps) && steps[i] * decade <= rate_per_second * (1 + NEARLY))
		i++;
	return fmin(steps[i] * decade, RATE_HIGHEST);
}

double hand_rate_below(double rate_per_second)
{
	double decade = decade_of(rate_per_second);
	size_t i = array_size(steps) - 1;
	while (i > 0 && steps[i] * decade >= rate_per_second * (1 - NEARLY))
		i--;
	bool is_lowest = steps[i] * decade >= rate_per_second * (1 - NEARLY);
	return fmax(is_lowest ? 0.91 * decade : steps[i] * decade, RATE_LOWEST);
}

/* ---- what is planned ---- */

static bool is_open_loop(const struct hand *hand)
{
	return hand->plan->slots.rate_per_second > 0;
}

/* Of a ramp, what it has come to by now. */
static double planned_rate(const struct hand *hand, uint64_t now_ns)
{
	const struct rate_ramp *ramp = hand->plan->slots.ramp;
	if (!ramp)
		return hand->plan->slots.rate_per_second;
	return rate_ramp_at(ramp, now_ns > hand->begin_ns ? now_ns - hand->begin_ns : 0);
}

/* ---- telling ---- */

static void show(struct hand *hand)
{
	monitor_hand(hand->monitor, &(struct live_hand){ .rate_per_second = hand->wanted,
							 .is_paused = hand->is_pause_wanted,
							 .note = hand->note });
}

static void say(struct hand *hand, const char *note, uint64_t now_ns)
{
	hand->note = note;
	hand->note_ns = now_ns;
}

static void tell(struct hand *hand, const char *text)
{
	marks_note_key(hand->marks, text, hand->made_ns);
}

static void tell_rate(struct hand *hand)
{
	char text[2 * PHRASE_MAX + 32], before[PHRASE_MAX], after[PHRASE_MAX];
	if (hand->made_ns == 0 || hand->told == hand->made)
		return;
	(void)snprintf(text, sizeof(text), "rate %s/s -> %s/s by key",
		       phrase_rate(hand->told, before), phrase_rate(hand->made, after));
	hand->told = hand->made;
	hand->changed++;
	tell(hand, text);
}

/* ---- making it so ---- */

static void note_made(struct hand *hand, uint64_t at_ns)
{
	bool was_paused = hand->is_paused;
	hand->is_paused = hand->is_pause_wanted;
	if (was_paused != hand->is_paused)
		tell_rate(hand);
	hand->made = hand->wanted;
	hand->made_ns = at_ns;
	hand->slowest = fmin(hand->slowest, hand->made);
	if (!was_paused && hand->is_paused) {
		hand->paused_since_ns = at_ns;
		tell(hand, "paused by key");
	} else if (was_paused && !hand->is_paused) {
		hand->paused_ns += at_ns - hand->paused_since_ns;
		tell_rate(hand);
		tell(hand, "goes on by key");
	}
}

/* While it is paused the rate is only wanted. */
static bool is_made(const struct hand *hand)
{
	bool is_rate_made = hand->is_pause_wanted || hand->made == hand->wanted;
	return hand->is_paused == hand->is_pause_wanted && is_rate_made;
}

static void make(struct hand *hand, uint64_t now_ns)
{
	uint64_t at_ns = 0;
	if (is_made(hand) || now_ns < hand->made_ns + CHANGE_EVERY_NS)
		return;
	double rate = is_open_loop(hand) ? hand->wanted : 1;
	if (engine_change_rate(hand->engine, hand->is_pause_wanted ? 0 : rate, &at_ns) == 0)
		note_made(hand, at_ns);
	else if (now_ns > hand->made_ns + TELL_AFTER_NS)
		say(hand, "waits for answers to messages of earlier rates", now_ns);
}

void hand_tick(struct hand *hand, uint64_t now_ns)
{
	if (!hand->begin_ns)
		return;
	const char *note = hand->note;
	make(hand, now_ns);
	if (now_ns > hand->made_ns + TELL_AFTER_NS && is_made(hand))
		tell_rate(hand);
	if (hand->note && now_ns > hand->note_ns + NOTE_NS)
		hand->note = NULL;
	if (hand->note != note)
		show(hand);
}

/* ---- keys ---- */

static void press_rate(struct hand *hand, enum key key, uint64_t now_ns)
{
	if (!is_open_loop(hand)) {
		say(hand, "no rate to change: -r sets one", now_ns);
		return;
	}
	/* The first key takes a ramp where it is. */
	if (hand->made_ns == 0 && hand->wanted == hand->told)
		hand->wanted = hand->made = hand->told =
			fmax(planned_rate(hand, now_ns), RATE_LOWEST);
	hand->wanted =
		key == KEY_FASTER ? hand_rate_above(hand->wanted) : hand_rate_below(hand->wanted);
}

void hand_press(struct hand *hand, enum key key, uint64_t now_ns)
{
	if (!hand->begin_ns || now_ns < hand->begin_ns)
		return;
	if (hand->plan->slots.is_receiving)
		say(hand, "the far end sends: it sets the pace", now_ns);
	else if (key == KEY_PAUSE)
		hand->is_pause_wanted = !hand->is_pause_wanted;
	else
		press_rate(hand, key, now_ns);
	make(hand, now_ns);
	show(hand);
}

/* ---- the course of the run ---- */

void hand_init(struct hand *hand, const struct plan *plan, struct engine *engine,
	       struct marks *marks, struct monitor *monitor)
{
	*hand = (struct hand){ .engine = engine, .plan = plan, .marks = marks, .monitor = monitor };
}

void hand_begin(struct hand *hand, uint64_t begin_ns)
{
	hand->begin_ns = begin_ns;
	hand->wanted = hand->made = hand->told = hand->plan->slots.rate_per_second;
	hand->slowest = hand->wanted;
	show(hand);
}

void hand_end(struct hand *hand, uint64_t end_ns)
{
	if (!hand->begin_ns)
		return;
	tell_rate(hand);
	hand->begin_ns = 0;
	if (hand->is_paused && end_ns > hand->paused_since_ns)
		hand->paused_ns += end_ns - hand->paused_since_ns;
}

/* Of a load it has no use then; what traffic says is exact to the longest. */
static void give_interval(const struct hand *hand, struct report_stream *stream)
{
	bool is_load = hand->plan->slots_stream == PLAN_LOAD;
	double interval_ns = (double)NS_PER_S * (double)stream->slots / hand->slowest;
	stream->schedule.interval_ns = is_load ? 0 : (uint64_t)interval_ns;
	stream->interruptions.resolution_ns = stream->schedule.interval_ns;
}

void hand_give(const struct hand *hand, struct report *report)
{
	const char *name = plan_stream_name(hand->plan->slots_stream);
	for (uint32_t i = 0; i < report->stream_count; i++) {
		struct report_stream *stream = &report->streams[i];
		if (strcmp(stream->name, name) != 0)
			continue;
		stream->schedule.changed = hand->changed;
		stream->schedule.paused_ns = hand->paused_ns;
		if (hand->changed > 0 && hand->slowest > 0)
			give_interval(hand, stream);
	}
}
