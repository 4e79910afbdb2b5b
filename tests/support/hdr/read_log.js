// read_log.js FILE: what hdr-histogram-js finds in an HDR log, a line each: tag, start, length,
// count and values in ns.
"use strict";

const fs = require("fs");
const { HistogramLogReader } = require("hdr-histogram-js");

const reader = new HistogramLogReader(fs.readFileSync(process.argv[2], "utf8"));
let histogram;
while ((histogram = reader.nextIntervalHistogram()) !== null) {
	const values = [50, 90, 99, 99.9, 100].map((p) => histogram.getValueAtPercentile(p));
	const start = new Date(histogram.startTimeStampMsec).toISOString();
	const length = histogram.endTimeStampMsec - histogram.startTimeStampMsec;
	console.log(histogram.tag, start, length, "ms", histogram.totalCount, ...values);
}
