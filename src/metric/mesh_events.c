#include "metric/mesh_events.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct mesh_events {
	uint64_t newest;
	uint64_t now_ns;
	int64_t unix_ns;
	struct mesh_event ring[MESH_EVENTS_MAX]; /* number n at n % MESH_EVENTS_MAX */
};

const char *mesh_event_kind_name(enum mesh_event_kind kind)
{
	static const char *const names[] = {
#define MESH_EVENT(symbol, name) [MESH_EVENT_##symbol] = (name),
		MESH_EVENT_TABLE
#undef MESH_EVENT
	};
	assert(kind < MESH_EVENTS);
	return names[kind];
}

int mesh_events_new(struct mesh_events **ret)
{
	struct mesh_events *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return -ENOMEM;
	*ret = events;
	return 0;
}

void mesh_events_free(struct mesh_events *events)
{
	free(events);
}

void mesh_events_set_time(struct mesh_events *events, uint64_t now_ns, int64_t unix_ns)
{
	events->now_ns = now_ns;
	events->unix_ns = unix_ns;
}

void mesh_events_add(struct mesh_events *events, const struct mesh_event *event)
{
	uint64_t number = ++events->newest;
	struct mesh_event *place = &events->ring[number % MESH_EVENTS_MAX];

	*place = *event;
	place->number = number;
	if (place->at_ns == 0) {
		place->at_ns = events->now_ns;
		place->unix_ns = events->unix_ns;
	}
}

void mesh_events_note(struct mesh_events *events, enum mesh_event_kind kind, const char *subject,
		      const char *format, ...)
{
	struct mesh_event event = { .kind = (uint8_t)kind };
	va_list arguments;

	(void)snprintf(event.subject, sizeof(event.subject), "%s", subject);
	va_start(arguments, format);
	(void)vsnprintf(event.text, sizeof(event.text), format, arguments);
	va_end(arguments);
	mesh_events_add(events, &event);
}

uint64_t mesh_events_newest(const struct mesh_events *events)
{
	return events->newest;
}

uint64_t mesh_events_oldest(const struct mesh_events *events)
{
	if (events->newest < MESH_EVENTS_MAX)
		return events->newest ? 1 : 0;
	return events->newest - MESH_EVENTS_MAX + 1;
}

const struct mesh_event *mesh_events_at(const struct mesh_events *events, uint64_t number)
{
	if (number == 0 || number < mesh_events_oldest(events) || number > events->newest)
		return NULL;
	return &events->ring[number % MESH_EVENTS_MAX];
}
