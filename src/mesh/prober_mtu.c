/* When which link's path MTU is looked at: each at its own moment of the interval, a few at once,
 * the others in order. */
#include "mesh/prober_mtu.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "base/units.h"
#include "mesh/caps.h"

#define LINKS_A_CHUNK 64
/* The caps have a tenth of a second's worth at once. */
#define RETRY_NS (100 * NS_PER_MS)

static_assert(sizeof(struct mtu_link) <= 100, "a thousand links are at rest all the time");

static uint64_t interval_ns(const struct mtu_prober *prober)
{
	uint64_t ns = prober->host->settings->mtu_interval_ns;
	return ns ? ns : NS_PER_S;
}

static bool is_wanted(const struct mtu_link *at)
{
	const struct mesh_target *target = &at->link->target;
	return at->prober->host->settings->has_mtu && target->is_probed &&
	       target->speech == MESH_SPEECH_OURS;
}

/* ---- who is next ---- */

static bool is_well(uint8_t verdict)
{
	return verdict == PATH_OK || verdict == PATH_REDUCED;
}

/* Who has not answered for an interval hardly will now, and a search takes its time. */
static enum mtu_class class_of(const struct mtu_link *at, uint64_t now_ns)
{
	const struct mesh_pair *pair = at->link->pair;
	uint8_t back = pair->mtu.reverse.verdict;
	bool is_silent =
		pair->answered_ns == 0 || now_ns > pair->answered_ns + interval_ns(at->prober);
	bool was_bad = pair->mtu.looks > 0 && (!is_well(pair->mtu.forward.verdict) ||
					       (back != PATH_VERDICTS && !is_well(back)));
	return is_silent || was_bad ? MTU_DOUBTED : MTU_TRUSTED;
}

static struct mtu_look *free_place(struct mtu_prober *prober, enum mtu_class class)
{
	if (class == MTU_DOUBTED && prober->under_way[MTU_DOUBTED] >= MTU_DOUBTS_MAX)
		return NULL;
	for (size_t i = 0; i < MTU_LOOKS_MAX; i++)
		if (!prober->looks[i].at)
			return &prober->looks[i];
	return NULL;
}

/* Who waits longest, of those for whom there is a place; NULL: nobody. */
static struct mtu_link *next(struct mtu_prober *prober, enum mtu_class *ret_class)
{
	struct mtu_link *best = NULL;
	for (enum mtu_class class = 0; class < MTU_CLASSES; class ++) {
		struct list *waiting = &prober->waiting[class];
		if (list_is_empty(waiting) || !free_place(prober, class))
			continue;
		struct mtu_link *at = container_of(waiting->next, struct mtu_link, waiting);
		if (best && best->due_ns <= at->due_ns)
			continue;
		best = at;
		*ret_class = class;
	}
	return best;
}

void mtu_prober_go_on(struct mtu_prober *prober)
{
	struct loop *loop = prober->host->loop;
	enum mtu_class class = MTU_TRUSTED;
	struct mtu_link *at;
	prober->is_capped = false;
	while (!prober->is_stopped && !prober->is_capped && (at = next(prober, &class)) != NULL) {
		prober->is_capped = !mtu_look_begin(free_place(prober, class), at, class);
		if (!prober->is_capped)
			list_remove(&at->waiting);
	}
	if (prober->is_capped)
		loop_set_timer(loop, &prober->retry, loop_now(loop) + RETRY_NS);
}

static void on_retry(struct timer *timer)
{
	mtu_prober_go_on(container_of(timer, struct mtu_prober, retry));
}

/* ---- when ---- */

/* Sets the link's next moment, in the future. Returns how many have passed unseen. */
static uint64_t advance(struct mtu_link *at, uint64_t now_ns)
{
	uint64_t step_ns = interval_ns(at->prober);
	uint64_t missed = now_ns > at->due_ns ? (now_ns - at->due_ns) / step_ns : 0;
	at->due_ns += (missed + 1) * step_ns;
	loop_set_timer(at->prober->host->loop, &at->timer, at->due_ns);
	return missed;
}

static void count_skipped(struct mtu_prober *prober, uint64_t count)
{
	struct mesh_node *node = prober->host->node;
	if (prober->is_capped)
		node->skipped_cap += count;
	else
		node->skipped_late += count;
}

