# A command's help, its variables, and the topics.
source "$(dirname "$0")/lib.sh" || exit

run conntest help --help
run conntest help --help all
run conntest help help
run conntest help units
run conntest help targets
run conntest help templates
run conntest help environment
run conntest help exit-codes
run conntest help unit
run conntest help --mdoc conntest-nothing
CONNTEST_HELP_COMPLETION=tcsh run conntest help
CONNTEST_HELP_COMPLETIONS=bash run conntest help
