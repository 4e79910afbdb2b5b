/* Lists in JSON: an array of groups is read group by group, as the tree of a long one would need
 * more than a mesh may have. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "mesh/discovery_read_parts.h"

static void free_json(json_t **json)
{
	json_decref(*json);
}

#define owned_json cleanup(free_json) json_t

/* ---- file_sd and http_sd */

static int read_labels(const json_t *labels, struct discovery_group *group, struct error *error)
{
	const char *name;
	json_t *value;

	if (labels == NULL || json_is_null(labels))
		return 0;
	if (!json_is_object(labels))
		return error_set(error, EINVAL, "\"labels\" is no object");
	json_object_foreach((json_t *)labels, name, value)
	{
		if (!json_is_string(value))
			return error_set(error, EINVAL, "label \"%.40s\" is no text", name);
		int result = discovery_group_label(group, name, json_string_value(value), error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int read_group(const json_t *json, discovery_found_fn *found, void *context,
		      struct error *error)
{
	struct discovery_group group = { 0 };
	const json_t *targets = json_object_get(json, "targets");
	int result = read_labels(json_object_get(json, "labels"), &group, error);

	if (result == 0 && !json_is_array(targets))
		return error_set(error, EINVAL, "a group has no array \"targets\"");
	for (size_t i = 0; result == 0 && i < json_array_size(targets); i++) {
		const char *target = json_string_value(json_array_get(targets, i));
		if (target == NULL)
			return error_set(error, EINVAL, "a target is no text");
		result = discovery_tell_target(&group, target, found, context, error);
	}
	return result;
}

static size_t skip_blanks(const char *text, size_t size, size_t at)
{
	while (at < size && text[at] != '\0' && strchr(" \t\r\n", text[at]) != NULL)
		at++;
	return at;
}

/* One value of the array; *at moves behind it. */
static int read_element(const char *text, size_t size, size_t *at, discovery_found_fn *found,
			void *context, struct error *error)
{
	json_error_t problem;
	owned_json *json = json_loadb(text + *at, size - *at, JSON_DISABLE_EOF_CHECK, &problem);

	if (json == NULL)
		return error_set(error, EINVAL, "is not JSON: byte %zu: %s",
				 *at + (size_t)(problem.position > 0 ? problem.position : 0),
				 problem.text);
	*at += (size_t)problem.position;
	if (!json_is_object(json))
		return error_set(error, EINVAL, "has a group that is no object");
	return read_group(json, found, context, error);
}

static int read_array(const char *text, size_t size, discovery_found_fn *found, void *context,
		      struct error *error)
{
	size_t at = skip_blanks(text, size, 1);
	int result = 0;

	while (result == 0 && at < size && text[at] != ']') {
		result = read_element(text, size, &at, found, context, error);
		if (result < 0)
			return result;
		at = skip_blanks(text, size, at);
		if (at >= size || (text[at] != ',' && text[at] != ']'))
			return error_set(error, EINVAL, "is not JSON: byte %zu: no , or ]", at);
		if (text[at] == ']')
			break;
		at = skip_blanks(text, size, at + 1);
		if (at < size && text[at] == ']')
			return error_set(error, EINVAL, "is not JSON: byte %zu: a ] behind a ,",
					 at);
	}
	if (at >= size)
		return error_set(error, EINVAL, "is not JSON: it ends before its ]");
	if (skip_blanks(text, size, at + 1) != size)
		return error_set(error, EINVAL, "is not JSON: byte %zu: more behind its ]", at + 1);
	return 0;
}

/* ---- pingmesh */

static int read_pingmesh_peer(const json_t *peer, discovery_found_fn *found, void *context,
			      struct error *error)
{
	struct discovery_labels labels = { .speech = MESH_SPEECH_HTTP };
	const char *url = json_string_value(json_object_get(peer, "Url"));
	const char *location = json_string_value(json_object_get(peer, "Location"));

	if (url == NULL)
		return error_set(error, EINVAL, "a peer has no \"Url\"");
	if (location != NULL)
		discovery_clean(labels.location, sizeof(labels.location), location);
	return discovery_tell_url(&labels, url, found, context, error);
}

static int read_pingmesh(const char *text, size_t size, discovery_found_fn *found, void *context,
			 struct error *error)
{
	json_error_t problem;

	if (size > DISCOVERY_PINGMESH_MAX)
		return error_set(error, EINVAL, "is longer than the %zu KiB of pingmesh's peers",
				 DISCOVERY_PINGMESH_MAX >> 10);
	owned_json *json = json_loadb(text, size, 0, &problem);
	if (json == NULL)
		return error_set(error, EINVAL, "is not JSON: line %d: %s", problem.line,
				 problem.text);
	const json_t *peers = json_object_get(json, "Peers");
	if (!json_is_array(peers) && !json_is_null(peers))
		return error_set(error, EINVAL,
				 "is neither an array of groups nor pingmesh's \"Peers\"");
	int result = 0;
	for (size_t i = 0; result == 0 && i < json_array_size(peers); i++)
		result = read_pingmesh_peer(json_array_get(peers, i), found, context, error);
	return result;
}

int discovery_read_json(const char *text, size_t size, discovery_found_fn *found, void *context,
			struct error *error)
{
	if (size > 0 && text[0] == '[')
		return read_array(text, size, found, context, error);
	if (size > 0 && text[0] == '{')
		return read_pingmesh(text, size, found, context, error);
	return error_set(error, EINVAL, "is not JSON: it begins with neither [ nor {");
}
