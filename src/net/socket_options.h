/* What is asked of a socket beyond the kernel's defaults, how it is put on one, and a trial before
 * a run that says what the kernel refuses. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/* 0 = leave the kernel's default. A struct so that a new field breaks no caller. Kept by the caller
 * for as long as the call lasts. */
struct socket_options {
	bool has_no_delay; /* TCP_NODELAY */
	bool is_fast_open; /* the first bytes go with the SYN: TCP_FASTOPEN_CONNECT, TCP_FASTOPEN */
	bool is_multipath; /* MPTCP, which falls back to TCP where the peer has none */
	bool has_dscp;     /* `dscp` is asked for, be it 0 */
	uint8_t dscp;      /* IP_TOS, IPV6_TCLASS: 0-63 */
	int segment_bytes; /* TCP_MAXSEG */
	int send_buffer_bytes;
	int receive_buffer_bytes;
	const char *congestion; /* TCP_CONGESTION, NULL = the system's */
	const char *device;     /* SO_BINDTODEVICE, NULL = by route */
	int receive_low_water_bytes;
	unsigned user_timeout_ms;    /* TCP_USER_TIMEOUT */
	uint64_t pacing_bytes_per_s; /* SO_MAX_PACING_RATE: the kernel spaces segments */
};

/* What the socket is for: some options are only of one of these. */
enum socket_role {
	SOCKET_CONNECTS = 1,
	SOCKET_LISTENS = 2,
	SOCKET_DATAGRAM = 4,
};

/* A TCP socket of this family, or an MPTCP one where that is asked for. `options` may be NULL.
 * -EPROTONOSUPPORT, -ENOPROTOOPT: no MPTCP here. */
nodiscard int socket_options_open(int family, const struct socket_options *options);
/* All that the role takes. 0 or -errno of the first that the kernel refuses, and then its name on
 * the command line in `ret_refused`, which may be NULL. NULL options ask nothing. */
nodiscard int socket_options_apply(int fd, enum socket_role role,
				   const struct socket_options *options, const char **ret_refused);
/* Puts them on a socket of its own, which is thrown away, so that what the kernel refuses is known
 * before anything is sent. -EINVAL: this host has no such thing as was typed; else an errno of what
 * this process or kernel lacks. The sentence names the option and what is needed. */
nodiscard int socket_options_try(const struct socket_options *options, enum socket_role role,
				 struct error *error);
/* Whether the kernel lets several sockets share a port, as listeners of several workers do: 0 or
 * -errno of SO_REUSEPORT on a socket of its own. */
nodiscard int socket_options_try_shared(void);
