# What the benchmark makes of measurements that are made up: medians, ratios, a peer that is not
# there, bare programs that are void, and two results compared.
source "$(dirname "$0")/lib.sh" || exit
folder=$(mktemp -d)
remove_folder() {
	rm -rf "$folder"
	finish
}
trap remove_folder EXIT

# measurement WORK WHO JSON
measurement() {
	printf '{"work":"%s","who":"%s",%s}\n' "$1" "$2" "$3"
}

# paced CONNTEST-CPU BARE-CPU NOT-SENT: a round of it, the CPU in hundredths.
paced() {
	measurement paced conntest "\"cpu_client\":$1e-2,\"cpu_server\":0,\"scheduled\":9,\"sent\":$((9 - $3)),
		\"send_error_p99_ns\":2000" | tr -d '\n\t'
	echo
	measurement paced bare "\"cpu_client\":$2e-2,\"cpu_server\":0,\"scheduled\":9,\"sent\":9,\"send_error_p99_ns\":1000"
}

# echoes CONNTEST BARE: a round of it, in thousands a second, on two full cpus.
echoes() {
	measurement echo_50 conntest "\"cpu_client\":1,\"cpu_server\":1,\"per_s\":$1e3"
	measurement echo_50 bare "\"cpu_client\":1,\"cpu_server\":1,\"per_s\":$2e3"
}

# judge NAME: prints the table of the measurements on stdin, without machine and date.
judge() {
	echo "== $1"
	mkdir -p "$folder/$1"
	cat >"$folder/$1/rounds.ndjson"
	OUT=$folder/$1 CONNTEST=true bench/run -n 0 full_speed paced echo_50
	jq '.version = $name | .machine.kernel = "N"' --arg name "$1" "$folder/$1/result.json" \
		>"$folder/$1.json"
}

judge old < <(
	measurement full_speed conntest '"missed":400'
	measurement full_speed ctraffic '"missed":900000'
	paced 110 100 0
	paced 114 100 0
	paced 112 100 0
	echoes 195 200)
judge new < <(
	measurement full_speed conntest '"missed":401'
	paced 118 100 1
	paced 300 100 1
	paced 117 100 1)
judge slow_machine < <(
	paced 250 210 0
	echoes 171 170)

compare() {
	bench/compare "$folder/$1.json" "$folder/$2.json"
}

run compare old new
run compare new old
run bench/run --nonsense
