# What there is: every way to ask for it.
source "$(dirname "$0")/lib.sh" || exit

run conntest
run conntest --help
run conntest -h
run conntest help
