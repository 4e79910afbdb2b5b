#include "engine/stamps.h"

#include <errno.h>
#include <stdlib.h>

#define POOL_FIRST_CAPACITY 1024

void stamp_pool_init(struct stamp_pool *pool)
{
	*pool = (struct stamp_pool){ .free = STAMP_NONE };
}

void stamp_pool_deinit(struct stamp_pool *pool)
{
	free(pool->items);
	stamp_pool_init(pool);
}

static int grow(struct stamp_pool *pool)
{
	if (pool->capacity >= UINT32_MAX / 2)
		return -ENOMEM;
	uint32_t capacity = pool->capacity ? 2 * pool->capacity : POOL_FIRST_CAPACITY;
	struct stamp *items = realloc(pool->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (uint32_t i = pool->capacity; i < capacity; i++)
		items[i].next = i + 1 < capacity ? i + 1 : STAMP_NONE;
	pool->free = pool->capacity;
	pool->items = items;
	pool->capacity = capacity;
	return 0;
}

void stamp_queue_init(struct stamp_queue *queue)
{
	*queue = (struct stamp_queue){ .first = STAMP_NONE, .last = STAMP_NONE };
}

int stamp_add(struct stamp_pool *pool, struct stamp_queue *queue, uint64_t at_ns, uint32_t count)
{
	if (pool->free == STAMP_NONE && grow(pool) < 0) {
		if (queue->last != STAMP_NONE)
			pool->items[queue->last].count += count;
		return -ENOMEM;
	}
	uint32_t index = pool->free;
	struct stamp *stamp = &pool->items[index];
	pool->free = stamp->next;
	*stamp = (struct stamp){ .at_ns = at_ns, .count = count, .next = STAMP_NONE };
	if (queue->last == STAMP_NONE)
		queue->first = index;
	else
		pool->items[queue->last].next = index;
	queue->last = index;
	return 0;
}

static void drop_first(struct stamp_pool *pool, struct stamp_queue *queue)
{
	uint32_t index = queue->first;
	struct stamp *stamp = &pool->items[index];
	queue->first = stamp->next;
	if (queue->first == STAMP_NONE)
		queue->last = STAMP_NONE;
	stamp->next = pool->free;
	pool->free = index;
}

uint64_t stamp_take(struct stamp_pool *pool, struct stamp_queue *queue)
{
	if (queue->first == STAMP_NONE)
		return 0;
	struct stamp *stamp = &pool->items[queue->first];
	uint64_t at_ns = stamp->at_ns;
	if (--stamp->count == 0)
		drop_first(pool, queue);
	return at_ns;
}

static void drop_behind(struct stamp_pool *pool, struct stamp_queue *queue, uint32_t before)
{
	struct stamp *stamp = &pool->items[before];
	uint32_t index = stamp->next;
	stamp->next = pool->items[index].next;
	if (queue->last == index)
		queue->last = before;
	pool->items[index].next = pool->free;
	pool->free = index;
}

uint64_t stamp_take_behind(struct stamp_pool *pool, struct stamp_queue *queue, uint32_t ahead)
{
	uint32_t before = STAMP_NONE;
	uint32_t index = queue->first;
	if (index == STAMP_NONE || ahead < pool->items[index].count)
		return stamp_take(pool, queue);
	while (ahead >= pool->items[index].count && pool->items[index].next != STAMP_NONE) {
		ahead -= pool->items[index].count;
		before = index;
		index = pool->items[index].next;
	}
	struct stamp *stamp = &pool->items[index];
	uint64_t at_ns = stamp->at_ns;
	if (--stamp->count > 0)
		return at_ns;
	if (before == STAMP_NONE)
		drop_first(pool, queue);
	else
		drop_behind(pool, queue, before);
	return at_ns;
}

uint64_t stamp_oldest(const struct stamp_pool *pool, const struct stamp_queue *queue)
{
	return queue->first == STAMP_NONE ? 0 : pool->items[queue->first].at_ns;
}

void stamp_clear(struct stamp_pool *pool, struct stamp_queue *queue)
{
	while (queue->first != STAMP_NONE)
		drop_first(pool, queue);
}
