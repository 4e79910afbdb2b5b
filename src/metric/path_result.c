#include "metric/path_result.h"

#include <string.h>

static const struct {
	const char *name;
	const char *sentence;
} rows[PATH_VERDICTS] = {
#define PATH_VERDICT(symbol, name, sentence) { name, sentence },
	PATH_VERDICT_TABLE
#undef PATH_VERDICT
};

const char *path_verdict_name(enum path_verdict verdict)
{
	return rows[verdict].name;
}

const char *path_verdict_sentence(enum path_verdict verdict)
{
	return rows[verdict].sentence;
}

enum path_verdict path_verdict_find(const char *name)
{
	int verdict = 0;
	while (name && verdict < PATH_VERDICTS && strcmp(rows[verdict].name, name) != 0)
		verdict++;
	return name ? (enum path_verdict)verdict : PATH_VERDICTS;
}

const char *path_direction_lacks(const struct path_direction *direction)
{
	enum path_verdict verdict = path_verdict_find(direction->verdict);
	if (!direction->is_measured)
		return direction->reason ? direction->reason : "not measured in this run";
	if (verdict != PATH_OK && verdict != PATH_REDUCED && verdict != PATH_BLACK_HOLE)
		return verdict < PATH_VERDICTS ? path_verdict_sentence(verdict) : "not known";
	return NULL;
}
