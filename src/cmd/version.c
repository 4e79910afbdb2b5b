/* conntest version: the program, and the parts that it was built with. */
#include <ares.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <yaml.h>
#include <zlib.h>

#include "base/attributes.h"
#include "cli/command.h"
#include "cmd/commands.h"
#include "view/plot/png.h"

static const char *cares_version(void)
{
	return ares_version(NULL);
}

static const struct {
	const char *name;
	const char *(*version)(void);
} parts[] = {
	{ "c-ares", cares_version },
	{ "jansson", jansson_version_str },
	{ "libyaml", yaml_get_version_string },
	{ "zlib", zlibVersion },
	{ "cairo", png_library },
};

static int version_run(const struct command *command, int argc, char **argv)
{
	struct error error = { "" };
	struct operands operands cleanup(operands_deinit);
	int code = options_parse(command, argc, argv, NULL, &operands, &error);
	if (code >= 0 && operands.count > 0)
		code = error_set(&error, EINVAL, "%s: takes no operands", operands.items[0]);
	if (code < 0)
		return command_stop(command, code, &error);

	(void)printf("conntest %s\nwith: ", CONNTEST_VERSION);
	for (size_t i = 0; i < array_size(parts); i++) {
		const char *version = parts[i].version();
		(void)printf("%s%s %s", i > 0 ? ", " : "", version ? parts[i].name : "without",
			     version ? version : parts[i].name);
	}
	(void)printf("\n");
	return EXIT_OK;
}

const struct command command_version = {
	.name = "version",
	.summary = "name, version and the parts that this program was built with",
	.description = "Prints the version, and with what versions of its libraries it runs. "
		       "Attach it to a report of a fault.",
	.run = version_run,
};
