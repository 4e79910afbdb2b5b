/* The commands, one file each, for the table in main.c. */
#pragma once

#include "cli/command.h"

extern const struct command command_help;
extern const struct command command_mesh;
extern const struct command command_mesh_plan;
extern const struct command command_ping;
extern const struct command command_path;
extern const struct command command_report;
extern const struct command command_report_diff;
extern const struct command command_report_list;
extern const struct command command_report_merge;
extern const struct command command_report_plot;
extern const struct command command_report_show;
extern const struct command command_serve;
extern const struct command command_traffic;
extern const struct command command_load;
extern const struct command command_version;
