/* See hints.h. */
#include "cli/hints.h"

#include <ctype.h>
#include <string.h>

#include "base/service.h"

/* clang-format off */
#define OPTION_HINT(word, option, sentence, sample) { word, NULL, option, NULL, NULL, sentence, sample }
#define SCHEME_HINT(word, commands, scheme, sentence) { word, commands, NULL, NULL, scheme, sentence, NULL }
#define COMMAND_HINT(word, command) { word, NULL, NULL, command, NULL, NULL, NULL }

static const struct hint hints[] = {
	/* ping, fping, hping, curl; before those of the same letter elsewhere */
	OPTION_HINT("-W",            "timeout",      "a probe is given up after %s", "2s"),
	OPTION_HINT("-w",            "duration",     "how long is %s (--duration)", "10s"),
	OPTION_HINT("-n",            "count",        "how many probes is %s", "5"),
	OPTION_HINT("-s",            "size",         "the payload is %s", "1000"),
	OPTION_HINT("-I",            "bind-device",  "the device is %s, an address --source", "eth0"),
	OPTION_HINT("-X",            "method",       "the method is %s", "POST"),
	SCHEME_HINT("-f",            "ping",         "tcp",    "how often is -i 10ms"),
	SCHEME_HINT("-L",            "ping",         "http",   "redirects are followed with --follow"),
	SCHEME_HINT("-M",            "ping",         "tcp",    "how large packets may be is what conntest path finds: conntest path HOST"),
	SCHEME_HINT("-S",            "ping",         "tcp",    "a connection is a target: tcp://HOST:PORT"),
	SCHEME_HINT("--icmp",        "ping",         "tcp",    "ICMP is a target: icmp://HOST, or HOST alone"),
	/* iperf3, iperf, netperf */
	OPTION_HINT("-t",            "duration",     "how long is %s (--duration)", "60s"),
	OPTION_HINT("--time",        "duration",     "how long is %s (--duration)", "60s"),
	OPTION_HINT("-P",            "connections",  "connections are %s", "4"),
	OPTION_HINT("--parallel",    "connections",  "connections are %s", "4"),
	OPTION_HINT("-l",            "message-size", "the size of a message is %s", "1KiB"),
	OPTION_HINT("--length",      "message-size", "the size of a message is %s", "1KiB"),
	OPTION_HINT("-J",            "output",       "for JSON use %s", "json"),
	OPTION_HINT("--json",        "output",       "for JSON use %s", "json"),
	OPTION_HINT("-p",            "listen",       "the port stands in %s", "traffic://:5003"),
	OPTION_HINT("--port",        "listen",       "the port stands in %s", "traffic://:5003"),
	SCHEME_HINT("-p",            "traffic load ping", "tcp",    "the port stands in the target: HOST:PORT"),
	SCHEME_HINT("--port",        "traffic load ping", "tcp",    "the port stands in the target: HOST:PORT"),
	SCHEME_HINT("-u",            "traffic load", "udp",    "UDP is a target: udp://HOST"),
	SCHEME_HINT("--udp",         "traffic load", "udp",    "UDP is a target: udp://HOST"),
	SCHEME_HINT("-R",            "load",         "source", "to receive, use source://HOST"),
	SCHEME_HINT("--reverse",     "load",         "source", "to receive, use source://HOST"),
	OPTION_HINT("-i",            "interval",     "how long a row tells of is %s", "1s"),
	OPTION_HINT("-O",            "warmup",       "what is sent first and not counted is %s", "3s"),
	OPTION_HINT("--omit",        "warmup",       "what is sent first and not counted is %s", "3s"),
	OPTION_HINT("-C",            "congestion",   "congestion control is %s", "bbr"),
	OPTION_HINT("-M",            "mss",          "the largest segment is %s", "1448"),
	OPTION_HINT("-B",            "source",       "the address to connect from is %s", "192.0.2.1"),
	OPTION_HINT("--bind",        "source",       "the address to connect from is %s", "192.0.2.1"),
	OPTION_HINT("-S",            "dscp",         "the class of the packets is %s", "EF"),
	OPTION_HINT("--tos",         "dscp",         "the class of the packets is %s", "EF"),
	/* wrk, hey, ab, h2load, tcpkali */
	OPTION_HINT("-d",            "duration",     "how long is %s", "60s"),
	OPTION_HINT("-R",            "rate",         "messages a second are %s", "2k"),
	OPTION_HINT("--threads",     "workers",      "threads are %s (--workers)", "2"),
	OPTION_HINT("--concurrency", "connections",  "connections are %s", "4"),
	SCHEME_HINT("-n",            "load",         "tcp",    "a run is as long as its time, however much it sends: -T 60s"),
	OPTION_HINT("-z",            "duration",     "how long is %s", "60s"),
	OPTION_HINT("--rps",         "rate",         "requests a second are %s", "2k"),
	OPTION_HINT("--message-rate", "rate",        "messages a second are %s", "2k"),
	OPTION_HINT("--channel-lifetime", "lifetime", "how long a connection lives is %s", "10s"),
	OPTION_HINT("--latency-marker", "reply",     "where an answer ends is %s", "marker"),
	SCHEME_HINT("--ws",          "load",         "ws",     "WebSocket is a target: ws://HOST/PATH"),
	SCHEME_HINT("--websocket",   "load",         "ws",     "WebSocket is a target: ws://HOST/PATH"),
	OPTION_HINT("--http2",       "alpn",         "HTTP/2 over TLS is %s (h2c:// without)", "h2"),
	OPTION_HINT("--alpn-list",   "alpn",         "HTTP/2 over TLS is %s (h2c:// without)", "h2"),
	SCHEME_HINT("--http2-prior-knowledge", "traffic load", "h2c", "HTTP/2 without TLS is a target: h2c://HOST"),
	SCHEME_HINT("--ssl",         "traffic load", "http",  "TLS is in the target: https://HOST, tls://HOST:PORT"),
	/* ctraffic */
	OPTION_HINT("-nconn",        "connections",  "connections are %s", "4"),
	OPTION_HINT("-rate",         "rate",         "messages a second are %s", "10"),
	OPTION_HINT("-timeout",      "duration",     "how long is %s", "60s"),

	COMMAND_HINT("trace",      "path"),
	COMMAND_HINT("traceroute", "path"),
	COMMAND_HINT("mtr",        "path"),
	COMMAND_HINT("httping",    "ping"),
	COMMAND_HINT("fping",      "ping"),
	COMMAND_HINT("hping3",     "ping"),
	COMMAND_HINT("perftest",   "ping"),
	COMMAND_HINT("wait",       "ping"),
	COMMAND_HINT("iperf3",     "load"),
	COMMAND_HINT("bench",      "load"),
	COMMAND_HINT("client",     "traffic"),
	COMMAND_HINT("listen",     "serve"),
	COMMAND_HINT("daemon",     "mesh"),
	COMMAND_HINT("history",    "report list"),
};
/* clang-format on */

