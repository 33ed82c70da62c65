#!/usr/bin/env bash
# wiutils 1.1.0 (pandas 2.3.3), remove_duplicates: a photo is compared with the photo before it, kept or not. An animal that stays, or
# a species photographed every 20 minutes for a whole day, is one record at an interval of 30 minutes, not about 36.
# Why it matters here: camtrapR's usual rule counts from the last record that was kept, and so does what people expect of
# "independent events". Numbers of events from the two programs differ most where animals are most active.
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

taxon = {"class": "Mammalia", "order": "Carnivora", "family": "Felidae", "genus": "Panthera", "species": "pardus"}
times = pd.date_range("2021-05-01", periods=73, freq="20min")
images = pd.DataFrame([{**taxon, "deployment_id": "A", "image_id": str(row), "timestamp": str(time)} for row, time in enumerate(times)])
kept, last = 0, None
for time in times:  # from the last one kept
    if last is None or time - last >= pd.Timedelta(minutes=30):
        kept, last = kept + 1, time
print(len(times), "photos of one day; counted from the last one kept:", kept, "records")
print("wiutils.remove_duplicates(interval=30):", len(wiutils.remove_duplicates(images, interval=30)), "record")
PY
"$place/venv/bin/python" "$place/show.py" | tee "$place/seen"
cat > "$place/wanted" <<'SEEN'
73 photos of one day; counted from the last one kept: 37 records
wiutils.remove_duplicates(interval=30): 1 record
SEEN
diff "$place/wanted" "$place/seen" || { echo "the behaviour has changed" >&2; exit 1; }
