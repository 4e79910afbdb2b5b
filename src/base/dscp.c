/* See dscp.h. */
#include "base/dscp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint8_t value;
} names[] = {
	{ "BE", 0 },
	{ "LE", 1 },
	{ "VA", 44 },
	{ "EF", 46 },
};

/* "CS3" is class x 8, "AF21" that and drop precedence x 2. */
static bool read_class(const char *text, uint8_t *ret)
{
	size_t length = strlen(text);
	unsigned class = length > 2 ? (unsigned char)text[2] - '0' : 0;
	unsigned drop = length > 3 ? (unsigned char)text[3] - '0' : 0;
	*ret = (uint8_t)(class * 8 + drop * 2);
	if (length == 3 && strncasecmp(text, "CS", 2) == 0)
		return class <= 7;
	return length == 4 && strncasecmp(text, "AF", 2) == 0 && class >= 1 && class <= 4 &&
	       drop >= 1 && drop <= 3;
}

static bool read_name(const char *text, uint8_t *ret)
{
	for (size_t i = 0; i < array_size(names); i++) {
		if (strcasecmp(text, names[i].name) == 0) {
			*ret = names[i].value;
			return true;
		}
	}
	return read_class(text, ret);
}

static bool read_number(const char *text, uint8_t *ret)
{
	unsigned value = 0;
	const char *digit = text;
	for (; *digit >= '0' && *digit <= '9' && value <= DSCP_MAX; digit++)
		value = value * 10 + (unsigned)(*digit - '0');
	*ret = (uint8_t)value;
	return digit != text && *digit == '\0' && value <= DSCP_MAX;
}

int dscp_parse(const char *text, struct error *error, uint8_t *ret)
{
	if (read_number(text, ret) || read_name(text, ret))
		return 0;
	return error_set(error, EINVAL,
			 "\"%s\" is no class of packets (0 to 63, or EF, VA, LE, BE, CS0 to CS7, "
			 "AF11 to AF43)",
			 text);
}
