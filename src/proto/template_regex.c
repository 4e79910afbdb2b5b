#include "proto/template_regex.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "proto/template_regex_node.h"

void template_regex_bounds(const struct template_regex *regex, struct template_bounds *ret)
{
	*ret = regex->bounds;
}

size_t template_regex_steps(const struct template_regex *regex)
{
	return regex->steps;
}

static uint8_t *draw_repeat(const struct template_regex *regex, struct random *random, uint8_t *out)
{
	uint32_t choices = regex->repeat_max - regex->repeat_min + 1;
	uint32_t count = regex->repeat_min;

	if (choices > 1)
		count += (uint32_t)random_below(random, choices);
	for (uint32_t i = 0; i < count; i++)
		out = template_regex_draw(regex->first, random, out);
	return out;
}

static uint8_t *draw_choice(const struct template_regex *regex, struct random *random, uint8_t *out)
{
	const struct template_regex *node = regex->first;

	for (uint64_t skip = random_below(random, regex->count); skip > 0; skip--)
		node = node->next;
	return template_regex_draw(node, random, out);
}

uint8_t *template_regex_draw(const struct template_regex *regex, struct random *random,
			     uint8_t *out)
{
	switch (regex->kind) {
	case NODE_CHARACTER:
		memcpy(out, regex->members, regex->count);
		return out + regex->count;
	case NODE_CLASS:
		*out = regex->members[random_below(random, regex->count)];
		return out + 1;
	case NODE_SEQUENCE:
		for (const struct template_regex *node = regex->first; node; node = node->next)
			out = template_regex_draw(node, random, out);
		return out;
	case NODE_CHOICE:
		return draw_choice(regex, random, out);
	case NODE_REPEAT:
		return draw_repeat(regex, random, out);
	}
	assert(false);
	return out;
}
