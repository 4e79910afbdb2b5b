/* conntest: the table of commands, and nothing else.
 *
 * The tree, from the ground up; doc/layers says who may include whom:
 *   base/     pure helpers: buffers, units, targets, errors, the tables of outcomes and services
 *   proto/    codecs, templates, reply rules: bytes in, events and bytes out; no I/O
 *   metric/   counters, histograms, loss, outages, the report model
 *   sys/      Linux behind small names: descriptors, clocks, cpus, limits
 *   net/      the loop, stream (TCP, TLS) and datagram transports, the resolver, source addresses
 *   engine/   runs a plan: workers, pacing, slots, speakers, services; prints nothing
 *   probe/    one look at a target: phases, schedules, what is said; prints nothing
 *   mesh/     every pair of nodes: peers found, probed each on its own schedule; prints nothing
 *   view/     text, JSON, pictures and older formats: readers of snapshots and reports
 *   cli/      options and all that follows from their tables; messages; exit codes
 *   run/      plan -> engine -> views -> report -> exit code; signals
 *   cmd/      one file a command
 */
#include <locale.h>
#include <signal.h>

#include "cli/command.h"
#include "cli/message.h"
#include "cmd/commands.h"
#include "sys/fd.h"

/* In the order of --help. A group like "report" has a row of its own before those inside it. */
const struct command *const *command_table(void)
{
	static const struct command *const commands[] = {
		&command_traffic,      &command_load,
		&command_ping,         &command_path,
		&command_mesh,         &command_mesh_plan,
		&command_serve,        &command_report,
		&command_report_list,  &command_report_show,
		&command_report_merge, &command_report_diff,
		&command_report_plot,  &command_help,
		&command_version,      NULL,
	};
	return commands;
}

int main(int argc, char **argv)
{
	fd_reserve_standard();
	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGPIPE, SIG_IGN);
	return message_finish_stdout(command_dispatch(argc, argv));
}
