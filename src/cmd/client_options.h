/* The options that the sending commands have in common (traffic, load): one struct, one set of
 * rows. What differs is a default or a level of help, and an argument of the rows. */
#pragma once

#include "cli/option.h"
#include "cmd/socket_options.h"
#include "cmd/tls_options.h"
#include "run/mark_plan.h"
#include "run/outputs.h"

/* What is said on a connection. */
struct message_options {
	struct option_list messages;
	struct option_list files;
	struct option_list firsts;
	struct option_list first_files;
	bool has_escapes;
	const char *reply;
	uint64_t in_flight;
	const char *stop_on;
	const char *expect_text;
	const char *expect_status;
	const char *method;
	struct option_list headers;
	struct option_list bodies;
	struct option_list body_files;
	const char *backend;
};

struct client_options {
	uint64_t connections;
	struct rate rate;
	struct bandwidth bandwidth;
	uint64_t message_bytes;
	uint64_t duration_ns;
	const char *connect_rate;
	uint64_t connect_over_ns;
	uint64_t connect_timeout_ns;
	uint64_t reply_timeout_ns;
	uint64_t linger_ns;
	uint64_t give_up_ns;
	const char *reconnect;
	struct message_options message;
	const char *addresses;
	bool is_ipv4;
	bool is_ipv6;
	const char *source;
	struct socket_choice sockets;
	struct tls_options tls;
	uint64_t workers;
	uint64_t processes;
	const char *cpus;
	uint64_t tick_ns;
	bool is_spinning;
	uint64_t seed;
	uint64_t repeat;
	const char *config;
	struct mark_options marks;
	struct output_options output;
};

/* The rows: `field` is the member of type struct client_options in `structure`. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */

/* How much: a rate of NULL is none. */
#define CLIENT_WORK_OPTIONS(structure, field, count, rate_text, held, paced)                       \
	OPTION(structure, field.connections, OPTION_COUNT, .name = "connections", .letter = 'c',   \
	       .placeholder = "N", .default_text = (count), .minimum = "1", .maximum = "1M",       \
	       .help = (held)),                                                                    \
	OPTION(structure, field.rate, OPTION_RATE, .name = "rate", .letter = 'r',                  \
	       .placeholder = "RATE", .default_text = (rate_text), .help = (paced)),               \
	OPTION(structure, field.bandwidth, OPTION_BANDWIDTH, .name = "bandwidth", .letter = 'b',   \
	       .placeholder = "BANDWIDTH", .instead_of = "rate", .level = OPTION_ALL,              \
	       .help = "instead of --rate: payload bits a second one way, as 5Mbps or 50kbps/conn")

/* Of the manual: what can be done while it runs. */
#define CLIENT_LIVE_DESCRIPTION                                                                    \
	"On a terminal a block of eight lines shows the last second of both directions and the "   \
	"last minute, rewritten in place; where there is no room for it or no cursor control, one " \
	"line does. Where keys can be read too, the run is in your hand: Up and Down, or + and -, " \
	"take the rate to the next of 10 11 12 13 15 16 18 20 22 24 27 30 33 36 39 43 47 51 56 62 " \
	"68 75 82 91 and their powers of ten, from now on and in place of what is left of a ramp; " \
	"space pauses, so that nothing falls due (without a rate: nothing is begun), and goes on; " \
	"q ends it as Ctrl-C does, a second time at once. The report has the changes among its "   \
	"marks. A terminal that goes away ends the run, and its report is kept; one of a serial "  \
	"line says its size with `stty rows 24 columns 80`. Without keys: --quiet, or </dev/null."

#define CLIENT_DURATION_OPTION(structure, field, sentence)                                         \
	OPTION(structure, field.duration_ns, OPTION_TIME, .name = "duration", .letter = 'T',       \
	       .placeholder = "TIME", .default_text = "10s", .help = (sentence))

