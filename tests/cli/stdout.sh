# What happens to the output is part of the exit status; a reader that leaves is no failure.
source "$(dirname "$0")/lib.sh" || exit

full() { "$@" >/dev/full; }
closed() { "$@" >&-; }
gone() { "$@" >&6; }

run full conntest version
run full conntest nonsense
run closed conntest nonsense
run closed conntest version

# A pipe whose reader is gone before anything is written.
mkfifo "$actual.fifo"
exec 5<>"$actual.fifo"
exec 6>"$actual.fifo" 5<&-
rm "$actual.fifo"
run gone conntest version
