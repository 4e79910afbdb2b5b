/* Names to addresses, again whenever their time to live is over. So many at a time; an answer that
 * fails leaves the one before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"

#define ASKING_MAX 64
#define TTL_MIN_S  1
#define TTL_MAX_S  300

static void pump(struct mesh_discovery *discovery);

static int compare_endpoints(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct endpoint));
}

/* Whether the answer is another one; the order in which a name server tells them is none. */
static bool take_endpoints(struct discovery_question *question,
			   const struct resolver_answer *answer)
{
	size_t size = answer->count * sizeof(*answer->endpoints);
	struct endpoint *endpoints = malloc(size);

	if (endpoints == NULL)
		return false;
	memcpy(endpoints, answer->endpoints, size);
	qsort(endpoints, answer->count, sizeof(*endpoints), compare_endpoints);
	if (question->count == answer->count && memcmp(question->endpoints, endpoints, size) == 0) {
		free(endpoints);
		return false;
	}
	free(question->endpoints);
	question->endpoints = endpoints;
	question->count = (uint32_t)answer->count;
	return true;
}

static void set_failing(struct discovery_question *question, bool is_failing)
{
	if (question->is_failing == is_failing)
		return;
	question->is_failing = is_failing;
	if (is_failing)
		question->source->failing_questions++;
	else
		question->source->failing_questions--;
}

static uint64_t take_answer(struct discovery_question *question,
			    const struct resolver_answer *answer)
{
	struct mesh_discovery *discovery = question->discovery;
	uint64_t ttl_s = answer->ttl_s;

	set_failing(question, answer->code < 0);
	discovery_source_note(question->source, answer->code < 0 ? answer->sentence : NULL);
	if (answer->code < 0)
		return discovery_backoff(discovery, &question->backoff_ns);
	if (take_endpoints(question, answer))
		discovery_touch(discovery);
	question->backoff_ns = 0;
	ttl_s = ttl_s < TTL_MIN_S ? TTL_MIN_S : ttl_s;
	return (ttl_s < TTL_MAX_S ? ttl_s : TTL_MAX_S) * NS_PER_S;
}

static void settle(struct discovery_question *question, const struct resolver_answer *answer)
{
	struct mesh_discovery *discovery = question->discovery;
	uint64_t wait_ns = take_answer(question, answer);

	if (!question->is_answered) {
		question->is_answered = true;
		question->source->unanswered_questions--;
		discovery_touch(discovery);
	}
	loop_set_timer(discovery->setup.loop, &question->timer,
		       loop_now(discovery->setup.loop) + wait_ns);
}

static void answered(void *context, const struct resolver_answer *answer)
{
	struct discovery_question *question = context;
	struct mesh_discovery *discovery = question->discovery;

	discovery->asking--;
	question->is_asked = false;
	if (question->is_orphan) {
		free(question->endpoints);
		free(question);
	} else if (!discovery->is_ending) {
		settle(question, answer);
	}
	pump(discovery);
}

static void ask(struct discovery_question *question)
{
	struct mesh_discovery *discovery = question->discovery;
	struct resolver *resolver = discovery->resolver;
	int result = 0;

	question->is_asked = true;
	discovery->asking++;
	if (question->is_srv)
		result = resolver_resolve_service(resolver, question->host, answered, question);
	else
		result = resolver_resolve(resolver, question->host, question->port, answered,
					  question);
	if (result == 0)
		return;
	struct resolver_answer answer = { .code = result, .sentence = strerror(-result) };
	question->is_asked = false;
	discovery->asking--;
	settle(question, &answer);
}

/* What is answered from within finds `is_pumping` and leaves the rest to this loop. */
static void pump(struct mesh_discovery *discovery)
{
	if (discovery->is_pumping || discovery->is_ending)
		return;
	discovery->is_pumping = true;
	while (discovery->asking < ASKING_MAX && !list_is_empty(&discovery->waiting)) {
		struct list *node = list_take_first(&discovery->waiting);
		ask(container_of(node, struct discovery_question, node));
	}
	discovery->is_pumping = false;
}

static void queue(struct discovery_question *question)
{
	struct mesh_discovery *discovery = question->discovery;

	if (question->is_asked || !list_is_empty(&question->node))
		return;
	loop_clear_timer(discovery->setup.loop, &question->timer);
	list_append(&discovery->waiting, &question->node);
	pump(discovery);
}

static void timer_fired(struct timer *timer)
{
	queue(container_of(timer, struct discovery_question, timer));
}

void discovery_question_start(struct discovery_question *question)
{
	/* The first time, and not of one that an older list had. */
	if (question->timer.fire == NULL) {
		timer_init(&question->timer, timer_fired);
		question->source->unanswered_questions++;
	}
	if (question->discovery->is_started && !timer_is_set(&question->timer))
		queue(question);
}

void discovery_question_free(struct discovery_question *question)
{
	if (question == NULL)
		return;
	set_failing(question, false);
	if (question->timer.fire != NULL) {
		loop_clear_timer(question->discovery->setup.loop, &question->timer);
		question->source->unanswered_questions -= !question->is_answered;
	}
	list_remove(&question->node);
	if (question->is_asked) {
		question->is_orphan = true;
		return;
	}
	free(question->endpoints);
	free(question);
}
