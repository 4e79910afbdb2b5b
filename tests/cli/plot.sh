# report plot: what it says, what it refuses, and that its SVG is XML. plot_page.sh looks at them.
source "$(dirname "$0")/lib.sh" || exit

work=$(mktemp -d)
cd "$work" || exit
report=$CONNTEST_SOURCE/tests/golden/expectations_failed.json
export XDG_STATE_HOME=$work

# Sizes change with every word, folders with every run.
told() { sed "s/[0-9.]* kB/N kB/; s|$work|WORK|"; }

run conntest report plot
run conntest report plot -o svg=none.svg 2>&1 | told
run conntest report plot -o json=run.json
echo "no report" >text
run conntest report plot -o svg=none.svg text
cp "$report" run.json
run conntest report plot -o svg=/nowhere/run.svg run.json
run conntest report plot -o svg=run.svg -o html=run.html run.json | told
conntest report show -o svg=again.svg run.json >/dev/null 2>&1
cmp run.svg again.svg
conntest report plot -o svg - <run.json | cmp - run.svg

# Either it writes PNG, or it says that it can't.
if conntest version | grep -q 'without cairo'; then
	conntest report plot -o png=run.png run.json && echo "png without cairo"
else
	conntest report plot -o png=run.png run.json | grep -q '^run.png  2400 x 1720 pixels, ' ||
		echo "no png with cairo"
fi

python3 - run.svg "$CONNTEST_SOURCE"/tests/golden/*.svg <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

for path in sys.argv[1:]:
    assert tree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg", path
PYTHON
rm -rf "$work"
