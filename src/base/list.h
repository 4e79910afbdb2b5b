/* Intrusive doubly linked list; a node that is in no list points to itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Puts `node` at the end of `list`; the node must be in no list. */
static inline void list_append(struct list *list, struct list *node)
{
	node->previous = list->previous;
	node->next = list;
	list->previous->next = node;
	list->previous = node;
}

/* Takes `node` out of whatever list it is in; harmless on one that is in none. */
static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

/* Moves all nodes of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_move_all(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->previous = to->previous;
	to->previous->next = from->next;
	from->previous->next = to;
	to->previous = from->previous;
	list_init(from);
}

/* Takes out and returns the first node, or NULL. */
static inline struct list *list_take_first(struct list *list)
{
	if (list_is_empty(list))
		return NULL;
	struct list *first = list->next;
	list_remove(first);
	return first;
}
