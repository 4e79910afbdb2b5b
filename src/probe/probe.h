/* Small measurements of a target, one at a time or several in flight, on the owner's loop: nothing
 * waits, nothing is printed. A prober is made once for each target; what a scheme does stands in
 * its kind. The schedule is the owner's (probe/pinger.h), and so is the deadline. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/list.h"
#include "base/uri.h"
#include "metric/probe_result.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stream.h"

struct tls_client;
struct prober;
struct probe;

#define PROBE_REDIRECTS_MAX 10

/* Whom to look at and how: plain data, the caller's, and outlives the prober. */
struct probe_target {
	struct uri uri;
	/* --connect-to: the host and port to connect to instead; the name that is asked for and
	 * verified stays. NULL, 0: as the URI says. */
	const char *connect_host;
	uint16_t connect_port;
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: the first address that the name has */
	struct endpoint source;               /* family 0: the kernel chooses */
	const struct socket_options *options; /* NULL: TCP_NODELAY alone */
	bool is_kept; /* one connection or socket for all probes; false: a new one for each */
	bool follows; /* redirects, PROBE_REDIRECTS_MAX at most */
	uint64_t body_max_bytes; /* an answer's body is read so far; 0: to its end */

	/* A request's. */
	const char *method;         /* NULL: GET */
	const char *const *headers; /* "NAME: VALUE", as of struct http1_request */
	uint32_t header_count;
	const void *body;
	size_t body_size;
	/* What makes an answer a good one: any of these statuses (none: below 400), this text. */
	const uint32_t *statuses;
	size_t status_count;
	const char *text;
	uint64_t payload_bytes; /* of a datagram or an echo; 0: the kind's own */
	const char *question;   /* dns://: the name to ask for, with its type behind a "/" */

	/* Offers what prober_protocols() says; NULL: no TLS. A redirect may need it, too. */
	struct tls_client *tls;
	/* In tests: the in-memory ones. NULL: the kernel's. */
	const struct stream_transport *stream;
	const struct datagram_transport *datagram;
	void *network;
};

/* Where probes of all targets live. */
struct probe_host {
	struct loop *loop;
	const char *servers; /* of DNS; NULL: the system's */
	/* The ports that the kernel chooses for connections; 0: each prober asks it. */
	uint16_t port_low;
	uint16_t port_high;
	/* Once for every probe that was started, never from within prober_start(): `result` is
	 * whole, and `probe` may be used anew. */
	void (*done)(void *context, struct probe *probe);
	/* An answer to a probe that is over. */
	void (*stray)(void *context, const struct prober *prober, uint64_t number,
		      enum probe_stray kind, uint64_t after_ns);
	void *context;
};

struct prober_kind {
	const char *name;
	/* What has to be there before the first probe: 0, or -errno with the sentence (EPERM for
	 * raw sockets, EINVAL for what this kind can't do). */
	int (*open)(struct prober *prober, struct error *error);
	/* Frees all; no probe is under way. */
	void (*close)(struct prober *prober);
	/* Begins; ends with probe_done() or probe_failed(), now or later. */
	void (*start)(struct prober *prober, struct probe *probe);
	/* The deadline has passed: lets go of what the probe holds. The caller has filled in the
	 * outcome; `why` may be added (how often the SYN was sent). */
	void (*give_up)(struct prober *prober, struct probe *probe);
};

struct prober {
	const struct prober_kind *kind;
	const struct probe_target *target;
	const struct probe_host *host;
	uint32_t index;     /* of the target */
	struct list probes; /* that were started and not told yet */
	void *state;        /* the kind's */
};

/* One look, the owner's memory. */
struct probe {
	struct list node;
	struct prober *prober;
	struct probe_result result;
	enum probe_phase phase; /* that it is in */
	uint64_t phase_began_ns;
	struct timer deadline;
	struct deferred telling;
	bool is_under_way;
	void *state; /* the kind's */
	void *owner; /* the owner's */
};

/* The kind that looks at such a target; NULL: none does. */
const struct prober_kind *prober_kind_of(const struct uri *uri);
/* What its TLS client has to offer by ALPN, the best first: "h2,http/1.1"; NULL: nothing. */
const char *prober_protocols(const struct uri *uri);
nodiscard int prober_open(struct prober *prober, const struct probe_host *host, uint32_t index,
			  const struct probe_target *target, struct error *error);
void prober_close(struct prober *prober); /* drops what is under way, untold */

void probe_init(struct probe *probe, void *owner);
/* `number` and when it was due; it fails with NO_REPLY or the like at `deadline_ns`. */
void prober_start(struct prober *prober, struct probe *probe, uint64_t number, uint64_t due_ns,
		  uint64_t deadline_ns);

/* ---- for the kinds ---- */

/* The phase that it is in ends at this moment, and the next one begins. One that did not happen (a
 * literal address, a kept connection) is skipped: probe_enter() without its end. */
void probe_end_phase(struct probe *probe, uint64_t at_ns);
void probe_enter(struct probe *probe, enum probe_phase phase);
/* A redirect is followed: the phases begin again, and what they take is added to the first ones. */
void probe_begin_again(struct probe *probe);
/* The answer is whole; the phase that it is in ends now. */
void probe_done(struct probe *probe, uint64_t at_ns);
/* The answer is whole, and not the one that was wanted. */
void probe_rejected(struct probe *probe, uint64_t at_ns, const char *why);
/* It failed in the phase that it is in. `why` as in the result, NULL: nothing to add. */
void probe_failed(struct probe *probe, enum outcome outcome, const char *why);
