/* The one option table. A command states its options as rows; from them come argv, environment
 * (CONNTEST_TRAFFIC_RATE), --help in two levels, manual pages, completions and the settings that
 * reports echo, and a file of them (cli/config.h). Default < file < environment < command line.
 * There is no second table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
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

/* Where completion takes candidates: each with a phrase about it. */
struct option_offer {
	void (*word)(void *context, const char *word, const char *summary);
	void *context;
};

enum option_level {
	OPTION_FIRST_HOUR, /* --help shows these, about ten a command */
	OPTION_ALL,        /* --help all */
	OPTION_SOCKET,     /* --help socket, and all */
	OPTION_TLS,        /* --help tls, and all */
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
	/* Values to complete besides, from the table that knows them. */
	void (*values)(const struct option_offer *offer);
	/* The option that this one stands instead of: both from one source is an error, else the
	 * stronger source says which of them holds. */
	const char *instead_of;
	const char *bare_text; /* as if typed, where no value follows; NULL: one has to */
	bool is_secret;        /* echoed as ***; "@FILE" reads it from a file */
	enum option_level level;
	const char *help; /* a phrase without a full stop */
};

/* OPTION(struct traffic_options, rate, OPTION_RATE, .name = "rate", .letter = 'r', ...): checks at
 * compile time that the field has the C type of OPTION_RATE. */
/* clang-format off */
#define OPTION(structure, field, kind, ...)                                                        \
	{                                                                                          \
		.type = (kind),                                                                    \
		.offset = offsetof(structure, field) + OPTION_CHECK(structure, field, kind),       \
		__VA_ARGS__                                                                        \
	}
/* 0, or an array of negative size: the field's C type is not that of the option's type. */
#define OPTION_CHECK(structure, field, kind)                                                       \
	(0 * sizeof(char[OPTION_TYPE_MATCHES(((structure *)0)->field, kind) ? 1 : -1]))
#define OPTION_TYPE_MATCHES(field, kind)                                                           \
	_Generic((field),                                                                          \
		bool: (kind) == OPTION_FLAG,                                                       \
		uint64_t: (kind) == OPTION_COUNT || (kind) == OPTION_TIME ||                       \
			  (kind) == OPTION_SIZE,                                                   \
		struct rate: (kind) == OPTION_RATE,                                                \
		struct bandwidth: (kind) == OPTION_BANDWIDTH,                                      \
		const char *: (kind) == OPTION_TEXT || (kind) == OPTION_CHOICE,                    \
		struct option_list: (kind) == OPTION_LIST)
/* clang-format on */

/* A command's rows at most. */
#define OPTION_ROWS_MAX 128

struct option_table {
	const struct option_row *rows;
	size_t count;
};

/* What the command line left after the options, pointing into argv. */
struct operands {
	const char **items;
	size_t count;
	/* What stood behind "--", for commands that wrap one; NULL if there was none. */
	char **wrapped;
	size_t wrapped_count;
	bool is_given[OPTION_ROWS_MAX]; /* by anything but its default */
	/* Holds texts of the options that stand in no argument: from files, parts of variables. */
	struct arena arena;
};

struct command;

/* Fills the options struct from defaults, --config FILE, environment and argv (argv[0] is the
 * command's name). Operands and options may mix. A given list replaces the one of lower rank; of
 * another option given twice the last counts. Every flag has a --no-NAME (and --NAME undoes a flag
 * no-NAME). -EINVAL with the sentence that goes behind "conntest traffic: "; a misspelt option or
 * variable gets a "did you mean", a foreign one its hint. -ECANCELED: --help was asked for and has
 * been printed. `operands->items` is argv itself, reordered. Call operands_deinit() in all cases.
 */
nodiscard int options_parse(const struct command *command, int argc, char **argv, void *options,
			    struct operands *operands, struct error *error);
/* Was this option given, by anything but its default? */
bool option_is_given(const struct command *command, const struct operands *operands,
		     const char *name);
/* Texts in the options struct may end here. */
void operands_deinit(struct operands *operands);

/* The variable that sets an option: "CONNTEST_TRAFFIC_RATE". Returns `name`. */
#define OPTION_VARIABLE_MAX 96
const char *option_variable(const struct command *command, const struct option_row *row,
			    char name[OPTION_VARIABLE_MAX]);

/* What stands for its argument: "RATE", "auto|always|never". Not for a flag. Returns `text`. */
#define OPTION_PLACEHOLDER_MAX 96
const char *option_placeholder(const struct option_row *row, char text[OPTION_PLACEHOLDER_MAX]);

/* Its flag is on unless switched off: help shows --no-NAME. */
bool option_is_on_by_default(const struct option_row *row);

/* One echoed setting: the value as text, normalised ("10/conn", "1KiB"), secrets as ***. */
typedef void (*option_echo_fn)(void *context, const char *name, const char *value);
/* Every option, in table order; a list calls once an item; one that is not set is left out. */
void options_echo(const struct command *command, const void *options, option_echo_fn echo,
		  void *context);
