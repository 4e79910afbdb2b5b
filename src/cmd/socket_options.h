/* The options of sockets, the same in every command that connects or listens. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "cli/option.h"
#include "engine/plan.h"

struct socket_choice {
	const char *nodelay;
	uint64_t send_buffer_bytes;
	uint64_t receive_buffer_bytes;
	const char *congestion;
	const char *dscp;
	uint64_t segment_bytes;
	uint64_t user_timeout_ns;
	bool is_fast_open;
	bool is_multipath;
	const char *pacing;
	const char *device;
	const char *close;
};

/* Rows of a command's own table: `field` is the member of type struct socket_choice in `structure`.
 * BOTH_SIDES for who listens, CONNECTING for who connects, SOCKET_OPTIONS for who also sends at a
 * rate and chooses how a connection ends. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define SOCKET_OPTIONS_BOTH_SIDES(structure, field)                                                \
	OPTION(structure, field.send_buffer_bytes, OPTION_SIZE, .name = "sndbuf",                  \
	       .placeholder = "SIZE", .default_text = "0", .maximum = "1GiB",                      \
	       .level = OPTION_SOCKET,                                                             \
	       .help = "send buffer of a socket; 0 = the kernel's choice"),                        \
		OPTION(structure, field.receive_buffer_bytes, OPTION_SIZE, .name = "rcvbuf",       \
		       .placeholder = "SIZE", .default_text = "0", .maximum = "1GiB",              \
		       .level = OPTION_SOCKET,                                                     \
		       .help = "receive buffer of a socket; 0 = the kernel's choice"),             \
		OPTION(structure, field.congestion, OPTION_TEXT, .name = "congestion",             \
		       .placeholder = "NAME", .level = OPTION_SOCKET,                              \
		       .help = "congestion control of TCP: reno, cubic, bbr ..."),                 \
		OPTION(structure, field.dscp, OPTION_TEXT, .name = "dscp", .placeholder = "CLASS", \
		       .level = OPTION_SOCKET,                                                     \
		       .help = "class of the packets: 0 to 63, or EF, AF11 ..., CS1 ..."),         \
		OPTION(structure, field.is_fast_open, OPTION_FLAG, .name = "fastopen",             \
		       .level = OPTION_SOCKET,                                                     \
		       .help = "TCP Fast Open: a client known to the server sends with the SYN"),  \
		OPTION(structure, field.is_multipath, OPTION_FLAG, .name = "mptcp",                \
		       .level = OPTION_SOCKET,                                                     \
		       .help = "Multipath TCP, where the other side has it too")

#define SOCKET_OPTIONS_CONNECTING(structure, field)                                               \
	OPTION(structure, field.nodelay, OPTION_CHOICE, .name = "nodelay",                        \
	       .placeholder = "on|off", .choices = "on off", .default_text = "on",                \
	       .level = OPTION_SOCKET, .help = "off = small segments wait for acknowledgements"), \
		SOCKET_OPTIONS_BOTH_SIDES(structure, field),                                      \
		OPTION(structure, field.segment_bytes, OPTION_COUNT, .name = "mss",               \
		       .placeholder = "BYTES", .minimum = "88", .maximum = "32767",               \
		       .level = OPTION_SOCKET, .help = "largest segment of TCP, both ways"),      \
		OPTION(structure, field.user_timeout_ns, OPTION_TIME, .name = "user-timeout",     \
		       .placeholder = "TIME", .minimum = "1ms", .maximum = "24d",                 \
		       .level = OPTION_SOCKET,                                                    \
		       .help = "the kernel gives up what is unacknowledged for so long"),         \
		OPTION(structure, field.device, OPTION_TEXT, .name = "bind-device",               \
		       .placeholder = "DEVICE", .level = OPTION_SOCKET,                           \
		       .help = "sends and receives on this network device only")

#define SOCKET_OPTIONS(structure, field)                                                         \
	SOCKET_OPTIONS_CONNECTING(structure, field),                                             \
		OPTION(structure, field.pacing, OPTION_CHOICE, .name = "pacing",                 \
		       .placeholder = "program|kernel", .choices = "program kernel",             \
		       .default_text = "program", .level = OPTION_SOCKET,                        \
		       .help = "kernel = also spaces the segments of a message by --bandwidth"), \
		OPTION(structure, field.close, OPTION_CHOICE, .name = "close",                   \
		       .placeholder = "fin|rst", .choices = "fin rst", .default_text = "fin",    \
		       .level = OPTION_SOCKET,                                                   \
		       .help = "how we end a connection; rst leaves nothing in TIME-WAIT")
/* NOLINTEND(bugprone-macro-parentheses) */

/* What the choice asks of the sockets over this transport; datagrams
 * take less of it. The choice has to outlive `ret`. -EINVAL. */
nodiscard int socket_choice_read(const struct socket_choice *choice, enum transport transport,
				 struct error *error, struct socket_options *ret);
/* Into the plan, whose transport, rate and message size are set; tries them on a socket, nothing is
 * sent. A listener's choice has no more than BOTH_SIDES. `bits_per_second` is what one connection
 * is to send, 0: as much as it can. -EINVAL: wrong usage, or not on this host; else what this
 * process or kernel lacks (-EPERM, -EOPNOTSUPP...). The choice has to outlive the plan. */
nodiscard int socket_choice_plan(const struct socket_choice *choice, double bits_per_second,
				 struct plan *plan, struct error *error);
