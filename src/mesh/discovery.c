/* See discovery.h: the whole and its life. */
#include "mesh/discovery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "mesh/discovery_parts.h"

/* What sources say within this becomes one new list: 10,000 names are answered one by one. */
#define GATHER_NS (20 * NS_PER_MS)
#define EPOCH_NS  (600 * NS_PER_S)
/* Of the resolver, from one name. */
#define ANSWER_MAX 4096
/* Peers that were added over the API. */
#define ADDED_MAX 256

void discovery_touch(struct mesh_discovery *discovery)
{
	if (discovery->is_dirty || discovery->is_ending || !discovery->is_started)
		return;
	discovery->is_dirty = true;
	loop_set_timer(discovery->setup.loop, &discovery->gather,
		       loop_now(discovery->setup.loop) + GATHER_NS);
}

static void gathered(struct timer *timer)
{
	discovery_rebuild(container_of(timer, struct mesh_discovery, gather));
}

static void epoch_over(struct timer *timer)
{
	struct mesh_discovery *discovery = container_of(timer, struct mesh_discovery, epoch);

	loop_set_timer(discovery->setup.loop, timer, loop_now(discovery->setup.loop) + EPOCH_NS);
	discovery_touch(discovery);
}

/* ---- life */

static int open_parts(struct mesh_discovery *discovery, struct error *error)
{
	const struct mesh_discovery_setup *setup = &discovery->setup;
	struct resolver_options options = {
		.servers = setup->servers,
		.has_additional = true,
		.endpoints_max = setup->peers_max < ANSWER_MAX ? setup->peers_max : ANSWER_MAX,
	};
	/* While a list takes the place of another, those of both are there. */
	int result =
		discovery_index_make(&discovery->index, 2 * setup->peers_max + DISCOVERY_LEFT_MAX);

	if (result == 0)
		result = resolver_new(setup->loop, &options, &discovery->resolver);
	if (result == -EINVAL && setup->servers != NULL)
		return error_set(error, EINVAL,
				 "--dns: \"%s\" is no address of a server (192.0.2.53:53, or "
				 "several with commas)",
				 setup->servers);
	if (result < 0)
		return error_set(error, -result, "the resolver: %s", strerror(-result));
	for (uint32_t i = 0; i < setup->source_count; i++) {
		result = discovery_source_add(discovery, setup->sources[i], error);
		if (result < 0) {
			error_prefix(error, "--peers");
			return result;
		}
		discovery->sources[i]->is_typed = true;
	}
	return 0;
}

int mesh_discovery_new(const struct mesh_discovery_setup *setup, struct error *error,
		       struct mesh_discovery **ret)
{
	struct mesh_discovery *discovery = calloc(1, sizeof(*discovery));

	if (discovery == NULL)
		return error_set(error, ENOMEM, "out of memory");
	discovery->setup = *setup;
	discovery->own.port = setup->port;
	discovery->list.sources = discovery->public;
	list_init(&discovery->waiting);
	timer_init(&discovery->gather, gathered);
	timer_init(&discovery->epoch, epoch_over);
	random_init(&discovery->random,
		    setup->seed ^
			    discovery_hash(setup->settings->node, strlen(setup->settings->node)));
	int result = open_parts(discovery, error);
	if (result < 0) {
		mesh_discovery_free(discovery);
		return result;
	}
	*ret = discovery;
	return 0;
}

void mesh_discovery_free(struct mesh_discovery *discovery)
{
	if (discovery == NULL)
		return;
	discovery->is_ending = true;
	loop_clear_timer(discovery->setup.loop, &discovery->gather);
	loop_clear_timer(discovery->setup.loop, &discovery->epoch);
	resolver_free(discovery->resolver);
	for (uint32_t i = 0; i < discovery->source_count; i++)
		discovery_source_free(discovery->sources[i]);
	for (uint32_t i = 0; i < discovery->list.count; i++)
		free((char *)discovery->peers[i].url);
	free(discovery->peers);
	free(discovery->members);
	discovery_index_free(&discovery->index);
	free(discovery);
}

void mesh_discovery_know_own(struct mesh_discovery *discovery, const struct endpoint *own)
{
	discovery->own = *own;
}

void mesh_discovery_start(struct mesh_discovery *discovery)
{
	discovery->is_started = true;
	discovery_touch(discovery);
	for (uint32_t i = 0; i < discovery->source_count; i++)
		discovery_source_start(discovery->sources[i]);
	loop_set_timer(discovery->setup.loop, &discovery->epoch,
		       loop_now(discovery->setup.loop) + EPOCH_NS);
}

bool mesh_discovery_is_settled(const struct mesh_discovery *discovery)
{
	if (!discovery->is_started || discovery->is_dirty)
		return false;
	for (uint32_t i = 0; i < discovery->source_count; i++) {
		if (!discovery_source_is_settled(discovery->sources[i]))
			return false;
	}
	return true;
}

void mesh_discovery_refresh(struct mesh_discovery *discovery)
{
	for (uint32_t i = 0; i < discovery->source_count; i++)
		discovery_source_start(discovery->sources[i]);
}

const struct mesh_peer_list *mesh_discovery_list(const struct mesh_discovery *discovery)
{
	return &discovery->list;
}

/* ---- told anew */