const struct hint *hints_table(size_t *ret_count)
{
	*ret_count = array_size(hints);
	return hints;
}

static const struct option_row *find_row(const struct command *command, const char *name)
{
	for (size_t i = 0; i < command->options.count; i++) {
		if (strcmp(command->options.rows[i].name, name) == 0)
			return &command->options.rows[i];
	}
	return NULL;
}

/* Whether the words, separated by blanks, hold this one. */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = words; (at = strstr(at, word)); at += length) {
		bool begins = at == words || at[-1] == ' ';
		if (begins && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

static bool is_known_scheme(const char *scheme)
{
	return strcmp(scheme, "tcp") == 0 || strcmp(scheme, "udp") == 0 ||
	       service_find(scheme, strlen(scheme)) != SERVICE_COUNT ||
	       service_find_tls(scheme, strlen(scheme)) != SERVICE_COUNT;
}

/* "-T 60s": the option in its short form, with the argument if it suits. */
static void append_option(const struct option_row *row, const struct hint *hint,
			  const char *argument, struct buffer *sentence)
{
	if (!argument || !isdigit((unsigned char)*argument))
		argument = hint->sample;
	if (row->letter)
		buffer_append_format(sentence, "-%c %s", row->letter, argument);
	else
		buffer_append_format(sentence, "--%s %s", row->name, argument);
	bool lacks_unit = argument[strspn(argument, "0123456789")] == '\0';
	if (row->type == OPTION_TIME && lacks_unit)
		buffer_append_text(sentence, "s");
}

/* The word and all before its "=", if it has one. */
static bool is_word(const char *typed, const char *word)
{
	size_t length = *typed == '-' && typed[1] == '-' ? strcspn(typed, "=") : strlen(typed);
	return strlen(word) == length && strncmp(typed, word, length) == 0;
}

bool hints_have_word(const char *word)
{
	for (size_t i = 0; i < array_size(hints); i++) {
		if (is_word(word, hints[i].word))
			return true;
	}
	return false;
}

bool hints_for_option(const struct command *command, const char *word, const char *argument,
		      struct buffer *sentence)
{
	for (size_t i = 0; i < array_size(hints); i++) {
		const struct hint *hint = &hints[i];
		if (!is_word(word, hint->word) ||
		    (hint->commands && !has_word(hint->commands, command->name)))
			continue;
		if (hint->scheme && is_known_scheme(hint->scheme)) {
			buffer_append_text(sentence, hint->sentence);
			return true;
		}
		const struct option_row *row =
			hint->option ? find_row(command, hint->option) : NULL;
		if (!row)
			continue;
		const char *place = strstr(hint->sentence, "%s");
		buffer_append(sentence, hint->sentence, (size_t)(place - hint->sentence));
		append_option(row, hint, argument, sentence);
		buffer_append_text(sentence, place + 2);
		return true;
	}
	return false;
}

const struct command *hints_for_command(const char *word)
{
	for (size_t i = 0; i < array_size(hints); i++) {
		if (hints[i].command && strcmp(hints[i].word, word) == 0)
			return command_find(hints[i].command);
	}
	return NULL;
}
