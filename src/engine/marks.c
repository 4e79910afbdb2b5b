#include "engine/marks.h"

#include <errno.h>
#include <stdlib.h>

#define POOL_FIRST_CAPACITY 1024

void mark_pool_init(struct mark_pool *pool)
{
	*pool = (struct mark_pool){ .free = MARK_NONE };
}

void mark_pool_deinit(struct mark_pool *pool)
{
	free(pool->items);
	mark_pool_init(pool);
}

static int grow(struct mark_pool *pool)
{
	if (pool->capacity >= UINT32_MAX / 2)
		return -ENOMEM;
	uint32_t capacity = pool->capacity ? 2 * pool->capacity : POOL_FIRST_CAPACITY;
	struct mark *items = realloc(pool->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (uint32_t i = pool->capacity; i < capacity; i++)
		items[i].next = i + 1 < capacity ? i + 1 : MARK_NONE;
	pool->free = pool->capacity;
	pool->items = items;
	pool->capacity = capacity;
	return 0;
}

void mark_queue_init(struct mark_queue *queue)
{
	*queue = (struct mark_queue){ .first = MARK_NONE, .last = MARK_NONE };
}

int mark_add(struct mark_pool *pool, struct mark_queue *queue, uint64_t at_ns, uint32_t count)
{
	if (pool->free == MARK_NONE && grow(pool) < 0) {
		if (queue->last != MARK_NONE)
			pool->items[queue->last].count += count;
		return -ENOMEM;
	}
	uint32_t index = pool->free;
	struct mark *mark = &pool->items[index];
	pool->free = mark->next;
	*mark = (struct mark){ .at_ns = at_ns, .count = count, .next = MARK_NONE };
	if (queue->last == MARK_NONE)
		queue->first = index;
	else
		pool->items[queue->last].next = index;
	queue->last = index;
	return 0;
}

static void drop_first(struct mark_pool *pool, struct mark_queue *queue)
{
	uint32_t index = queue->first;
	struct mark *mark = &pool->items[index];
	queue->first = mark->next;
	if (queue->first == MARK_NONE)
		queue->last = MARK_NONE;
	mark->next = pool->free;
	pool->free = index;
}

uint64_t mark_take(struct mark_pool *pool, struct mark_queue *queue)
{
	if (queue->first == MARK_NONE)
		return 0;
	struct mark *mark = &pool->items[queue->first];
	uint64_t at_ns = mark->at_ns;
	if (--mark->count == 0)
		drop_first(pool, queue);
	return at_ns;
}

uint64_t mark_oldest(const struct mark_pool *pool, const struct mark_queue *queue)
{
	return queue->first == MARK_NONE ? 0 : pool->items[queue->first].at_ns;
}

void mark_clear(struct mark_pool *pool, struct mark_queue *queue)
{
	while (queue->first != MARK_NONE)
		drop_first(pool, queue);
}
