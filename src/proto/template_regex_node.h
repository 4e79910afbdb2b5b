/* What a regular expression that draws is inside: a tree that the parser makes and drawing walks.
 */
#pragma once

#include "proto/template_regex.h"

enum node_kind { NODE_CHARACTER, NODE_CLASS, NODE_SEQUENCE, NODE_CHOICE, NODE_REPEAT };

struct template_regex {
	enum node_kind kind;
	struct template_regex *next; /* of the same parent */
	struct template_regex *first;
	uint32_t count;      /* children, bytes of a character, members of a class */
	uint32_t repeat_min; /* REPEAT */
	uint32_t repeat_max;
	const uint8_t *members; /* CHARACTER: its bytes; CLASS: one of them */
	struct template_bounds bounds;
	size_t steps;
};
