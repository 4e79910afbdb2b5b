/* What the commands that send let one choose about TLS: one struct, one set of rows. */
#pragma once

#include "base/error.h"
#include "base/uri.h"
#include "cli/option.h"
#include "net/tls.h"

struct tls_options {
	bool is_insecure;
	const char *ca;
	const char *cert;
	const char *key;
	const char *sni;
	const char *alpn;
	bool has_resume;
	const char *version;
};

/* The rows: `field` is the member of type struct tls_options in `structure`. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define TLS_OPTIONS(structure, field)                                                              \
	OPTION(structure, field.is_insecure, OPTION_FLAG, .name = "insecure", .letter = 'k',       \
	       .level = OPTION_TLS, .help = "takes any certificate, whoever shows it"),            \
	OPTION(structure, field.ca, OPTION_TEXT, .name = "ca", .placeholder = "FILE",              \
	       .level = OPTION_TLS,                                                                \
	       .help = "trusts the certificates in this file (PEM), and no others"),               \
	OPTION(structure, field.cert, OPTION_TEXT, .name = "cert", .placeholder = "FILE",          \
	       .level = OPTION_TLS,                                                                \
	       .help = "certificate of our own for servers that ask (PEM, with its chain)"),       \
	OPTION(structure, field.key, OPTION_TEXT, .name = "key", .placeholder = "FILE",            \
	       .level = OPTION_TLS, .help = "its key (PEM); without it in the file of --cert"),    \
	OPTION(structure, field.sni, OPTION_TEXT, .name = "sni", .placeholder = "NAME",            \
	       .level = OPTION_TLS,                                                                \
	       .help = "the name to ask for and to verify, instead of the target's"),              \
	OPTION(structure, field.alpn, OPTION_TEXT, .name = "alpn", .placeholder = "NAME,...",      \
	       .level = OPTION_TLS,                                                                \
	       .help = "protocols to offer, the best first; https:// with h2 speaks HTTP/2"),                 \
	OPTION(structure, field.has_resume, OPTION_FLAG, .name = "tls-resume",                     \
	       .level = OPTION_TLS, .help = "resumes sessions instead of whole handshakes"),       \
	OPTION(structure, field.version, OPTION_CHOICE, .name = "tls-version",                     \
	       .choices = "any 1.2 1.3", .placeholder = "any|1.2|1.3", .default_text = "any",      \
	       .level = OPTION_TLS, .help = "speaks no other version")
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* For a target without TLS: -EINVAL where one of them asks for something. */
nodiscard int tls_options_refuse(const struct tls_options *options, const struct uri *uri,
				 struct error *error);
/* `alpn` is offered where --alpn does not say otherwise; may be NULL. -errno with the sentence. */
nodiscard int tls_options_make(const struct tls_options *options, const char *alpn,
			       struct error *error, struct tls_client **ret);
