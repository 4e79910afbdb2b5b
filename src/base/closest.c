/* See closest.h. */
#include "base/closest.h"

#include <string.h>

/* Longer words than any option or figure has are never suggested. */
#define WORD_MAX 64

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace or swap neighbours, each costs one.
 * Both words are shorter than WORD_MAX. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX] = { 0 }; /* of a's prefixes: now, one and two shorter, in turn */
	size_t b_length = strlen(b);
	size_t i;

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned)j;
	for (i = 1; a[i - 1]; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *one = rows[(i - 1) % 3];
		const unsigned *two = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned is_other = a[i - 1] != b[j - 1];
			now[j] = smaller(smaller(one[j], now[j - 1]) + 1, one[j - 1] + is_other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = smaller(now[j], two[j - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][b_length];
}

/* A third of the letters may be wrong; one of two or three. */
static unsigned distance_limit(size_t length)
{
	if (length < 2)
		return 0;
	return length < 6 ? 1 : (unsigned)length / 3;
}

/* The only word that begins with `prefix`, else NULL. */
static const char *only_continuation(const char *prefix, const char *const *words, size_t count)
{
	const char *found = NULL;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(words[i], prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return NULL;
		found = words[i];
	}
	return found;
}

const char *closest_word(const char *word, const char *const *words, size_t count)
{
	size_t length = strlen(word);
	if (length == 0 || length >= WORD_MAX)
		return NULL;

	const char *best = NULL;
	unsigned best_distance = distance_limit(length) + 1;
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) >= WORD_MAX)
			continue;
		unsigned distance = edit_distance(word, words[i]);
		if (distance < best_distance) {
			best = words[i];
			best_distance = distance;
		}
	}
	return best ? best : only_continuation(word, words, count);
}
