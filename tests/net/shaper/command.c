#include "shaper/command.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "shaper/log.h"

enum kind { KIND_TIME, KIND_SIZE, KIND_SHARE, KIND_BANDWIDTH, KIND_SWITCH };

/* clang-format off */
static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
} settings[] = {
	{ "delay",     KIND_TIME,      offsetof(struct way_settings, delay_ns) },
	{ "jitter",    KIND_TIME,      offsetof(struct way_settings, jitter_ns) },
	{ "loss",      KIND_SHARE,     offsetof(struct way_settings, loss) },
	{ "duplicate", KIND_SHARE,     offsetof(struct way_settings, duplicate) },
	{ "reorder",   KIND_SHARE,     offsetof(struct way_settings, reorder) },
	{ "rate",      KIND_BANDWIDTH, offsetof(struct way_settings, rate_bps) },
	{ "queue",     KIND_SIZE,      offsetof(struct way_settings, queue_bytes) },
	{ "mtu",       KIND_SIZE,      offsetof(struct way_settings, mtu) },
	{ "icmp",      KIND_SWITCH,    offsetof(struct way_settings, sends_icmp) },
	{ "order",     KIND_SWITCH,    offsetof(struct way_settings, keeps_order) },
};
/* clang-format on */

/* One command taken apart. */
struct words {
	const char *way; /* both, ab, ba */
	char name[16];
	char value[32]; /* empty: none */
};

static int parse_share(const char *text, struct error *error, double *ret)
{
	char *end;
	double share = strtod(text, &end);

	if (end == text || *end != '\0' || !(share >= 0 && share <= 1))
		return error_set(error, EINVAL, "\"%s\" is not a number from 0 to 1", text);
	*ret = share;
	return 0;
}

static int parse_switch(const char *text, struct error *error, bool *ret)
{
	*ret = strcmp(text, "on") == 0;
	if (*ret || strcmp(text, "off") == 0)
		return 0;
	return error_set(error, EINVAL, "\"%s\" is not on or off", text);
}

static int parse_bandwidth(const char *text, struct error *error, double *ret_bps)
{
	struct bandwidth bandwidth = { 0 };
	int status = units_parse_bandwidth(text, error, &bandwidth);

	*ret_bps = bandwidth.bits_per_second;
	return status;
}

static int parse_value(enum kind kind, const char *text, struct error *error, void *field)
{
	switch (kind) {
	case KIND_TIME:
		return units_parse_time(text, error, field);
	case KIND_SIZE:
		return units_parse_size(text, error, field);
	case KIND_SHARE:
		return parse_share(text, error, field);
	case KIND_BANDWIDTH:
		return parse_bandwidth(text, error, field);
	case KIND_SWITCH:
		return parse_switch(text, error, field);
	}
	abort();
}

static bool is_meant(const struct words *words, const struct way *way)
{
	return strcmp(words->way, "both") == 0 || strcmp(words->way, way->name) == 0;
}

static int change_setting(struct timetable *timetable, const struct setting *setting,
			  const struct words *words, struct error *error)
{
	for (int i = 0; i < WAY_COUNT; i++) {
		struct way *way = &timetable->link->ways[i];
		char *base = (char *)&way->settings;
		if (!is_meant(words, way))
			continue;
		int status =
			parse_value(setting->kind, words->value, error, base + setting->offset);
		if (status < 0)
			return status;
	}
	return 0;
}

static void set_cut(struct timetable *timetable, const struct words *words, uint64_t now_ns,
		    bool is_cut)
{
	for (int i = 0; i < WAY_COUNT; i++)
		if (is_meant(words, &timetable->link->ways[i]))
			timetable->link->ways[i].settings.is_cut = is_cut;
	log_event(now_ns, is_cut ? "cut" : "join", ",\"way\":\"%s\"", words->way);
}

static int add_timed(struct timetable *timetable, uint64_t due_ns, const char *text,
		     struct error *error)
{
	struct timed_command *commands = timetable->commands;
	unsigned at = timetable->count;

	if (timetable->count == TIMETABLE_MAX)
		return error_set(error, EINVAL, "more than %d commands wait", TIMETABLE_MAX);
	for (; at > 0 && commands[at - 1].due_ns > due_ns; at--)
		commands[at] = commands[at - 1];
	commands[at].due_ns = due_ns;
	snprintf(commands[at].text, sizeof commands[at].text, "%s", text);
	timetable->count++;
	return 0;
}