static void on_due(struct timer *timer)
{
	struct mtu_link *at = container_of(timer, struct mtu_link, timer);
	struct mtu_prober *prober = at->prober;
	const struct mesh_host *host = prober->host;
	uint64_t now_ns = loop_read_clock(host->loop);
	uint64_t late_ns = now_ns - at->due_ns;
	uint64_t missed = advance(at, now_ns);
	if (!is_wanted(at)) {
		list_remove(&at->waiting);
		return;
	}
	count_skipped(prober, missed);
	if (at->look || !list_is_empty(&at->waiting)) {
		count_skipped(prober, 1);
		return;
	}
	host->started(host->context, late_ns);
	list_append(&prober->waiting[class_of(at, now_ns)], &at->waiting);
	mtu_prober_go_on(prober);
}

/* ---- the kind ---- */

static int open_mtu(const struct mesh_host *host, struct error *error, void **ret)
{
	struct mtu_prober *prober = calloc(1, sizeof(*prober));
	if (!prober)
		return error_set(error, ENOMEM, "out of memory");
	prober->host = host;
	slab_init(&prober->slab, sizeof(struct mtu_link), LINKS_A_CHUNK);
	list_init(&prober->links);
	timer_init(&prober->retry, on_retry);
	for (size_t i = 0; i < MTU_CLASSES; i++)
		list_init(&prober->waiting[i]);
	for (size_t i = 0; i < MTU_LOOKS_MAX; i++)
		mtu_look_init(&prober->looks[i], prober);
	*ret = prober;
	return 0;
}

static void forget(struct mtu_link *at)
{
	struct mtu_prober *prober = at->prober;
	if (at->look)
		mtu_look_drop(at->look);
	loop_clear_timer(prober->host->loop, &at->timer);
	list_remove(&at->waiting);
	list_remove(&at->node);
	slab_put(&prober->slab, at);
}

static void close_mtu(void *state)
{
	struct mtu_prober *prober = state;
	while (!list_is_empty(&prober->links))
		forget(container_of(prober->links.next, struct mtu_link, node));
	loop_clear_timer(prober->host->loop, &prober->retry);
	slab_deinit(&prober->slab);
	free(prober);
}

static int add(void *state, struct mesh_link *link)
{
	struct mtu_prober *prober = state;
	struct loop *loop = prober->host->loop;
	struct mesh_mtu *mtu = &link->pair->mtu;
	struct mtu_link *at = slab_take(&prober->slab);
	if (!at)
		return -ENOMEM;
	if (mtu->looks == 0)
		mtu->forward.verdict = mtu->reverse.verdict = PATH_VERDICTS;
	at->prober = prober;
	at->link = link;
	list_init(&at->waiting);
	list_append(&prober->links, &at->node);
	timer_init(&at->timer, on_due);
	link->own[MESH_PROBER_MTU] = at;
	at->due_ns = mesh_phase(prober->host, link, loop_read_clock(loop), interval_ns(prober));
	if (!prober->is_stopped)
		loop_set_timer(loop, &at->timer, at->due_ns);
	return 0;
}

static void remove_link(void *state, struct mesh_link *link)
{
	struct mtu_prober *prober = state;
	forget(link->own[MESH_PROBER_MTU]);
	link->own[MESH_PROBER_MTU] = NULL;
	/* Whose turn it is now may be about to be removed, too. */
	if (!prober->is_stopped)
		loop_set_timer(prober->host->loop, &prober->retry, loop_now(prober->host->loop));
}

/* What a search finds out after a probe's time is nobody's any more. */
static void stop(void *state)
{
	struct mtu_prober *prober = state;
	struct loop *loop = prober->host->loop;
	uint64_t end_ns = loop_read_clock(loop) + prober->host->settings->timeout_ns;
	prober->is_stopped = true;
	loop_clear_timer(loop, &prober->retry);
	for (struct list *node = prober->links.next; node != &prober->links; node = node->next) {
		struct mtu_link *at = container_of(node, struct mtu_link, node);
		loop_clear_timer(loop, &at->timer);
		list_remove(&at->waiting);
		if (at->look && at->look->deadline.at_ns > end_ns)
			loop_set_timer(loop, &at->look->deadline, end_ns);
	}
}

static bool is_done(const void *state)
{
	const struct mtu_prober *prober = state;
	return prober->is_stopped && prober->under_way[MTU_TRUSTED] == 0 &&
	       prober->under_way[MTU_DOUBTED] == 0;
}

const struct mesh_prober_kind mesh_prober_mtu = {
	.name = "mtu",
	.open = open_mtu,
	.close = close_mtu,
	.add = add,
	.remove = remove_link,
	.stop = stop,
	.is_done = is_done,
};
