/* What a source lists: made beside the old list, which it replaces when it is whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/discovery_parts.h"

/* A host that is a name, while its list is made. */
struct named {
	const char *host;
	uint16_t port;
	bool is_srv;
	uint32_t row;
};

struct maker {
	struct discovery_source *source;
	struct discovery_items items;
	uint32_t capacity;
	struct named *named;
	uint32_t named_count;
	uint32_t named_capacity;
	struct discovery_labels labels;      /* of the peer before */
	const struct discovery_marks *marks; /* the same, packed */
};

void discovery_items_init(struct discovery_items *items)
{
	*items = (struct discovery_items){ 0 };
	arena_init(&items->arena);
}

void discovery_items_free(struct discovery_items *items)
{
	for (uint32_t i = 0; i < items->question_count; i++)
		discovery_question_free(items->questions[i]);
	free(items->questions);
	free(items->rows);
	arena_deinit(&items->arena);
	discovery_items_init(items);
}

/* ---- rows */

static int grow(void **rows, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	uint32_t wanted = *capacity + *capacity / 2 + 16;
	void *grown = reallocarray(*rows, wanted, size);
	if (grown == NULL)
		return -ENOMEM;
	*rows = grown;
	*capacity = wanted;
	return 0;
}

static const struct discovery_marks *pack(struct arena *arena,
					  const struct discovery_labels *labels)
{
	size_t name = strlen(labels->name) + 1;
	size_t location = strlen(labels->location) + 1;
	size_t rack = strlen(labels->rack) + 1;
	struct discovery_marks *marks = arena_take(arena, sizeof(*marks) + name + location + rack);

	*marks = (struct discovery_marks){
		.http_port = labels->http_port,
		.grpc_port = labels->grpc_port,
		.speech = labels->speech,
		.location_at = (uint8_t)name,
		.rack_at = (uint8_t)(name + location),
	};
	memcpy(marks->text, labels->name, name);
	memcpy(marks->text + name, labels->location, location);
	memcpy(marks->text + name + location, labels->rack, rack);
	return marks;
}

static int add_named(struct maker *maker, const struct discovery_found *found, uint16_t port,
		     bool is_srv)
{
	int result = grow((void **)&maker->named, maker->named_count, &maker->named_capacity,
			  sizeof(*maker->named));

	if (result < 0)
		return result;
	maker->named[maker->named_count++] = (struct named){
		.host = arena_text(&maker->items.arena, found->host),
		.port = port,
		.is_srv = is_srv,
		.row = maker->items.count,
	};
	return 0;
}

static int add_row(struct maker *maker, const struct discovery_found *found, bool is_srv)
{
	const struct mesh_discovery_setup *setup = &maker->source->discovery->setup;
	uint16_t port = found->port != 0 ? found->port : setup->port;
	struct discovery_item item = { .marks = maker->marks };
	int result = grow((void **)&maker->items.rows, maker->items.count, &maker->capacity,
			  sizeof(*maker->items.rows));

	if (result == 0 && found->url != NULL)
		item.url = arena_text(&maker->items.arena, found->url);
	/* Where the page of a URL is has to be known only where not all places are allowed. */
	bool is_asked = is_srv || resolver_parse_numeric(found->host, port, &item.endpoint) < 0;
	if (result == 0 && is_asked && (found->url == NULL || setup->allowed_count > 0))
		result = add_named(maker, found, port, is_srv);
	if (result == 0)
		maker->items.rows[maker->items.count++] = item;
	return result;
}

static bool is_same(const struct discovery_labels *a, const struct discovery_labels *b)
{
	return a->http_port == b->http_port && a->grpc_port == b->grpc_port &&
	       a->speech == b->speech && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->location, b->location) == 0 && strcmp(a->rack, b->rack) == 0;
}

