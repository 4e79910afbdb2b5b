/* The commands, one file each, for the table in main.c. */
#pragma once

#include "cli/command.h"

extern const struct command command_help;
extern const struct command command_version;
