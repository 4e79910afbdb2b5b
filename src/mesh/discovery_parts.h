/* What the files of discovery share.
 *
 * A source has items: what it lists, as an address or as a question to DNS. Every change of what
 * sources say is gathered for a moment, then the list of peers is made anew from all items
 * (discovery_list.c). Lives and names follow from that and from what the probing side heard
 * (discovery_lives.c, discovery_names.c). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/random.h"
#include "mesh/discovery.h"
#include "mesh/discovery_read.h"
#include "net/http_client.h"
#include "net/resolver.h"

/* ---- questions to DNS (discovery_dns.c) */

struct discovery_source;

struct discovery_question {
	struct mesh_discovery *discovery; /* an orphan's source may be gone */
	struct discovery_source *source;
	struct list node; /* among those that wait for their turn */
	struct timer timer;
	const char *host; /* in the arena of the items; moves with them */
	struct endpoint *endpoints;
	uint32_t count;
	uint16_t port;
	bool is_srv;
	bool is_asked;
	bool is_answered; /* once at least, or it failed */
	bool is_failing;
	bool is_orphan; /* its items are gone: it ends when its answer comes */
	uint64_t backoff_ns;
};

/* ---- what a source lists */

/* Labels in as few bytes as they need: name, location and rack with their NULs. */
struct discovery_marks {
	uint16_t http_port;
	uint16_t grpc_port;
	uint8_t speech;
	uint8_t location_at;
	uint8_t rack_at;
	char text[];
};

struct discovery_item {
	const struct discovery_marks *marks;
	const char *url;                     /* NULL: none */
	struct discovery_question *question; /* NULL: the address stands here */
	struct endpoint endpoint;
};

struct discovery_items {
	struct arena arena;
	struct discovery_item *rows;
	uint32_t count;
	struct discovery_question **questions; /* in the order of hosts and ports */
	uint32_t question_count;
};

/* ---- sources (discovery_source.c) */

enum discovery_kind {
	DISCOVERY_STATIC,
	DISCOVERY_DNS,
	DISCOVERY_SRV,
	DISCOVERY_FILE,
	DISCOVERY_HTTP,
};

struct discovery_stamp {
	uint64_t device, inode, size;
	int64_t modified_ns, changed_ns;
};

struct discovery_source {
	struct mesh_discovery *discovery;
	enum discovery_kind kind;
	uint8_t index;
	bool is_typed;     /* not named over the API */
	bool is_failing;   /* an event has said so */
	bool has_answered; /* its own fetch; names apart */
	bool has_failed;   /* the newest fetch did */
	bool has_refused;  /* an event has said so */
	uint32_t failing_questions;
	uint32_t unanswered_questions;
	struct discovery_items items;
	struct timer timer;
	char *text;       /* as typed */
	const char *path; /* of a file */
	struct discovery_stamp stamp;
	bool is_young; /* the file was changed just before it was read: it may change unseen */
	struct http_client *client;
	char host[DISCOVERY_HOST_MAX];
	uint16_t port;
	bool is_tls;
	char *authority; /* of http */
	char *page;
	uint64_t backoff_ns;
};

/* ---- peers */

/* Beside each peer of the list, at the same place. */
struct discovery_member {
	uint64_t answered_ns;
	uint64_t leaving_ns;  /* since when it says that it leaves, or is not listed; 0: neither */
	uint64_t gone_ns;     /* 0: it is not */
	uint64_t unchosen_ns; /* since when it is not probed any more; 0: it is, or never was */
	uint32_t generation;  /* of the list in which it is listed */
	uint8_t name_from;    /* enum discovery_name */
	bool is_unnamed;      /* the name has to be found unique still */
	bool is_leaving;      /* it says so */
	bool is_told_place;   /* its location is not of a label */
	bool was_chosen;
	bool is_kept;
	bool is_new;     /* no event has told of it */
	uint8_t turn;    /* while names are given */
	uint16_t number; /* of "NAME#2"; 0: the name is as it was claimed */
};
enum discovery_name {
	DISCOVERY_BY_ADDRESS,
	DISCOVERY_AS_TOLD,
	DISCOVERY_BY_LABEL,
};

/* Places in the list by id. Open addressing; 0: free, else place + 1. */
struct discovery_index {
	uint32_t *places;
	uint32_t mask;
};

