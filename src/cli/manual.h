/* The manual pages, in mdoc, from the tables: conntest(1) and one page a command or group. */
#pragma once

#include <stdio.h>

#include "base/attributes.h"
#include "cli/command.h"

/* The page on which the command stands: its own, or its group's; NULL gives "conntest". */
#define MANUAL_PAGE_MAX 80
const char *manual_page(const struct command *command, char page[MANUAL_PAGE_MAX]);

/* Writes the page "conntest", "conntest-traffic"... 0, or -ENOENT: there is no such page. */
nodiscard int manual_print(FILE *out, const char *page);
