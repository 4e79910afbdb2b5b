/* See report_settings.h. */
#include "metric/report_settings.h"

#include <string.h>

#include "base/attributes.h"

const char *report_setting(const struct report *report, const char *name)
{
	for (uint32_t i = 0; i < report->setting_count; i++)
		if (strcmp(report->settings[i].name, name) == 0)
			return report->settings[i].value;
	return NULL;
}

bool report_is_spinning(const struct report *report)
{
	const char *spin = report_setting(report, "spin");
	return spin && strcmp(spin, "true") == 0;
}

bool report_setting_is_idle(const char *name)
{
	static const char *const idle[] = { "output",  "expect", "color",    "monitor",
					    "verbose", "quiet",  "interval", "no-save",
					    "config",  "seed",   "repeat" };
	for (size_t i = 0; i < array_size(idle); i++) {
		if (strcmp(name, idle[i]) == 0)
			return true;
	}
	return false;
}

static const char *value_of(const struct report *report, const char *name, struct arena *arena)
{
	const char *text = NULL;
	for (uint32_t i = 0; i < report->setting_count; i++) {
		const struct report_setting *setting = &report->settings[i];
		if (strcmp(setting->name, name) != 0)
			continue;
		text = text ? arena_format(arena, "%s, %s", text, setting->value) : setting->value;
	}
	return text ? text : "";
}

/* Those that `from` names and that are not in the list yet. */
static uint32_t compare(const struct report *from, const struct report *const sides[2],
			struct arena *arena, struct setting_difference *list, uint32_t count)
{
	for (uint32_t i = 0; i < from->setting_count; i++) {
		const char *name = from->settings[i].name;
		bool is_known = report_setting_is_idle(name);
		for (uint32_t k = 0; k < count && !is_known; k++)
			is_known = strcmp(list[k].name, name) == 0;
		if (is_known)
			continue;
		const char *a = value_of(sides[0], name, arena);
		const char *b = value_of(sides[1], name, arena);
		if (strcmp(a, b) != 0)
			list[count++] = (struct setting_difference){ name, a, b };
	}
	return count;
}

uint32_t report_settings_compare(const struct report *a, const struct report *b,
				 struct arena *arena, struct setting_difference **ret)
{
	const struct report *const sides[2] = { a, b };
	*ret = arena_take_array(arena, (size_t)a->setting_count + b->setting_count, sizeof(**ret));
	uint32_t count = compare(a, sides, arena, *ret, 0);
	return compare(b, sides, arena, *ret, count);
}
