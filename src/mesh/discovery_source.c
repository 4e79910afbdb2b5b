/* The sources of peers: what was typed, how it fares, and when it is asked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"
#include "sys/clock.h"

#define BACKOFF_MIN_NS NS_PER_S
#define BACKOFF_MAX_NS (30 * NS_PER_S)

static const char *const mechanisms[] = {
	[DISCOVERY_STATIC] = "static", [DISCOVERY_DNS] = "dns",   [DISCOVERY_SRV] = "srv",
	[DISCOVERY_FILE] = "file",     [DISCOVERY_HTTP] = "http",
};

/* ---- how it fares */

void discovery_source_note(struct discovery_source *source, const char *sentence)
{
	struct mesh_discovery *discovery = source->discovery;
	struct mesh_source *public = &discovery->public[source->index];
	bool is_well = !source->has_failed && source->failing_questions == 0;

	if (sentence != NULL) {
		public->failures++;
		(void)snprintf(public->problem, sizeof(public->problem), "%s", sentence);
	} else {
		public->updates++;
		public->succeeded_unix_ns = clock_wall().unix_ns;
	}
	if (is_well)
	public->problem[0] = '\0';
	if (is_well == !source->is_failing)
		return;
	source->is_failing = !is_well;
	if (is_well)
		mesh_events_note(discovery->setup.events, MESH_EVENT_SOURCE, "", "%s works again",
				 public->text);
	else
		mesh_events_note(discovery->setup.events, MESH_EVENT_SOURCE, "",
				 "%s fails: %s; what it listed before stays", public->text,
				 public->problem);
}

uint64_t discovery_backoff(struct mesh_discovery *discovery, uint64_t *backoff_ns)
{
	uint64_t wait_ns = *backoff_ns > 0 ? 2 * *backoff_ns : BACKOFF_MIN_NS;

	*backoff_ns = wait_ns < BACKOFF_MAX_NS ? wait_ns : BACKOFF_MAX_NS;
	return *backoff_ns - random_below(&discovery->random, *backoff_ns / 8);
}

bool discovery_source_is_settled(const struct discovery_source *source)
{
	return source->has_answered && source->unanswered_questions == 0;
}

/* ---- asking */

static void ask(struct discovery_source *source)
{
	if (source->kind == DISCOVERY_FILE)
		discovery_file_look(source);
	else if (source->kind == DISCOVERY_HTTP)
		discovery_http_ask(source);
}

static void timer_fired(struct timer *timer)
{
	ask(container_of(timer, struct discovery_source, timer));
}

void discovery_source_start(struct discovery_source *source)
{
	bool is_fetched = source->kind == DISCOVERY_FILE || source->kind == DISCOVERY_HTTP;

	for (uint32_t i = 0; i < source->items.question_count; i++) {
		struct discovery_question *question = source->items.questions[i];
		loop_clear_timer(source->discovery->setup.loop, &question->timer);
		discovery_question_start(question);
	}
	if (is_fetched) {
		ask(source);
		return;
	}
	if (source->items.question_count == 0 && !source->has_answered)
		discovery_source_note(source, NULL);
	source->has_answered = true;
	discovery_touch(source->discovery);
}

/* ---- what was typed */

static int read_srv(struct discovery_source *source, const char *name, struct error *error)
{
	static const struct discovery_labels none = { .speech = MESH_SPEECH_OURS };
	struct discovery_found found = { .labels = &none };
	char host[DISCOVERY_HOST_MAX];

	if (discovery_split(name, error, host, &found.port) < 0)
		return -EINVAL;
	if (found.port != 0 || strncmp(host, "_", 1) != 0)
		return error_set(error, EINVAL,
				 "\"%s\" is not _SERVICE._PROTO.NAME; ports are in the answer",
				 name);
	found.host = host;
	return discovery_items_append(source, &found, true, error);
}

static int read_place(struct discovery_source *source, struct error *error)
{
	static const struct discovery_labels none = { .speech = MESH_SPEECH_OURS };
	struct discovery_found found = { .labels = &none };
	char host[DISCOVERY_HOST_MAX];
	int result = discovery_split(source->text, error, host, &found.port);

	if (result < 0)
		return result;
	found.host = host;
	result = discovery_items_append(source, &found, false, error);
	source->kind = source->items.question_count > 0 ? DISCOVERY_DNS : DISCOVERY_STATIC;
	return result;
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int read_text(struct discovery_source *source, struct error *error)
{
	const char *text = source->text;

	if (begins(text, "srv://")) {
		source->kind = DISCOVERY_SRV;
		return read_srv(source, text + strlen("srv://"), error);
	}
	if (begins(text, "file:")) {
		source->kind = DISCOVERY_FILE;
		source->path = text + strlen("file:");
		source->path += begins(source->path, "//") ? 2 : 0;
		return *source->path != '\0' ? 0 : error_set(error, EINVAL, "file: names no file");
	}
	if (begins(text, "http://") || begins(text, "https://")) {
		source->kind = DISCOVERY_HTTP;
		return discovery_http_open(source, error);
	}
	if (strstr(text, "://") != NULL)
		return error_set(error, EINVAL,
				 "\"%.80s\" is no source of peers: HOST:PORT, srv://, file:, "
				 "http:// or https://",
				 text);
	return read_place(source, error);
}

/* What stands behind "?" may be a secret. */
static char *show(const char *text)
{
	char *shown = strdup(text);
	char *query = shown != NULL && begins(shown, "http") ? strchr(shown, '?') : NULL;

	if (query != NULL)
		*query = '\0';
	return shown;
}

/* NULL: out of memory. */
static struct discovery_source *make(struct mesh_discovery *discovery, const char *text)
{
	struct mesh_source *public = &discovery->public[discovery->source_count];
	struct discovery_source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return NULL;
	*public = (struct mesh_source){ .text = show(text) };
	source->discovery = discovery;
	source->index = (uint8_t)discovery->source_count;
	source->text = strdup(text);
	discovery_items_init(&source->items);
	timer_init(&source->timer, timer_fired);
	if (source->text != NULL && public->text != NULL)
		return source;
	discovery_source_free(source);
	return NULL;
}

static int check_room(const struct mesh_discovery *discovery, struct error *error)
{
	if (discovery->source_count < MESH_SOURCES_MAX)
		return 0;
	return error_set(error, ENOSPC, "there are %d sources at most", MESH_SOURCES_MAX);
}

static void put(struct mesh_discovery *discovery, struct discovery_source *source)
{
	discovery->public[source->index].mechanism = mechanisms[source->kind];
	discovery->sources[discovery->source_count++] = source;
	discovery->list.source_count = discovery->source_count;
}

int discovery_source_add(struct mesh_discovery *discovery, const char *text, struct error *error)
{
	int result = check_room(discovery, error);
	if (result < 0)
		return result;
	struct discovery_source *source = make(discovery, text);
	if (source == NULL)
		return error_set(error, ENOMEM, "out of memory");
	result = read_text(source, error);
	if (result < 0)
		discovery_source_free(source);
	else
		put(discovery, source);
	return result;
}

int discovery_source_add_own(struct mesh_discovery *discovery, const char *text,
			     struct error *error)
{
	int result = check_room(discovery, error);
	if (result < 0)
		return result;
	struct discovery_source *source = make(discovery, text);
	if (source == NULL)
		return error_set(error, ENOMEM, "out of memory");
	source->has_answered = true;
	discovery->added = source;
	put(discovery, source);
	return 0;
}

void discovery_source_remove(struct discovery_source *source)
{
	struct mesh_discovery *discovery = source->discovery;
	uint8_t index = source->index;

	discovery_source_free(source);
	discovery->source_count--;
	discovery->list.source_count = discovery->source_count;
	for (uint32_t i = index; i < discovery->source_count; i++) {
		discovery->sources[i] = discovery->sources[i + 1];
		discovery->public[i] = discovery->public[i + 1];
		discovery->sources[i]->index = (uint8_t)i;
	}
	for (uint32_t i = 0; i < discovery->list.count; i++) {
		struct mesh_peer *peer = &discovery->peers[i];
		if (peer->source > index)
			peer->source--;
	}
}

void discovery_source_free(struct discovery_source *source)
{
	if (source == NULL)
		return;
	struct mesh_discovery *discovery = source->discovery;
	loop_clear_timer(discovery->setup.loop, &source->timer);
	http_client_free(source->client);
	discovery_items_free(&source->items);
	free((char *)discovery->public[source->index].text);
	discovery->public[source->index].text = NULL;
	free(source->text);
	free(source->authority);
	free(source->page);
	free(source);
}
