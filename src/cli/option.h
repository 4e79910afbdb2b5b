/* The one option table. A command states its options as rows; from them come argv, environment
 * (CONNTEST_TRAFFIC_RATE), --help in two levels, manual pages, completions and the settings that
 * reports echo. Default < environment < command line. There is no second table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/units.h"

/* What an option holds; each names the C type of its field. */
enum option_type {
	OPTION_FLAG,      /* bool; no argument */
	OPTION_COUNT,     /* uint64_t: 20, 10k */
	OPTION_TIME,      /* uint64_t ns: 10s */
	OPTION_SIZE,      /* uint64_t bytes: 1KiB */
	OPTION_RATE,      /* struct rate: 10/conn */
	OPTION_BANDWIDTH, /* struct bandwidth: 5Mbps */
	OPTION_TEXT,      /* const char *; kept as given, NULL when not given and no default */
	OPTION_CHOICE,    /* const char *; one of the words in `choices` */
	OPTION_LIST,      /* struct option_list; may be repeated */
};

#define OPTION_LIST_MAX 64
struct option_list {
	const char *items[OPTION_LIST_MAX]; /* point into argv or the environment */
	size_t count;
};

enum option_level {
	OPTION_FIRST_HOUR, /* --help shows these, about ten a command */
	OPTION_ALL,        /* --help all */
	OPTION_SOCKET,     /* --help socket, and all */
	OPTION_OUTPUT,     /* --help output, and all */
};

struct option_row {
	const char *name; /* long name without dashes */
	char letter;      /* 0: none */
	enum option_type type;
	size_t offset;
	const char *placeholder;  /* "RATE"; NULL for a flag */
	const char *default_text; /* as typed; NULL: none */
	const char *minimum;      /* as typed, inclusive; NULL: the type's own */
	const char *maximum;
	const char *choices; /* "auto always never" */
	bool is_secret;      /* echoed as ***; "@FILE" reads it from a file */
	enum option_level level;
	const char *help; /* a phrase without a full stop */
};

/* OPTION(struct traffic_options, rate, OPTION_RATE, .name = "rate", .letter = 'r', ...): checks at
 * compile time that the field has the C type of OPTION_RATE. */
#define OPTION(structure, field, kind, ...)                                                        \
	{                                                                                          \
		.type = (kind),                                                                    \
		.offset =                                                                          \
			offsetof(structure, field) +                                               \
			0 * sizeof(char[OPTION_TYPE_MATCHES(((structure *)0)->field, kind) ? 1     \
											   : -1]), \
		__VA_ARGS__                                                                        \
	}
#define OPTION_TYPE_MATCHES(field, kind) \
	_Generic((field), bool                                                                     \
		 : (kind) == OPTION_FLAG, uint64_t                                                 \
		 : (kind) == OPTION_COUNT || (kind) == OPTION_TIME || (kind) == OPTION_SIZE,       \
		   struct rate                                                                     \
		 : (kind) == OPTION_RATE, struct bandwidth                                         \
		 : (kind) == OPTION_BANDWIDTH, const char *                                        \
		 : (kind) == OPTION_TEXT || (kind) == OPTION_CHOICE, struct option_list            \
		 : (kind) == OPTION_LIST)

struct option_table {
	const struct option_row *rows;
	size_t count;
};

/* A word that users of other tools type, and what to type here. */
struct option_hint {
	const char *word;     /* "-t", "-P", "trace", "server" */
	const char *sentence; /* "how long is -T %ss (--duration)": %s is the argument, if any */
};

/* What the command line left after the options, pointing into argv. */
struct operands {
	const char **items;
	size_t count;
	/* What stood behind "--", for commands that wrap one; NULL if there was none. */
	char **wrapped;
	size_t wrapped_count;
};

struct command;

/* Fills the options struct: defaults, then environment, then argv (argv[0] is the command's name).
 * Operands and options may mix. -EINVAL with the sentence that goes behind "conntest traffic: ";
 * a misspelt option gets a "did you mean", a foreign one its hint. -ECANCELED: --help was asked
 * for and has been printed. `operands->items` is argv itself, reordered. */
nodiscard int options_parse(const struct command *command, int argc, char **argv, void *options,
			    struct operands *operands, struct error *error);

/* One echoed setting: the value as text, normalised ("10/conn", "1KiB"), secrets as ***. */
typedef void (*option_echo_fn)(void *context, const char *name, const char *value);
/* Every option, in table order; a list calls once an item; one that is not set is left out. */
void options_echo(const struct command *command, const void *options, option_echo_fn echo,
		  void *context);