static int cut(struct timetable *timetable, const struct words *words, uint64_t now_ns,
	       struct error *error)
{
	char join[COMMAND_TEXT_MAX];
	uint64_t length_ns = 0;

	if (words->value[0] != '\0') {
		int status = units_parse_time(words->value, error, &length_ns);
		if (status < 0)
			return status;
		snprintf(join, sizeof join, "%s join", words->way);
		status = add_timed(timetable, now_ns + length_ns, join, error);
		if (status < 0)
			return status;
	}
	set_cut(timetable, words, now_ns, true);
	return 0;
}

static int set_seed(struct timetable *timetable, const struct words *words, struct error *error)
{
	uint64_t seed = 0;
	int status = units_parse_count(words->value, error, &seed);

	if (status == 0)
		random_init(&timetable->link->random, seed);
	return status;
}

static int carry_out(struct timetable *timetable, const struct words *words, uint64_t now_ns,
		     struct error *error)
{
	const char *name = words->name;

	if (strcmp(name, "cut") == 0)
		return cut(timetable, words, now_ns, error);
	if (strcmp(name, "join") == 0)
		return set_cut(timetable, words, now_ns, false), 0;
	if (strcmp(name, "quit") == 0)
		return timetable->has_quit = true, 0;
	int status = error_set(error, EINVAL, "no such command");
	if (strcmp(name, "seed") == 0)
		status = set_seed(timetable, words, error);
	for (size_t i = 0; i < array_size(settings); i++)
		if (strcmp(name, settings[i].name) == 0)
			status = change_setting(timetable, &settings[i], words, error);
	if (status == 0)
		log_event(now_ns, "set", ",\"way\":\"%s\",\"command\":\"%s %s\"", words->way, name,
			  words->value);
	return status;
}

/* Takes "at TIME" off the front of `*text`; 0 in `*ret_due_ns` if it isn't there. */
static int take_time(const struct timetable *timetable, const char **text, struct error *error,
		     uint64_t *ret_due_ns)
{
	char time[32];
	uint64_t after_ns = 0;
	int end = 0;

	*ret_due_ns = 0;
	if (sscanf(*text, " at %31s %n", time, &end) != 1 || end == 0)
		return 0;
	int status = units_parse_time(time, error, &after_ns);
	*ret_due_ns = timetable->start_ns + after_ns;
	*text += end;
	return status;
}

static int take_words(const char *text, struct error *error, struct words *ret)
{
	int end = 0;

	*ret = (struct words){ .way = "both" };
	if (strncmp(text, "ab ", 3) == 0)
		ret->way = "ab";
	else if (strncmp(text, "ba ", 3) == 0)
		ret->way = "ba";
	if (strncmp(text, "both ", 5) == 0)
		text += 5;
	else if (strcmp(ret->way, "both") != 0)
		text += 3;
	if (sscanf(text, "%15s %n%31s %n", ret->name, &end, ret->value, &end) < 1 ||
	    text[end] != '\0')
		return error_set(error, EINVAL, "not a command and a value");
	return 0;
}

int command_run(struct timetable *timetable, const char *text, uint64_t now_ns, struct error *error)
{
	const char *rest = text;
	struct words words;
	uint64_t due_ns;
	int status = take_time(timetable, &rest, error, &due_ns);

	if (status == 0 && due_ns > now_ns)
		status = add_timed(timetable, due_ns, rest, error);
	else if (status == 0 && (status = take_words(rest, error, &words)) == 0)
		status = carry_out(timetable, &words, now_ns, error);
	if (status < 0)
		error_prefix(error, "\"%s\"", text);
	return status;
}

int command_run_due(struct timetable *timetable, uint64_t now_ns, struct error *error)
{
	while (command_due_ns(timetable) <= now_ns) {
		struct timed_command command = timetable->commands[0];

		timetable->count--;
		memmove(timetable->commands, timetable->commands + 1,
			timetable->count * sizeof(command));
		int status = command_run(timetable, command.text, now_ns, error);
		if (status < 0)
			return status;
	}
	return 0;
}

uint64_t command_due_ns(const struct timetable *timetable)
{
	return timetable->count > 0 ? timetable->commands[0].due_ns : UINT64_MAX;
}
