/* Rows of the matrix that other nodes have: asked of their /v1/peers when somebody wants them, a
 * few at a time, kept for a while, bounded in every way. On its owner's loop. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_row.h"
#include "net/loop.h"

#define MESH_ROW_BYTES_MAX ((size_t)1024 * 1024) /* of an answer */
#define MESH_ROWS_AT_ONCE  4                     /* requests that are under way */

struct mesh_row_source;
struct stream_transport;
struct tls_client;

struct mesh_row_setup {
	struct loop *loop;
	const char *node;       /* this node's name: its own page is nobody's row; outlives it */
	struct tls_client *tls; /* NULL: over plain HTTP */
	const char *token;      /* bearer, for peers that are conntest's; NULL: none */
	uint16_t http_port;     /* of a peer that tells none */
	uint64_t fresh_ns;      /* a row is not asked for again within */
	uint64_t timeout_ns;
	void (*changed)(void *context); /* may be NULL */
	void *context;
	const struct stream_transport *transport; /* a test's; NULL: the kernel's */
	void *network;
};

nodiscard int mesh_rows_new(const struct mesh_row_setup *setup, struct mesh_row_source **ret);
void mesh_rows_free(struct mesh_row_source *source); /* takes NULL */
/* Asks those of the peers in turn whose row is not fresh: at most `most` of them. */
void mesh_rows_want(struct mesh_row_source *source, const struct mesh_peer_list *peers,
		    uint32_t most);
/* Those of peers that are still listed. Until the loop turns. */
const struct mesh_rows *mesh_rows_list(struct mesh_row_source *source);
/* The parser, for its fuzz target: what view/mesh_peers.h writes, or a pingmesh of any age. `row`
 * is made anew, with `cells_max` cells at most; those are the caller's to free. -EINVAL with the
 * sentence, or -ENOMEM: it is empty. */
nodiscard int mesh_row_read(const char *text, size_t size, uint32_t cells_max, struct error *error,
			    struct mesh_row *row);
