/* When messages that are still unanswered were written: a queue a connection, of (moment, count),
 * all in one pool a worker, so that a connection costs nothing while nothing is in flight. The
 * pool grows to the most that was ever in flight and then allocates no more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define STAMP_NONE UINT32_MAX

struct stamp {
	uint64_t at_ns;
	uint32_t count;
	uint32_t next;
};

struct stamp_pool {
	struct stamp *items;
	uint32_t capacity;
	uint32_t free; /* first free one, STAMP_NONE when all are in use */
};

struct stamp_queue {
	uint32_t first;
	uint32_t last;
};

void stamp_pool_init(struct stamp_pool *pool);
void stamp_pool_deinit(struct stamp_pool *pool);

void stamp_queue_init(struct stamp_queue *queue);
/* -ENOMEM: then the messages count as written with the newest stamp, or are not in the queue. */
int stamp_add(struct stamp_pool *pool, struct stamp_queue *queue, uint64_t at_ns, uint32_t count);
/* Takes the oldest message out; its moment, 0 if the queue is empty. */
uint64_t stamp_take(struct stamp_pool *pool, struct stamp_queue *queue);
/* The same of the message behind the `ahead` oldest ones; with fewer in the queue, of the last. */
uint64_t stamp_take_behind(struct stamp_pool *pool, struct stamp_queue *queue, uint32_t ahead);
/* The moment of the oldest message, 0 if the queue is empty. */
uint64_t stamp_oldest(const struct stamp_pool *pool, const struct stamp_queue *queue);
void stamp_clear(struct stamp_pool *pool, struct stamp_queue *queue);