static struct discovery_source *find_source(const struct mesh_discovery *discovery,
					    const char *text)
{
	for (uint32_t i = 0; i < discovery->source_count; i++) {
		if (strcmp(discovery->sources[i]->text, text) == 0)
			return discovery->sources[i];
	}
	return NULL;
}

/* Those that are new, at the end; all of them or none. */
static int add_missing(struct mesh_discovery *discovery, const struct mesh_discovery_setup *setup,
		       struct error *error)
{
	uint32_t before = discovery->source_count;

	for (uint32_t i = 0; i < setup->source_count; i++) {
		if (find_source(discovery, setup->sources[i]) != NULL)
			continue;
		int result = discovery_source_add(discovery, setup->sources[i], error);
		while (result < 0 && discovery->source_count > before)
			discovery_source_remove(discovery->sources[discovery->source_count - 1]);
		if (result < 0)
			return result;
	}
	return 0;
}

static bool is_listed(const struct mesh_discovery_setup *setup, const char *text)
{
	for (uint32_t i = 0; i < setup->source_count; i++) {
		if (strcmp(setup->sources[i], text) == 0)
			return true;
	}
	return false;
}

static void remove_others(struct mesh_discovery *discovery,
			  const struct mesh_discovery_setup *setup)
{
	for (uint32_t i = discovery->source_count; i > 0; i--) {
		struct discovery_source *source = discovery->sources[i - 1];
		if (is_listed(setup, source->text))
			source->is_typed = true;
		else if (source->is_typed)
			discovery_source_remove(source);
	}
}

int mesh_discovery_change(struct mesh_discovery *discovery,
			  const struct mesh_discovery_setup *setup, struct error *error)
{
	int result = add_missing(discovery, setup, error);

	if (result < 0)
		return result;
	remove_others(discovery, setup);
	discovery->setup.refresh_ns = setup->refresh_ns;
	discovery->setup.k = setup->k;
	discovery->setup.seed = setup->seed;
	discovery_touch(discovery);
	if (discovery->is_started)
		mesh_discovery_refresh(discovery);
	return 0;
}

/* ---- over the API */

/* Of a URL: what lists peers is a source, any other page is a peer's own. */
static bool is_list(const char *text)
{
	const char *place = strstr(text, "://");
	const char *path = place != NULL ? strchr(place + 3, '/') : NULL;
	size_t length = path != NULL ? strcspn(path, "?") : 0;

	return (length == strlen("/v1/peers") && strncmp(path, "/v1/peers", length) == 0) ||
	       (length == strlen("/sd") && strncmp(path, "/sd", length) == 0);
}

static int add_source(struct mesh_discovery *discovery, const char *text, struct error *error)
{
	if (find_source(discovery, text) != NULL)
		return 0;
	int result = discovery_source_add(discovery, text, error);
	if (result == 0 && discovery->is_started)
		discovery_source_start(discovery->sources[discovery->source_count - 1]);
	return result;
}

static bool has_item(const struct discovery_source *source, const struct discovery_found *found)
{
	struct endpoint endpoint = { 0 };
	bool is_address = resolver_parse_numeric(found->host, found->port, &endpoint) == 0;

	for (uint32_t i = 0; i < source->items.count; i++) {
		const struct discovery_item *item = &source->items.rows[i];
		bool is_same = false;
		if (found->url != NULL || item->url != NULL)
			is_same = found->url != NULL && item->url != NULL &&
				  strcmp(found->url, item->url) == 0;
		else if (item->question != NULL)
			is_same = strcmp(item->question->host, found->host) == 0 &&
				  item->question->port == found->port;
		else
			is_same = is_address && endpoint_is_equal(&item->endpoint, &endpoint);
		if (is_same)
			return true;
	}
	return false;
}

static int add_peer(struct mesh_discovery *discovery, const char *text, struct error *error)
{
	bool is_url = strstr(text, "://") != NULL;
	struct discovery_labels labels = { .speech = MESH_SPEECH_OURS };
	struct discovery_found found = { .labels = &labels, .url = is_url ? text : NULL };
	char host[DISCOVERY_HOST_MAX];
	int result = is_url ? discovery_split_url(text, error, host, &found.port)
			    : discovery_split(text, error, host, &found.port);

	if (result == 0 && discovery->added == NULL)
		result = discovery_source_add_own(discovery, "added", error);
	if (result < 0)
		return result;
	found.host = host;
	found.port = found.port != 0 ? found.port : discovery->setup.port;
	labels.speech = is_url ? MESH_SPEECH_HTTP : MESH_SPEECH_OURS;
	if (has_item(discovery->added, &found))
		return 0;
	if (discovery->added->items.count == ADDED_MAX)
		return error_set(error, ENOSPC, "%d peers were added, and more are not taken",
				 ADDED_MAX);
	result = discovery_items_append(discovery->added, &found, false, error);
	discovery_touch(discovery);
	return result;
}

int mesh_discovery_add(struct mesh_discovery *discovery, const char *text, struct error *error)
{
	if (strncmp(text, "file:", strlen("file:")) == 0)
		return error_set(error, EINVAL, "a file is not for others to name");
	if (strncmp(text, "srv://", strlen("srv://")) == 0 ||
	    (strncmp(text, "http", 4) == 0 && is_list(text)))
		return add_source(discovery, text, error);
	return add_peer(discovery, text, error);
}
