# 400,000 messages of 1 KiB a second over 200 connections: does it keep up where ctraffic drops?
# shellcheck shell=bash disable=SC2034,SC2016
competitors=(conntest ctraffic)

measure_conntest() {
	conntest_start 200 400k 4
	conntest_end
	report 'scheduled: $s.schedule.scheduled, sent: $s.schedule.sent,
		missed: ([$s.schedule.missed[]] | add), received: $s.totals.messages_received'
}

measure_ctraffic() {
	ctraffic_paced 200 400000
}

rows() {
	alone "400,000/s x 1 KiB, 200 conns: missed" .missed "<= 400" ctraffic
}
