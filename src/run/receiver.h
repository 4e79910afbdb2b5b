/* What the receiver says has arrived: asked for each connection of a run after its end, of the
 * service control on the target's host or where --receiver names it. Bounded in time and number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/error.h"
#include "base/uri.h"
#include "cli/option.h"
#include "metric/report.h"
#include "proto/control.h"
#include "run/receiver_inquiry.h"

struct engine;

struct receiver_options {
	const char *receiver; /* auto, off, control://HOST[:PORT] */
	const char *token;
};

/* The rows of these options inside a command's own table: `field` is the member of type struct
 * receiver_options in `structure`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define RECEIVER_OPTIONS(structure, field)                                                   \
	OPTION(structure, field.receiver, OPTION_TEXT, .name = "receiver",                   \
	       .placeholder = "auto|off|URI", .default_text = "auto", .bare_text = "auto",   \
	       .level = OPTION_ALL,                                                          \
	       .help = "who says what has arrived; auto = control on the host of a discard " \
		       "target"),                                                            \
		OPTION(structure, field.token, OPTION_TEXT, .name = "receiver-token",        \
		       .placeholder = "TEXT|@FILE", .is_secret = true, .level = OPTION_ALL,  \
		       .help = "what serve --control-token was given there")
/* NOLINTEND(bugprone-macro-parentheses) */

enum receiver_mode {
	RECEIVER_OFF,
	RECEIVER_AUTO,  /* port 5004 of the address that each connection went to */
	RECEIVER_PLACE, /* `place` */
	RECEIVER_HERE,  /* the far ends are this engine's own: nobody has to be asked */
};

struct receiver_plan {
	enum receiver_mode mode;
	struct uri uri; /* of PLACE */
	struct endpoint place;
	char token[CONTROL_TOKEN_MAX];
};

/* What was typed. Of the targets' services discard alone has a host that may have a control;
 * others are not asked unless they are named. -EINVAL with the sentence. */
nodiscard int receiver_plan_make(const struct receiver_options *options, enum service service,
				 struct error *error, struct receiver_plan *ret);
/* Before the run: the name of PLACE to its address. -EHOSTUNREACH with the sentence. */
nodiscard int receiver_prepare(struct receiver_plan *plan, struct error *error);

/* Connections that are asked about at most; a run with more doesn't know what has arrived. */
#define RECEIVER_ASKED_MAX 1000

/* Asks about the stream's connections in report->connections and fills stream->receiver. Where
 * control tells nothing, or is not asked, discard's own answers in the totals stand in. */
void receiver_ask(const struct receiver_setup *setup, const struct receiver_plan *plan,
		  struct report *report, struct report_stream *stream);
/* The same on a loop of its own, for every stream that has messages which nobody answers. */
void receiver_ask_all(const struct receiver_plan *plan, const struct engine *engine,
		      struct report *report);
