/* Regular expressions that draw a text instead of looking for one: classes, groups, alternation,
 * ?, + (1 to 16), * (0 to 16), {n} and {n,m}. All else, the dot too, stands for itself, as tcpkali
 * has it. Alternatives, counts and members of a class are equally likely. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/random.h"

struct template_regex;

struct template_bounds {
	size_t size_min;
	size_t size_max; /* SIZE_MAX: beyond any */
	double size_mean;
};

/* Parses up to the } that belongs to none of its own; `ret_at` is where that is, or where the
 * mistake is. NULL: `ret_mistake` says what is wrong. */
const struct template_regex *template_regex_parse(struct arena *arena, const char *text,
						  size_t size, size_t *ret_at,
						  const char **ret_mistake);
void template_regex_bounds(const struct template_regex *regex, struct template_bounds *ret);
/* How many steps a drawing takes at most, which may be more than its bytes; SIZE_MAX: beyond. */
size_t template_regex_steps(const struct template_regex *regex);
/* Writes at most size_max bytes; returns where they end. */
uint8_t *template_regex_draw(const struct template_regex *regex, struct random *random,
			     uint8_t *out);