struct mesh_discovery {
	struct mesh_discovery_setup setup;
	struct endpoint own; /* where we answer: our port, and maybe one address of ours */
	struct resolver *resolver;
	struct random random;
	struct list waiting; /* questions */
	uint32_t asking;
	bool is_pumping;
	struct discovery_source *sources[MESH_SOURCES_MAX];
	struct mesh_source public[MESH_SOURCES_MAX];
	uint32_t source_count;
	struct discovery_source *added; /* of mesh_discovery_add(); NULL: none yet */
	bool is_started;
	bool is_ending;
	bool is_dirty;
	bool has_been_full;
	bool is_changed;            /* while the list is made: it is another one than before */
	uint32_t told[MESH_EVENTS]; /* events of peers in this pass */
	struct timer gather;        /* the list is made anew */
	struct timer epoch;         /* the random peers change */
	struct mesh_peer *peers;
	struct discovery_member *members;
	uint32_t capacity;
	uint32_t generation;
	struct discovery_index index;
	struct mesh_peer_list list;
};

#define DISCOVERY_NOWHERE UINT32_MAX
/* Peers that have left and whose figures stay, beyond those that may be listed. */
#define DISCOVERY_LEFT_MAX 1024

/* discovery_source.c */
nodiscard int discovery_source_add(struct mesh_discovery *discovery, const char *text,
				   struct error *error);
/* An empty one for what is added over the API. */
nodiscard int discovery_source_add_own(struct mesh_discovery *discovery, const char *text,
				       struct error *error);
void discovery_source_start(struct discovery_source *source);
void discovery_source_free(struct discovery_source *source);
/* It is no source any more; its peers leave when the list is made anew. */
void discovery_source_remove(struct discovery_source *source);
bool discovery_source_is_settled(const struct discovery_source *source);
/* What a source says of itself: `sentence` NULL, it went well. */
void discovery_source_note(struct discovery_source *source, const char *sentence);
/* Between two tries: doubled from 1 s to 30 s, with a little chance so that not all nodes ask at
 * once. */
uint64_t discovery_backoff(struct mesh_discovery *discovery, uint64_t *backoff_ns);
/* The list is made anew soon. */
void discovery_touch(struct mesh_discovery *discovery);

/* discovery_items.c: a list is made beside the old one and takes its place when it is whole;
 * questions that both have keep their answers. */
void discovery_items_init(struct discovery_items *items);
void discovery_items_free(struct discovery_items *items);
nodiscard int discovery_items_read(struct discovery_source *source, const char *text, size_t size,
				   enum discovery_format format, struct error *error);
/* One peer more to what is there. */
nodiscard int discovery_items_append(struct discovery_source *source,
				     const struct discovery_found *found, bool is_srv,
				     struct error *error);

/* discovery_dns.c */
void discovery_question_start(struct discovery_question *question);
void discovery_question_free(struct discovery_question *question);

/* discovery_file.c, discovery_http.c */
void discovery_file_look(struct discovery_source *source);
nodiscard int discovery_http_open(struct discovery_source *source, struct error *error);
void discovery_http_ask(struct discovery_source *source);

/* discovery_index.c */
nodiscard int discovery_index_make(struct discovery_index *index, uint32_t count);
void discovery_index_free(struct discovery_index *index);
uint32_t discovery_find(const struct mesh_discovery *discovery, uint64_t id);
void discovery_index_put(struct mesh_discovery *discovery, uint32_t place);
uint64_t discovery_hash(const void *bytes, size_t size);

/* discovery_list.c */
void discovery_rebuild(struct mesh_discovery *discovery);
/* Puts the list into the order of names, the index behind it. */
void discovery_sort(struct mesh_discovery *discovery);
/* Drops those without `is_kept`; the order stays. */
void discovery_drop(struct mesh_discovery *discovery);
/* An event of a peer; of many at once the first ones only, and then how many there were. */
void discovery_tell(struct mesh_discovery *discovery, enum mesh_event_kind kind, uint32_t place,
		    const char *text);
void discovery_tell_rest(struct mesh_discovery *discovery);

/* discovery_names.c: every name is one peer's. True: one has changed. */
bool discovery_name_all(struct mesh_discovery *discovery);
/* The peer calls itself so, or its label does: to be found unique by the next discovery_name_all().
 * False: it is called so already. */
bool discovery_claim(struct mesh_discovery *discovery, uint32_t place, const char *name,
		     enum discovery_name from);
void discovery_claim_address(struct mesh_discovery *discovery, uint32_t place);

/* discovery_lives.c */
bool discovery_lives_pass(struct mesh_discovery *discovery, uint64_t now_ns);

/* discovery_choose.c. True: another choice than before. */
bool discovery_choose(struct mesh_discovery *discovery);
