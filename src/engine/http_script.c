#include "engine/http_script.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "proto/http1_line.h"

/* ---- statuses */

/* "200", or "2xx" as the class. False: neither. */
static bool parse_status(const char *text, size_t size, struct status_range *ret)
{
	uint16_t value = 0;

	if (size != 3 || text[0] < '1' || text[0] > '9')
		return false;
	if (strncasecmp(text + 1, "xx", 2) == 0) {
		ret->first = (uint16_t)((text[0] - '0') * 100);
		ret->last = (uint16_t)(ret->first + 99);
		return true;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = (uint16_t)(value * 10 + (text[i] - '0'));
	}
	*ret = (struct status_range){ value, value };
	return true;
}

static bool parse_range(const char *text, size_t size, struct status_range *ret)
{
	const char *dash = memchr(text, '-', size);
	struct status_range last;

	if (dash == NULL)
		return parse_status(text, size, ret);
	if (!parse_status(text, (size_t)(dash - text), ret) ||
	    !parse_status(dash + 1, size - (size_t)(dash + 1 - text), &last))
		return false;
	ret->last = last.last;
	return ret->first <= ret->last;
}

int status_set_parse(const char *text, struct error *error, struct status_set *ret)
{
	*ret = (struct status_set){ 0 };
	for (const char *item = text;; item++) {
		size_t size = strcspn(item, ",");
		if (ret->count == STATUS_RANGES_MAX)
			return error_set(error, EINVAL, "at most %d statuses and ranges",
					 STATUS_RANGES_MAX);
		if (!parse_range(item, size, &ret->ranges[ret->count++]))
			return error_set(error, EINVAL,
					 "\"%.*s\" is not a status (200, 2xx or 200-299)",
					 (int)size, item);
		item += size;
		if (*item == '\0')
			return 0;
	}
}

bool status_set_has(const struct status_set *set, uint32_t status)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (status >= set->ranges[i].first && status <= set->ranges[i].last)
			return true;
	}
	return set->count == 0 && status < 500;
}

/* ---- backends */

static int parse_name(const char *name, struct error *error, struct backend_rule *ret)
{
	size_t size = strlen(name);

	if (!http1_is_token(name, size) || size >= sizeof(ret->name))
		return error_set(error, EINVAL, "\"%.40s\" is not a name of a header or cookie",
				 name);
	memcpy(ret->name, name, size + 1);
	return 0;
}

static int parse_regex(const char *text, struct error *error, struct backend_rule *ret)
{
	char why[128];
	int rc = *text == '\0' ? REG_BADPAT : regcomp(&ret->regex, text, REG_EXTENDED);

	if (rc == 0)
		return 0;
	(void)regerror(rc, &ret->regex, why, sizeof(why));
	return error_set(error, EINVAL, "\"%.80s\" is not a regular expression: %s", text, why);
}

int backend_rule_parse(const char *text, struct error *error, struct backend_rule *ret)
{
	static const struct {
		const char *word;
		enum backend_place place;
		int (*parse)(const char *text, struct error *error, struct backend_rule *ret);
	} places[] = {
		{ "header:", BACKEND_IN_HEADER, parse_name },
		{ "cookie:", BACKEND_IN_COOKIE, parse_name },
		{ "body:", BACKEND_IN_BODY, parse_regex },
	};

	*ret = (struct backend_rule){ 0 };
	for (size_t i = 0; i < array_size(places); i++) {
		size_t size = strlen(places[i].word);
		if (strncmp(text, places[i].word, size) != 0)
			continue;
		ret->place = places[i].place;
		int rc = places[i].parse(text + size, error, ret);
		if (rc < 0)
			ret->place = BACKEND_NOWHERE;
		return rc;
	}
	return error_set(error, EINVAL,
			 "\"%.40s\" is not a place (header:NAME, cookie:NAME or body:REGEX)", text);
}

void backend_rule_deinit(struct backend_rule *rule)
{
	if (rule->place == BACKEND_IN_BODY)
		regfree(&rule->regex);
	rule->place = BACKEND_NOWHERE;
}
