#include "mesh/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/uri.h"
#include "net/http_client.h"

#define PATH "/v1/peers?conntest=row"

/* A node that was asked, or is to be. */
struct asked {
	uint64_t id;
	struct mesh_row row;
	uint64_t tried_ns; /* when it was asked last; 0: never */
	bool is_waiting;   /* for its turn */
	bool is_under_way;
	/* Where. */
	bool is_tls;
	bool is_ours;
	uint16_t port;
	char host[128];
};

struct question {
	struct mesh_row_source *source;
	struct http_client *client; /* NULL: free */
	uint64_t id;                /* 0: who was asked is not listed any more */
};

struct mesh_row_source {
	struct mesh_row_setup setup;
	char *authorization; /* the field; NULL: none */
	struct asked *asked; /* as many as are listed and wanted, in no order */
	uint32_t count;
	uint32_t room;
	uint64_t next; /* the id behind which it goes on */
	struct question questions[MESH_ROWS_AT_ONCE];
	struct mesh_row view_rows[MESH_ROWS_MAX];
	struct mesh_rows view;
};

static struct asked *find(struct mesh_row_source *source, uint64_t id)
{
	for (uint32_t i = 0; i < source->count; i++)
		if (source->asked[i].id == id)
			return &source->asked[i];
	return NULL;
}

/* ---- answers */

static void keep_row(struct mesh_row_source *source, struct asked *asked, struct mesh_row *row)
{
	struct mesh_row *old = &asked->row;

	memcpy(row->node, old->node, sizeof(row->node));
	if (row->location[0] == '\0')
		memcpy(row->location, old->location, sizeof(row->location));
	row->asked_ns = loop_now(source->setup.loop);
	free(old->cells);
	*old = *row;
}

static void hear(struct mesh_row_source *source, struct asked *asked,
		 const struct http_client_answer *answer)
{
	struct mesh_row row = { .count = 0 };
	struct error error = { "" };
	int result = answer->code;

	if (answer->code < 0)
		(void)error_set(&error, EIO, "%s", answer->sentence);
	else if (answer->status != 200)
		result = error_set(&error, EIO, "it answers with HTTP status %u", answer->status);
	else
		result = mesh_row_read(answer->body, answer->size, MESH_CELLS_MAX, &error, &row);
	/* On a host of several nodes, where nothing says which page is whose. */
	if (result >= 0 && strcmp(row.node, source->setup.node) == 0) {
		free(row.cells);
		result = error_set(&error, EINVAL, "what answers there is this node's own page");
	}
	if (result >= 0) {
		keep_row(source, asked, &row);
		return;
	}
	asked->row.is_bad = true;
	(void)snprintf(asked->row.problem, sizeof(asked->row.problem), "%.127s", error.text);
}

static void ask_more(struct mesh_row_source *source);

static void on_done(void *context, const struct http_client_answer *answer)
{
	struct question *question = context;
	struct mesh_row_source *source = question->source;
	struct asked *asked = question->id != 0 ? find(source, question->id) : NULL;

	if (asked != NULL) {
		asked->is_under_way = false;
		hear(source, asked, answer);
	}
	http_client_free(question->client);
	question->client = NULL;
	ask_more(source);
	if (asked != NULL && source->setup.changed != NULL)
		source->setup.changed(source->setup.context);
}

/* ---- questions */

static int send_question(struct mesh_row_source *source, struct question *question,
			 const struct asked *asked)
{
	const char *headers[] = { source->authorization };
	char authority[URI_AUTHORITY_MAX];
	bool is_six = strchr(asked->host, ':') != NULL;
	const struct http1_request request = {
		.method = "GET",
		.path = PATH,
		.authority = authority,
		.headers = headers,
		.header_count = asked->is_ours && source->authorization != NULL,
	};

	(void)snprintf(authority, sizeof(authority), "%s%s%s:%u", is_six ? "[" : "", asked->host,
		       is_six ? "]" : "", asked->port);
	return http_client_ask(question->client, &request, NULL, 0,
			       loop_now(source->setup.loop) + source->setup.timeout_ns);
}