#define CLIENT_CONNECT_OPTIONS(structure, field, rate_text)                                        \
	OPTION(structure, field.connect_rate, OPTION_TEXT, .name = "connect-rate",                 \
	       .placeholder = "RATE|off", .default_text = (rate_text), .level = OPTION_ALL,        \
	       .help = "connections begun a second, reconnects included; off = as fast as they "   \
		       "answer"),                                                                  \
	OPTION(structure, field.connect_over_ns, OPTION_TIME, .name = "connect-over",              \
	       .placeholder = "TIME", .default_text = "0", .level = OPTION_ALL,                    \
	       .help = "spreads the first connections over this time"),                            \
	OPTION(structure, field.connect_timeout_ns, OPTION_TIME, .name = "connect-timeout",        \
	       .placeholder = "TIME", .default_text = "2s", .minimum = "1ms", .level = OPTION_ALL, \
	       .help = "gives up an attempt to connect"),                                          \
	OPTION(structure, field.reconnect, OPTION_CHOICE, .name = "reconnect",                     \
	       .choices = "on off", .placeholder = "on|off", .default_text = "on",                 \
	       .level = OPTION_ALL,                                                                \
	       .help = "connect again: at once, then with back-off from 100 ms to 1 s")

/* What is sent, and what counts as the answer. */
#define CLIENT_MESSAGE_OPTIONS(structure, field, help_level)                                       \
	OPTION(structure, field.message.messages, OPTION_LIST, .name = "message", .letter = 'm',   \
	       .placeholder = "TEXT", .level = (help_level),                                       \
	       .help = "sent again and again, several in turn; a template (conntest help "         \
		       "templates)"),                                                              \
	OPTION(structure, field.message.files, OPTION_LIST, .name = "message-file",                \
	       .letter = 'f', .placeholder = "FILE", .level = OPTION_ALL,                          \
	       .help = "the same from a file; behind those of -m (\\{<FILE>} in -m puts it anywhere)"), \
	OPTION(structure, field.message.firsts, OPTION_LIST, .name = "first-message",              \
	       .placeholder = "TEXT", .level = OPTION_ALL,                                         \
	       .help = "sent first on each connection, once"),                                     \
	OPTION(structure, field.message.first_files, OPTION_LIST, .name = "first-message-file",    \
	       .placeholder = "FILE", .level = OPTION_ALL, .help = "the same from a file"),        \
	OPTION(structure, field.message.has_escapes, OPTION_FLAG, .name = "escapes",               \
	       .letter = 'e', .level = OPTION_ALL,                                                 \
	       .help = "\\r \\n \\x00 in messages are what they are in C"),                          \
	OPTION(structure, field.message.reply, OPTION_TEXT, .name = "reply",                       \
	       .placeholder = "RULE", .level = (help_level),                                       \
	       .help = "where an answer ends: none, echo, 'bytes N', 'until STR', 'regex RE', "    \
		       "marker, 'length-prefix u16|u32', http, ws-message"),                       \
	OPTION(structure, field.message.stop_on, OPTION_TEXT, .name = "stop-on",                   \
	       .placeholder = "TEXT", .level = OPTION_ALL,                                         \
	       .help = "ends the run when an answer holds this"),                                  \
	OPTION(structure, field.message.expect_text, OPTION_TEXT, .name = "expect-text",           \
	       .placeholder = "TEXT", .level = OPTION_ALL,                                         \
	       .help = "an answer without it counts as rejected"),                                 \
	OPTION(structure, field.message.expect_status, OPTION_TEXT, .name = "expect-status",       \
	       .placeholder = "LIST", .level = OPTION_ALL,                                         \
	       .help = "a response with another status counts as rejected: 200,3xx,400-404; "      \
		       "without it, 500 and more do"),                                             \
	OPTION(structure, field.message.method, OPTION_TEXT, .name = "method",                     \
	       .placeholder = "METHOD", .level = OPTION_ALL,                                       \
	       .help = "of requests; GET, with a body POST"),                                      \
	OPTION(structure, field.message.headers, OPTION_LIST, .name = "header", .letter = 'H',     \
	       .placeholder = "'NAME: VALUE'", .level = OPTION_ALL,                                \
	       .help = "of requests, and of the upgrade to WebSocket"),                            \
	OPTION(structure, field.message.bodies, OPTION_LIST, .name = "body",                       \
	       .placeholder = "TEXT", .level = OPTION_ALL,                                         \
	       .help = "of requests, several in turn; a template as -m"),                          \
	OPTION(structure, field.message.body_files, OPTION_LIST, .name = "body-file",              \
	       .placeholder = "FILE", .level = OPTION_ALL, .help = "the same from a file"),        \
	OPTION(structure, field.message.backend, OPTION_TEXT, .name = "backend",                   \
	       .placeholder = "header:NAME|cookie:NAME|body:REGEX", .level = OPTION_ALL,           \
	       .help = "where a response says which backend gave it")

