#include "metric/mesh_verdict.h"

#include <assert.h>
#include <string.h>

const char *mesh_verdict_name(enum mesh_verdict verdict)
{
	static const char *const names[] = {
#define MESH_VERDICT(symbol, name, sentence) [MESH_VERDICT_##symbol] = (name),
		MESH_VERDICT_TABLE
#undef MESH_VERDICT
	};
	assert(verdict < MESH_VERDICTS);
	return names[verdict];
}

const char *mesh_verdict_sentence(enum mesh_verdict verdict)
{
	static const char *const sentences[] = {
#define MESH_VERDICT(symbol, name, sentence) [MESH_VERDICT_##symbol] = (sentence),
		MESH_VERDICT_TABLE
#undef MESH_VERDICT
	};
	assert(verdict < MESH_VERDICTS);
	return sentences[verdict];
}

enum mesh_verdict mesh_verdict_find(const char *name)
{
	enum mesh_verdict verdict = 0;

	while (verdict < MESH_VERDICTS && strcmp(mesh_verdict_name(verdict), name) != 0)
		verdict++;
	return verdict;
}

const char *mesh_blame_name(enum mesh_blame blame)
{
	static const char *const names[] = {
#define MESH_BLAME(symbol, name) [MESH_BLAME_##symbol] = (name),
		MESH_BLAME_TABLE
#undef MESH_BLAME
	};
	assert(blame < MESH_BLAMES);
	return names[blame];
}

enum mesh_blame mesh_blame_find(const char *name)
{
	enum mesh_blame blame = 0;

	while (blame < MESH_BLAMES && strcmp(mesh_blame_name(blame), name) != 0)
		blame++;
	return blame;
}

const char *mesh_scope_name(enum mesh_scope scope)
{
	static const char *const names[] = {
#define MESH_SCOPE(symbol, name) [MESH_SCOPE_##symbol] = (name),
		MESH_SCOPE_TABLE
#undef MESH_SCOPE
	};
	assert(scope < MESH_SCOPES);
	return names[scope];
}

enum mesh_scope mesh_scope_find(const char *name)
{
	enum mesh_scope scope = 0;

	while (scope < MESH_SCOPES && strcmp(mesh_scope_name(scope), name) != 0)
		scope++;
	return scope;
}
