# Every page is correct mdoc and has its parts.
source "$(dirname "$0")/lib.sh" || exit

command -v mandoc >/dev/null || skip "no mandoc"

# The main page links all others.
pages=$(conntest help --mdoc conntest | sed -n 's/^\.Xr \(conntest-[a-z]*\) 1.*/\1/p')
[[ -n $pages ]] || echo "the main page links no others"
for page in conntest $pages; do
	# Only one page is here; the others are found where all are installed.
	conntest help --mdoc "$page" | mandoc -T lint |
		grep -v 'STYLE: referenced manual not found: Xr conntest'
	for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' 'SEE ALSO'; do
		conntest help --mdoc "$page" | grep -qx "\.Sh $section" ||
			echo "$page: no section $section"
	done
done
conntest help --mdoc conntest | mandoc -T utf8 | col -b | grep -A 3 '^NAME'
