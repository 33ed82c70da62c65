#!/usr/bin/env bash
# wiutils 1.1.0 (pandas 2.3.3), remove_inconsistent_dates: of a table that was sorted or filtered before, it keeps a photo taken
# outside its deployment and drops one taken inside, without a word. Its answer counts rows from 0, the table keeps its own labels.
# Why it matters here: wiutils' own filters leave such labels behind (reset_index is off by default), so the usual chain of two
# filters removes other photos than it says. Tables that reach reid through it may hold photos that no camera can have taken.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check wiutils==1.1.0 pandas==2.3.3 2>/dev/null
cat > "$place/show.py" <<'PY'
import warnings

warnings.simplefilter("ignore")
import pandas as pd
import wiutils

days = {"a": "2021-05-03", "b": "2021-05-09", "c": "2021-05-04"}
images = pd.DataFrame([{"deployment_id": "A", "image_id": name, "timestamp": f"{day} 18:00:00"} for name, day in days.items()])
deployments = pd.DataFrame([{"deployment_id": "A", "start_date": "2021-05-01", "end_date": "2021-05-05"}])
for title, table in (("as written", images), ("sorted by time", images.sort_values("timestamp"))):
    kept = wiutils.remove_inconsistent_dates(table, deployments)
    print(f"{title}: kept", {row.image_id: row.timestamp[:10] for row in kept.itertuples()})
PY
"$place/venv/bin/python" "$place/show.py" | tee "$place/seen"
cat > "$place/wanted" <<'SEEN'
as written: kept {'a': '2021-05-03', 'c': '2021-05-04'}
sorted by time: kept {'a': '2021-05-03', 'b': '2021-05-09'}
SEEN
diff "$place/wanted" "$place/seen" || { echo "the behaviour has changed" >&2; exit 1; }
