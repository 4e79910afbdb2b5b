/* Finds the peers of a mesh, on its owner's loop; nothing waits and nothing ends for a failure: the
 * old answer is kept and the failure counted. Sources, in any number:
 *   HOST:PORT, ADDRESS:PORT   all addresses that the name has
 *   srv://_service._proto.name  all targets of the best priority, with their ports
 *   file:PATH                 file_sd of Prometheus (JSON or YAML), looked at when it changes
 *   http(s)://...             http_sd; or pingmesh's /v1/peers, whose URLs are looked at
 * Names are asked for again when their TTL is over, within 1 s and 5 min; what fails, after 1 s to
 * 30 s. A file is looked at every two seconds. Labels that are heeded: node (or name, instance),
 * location (or zone), rack, speech=ack, http_port, grpc_port; and of another node's
 * /sd, whose targets are pages, where those are probed. All calls belong to the loop's thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/subnet.h"
#include "metric/mesh_events.h"
#include "metric/mesh_peer.h"
#include "metric/mesh_settings.h"
#include "metric/mesh_snapshot.h"
#include "net/loop.h"

struct mesh_discovery;
struct mesh_target;
struct tls_client;

struct mesh_discovery_setup {
	struct loop *loop;
	const struct mesh_settings *settings; /* outlives it */
	const char *const *sources;           /* as typed; outlive it */
	uint32_t source_count;
	const char *servers;    /* of DNS; NULL: the system's */
	struct tls_client *tls; /* of https sources */
	const char *token;      /* sent to https sources as a bearer; NULL: none */
	uint64_t refresh_ns;    /* of http_sd; 0: 60 s. It is told in the request */
	uint32_t peers_max;
	uint32_t k; /* as of the pinglist */
	uint64_t seed;
	uint16_t port; /* of a peer that names none; and our own, unless another is told */
	struct mesh_events *events;
	/* Where peers may be that DNS or a source over HTTP names; a page stands for all addresses
	 * of its host. None = anywhere. */
	const struct subnet *allowed;
	uint32_t allowed_count;
	/* The list has changed: mesh_discovery_list(), and whom to probe. */
	void (*changed)(void *context);
	void *context;
};

/* What was typed is checked, nothing is asked yet: -EINVAL with the sentence. */
nodiscard int mesh_discovery_new(const struct mesh_discovery_setup *setup, struct error *error,
				 struct mesh_discovery **ret);
void mesh_discovery_free(struct mesh_discovery *discovery); /* takes NULL */
/* Where this node answers, to know ourselves by: at the port of `own`, 0: nowhere, and at its
 * address, which no interface need have (127.0.0.2); where it has none or is any, at all of the
 * interfaces. Before the start. */
void mesh_discovery_know_own(struct mesh_discovery *discovery, const struct endpoint *own);
void mesh_discovery_start(struct mesh_discovery *discovery);
/* Every source has had one answer or failure. */
bool mesh_discovery_is_settled(const struct mesh_discovery *discovery);
/* Asks all anew. */
void mesh_discovery_refresh(struct mesh_discovery *discovery);
/* Of `setup`, the sources, refresh_ns, k and seed hold from now on, and all is asked anew. What
 * was listed by a source that is not there any more leaves; sources that were added over the API
 * stay. -EINVAL or -ENOSPC (old and new ones together are too many) with the sentence: nothing has
 * changed. */
nodiscard int mesh_discovery_change(struct mesh_discovery *discovery,
				    const struct mesh_discovery_setup *setup, struct error *error);

/* Stays as it is until the loop turns. */
const struct mesh_peer_list *mesh_discovery_list(const struct mesh_discovery *discovery);
/* What the probing side has found out: names and places as told, who answers, who leaves; the lives
 * of the peers follow from it, and from time. True: the list has changed. */
bool mesh_discovery_hear(struct mesh_discovery *discovery, const struct mesh_snapshot *snapshot,
			 uint64_t now_ns);
/* Whom to probe now, and whose figures are kept: into `ret`, at most `max`; how many. */
uint32_t mesh_discovery_targets(const struct mesh_discovery *discovery, struct mesh_target *ret,
				uint32_t max);
/* A peer that was named over the API, checked by its caller: HOST:PORT or the URL of a page, all in
 * one source "added"; srv:// and URLs of /v1/peers or /sd are sources of their own. Again: 0.
 * -EINVAL with the sentence; -ENOSPC: there are too many. */
nodiscard int mesh_discovery_add(struct mesh_discovery *discovery, const char *text,
				 struct error *error);
