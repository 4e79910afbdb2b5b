/* What is asked over HTTP/1.1 and what counts as an answer: plain data that a command makes of its
 * options, and the parsers of the two that have a small language. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "proto/http1_request.h"

/* --expect-status 200,2xx,300-399: any of these. */
#define STATUS_RANGES_MAX 16
struct status_range {
	uint16_t first;
	uint16_t last;
};
struct status_set {
	struct status_range ranges[STATUS_RANGES_MAX];
	uint32_t count; /* 0: all below 500 */
};
/* -EINVAL with the sentence. */
nodiscard int status_set_parse(const char *text, struct error *error, struct status_set *ret);
bool status_set_has(const struct status_set *set, uint32_t status);

/* --backend header:NAME|cookie:NAME|body:REGEX: where an answer says who gives it. */
enum backend_place {
	BACKEND_NOWHERE,
	BACKEND_IN_HEADER,
	BACKEND_IN_COOKIE, /* its value in Set-Cookie, up to the first ; */
	BACKEND_IN_BODY,   /* the first group of the regex or, without one, the match */
};
#define BACKEND_RULE_NAME_MAX 128
/* Of a body so much is looked at. */
#define BACKEND_WINDOW_BYTES 4096
struct backend_rule {
	enum backend_place place;
	char name[BACKEND_RULE_NAME_MAX]; /* of the header or the cookie */
	regex_t regex;
};
/* -EINVAL with the sentence; on success the rule is for backend_rule_deinit(). */
nodiscard int backend_rule_parse(const char *text, struct error *error, struct backend_rule *ret);
void backend_rule_deinit(struct backend_rule *rule);

struct http_script {
	struct http1_request request; /* checked by http1_check_...() */
	struct status_set expected;
	const struct backend_rule *backend; /* NULL: nobody asked */
	/* Of HTTP/2. */
	const char *scheme; /* "http" */
	bool is_grpc;       /* requests are calls, each body a message */
	/* A call that asks for a health: its body, with its prefix. NULL: bodies are the script's.
	 */
	const uint8_t *health;
	size_t health_bytes;
};