static int ask(struct mesh_row_source *source, struct question *question, const struct asked *asked)
{
	const struct mesh_row_setup *setup = &source->setup;
	const struct stream_transport *kernel =
		setup->transport != NULL ? setup->transport : &stream_tcp;
	const struct http_client_setup client = {
		.loop = setup->loop,
		.transport = asked->is_tls ? &stream_tls : kernel,
		.below = kernel,
		.tls = asked->is_tls ? setup->tls : NULL,
		.network = setup->network,
		.host = asked->host,
		.port = asked->port,
		.body_max = MESH_ROW_BYTES_MAX,
		.done = on_done,
		.context = question,
	};
	int result = http_client_new(&client, &question->client);

	if (result < 0)
		return result;
	result = send_question(source, question, asked);
	if (result < 0) {
		http_client_free(question->client);
		question->client = NULL;
	}
	return result;
}

static struct asked *next_waiting(struct mesh_row_source *source)
{
	for (uint32_t i = 0; i < source->count; i++)
		if (source->asked[i].is_waiting && !source->asked[i].is_under_way)
			return &source->asked[i];
	return NULL;
}

static void ask_more(struct mesh_row_source *source)
{
	for (size_t i = 0; i < MESH_ROWS_AT_ONCE; i++) {
		struct question *question = &source->questions[i];
		if (question->client != NULL)
			continue;
		struct asked *asked = next_waiting(source);
		if (asked == NULL)
			return;
		asked->is_waiting = false;
		asked->tried_ns = loop_now(source->setup.loop);
		question->id = asked->id;
		int result = ask(source, question, asked);
		asked->is_under_way = result >= 0;
		if (result < 0)
			hear(source, asked,
			     &(struct http_client_answer){ .code = result,
							   .sentence = "it can't be asked" });
	}
}

/* ---- whom to ask */

/* "http://HOST[:PORT]/...", whose list of peers is at its usual place. */
static bool take_url(const char *url, struct asked *ret)
{
	static const struct uri_defaults defaults = { .service = SERVICE_HTTP,
						      .services = 1u << SERVICE_HTTP };
	struct error error;
	struct uri uri;

	if (uri_parse(url, &defaults, &error, &uri) < 0 || uri.is_srv ||
	    strlen(uri.host) >= sizeof(ret->host))
		return false;
	memcpy(ret->host, uri.host, strlen(uri.host) + 1);
	ret->port = uri.port;
	ret->is_tls = uri.transport == TRANSPORT_TLS;
	return true;
}

/* False: it has no page that could be asked for. */
static bool locate(const struct mesh_row_source *source, const struct mesh_peer *peer,
		   struct asked *ret)
{
	char address[ENDPOINT_TEXT_MAX];

	ret->is_ours = peer->speech == MESH_SPEECH_OURS;
	if (peer->url != NULL)
		return take_url(peer->url, ret) && (!ret->is_tls || source->setup.tls != NULL);
	ret->port = peer->http_port != 0 ? peer->http_port : source->setup.http_port;
	ret->is_tls = source->setup.tls != NULL;
	(void)snprintf(ret->host, sizeof(ret->host), "%s",
		       endpoint_format_address(&peer->endpoint, address));
	return peer->endpoint.family != 0 && peer->speech != MESH_SPEECH_ACK && ret->port != 0;
}

static bool may_be_asked(const struct mesh_peer *peer)
{
	return !peer->is_self && peer->life != MESH_LIFE_GONE;
}

static const struct mesh_peer *find_peer(const struct mesh_peer_list *peers, uint64_t id)
{
	for (uint32_t i = 0; i < peers->count; i++)
		if (peers->peers[i].id == id)
			return &peers->peers[i];
	return NULL;
}

/* Also those that are under way: their answers find nobody. */
static void forget(struct mesh_row_source *source, struct asked *asked)
{
	for (size_t i = 0; i < MESH_ROWS_AT_ONCE; i++)
		if (source->questions[i].id == asked->id)
			source->questions[i].id = 0;
	free(asked->row.cells);
	*asked = source->asked[--source->count];
}

static void forget_unlisted(struct mesh_row_source *source, const struct mesh_peer_list *peers)
{
	for (uint32_t i = source->count; i-- > 0;) {
		const struct mesh_peer *peer = find_peer(peers, source->asked[i].id);
		if (peer == NULL || !may_be_asked(peer))
			forget(source, &source->asked[i]);
	}
}

