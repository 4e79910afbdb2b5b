# The mistakes everybody makes; those in options are in unit/option.
source "$(dirname "$0")/lib.sh" || exit

run conntest server
run conntest verison
run conntest nonsense
run conntest -v
run conntest --verbose
run conntest version web
run conntest version --bogus
run conntest help --completoin bash
run conntest help --completion
run conntest help --completion=zhs
run conntest help --complete=yes
