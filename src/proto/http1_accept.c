#include "proto/http1_accept.h"

#include <stdbool.h>
#include <string.h>

#include "proto/http1_line.h"

#define QUALITY_MAX 1000

struct words {
	const char *text;
	size_t size;
};

struct range {
	struct words type;
	struct words subtype;
	struct words version; /* size 0: none */
	unsigned quality;
};

/* Up to `end` outside quotes, which is skipped (RFC 9110 5.6.4). */
static struct words take_until(struct words *rest, char end)
{
	struct words taken = { rest->text, 0 };
	bool is_quoted = false;

	while (taken.size < rest->size && (is_quoted || rest->text[taken.size] != end)) {
		if (rest->text[taken.size] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && rest->text[taken.size] == '\\' && taken.size + 1 < rest->size)
			taken.size++;
		taken.size++;
	}
	size_t used = taken.size < rest->size ? taken.size + 1 : taken.size;
	rest->text += used;
	rest->size -= used;
	return taken;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct words trimmed(struct words words)
{
	while (words.size > 0 && is_blank(words.text[0])) {
		words.text++;
		words.size--;
	}
	while (words.size > 0 && is_blank(words.text[words.size - 1]))
		words.size--;
	return words;
}

/* "0", "0.25", "1.000": at most three digits behind the point (12.4.2). False: it is none. */
static bool parse_quality(struct words words, unsigned *ret)
{
	unsigned scale = QUALITY_MAX;

	if (words.size == 0 || words.size > 5 || (words.text[0] != '0' && words.text[0] != '1') ||
	    (words.size > 1 && words.text[1] != '.'))
		return false;
	*ret = words.text[0] == '1' ? QUALITY_MAX : 0;
	for (size_t i = 2; i < words.size; i++) {
		if (words.text[i] < '0' || words.text[i] > '9')
			return false;
		scale /= 10;
		*ret += (unsigned)(words.text[i] - '0') * scale;
	}
	return *ret <= QUALITY_MAX;
}

static struct words unquoted(struct words words)
{
	if (words.size >= 2 && words.text[0] == '"' && words.text[words.size - 1] == '"')
		return (struct words){ words.text + 1, words.size - 2 };
	return words;
}

static bool read_parameter(struct words parameter, struct range *range)
{
	struct words name = trimmed(take_until(&parameter, '='));
	struct words value = unquoted(trimmed(parameter));

	if (http1_is_word(name.text, name.size, "q"))
		return parse_quality(value, &range->quality);
	if (http1_is_word(name.text, name.size, "version"))
		range->version = value;
	return true;
}

/* False: it is no range. */
static bool read_range(struct words item, struct range *range)
{
	struct words media = trimmed(take_until(&item, ';'));

	*range = (struct range){ .type = take_until(&media, '/'), .quality = QUALITY_MAX };
	range->subtype = media;
	if (!http1_is_token(range->type.text, range->type.size) ||
	    !http1_is_token(range->subtype.text, range->subtype.size))
		return false;
	while (item.size > 0)
		if (!read_parameter(take_until(&item, ';'), range))
			return false;
	return true;
}

/* 0: it does not hold it; else the more, the more specific it is. */
static unsigned specificity(const struct range *range, const struct http1_media *media)
{
	bool is_any_type = http1_is_word(range->type.text, range->type.size, "*");
	bool is_any_subtype = http1_is_word(range->subtype.text, range->subtype.size, "*");

	if (is_any_type)
		return is_any_subtype ? 1 : 0;
	if (!http1_is_word(range->type.text, range->type.size, media->type))
		return 0;
	if (is_any_subtype)
		return 2;
	if (!http1_is_word(range->subtype.text, range->subtype.size, media->subtype))
		return 0;
	if (range->version.size == 0)
		return 3;
	return media->version != NULL && http1_is_word(range->version.text, range->version.size,
						       media->version)
		       ? 4
		       : 0;
}

unsigned http1_accept_quality(const char *accept, const struct http1_media *media)
{
	unsigned quality = accept == NULL ? QUALITY_MAX : 0;
	unsigned best = 0;
	struct words rest = { accept, accept == NULL ? 0 : strlen(accept) };

	while (rest.size > 0) {
		struct range range;
		if (!read_range(take_until(&rest, ','), &range))
			continue;
		unsigned found = specificity(&range, media);
		if (found == 0 || found < best || (found == best && range.quality < quality))
			continue;
		best = found;
		quality = range.quality;
	}
	return quality;
}