/* NULL: no memory, or MESH_ROWS_MAX are kept. */
static struct asked *add(struct mesh_row_source *source, uint64_t id)
{
	if (source->count == MESH_ROWS_MAX)
		return NULL;
	if (source->count == source->room) {
		uint32_t room = source->room + 16;
		struct asked *asked = reallocarray(source->asked, room, sizeof(*asked));
		if (asked == NULL)
			return NULL;
		source->asked = asked;
		source->room = room;
	}
	struct asked *asked = &source->asked[source->count++];
	*asked = (struct asked){ .id = id };
	return asked;
}

static bool is_fresh(const struct mesh_row_source *source, const struct asked *asked)
{
	return asked->is_waiting || asked->is_under_way ||
	       (asked->tried_ns != 0 &&
		loop_now(source->setup.loop) - asked->tried_ns < source->setup.fresh_ns);
}

/* A page is one node's: what several peers of one host share is the row of one of them. */
static bool is_taken(const struct mesh_row_source *source, uint64_t id, const struct asked *place)
{
	for (uint32_t i = 0; i < source->count; i++) {
		const struct asked *asked = &source->asked[i];
		if (asked->id != id && asked->port == place->port &&
		    asked->is_tls == place->is_tls && strcmp(asked->host, place->host) == 0)
			return true;
	}
	return false;
}

/* True: it is to be asked now. */
static bool want(struct mesh_row_source *source, const struct mesh_peer *peer)
{
	struct asked place = { .id = 0 };
	struct asked *asked = find(source, peer->id);

	if ((asked != NULL && is_fresh(source, asked)) || !locate(source, peer, &place) ||
	    is_taken(source, peer->id, &place))
		return false;
	if (asked == NULL)
		asked = add(source, peer->id);
	if (asked == NULL)
		return false;
	asked->is_waiting = true;
	asked->is_tls = place.is_tls;
	asked->is_ours = place.is_ours;
	asked->port = place.port;
	memcpy(asked->host, place.host, sizeof(asked->host));
	memcpy(asked->row.node, peer->name, sizeof(asked->row.node));
	if (peer->location[0] != '\0')
		memcpy(asked->row.location, peer->location, sizeof(asked->row.location));
	return true;
}

/* Where to go on: behind the one that was wanted last. */
static uint32_t first_of(const struct mesh_row_source *source, const struct mesh_peer_list *peers)
{
	for (uint32_t i = 0; i < peers->count; i++)
		if (peers->peers[i].id == source->next)
			return i + 1;
	return 0;
}

void mesh_rows_want(struct mesh_row_source *source, const struct mesh_peer_list *peers,
		    uint32_t most)
{
	uint32_t first = first_of(source, peers);

	forget_unlisted(source, peers);
	for (uint32_t i = 0; i < peers->count && most > 0; i++) {
		const struct mesh_peer *peer = &peers->peers[(first + i) % peers->count];
		if (!may_be_asked(peer) || !want(source, peer))
			continue;
		source->next = peer->id;
		most--;
	}
	ask_more(source);
}

/* ---- life */

const struct mesh_rows *mesh_rows_list(struct mesh_row_source *source)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < source->count; i++) {
		const struct mesh_row *row = &source->asked[i].row;
		if (row->asked_ns != 0 || row->is_bad)
			source->view_rows[count++] = *row;
	}
	source->view = (struct mesh_rows){ .rows = source->view_rows, .count = count };
	return &source->view;
}

static int set_token(struct mesh_row_source *source, const char *token)
{
	if (token == NULL)
		return 0;
	if (asprintf(&source->authorization, "Authorization: Bearer %s", token) >= 0)
		return 0;
	source->authorization = NULL;
	return -ENOMEM;
}

int mesh_rows_new(const struct mesh_row_setup *setup, struct mesh_row_source **ret)
{
	struct mesh_row_source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		return -ENOMEM;
	source->setup = *setup;
	for (size_t i = 0; i < MESH_ROWS_AT_ONCE; i++)
		source->questions[i].source = source;
	if (set_token(source, setup->token) < 0) {
		free(source);
		return -ENOMEM;
	}
	*ret = source;
	return 0;
}

void mesh_rows_free(struct mesh_row_source *source)
{
	if (source == NULL)
		return;
	for (size_t i = 0; i < MESH_ROWS_AT_ONCE; i++)
		http_client_free(source->questions[i].client);
	for (uint32_t i = 0; i < source->count; i++)
		free(source->asked[i].row.cells);
	free(source->asked);
	free(source->authorization);
	free(source);
}
