# Name, version and parts; the numbers change, so only their form is compared.
source "$(dirname "$0")/lib.sh" || exit

run conntest version | sed 's/[0-9][0-9.]*\.[0-9.]*/N/g; s/without cairo/cairo N/'
run conntest --version | sed 's/[0-9][0-9.]*\.[0-9.]*/N/g; s/without cairo/cairo N/'