#define CLIENT_REPLY_OPTIONS(structure, field, help_level)                                         \
	OPTION(structure, field.message.in_flight, OPTION_COUNT, .name = "in-flight",              \
	       .placeholder = "N", .default_text = "0", .maximum = "65535", .level = OPTION_ALL,   \
	       .help = "unanswered messages a connection, at most; 0 = one over HTTP/1.1 and without " \
		       "a rate, else any number"),                                                 \
	OPTION(structure, field.reply_timeout_ns, OPTION_TIME, .name = "reply-timeout",            \
	       .placeholder = "TIME", .default_text = "2s", .minimum = "1ms",                      \
	       .level = (help_level),                                                              \
	       .help = "a datagram unanswered for so long is lost, a TCP reply after it is "       \
		       "overdue"),                                                                 \
	OPTION(structure, field.linger_ns, OPTION_TIME, .name = "linger", .placeholder = "TIME",   \
	       .default_text = "0", .level = OPTION_ALL,                                           \
	       .help = "waits so long for replies after the last message; 0 = the reply timeout"), \
	OPTION(structure, field.give_up_ns, OPTION_TIME, .name = "give-up",                        \
	       .placeholder = "TIME", .default_text = "30s", .minimum = "1ms",                     \
	       .level = OPTION_ALL,                                                                \
	       .help = "a connection that is silent for so long is ended as timed out")

#define CLIENT_HOST_OPTIONS(structure, field, which)                                               \
	OPTION(structure, field.addresses, OPTION_CHOICE, .name = "addresses",                     \
	       .choices = "first all", .placeholder = "first|all", .default_text = (which),        \
	       .level = OPTION_SOCKET,                                                             \
	       .help = "of a name: connect to its first address, or to all in turn"),              \
	OPTION(structure, field.is_ipv4, OPTION_FLAG, .name = "ipv4", .letter = '4',               \
	       .level = OPTION_SOCKET, .help = "only IPv4 addresses"),                             \
	OPTION(structure, field.is_ipv6, OPTION_FLAG, .name = "ipv6", .letter = '6',               \
	       .level = OPTION_SOCKET, .help = "only IPv6 addresses"),                             \
	OPTION(structure, field.source, OPTION_TEXT, .name = "source",                             \
	       .placeholder = "ADDR|CIDR|FILE|auto", .level = OPTION_SOCKET,                       \
	       .help = "local addresses to connect from, in turn"),                                \
	SOCKET_OPTIONS(structure, field.sockets),                                                  \
	OPTION(structure, field.workers, OPTION_COUNT, .name = "workers", .letter = 'w',           \
	       .placeholder = "N", .default_text = "0", .maximum = "1024", .level = OPTION_ALL,    \
	       .help = "threads; 0 = by connections and rate, at most one a cpu"),                 \
	OPTION(structure, field.processes, OPTION_COUNT, .name = "processes",                      \
	       .placeholder = "N", .default_text = "1", .minimum = "1", .maximum = "64",           \
	       .level = OPTION_ALL,                                                                \
	       .help = "forks the workers into so many processes: as many times the connections "  \
		       "that ulimit -n allows one; if one is killed, what it measured is kept"),   \
	OPTION(structure, field.cpus, OPTION_TEXT, .name = "cpus",                                 \
	       .placeholder = "auto|off|LIST", .default_text = "auto", .level = OPTION_ALL,        \
	       .help = "pins workers to these cpus in turn; auto = where there is a worker for "   \
		       "each"),                                                                    \
	OPTION(structure, field.tick_ns, OPTION_TIME, .name = "tick", .placeholder = "TIME",       \
	       .default_text = "0", .maximum = "100ms", .level = OPTION_ALL,                       \
	       .help = "wakes only at multiples of this: less cpu, less exact"),                   \
	OPTION(structure, field.is_spinning, OPTION_FLAG, .name = "spin", .level = OPTION_ALL,     \
	       .help = "workers never sleep: answers are seen sooner, and each worker wants a "    \
		       "cpu to itself (--cpus)"),                                                  \
	OPTION(structure, field.seed, OPTION_COUNT, .name = "seed", .placeholder = "N",            \
	       .default_text = "1", .level = OPTION_ALL,                                           \
	       .help = "of all that is random: back-off, and \\{re ...} in messages"),             \
	OPTION(structure, field.repeat, OPTION_COUNT, .name = "repeat", .placeholder = "N",        \
	       .default_text = "1", .minimum = "1", .maximum = "1000", .level = OPTION_OUTPUT,     \
	       .help = "runs so often, one after the other; -o json=run.json writes run.1.json ...")

/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */
