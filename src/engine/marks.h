/* When messages that are still unanswered were written: a queue a connection, of (moment, count),
 * all in one pool a worker, so that a connection costs nothing while nothing is in flight. The
 * pool grows to the most that was ever in flight and then allocates no more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define MARK_NONE UINT32_MAX

struct mark {
	uint64_t at_ns;
	uint32_t count;
	uint32_t next;
};

struct mark_pool {
	struct mark *items;
	uint32_t capacity;
	uint32_t free; /* first free one, MARK_NONE when all are in use */
};

struct mark_queue {
	uint32_t first;
	uint32_t last;
};

void mark_pool_init(struct mark_pool *pool);
void mark_pool_deinit(struct mark_pool *pool);

void mark_queue_init(struct mark_queue *queue);
/* -ENOMEM: then the messages count as written with the newest mark, or are not in the queue. */
int mark_add(struct mark_pool *pool, struct mark_queue *queue, uint64_t at_ns, uint32_t count);
/* Takes the oldest message out; its moment, 0 if the queue is empty. */
uint64_t mark_take(struct mark_pool *pool, struct mark_queue *queue);
/* The moment of the oldest message, 0 if the queue is empty. */
uint64_t mark_oldest(const struct mark_pool *pool, const struct mark_queue *queue);
void mark_clear(struct mark_pool *pool, struct mark_queue *queue);
