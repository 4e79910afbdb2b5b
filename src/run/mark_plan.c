/* See mark_plan.h. */
#include "run/mark_plan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "base/units.h"

#define TIME_TEXT_MAX 64

static int parse_signal(const char *text, struct error *error, sigset_t *signals)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 } };
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	for (size_t i = 0; i < array_size(known); i++)
		if (strcasecmp(name, known[i].name) == 0)
			return sigaddset(signals, known[i].number);
	return error_set(error, EINVAL, "--mark-on: \"%s\" is no signal to mark on (USR1, USR2)",
			 text);
}

static int parse_time(const char *text, size_t size, struct error *error, uint64_t *ret)
{
	char time[TIME_TEXT_MAX];
	if (size >= sizeof(time))
		return error_set(error, EINVAL, "\"%.*s\" is not a time", (int)size, text);
	memcpy(time, text, size);
	time[size] = '\0';
	return units_parse_time(time, error, ret);
}

static int parse_item(const char *text, struct error *error, struct mark_at *ret)
{
	const char *equals = strchr(text, '=');
	const char *what = ret->is_command ? "COMMAND" : "NAME";
	if (!equals || equals == text || equals[1] == '\0')
		return error_set(error, EINVAL, "\"%s\" is not TIME=%s, as in %s", text, what,
				 ret->is_command ? "'3s=ssh root@node-3 reboot'"
						 : "'3s=node-3 cut off'");
	ret->text = equals + 1;
	return parse_time(text, (size_t)(equals - text), error, &ret->after_ns);
}

static int parse_items(const struct option_list *list, bool is_command, struct error *error,
		       struct mark_plan *plan)
{
	for (size_t i = 0; i < list->count; i++) {
		struct mark_at *item = &plan->items[plan->count++];
		*item = (struct mark_at){ .is_command = is_command };
		int result = parse_item(list->items[i], error, item);
		if (result < 0) {
			error_prefix(error, is_command ? "--exec" : "--mark");
			return result;
		}
	}
	return 0;
}

static int check_times(const struct mark_plan *plan, uint64_t duration_ns, struct error *error)
{
	char at[UNITS_TEXT_MAX], end[UNITS_TEXT_MAX];
	for (size_t i = 0; i < plan->count && duration_ns; i++) {
		const struct mark_at *item = &plan->items[i];
		if (item->after_ns >= duration_ns)
			return error_set(error, EINVAL,
					 "--%s: %s is no moment of this run, which ends at %s (-T)",
					 item->is_command ? "exec" : "mark",
					 units_format_time(item->after_ns, at),
					 units_format_time(duration_ns, end));
	}
	return 0;
}

int mark_plan_parse(const struct mark_options *options, uint64_t duration_ns, struct error *error,
		    struct mark_plan *ret)
{
	int result = 0;
	*ret = (struct mark_plan){ .count = 0 };
	sigemptyset(&ret->signals);
	for (size_t i = 0; i < options->on.count && result >= 0; i++)
		result = parse_signal(options->on.items[i], error, &ret->signals);
	if (result >= 0)
		result = parse_items(&options->at, false, error, ret);
	if (result >= 0)
		result = parse_items(&options->exec, true, error, ret);
	return result < 0 ? result : check_times(ret, duration_ns, error);
}