static int take_found(void *context, const struct discovery_found *found, struct error *error)
{
	struct maker *maker = context;

	if (maker->marks == NULL || !is_same(&maker->labels, found->labels)) {
		maker->labels = *found->labels;
		maker->marks = pack(&maker->items.arena, found->labels);
	}
	if (add_row(maker, found, false) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return 0;
}

/* ---- questions */

static int compare_named(const void *left, const void *right)
{
	const struct named *a = left;
	const struct named *b = right;
	int order = strcmp(a->host, b->host);

	return order != 0 ? order : a->port - b->port;
}

static struct discovery_question *new_question(struct discovery_source *source,
					       const struct named *named)
{
	struct discovery_question *question = calloc(1, sizeof(*question));

	if (question == NULL)
		return NULL;
	question->discovery = source->discovery;
	question->source = source;
	question->port = named->port;
	question->is_srv = named->is_srv;
	list_init(&question->node);
	return question;
}

/* The question of the old list, which is taken out there, or a new one. */
static struct discovery_question *take_question(struct discovery_source *source,
						const struct named *named, uint32_t *old)
{
	struct discovery_items *items = &source->items;

	while (*old < items->question_count) {
		struct discovery_question *question = items->questions[*old];
		int order = question != NULL ? strcmp(question->host, named->host) : -1;
		order = order == 0 ? question->port - named->port : order;
		if (order > 0)
			break;
		if (order == 0) {
			items->questions[*old] = NULL;
			return question;
		}
		++*old;
	}
	return new_question(source, named);
}

/* Gives every named row its question. */
static int match_questions(struct maker *maker)
{
	struct discovery_items *items = &maker->items;
	struct discovery_question *question = NULL;
	uint32_t old = 0;

	if (maker->named_count == 0)
		return 0;
	items->questions = calloc(maker->named_count, sizeof(struct discovery_question *));
	if (items->questions == NULL)
		return -ENOMEM;
	qsort(maker->named, maker->named_count, sizeof(*maker->named), compare_named);
	for (uint32_t i = 0; i < maker->named_count; i++) {
		const struct named *named = &maker->named[i];
		if (i == 0 || compare_named(named, named - 1) != 0) {
			question = take_question(maker->source, named, &old);
			if (question == NULL)
				return -ENOMEM;
			question->host = named->host;
			items->questions[items->question_count++] = question;
		}
		items->rows[named->row].question = question;
	}
	return 0;
}

static void start_questions(const struct discovery_items *items)
{
	for (uint32_t i = 0; i < items->question_count; i++)
		discovery_question_start(items->questions[i]);
}

/* ---- lists */

static void drop_slack(struct maker *maker)
{
	size_t count = maker->items.count;
	void *rows = count > 0 ? reallocarray(maker->items.rows, count, sizeof(*maker->items.rows))
			       : NULL;

	if (rows != NULL)
		maker->items.rows = rows;
}

int discovery_items_read(struct discovery_source *source, const char *text, size_t size,
			 enum discovery_format format, struct error *error)
{
	struct maker maker = { .source = source };
	discovery_items_init(&maker.items);
	int result = discovery_read(text, size, format, take_found, &maker, error);

	if (result == 0 && match_questions(&maker) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	free(maker.named);
	if (result < 0) {
		discovery_items_free(&maker.items);
		return result;
	}
	drop_slack(&maker);
	discovery_items_free(&source->items);
	source->items = maker.items;
	start_questions(&source->items);
	return 0;
}

int discovery_items_append(struct discovery_source *source, const struct discovery_found *found,
			   bool is_srv, struct error *error)
{
	struct discovery_items *items = &source->items;
	struct maker maker = {
		.source = source,
		.items = *items,
		.capacity = items->count,
	};
	struct discovery_question **questions = NULL;

	maker.marks = pack(&maker.items.arena, found->labels);
	int result = add_row(&maker, found, is_srv);
	items->arena = maker.items.arena;
	items->rows = maker.items.rows;
	if (result == 0 && maker.named_count > 0) {
		struct named *named = &maker.named[0];
		questions = reallocarray(items->questions, items->question_count + 1u,
					 sizeof(struct discovery_question *));
		if (questions != NULL)
			items->questions = questions;
		struct discovery_question *question =
			questions ? new_question(source, named) : NULL;
		if (question != NULL) {
			question->host = named->host;
			items->questions[items->question_count++] = question;
			items->rows[items->count].question = question;
		}
		result = question != NULL ? 0 : -ENOMEM;
	}
	free(maker.named);
	if (result < 0)
		return error_set(error, ENOMEM, "out of memory");
	items->count++;
	start_questions(items);
	return 0;
}
