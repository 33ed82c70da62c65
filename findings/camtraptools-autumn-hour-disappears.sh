#!/usr/bin/env bash
# camtraptools 0.8.1 (pandas 2.3.3), export: photos of the hour that the clock shows twice in autumn leave the exported Camtrap DP
# package without a word, and those of spring's missing hour too (a camera that was not put forward). Their rows are dropped.
# Why it matters here: a camera's photos of one night a year are no captures any more, and the animal of that hour was not there.
# A package from camtraptools cannot be told from one of a quiet hour, and reid cannot bring back what is not in it.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check camtraptools==0.8.1 pandas==2.3.3 tzdata==2025.2 2>/dev/null
cat > "$place/show.py" <<'PY'
import pandas as pd
from camtraptools.export import export_media

times = ["2024-10-27T00:30:00", "2024-10-27T01:30:00", "2024-10-27T03:30:00", "2024-03-31T01:30:00"]
media = pd.DataFrame({"mediaID": ["a", "b", "c", "d"], "deploymentID": "A", "timestamp": times})
for zone in ("Europe/Berlin", "Europe/London", "Africa/Nairobi"):
    print(zone, "keeps", list(export_media(media, zone)["mediaID"]))
PY
"$place/venv/bin/python" "$place/show.py" | tee "$place/seen"
cat > "$place/wanted" <<'SEEN'
Europe/Berlin keeps ['a', 'b', 'c', 'd']
Europe/London keeps ['a', 'c']
Africa/Nairobi keeps ['a', 'b', 'c', 'd']
SEEN
diff "$place/wanted" "$place/seen" || { echo "the behaviour has changed" >&2; exit 1; }
