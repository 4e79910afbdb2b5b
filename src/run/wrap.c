/* See wrap.h. */
#include "run/wrap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "view/phrase.h"
#include "view/target_text.h"

#define COMMAND_TEXT_MAX 65536

enum wrap_state {
	WRAP_BEFORE, /* the timer starts it */
	WRAP_RUNNING,
	WRAP_AFTER,  /* the timer ends the run */
	WRAP_ENDING, /* the run ends; if the command does not yet, it has been told to */
};

struct wrap {
	struct wrap_setup setup;
	struct arena arena;
	struct task task;
	struct timer timer;
	enum wrap_state state;
};

/* ---- its words as a shell would take them ---- */

static bool is_plain(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_@%+=:,./-";
	return *word && strspn(word, plain) == strlen(word);
}

static void append_word(struct buffer *out, const char *word)
{
	if (is_plain(word)) {
		buffer_append_text(out, word);
		return;
	}
	buffer_append_text(out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			buffer_append_text(out, "'\\''");
		else
			buffer_append(out, word, 1);
	}
	buffer_append_text(out, "'");
}

static const char *words_text(char *const *words, struct arena *arena)
{
	cleanup(buffer_deinit) struct buffer text;
	buffer_init(&text, COMMAND_TEXT_MAX);
	for (size_t i = 0; words[i]; i++) {
		buffer_append_text(&text, i > 0 ? " " : "");
		append_word(&text, words[i]);
	}
	return arena_text(arena, buffer_text(&text));
}

/* ---- start and end ---- */

static void tell(struct wrap *wrap, const char *text)
{
	monitor_mark(wrap->setup.monitor, loop_now(wrap->setup.loop), text);
}

static void wait_after(struct wrap *wrap)
{
	loop_set_timer(wrap->setup.loop, &wrap->timer,
		       loop_now(wrap->setup.loop) + wrap->setup.plan->after_ns);
}

/* "20 connections up, 200 messages/s, 10 new connections/s" */
static const char *workload(struct wrap *wrap)
{
	const struct plan *plan = wrap->setup.run;
	const struct recorder *now = sampler_now(wrap->setup.sampler, plan->slots_stream);
	char up[PHRASE_MAX], rate[PHRASE_MAX], attempts[PHRASE_MAX];
	bool is_udp = plan->slots.transport == TRANSPORT_UDP;
	(void)phrase_count(now && !is_udp ? now->counters.connections : plan->slots.count,
			   is_udp ? "flow" : "connection", up);
	const char *text = arena_format(&wrap->arena, "%s up, %s %ss/s", up,
					phrase_rate(plan->slots.rate_per_second, rate),
					target_noun(wrap->setup.target));
	if (plan->attempts.rate_per_second > 0)
		text = arena_format(&wrap->arena, "%s, %s new connections/s", text,
				    phrase_rate(plan->attempts.rate_per_second, attempts));
	return text;
}

static void start(struct wrap *wrap)
{
	const struct wrap_setup *setup = &wrap->setup;
	marks_note(setup->marks, "command", "command start", &wrap->task);
	wrap->state = WRAP_RUNNING;
	if (task_start(&wrap->task, setup->loop, setup->plan->words, CHILD_OUR_INPUT) >= 0) {
		tell(wrap, arena_format(&wrap->arena, "command starts (%s)", workload(wrap)));
		return;
	}
	tell(wrap, arena_format(&wrap->arena, "command %s (%s)",
				task_end_text(&wrap->task, &wrap->arena), setup->plan->words[0]));
	wrap->state = WRAP_AFTER;
	setup->over(setup->context);
}

static void on_timer(struct timer *timer)
{
	struct wrap *wrap = container_of(timer, struct wrap, timer);
	if (wrap->state == WRAP_BEFORE)
		start(wrap);
	else
		wrap->setup.over(wrap->setup.context);
}

static void on_wrote(struct task *task, const char *bytes, size_t size)
{
	struct wrap *wrap = container_of(task, struct wrap, task);
	monitor_pass(wrap->setup.monitor, bytes, size);
}

static void on_ended(struct task *task)
{
	struct wrap *wrap = container_of(task, struct wrap, task);
	const struct wrap_setup *setup = &wrap->setup;
	const char *end = task_end_text(task, &wrap->arena);
	char after[PHRASE_MAX];
	marks_note(setup->marks, "command_end", "command end", NULL);
	if (wrap->state == WRAP_ENDING) {
		tell(wrap, arena_format(&wrap->arena, "command ended, %s", end));
	} else {
		wrap->state = WRAP_AFTER;
		tell(wrap, arena_format(&wrap->arena, "command ended, %s; watching %s more", end,
					phrase_interval(setup->plan->after_ns, after)));
		wait_after(wrap);
	}
	setup->changed(setup->context);
}

static const struct task_owner task_owner = { .wrote = on_wrote, .ended = on_ended };

/* ---- for the run ---- */

void wrap_begin(struct wrap *wrap, uint64_t begin_ns)
{
	if (wrap)
		loop_set_timer(wrap->setup.loop, &wrap->timer,
			       begin_ns + wrap->setup.plan->before_ns);
}

static void end(struct wrap *wrap, int number, const char *reason)
{
	wrap->state = WRAP_ENDING;
	loop_clear_timer(wrap->setup.loop, &wrap->timer);
	task_stop(&wrap->task, number, reason);
}

void wrap_signal(struct wrap *wrap, int number)
{
	if (wrap)
		end(wrap, number, NULL);
}

void wrap_end(struct wrap *wrap, const char *reason)
{
	if (wrap && wrap->state != WRAP_ENDING)
		end(wrap, SIGTERM, reason);
}

bool wrap_is_busy(const struct wrap *wrap)
{
	return wrap && wrap->task.is_running;
}

int wrap_new(const struct wrap_setup *setup, struct wrap **ret)
{
	struct wrap *wrap = calloc(1, sizeof(*wrap));
	if (!wrap)
		return -ENOMEM;
	wrap->setup = *setup;
	arena_init(&wrap->arena);
	timer_init(&wrap->timer, on_timer);
	task_init(&wrap->task, &task_owner, words_text(setup->plan->words, &wrap->arena));
	*ret = wrap;
	return 0;
}

void wrap_free(struct wrap *wrap)
{
	if (!wrap)
		return;
	task_deinit(&wrap->task);
	arena_deinit(&wrap->arena);
	free(wrap);
}
