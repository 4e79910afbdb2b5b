/* Names of peers: what a label says, else what the peer says, else its address; every name is one
 * peer's. Of two living ones that claim the same the later is NAME#2; one that leaves or is gone
 * gives its name to a living one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/discovery_parts.h"

/* By name: the peer that has it (place + 1; 0: free), and the number that is tried next. */
struct holder {
	uint32_t place;
	uint32_t next;
};

struct names {
	struct mesh_discovery *discovery;
	struct holder *holders;
	uint32_t mask;
	bool is_changed;
};

static bool is_living(const struct mesh_peer *peer)
{
	return peer->life == MESH_LIFE_JOINING || peer->life == MESH_LIFE_UP;
}

/* Without its number. */
static size_t base_length(const struct mesh_peer *peer, const struct discovery_member *member)
{
	const char *mark = member->number > 0 ? strrchr(peer->name, '#') : NULL;

	return mark != NULL ? (size_t)(mark - peer->name) : strlen(peer->name);
}

/* ---- claims */

bool discovery_claim(struct mesh_discovery *discovery, uint32_t place, const char *name,
		     enum discovery_name from)
{
	struct mesh_peer *peer = &discovery->peers[place];
	struct discovery_member *member = &discovery->members[place];
	size_t length = base_length(peer, member);

	/* A number may have cost the name its end. */
	bool is_same = member->name_from == from && length > 0 &&
		       strncmp(peer->name, name, length) == 0 &&
		       (name[length] == '\0' || (member->number > 0 && length > 50));
	if (is_same)
		return false;
	if (peer->name[0] != '\0' && member->name_from == (uint8_t)from)
		mesh_events_note(discovery->setup.events, MESH_EVENT_RENAMED, name,
				 "%s is called %s now", peer->name, name);
	(void)snprintf(peer->name, sizeof(peer->name), "%s", name);
	member->name_from = (uint8_t)from;
	member->number = 0;
	member->is_unnamed = true;
	discovery->is_changed = true;
	return true;
}

static void host_of_url(const char *url, char *ret, size_t size)
{
	const char *host = strstr(url, "://");
	host = host != NULL ? host + 3 : url;
	(void)snprintf(ret, size, "%.*s", (int)strcspn(host, "/?#"), host);
}

void discovery_claim_address(struct mesh_discovery *discovery, uint32_t place)
{
	const struct mesh_peer *peer = &discovery->peers[place];
	char text[ENDPOINT_TEXT_MAX];

	if (peer->url != NULL)
		host_of_url(peer->url, text, MESH_NAME_MAX);
	else if (peer->endpoint.port == discovery->setup.port)
		(void)endpoint_format_address(&peer->endpoint, text);
	else
		(void)endpoint_format(&peer->endpoint, text);
	text[MESH_NAME_MAX - 1] = '\0';
	(void)discovery_claim(discovery, place, text, DISCOVERY_BY_ADDRESS);
}

/* ---- who has which */

static struct holder *find(const struct names *names, const char *name)
{
	uint32_t at = (uint32_t)discovery_hash(name, strlen(name)) & names->mask;

	while (names->holders[at].place != 0 &&
	       strcmp(names->discovery->peers[names->holders[at].place - 1].name, name) != 0)
		at = (at + 1) & names->mask;
	return &names->holders[at];
}

static bool take(struct names *names, uint32_t place)
{
	struct holder *holder = find(names, names->discovery->peers[place].name);

	if (holder->place != 0)
		return false;
	*holder = (struct holder){ place + 1, 2 };
	return true;
}

static void rename_peer(struct names *names, uint32_t place, size_t base, uint32_t number)
{
	struct mesh_peer *peer = &names->discovery->peers[place];
	char end[16] = "";

	if (number > 0)
		(void)snprintf(end, sizeof(end), "#%u", number);
	size_t most = sizeof(peer->name) - 1 - strlen(end);
	base = base < most ? base : most;
	memcpy(peer->name + base, end, strlen(end) + 1);
	names->discovery->members[place].number = (uint16_t)number;
	names->is_changed = true;
}

/* The next number that is free. */
static void number_peer(struct names *names, uint32_t place)
{
	struct mesh_peer *peer = &names->discovery->peers[place];
	struct discovery_member *member = &names->discovery->members[place];
	size_t length = base_length(peer, member);
	char base[MESH_NAME_MAX];
	(void)snprintf(base, sizeof(base), "%.*s", (int)length, peer->name);
	struct holder *first = find(names, base);

	if (first->place == 0) {
		rename_peer(names, place, length, 0);
		(void)take(names, place);
		return;
	}
	do {
		memcpy(peer->name, base, length + 1);
		rename_peer(names, place, length, first->next++);
	} while (!take(names, place));
	if (is_living(peer) && member->is_unnamed) {
		char text[MESH_NAME_MAX + 64];
		(void)snprintf(text, sizeof(text), "is not the only one that is called %s", base);
		discovery_tell(names->discovery, MESH_EVENT_RENAMED, place, text);
	}
}

/* The name without the number is free again. */
static bool take_base(struct names *names, uint32_t place)
{
	struct mesh_peer *peer = &names->discovery->peers[place];
	size_t length = base_length(peer, &names->discovery->members[place]);
	char base[MESH_NAME_MAX];
	(void)snprintf(base, sizeof(base), "%.*s", (int)length, peer->name);

	if (find(names, base)->place != 0)
		return false;
	rename_peer(names, place, length, 0);
	discovery_tell(names->discovery, MESH_EVENT_RENAMED, place, "has the name alone now");
	return take(names, place);
}

/* In the order of those that come first: living ones that have their names, those that have a
 * number, those that come to claim one, and who leaves. */
enum turn {
	HAVING,
	NUMBERED,
	CLAIMING,
	LEAVING,
	TURNS,
};

static enum turn turn_of(const struct mesh_peer *peer, const struct discovery_member *member)
{
	if (!is_living(peer))
		return LEAVING;
	if (member->is_unnamed)
		return CLAIMING;
	return member->number > 0 ? NUMBERED : HAVING;
}

static void name_peer(struct names *names, uint32_t place, enum turn turn)
{
	if (turn == NUMBERED && take_base(names, place))
		return;
	if (!take(names, place))
		number_peer(names, place);
}

bool discovery_name_all(struct mesh_discovery *discovery)
{
	struct names names = { .discovery = discovery, .mask = 63 };
	uint32_t count = discovery->list.count;

	while (names.mask < 2 * count)
		names.mask = 2 * names.mask + 1;
	names.holders = calloc((size_t)names.mask + 1, sizeof(*names.holders));
	for (uint32_t i = 0; i < count; i++)
		discovery->members[i].turn =
			(uint8_t)turn_of(&discovery->peers[i], &discovery->members[i]);
	for (unsigned turn = 0; names.holders != NULL && turn < TURNS; turn++) {
		for (uint32_t i = 0; i < count; i++) {
			if (discovery->members[i].turn == turn)
				name_peer(&names, i, (enum turn)turn);
		}
	}
	for (uint32_t i = 0; names.holders != NULL && i < count; i++)
		discovery->members[i].is_unnamed = false;
	free(names.holders);
	return names.is_changed;
}
