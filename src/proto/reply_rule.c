/* What --reply says, as typed. */
#include "proto/reply_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/closest.h"
#include "base/escape.h"
#include "base/units.h"
#include "proto/reply_regex.h"

struct rule_row {
	const char *name;
	enum reply_kind kind;
	const char *operand; /* NULL: none; in the words of the sentence that misses it */
	int (*parse)(const char *operand, struct error *error, struct reply_rule *ret);
};

static int parse_bytes(const char *operand, struct error *error, struct reply_rule *ret)
{
	int rc = units_parse_size(operand, error, &ret->bytes);

	if (rc == 0 && ret->bytes == 0)
		return error_set(error, EINVAL, "an answer has a byte at least");
	return rc;
}

static int keep_text(const char *text, size_t size, struct error *error, struct reply_rule *ret)
{
	ret->text = strndup(text, size);
	ret->text_size = size;
	return ret->text ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int parse_until(const char *operand, struct error *error, struct reply_rule *ret)
{
	size_t length = strlen(operand);
	int rc = keep_text(operand, length, error, ret);

	if (rc < 0)
		return rc;
	if (escape_decode_all(operand, length, ret->text, &ret->text_size) < 0)
		return error_set(error, EINVAL,
				 "\"%s\": column %zu: no such escape; \\\\ is a backslash", operand,
				 ret->text_size + 1);
	ret->text[ret->text_size] = '\0';
	return 0;
}

/* POSIX knows no \n, \r and \t; what people type does. All else stays as it is. */
static void decode_blanks(struct reply_rule *rule)
{
	char *out = rule->text;

	for (const char *at = rule->text; *at; at++) {
		const char *letter = at[0] == '\\' && at[1] ? strchr("nrt\\", at[1]) : NULL;
		if (letter && *letter != '\\') {
			*out++ = *letter == 'n' ? '\n' : *letter == 'r' ? '\r' : '\t';
			at++;
			continue;
		}
		*out++ = at[0];
		if (letter)
			*out++ = *++at;
	}
	*out = '\0';
	rule->text_size = (size_t)(out - rule->text);
}

static int parse_regex(const char *operand, struct error *error, struct reply_rule *ret)
{
	regex_t regex;
	char reason[128];

	int rc = keep_text(operand, strlen(operand), error, ret);
	if (rc < 0)
		return rc;
	decode_blanks(ret);
	int code = reply_regex_compile(ret->text, &regex);
	if (code != 0) {
		(void)regerror(code, &regex, reason, sizeof(reason));
		return error_set(error, EINVAL, "\"%s\" is no regular expression: %s", operand,
				 reason);
	}
	bool is_empty_found = reply_regex_is_found(&regex, "", 0);
	regfree(&regex);
	if (is_empty_found)
		return error_set(error, EINVAL,
				 "\"%s\" is found in nothing at all, so that no answer ends",
				 operand);
	return 0;
}

static int parse_length(const char *operand, struct error *error, struct reply_rule *ret)
{
	if (strcmp(operand, "u16") == 0)
		ret->kind = REPLY_LENGTH_U16;
	else if (strcmp(operand, "u32") == 0)
		ret->kind = REPLY_LENGTH_U32;
	else
		return error_set(error, EINVAL, "\"%s\" is no length; u16 and u32 are", operand);
	return 0;
}

static const struct rule_row rows[] = {
	{ "none", REPLY_NONE, NULL, NULL },
	{ "echo", REPLY_ECHO, NULL, NULL },
	{ "bytes", REPLY_BYTES, "how many: bytes 64", parse_bytes },
	{ "until", REPLY_UNTIL, "the text that ends an answer: until \\r\\n", parse_until },
	{ "regex", REPLY_REGEX, "an expression: regex ^250 .*$", parse_regex },
	{ "marker", REPLY_MARKER, NULL, NULL },
	{ "length-prefix", REPLY_LENGTH_U16, "u16 or u32: length-prefix u16", parse_length },
};

static const struct rule_row *find_row(const char *name, size_t length)
{
	for (size_t i = 0; i < array_size(rows); i++) {
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return &rows[i];
	}
	return NULL;
}

static int no_such_rule(const char *text, size_t length, struct error *error)
{
	char word[32];
	const char *names[array_size(rows)];

	(void)snprintf(word, sizeof(word), "%.*s", (int)(length < 31 ? length : 31), text);
	for (size_t i = 0; i < array_size(rows); i++)
		names[i] = rows[i].name;
	const char *closest = closest_word(word, names, array_size(names));
	if (closest)
		return error_set(error, EINVAL, "\"%s\" is no reply rule; did you mean %s?", text,
				 closest);
	return error_set(error, EINVAL,
			 "\"%s\" is no reply rule; these are: none, echo, bytes N, until STR, "
			 "regex RE, marker, length-prefix u16|u32",
			 text);
}

int reply_rule_parse(const char *text, struct error *error, struct reply_rule *ret)
{
	size_t length = strcspn(text, " ");
	const struct rule_row *row = find_row(text, length);
	const char *operand = text[length] == ' ' ? text + length + 1 : "";

	*ret = (struct reply_rule){ 0 };
	if (!row)
		return no_such_rule(text, length, error);
	ret->kind = row->kind;
	if (!row->parse)
		return operand[0] == '\0' ? 0
					  : error_set(error, EINVAL,
						      "\"%s\" takes nothing behind it", row->name);
	if (operand[0] == '\0')
		return error_set(error, EINVAL, "\"%s\" needs %s", row->name, row->operand);
	int rc = row->parse(operand, error, ret);
	if (rc < 0)
		reply_rule_deinit(ret);
	return rc;
}

void reply_rule_deinit(struct reply_rule *rule)
{
	free(rule->text);
	*rule = (struct reply_rule){ 0 };
}
