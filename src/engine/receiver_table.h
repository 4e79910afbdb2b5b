/* What the services of one worker have received of each flow, by 5-tuple: a table of fixed size
 * that the control service of any worker may ask. Where it is full, of the flows that share a place
 * the one not heard for longest is forgotten. A lock that the owner takes once a batch and others
 * only to ask; nothing else is shared. An owner that is killed lets go of it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/pages.h"
#include "base/uri.h"
#include "metric/arrivals.h"
#include "metric/hist.h"

#define RECEIVER_FLOWS_MAX 4096 /* of one worker */
/* Delay variation: to 2 digits. */
#define RECEIVER_DELAY_RANGE ((struct hist_range){ UINT64_C(60000000000), 2 })

/* As the receiver sees it: IPv4 is never mapped into IPv6, `local` is what the sender sent to. */
struct receiver_key {
	struct endpoint remote; /* the sender's */
	struct endpoint local;
	enum transport transport; /* TCP also for TLS */
};

/* Flat: copied out whole. */
struct receiver_record {
	struct receiver_key key;
	uint64_t first_ns; /* arrivals, by this host's monotonic clock */
	uint64_t last_ns;
	uint64_t bytes;
	uint64_t messages; /* datagrams, with duplicates; of TCP as far as their size is known */

	/* What the socket's queue dropped (SO_RXQ_OVFL) since the flow's first datagram, of all
	 * flows that share the socket: they have the same `socket`, unique in the process, and
	 * are not to be added up. */
	uint32_t socket;
	uint64_t overflows;
	uint64_t
		merged; /* datagrams that came several in one (GRO), which the queue drops as one */

	/* Datagrams with our head (proto/one_way_wire.h). `unique`, `next`: what is missing of what
	 * the sender sent is sent - unique; behind `next` nothing came. */
	uint64_t numbered; /* 0: none of them, and nothing of the following is known */
	uint64_t next;
	uint64_t unique;
	uint64_t duplicate;
	uint64_t reordered;
	uint64_t late;
	struct bursts bursts; /* of [0, next) */

	/* metric/delays.h; 0 without stamps. */
	uint64_t delay_count;
	uint64_t delay_p50_ns;
	uint64_t delay_p90_ns;
	uint64_t delay_p99_ns;
	uint64_t delay_p99_9_ns;
	uint64_t delay_max_ns;
};

struct receiver_table;

/* The tables of all workers of an engine; zeroed by its owner (in struct service_shared). They come
 * before the threads start and go after they ended. */
struct receiver_tables {
	struct receiver_table *first;
};

/* -ENOMEM. Pages are taken as flows come. `seed` keeps clients from choosing places. */
nodiscard int receiver_table_new(struct receiver_tables *all, uint64_t seed,
				 enum pages_sharing sharing, struct receiver_table **ret);
/* In the order in which they were made. NULL: not that many were. */
struct receiver_table *receiver_tables_at(const struct receiver_tables *all, unsigned number);
void receiver_table_free(struct receiver_tables *all, struct receiver_table *table);

/* Any thread. False: nothing was received of this flow, or it is forgotten. `ret_delay`: NULL, or
 * an initialised histogram of RECEIVER_DELAY_RANGE that becomes the flow's. */
bool receiver_tables_find(const struct receiver_tables *all, const struct receiver_key *key,
			  struct receiver_record *ret, struct hist *ret_delay);

/* The owner: where the record of a TCP connection is. It begins anew; older ones may be forgotten.
 */
struct receiver_place {
	uint32_t number;
	uint32_t generation; /* 0: nowhere */
};
struct receiver_place receiver_table_open(struct receiver_table *table,
					  const struct receiver_key *key, uint64_t now_ns);
/* So much has been received until now, in all. False: its record was forgotten, open it again. */
bool receiver_table_stream(struct receiver_table *table, const struct receiver_place *place,
			   uint64_t bytes, uint64_t messages, uint64_t now_ns);

/* The owner, before the threads start: a number for one more socket whose datagrams it counts. */
uint32_t receiver_table_socket(struct receiver_table *table);
#define RECEIVER_SOCKETS_MAX 32 /* PLAN_LISTEN_MAX */

/* The owner: datagrams, and what the queue of their socket has dropped, between begin and commit.
 */
struct receiver_datagram {
	const struct receiver_key *key;
	size_t size;
	uint32_t socket;
	bool is_merged;
	bool is_numbered;
	uint32_t run; /* another one than before: the record begins anew */
	uint64_t sequence;
	uint64_t stamp_ns; /* the sender's clock; 0: none */
	uint64_t now_ns;
};
void receiver_table_begin(struct receiver_table *table);
void receiver_table_datagram(struct receiver_table *table,
			     const struct receiver_datagram *datagram);
/* After the datagrams that it was told with, or without any. */
void receiver_table_overflows(struct receiver_table *table, uint32_t socket, uint64_t overflows);
void receiver_table_commit(struct receiver_table *table);
