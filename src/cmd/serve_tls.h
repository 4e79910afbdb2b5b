/* What `serve` needs for places that are reached over TLS: its certificate, and the lines about it.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cli/option.h"
#include "engine/engine.h"
#include "net/tls.h"

struct serve_tls_options {
	const char *cert;
	const char *key;
	const char *ca;
};

/* The rows: `field` is the member of type struct serve_tls_options in `structure`. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define SERVE_TLS_OPTIONS(structure, field)                                                        \
	OPTION(structure, field.cert, OPTION_TEXT, .name = "cert", .placeholder = "FILE",          \
	       .level = OPTION_TLS,                                                                \
	       .help = "certificate for +tls (PEM, with its chain); without it one that is made "  \
		       "for this run"),                                                            \
	OPTION(structure, field.key, OPTION_TEXT, .name = "key", .placeholder = "FILE",            \
	       .level = OPTION_TLS, .help = "its key (PEM); without it in the file of --cert"),    \
	OPTION(structure, field.ca, OPTION_TEXT, .name = "ca", .placeholder = "FILE",              \
	       .level = OPTION_TLS,                                                                \
	       .help = "clients have to show a certificate signed by one of these (PEM)")
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* Fills plan->serve.tls if a place needs it; free what is returned behind the run. -errno with the
 * sentence. */
nodiscard int serve_tls_plan(const struct serve_tls_options *options, struct plan_serve *serve,
			     struct error *error, struct tls_server **ret);
/* The certificate, and what a client types to reach the first place that shows it; "" if none
 * does. */
void serve_tls_write(struct buffer *out, const struct plan_serve *serve,
		     const struct engine *engine);
