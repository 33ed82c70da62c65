#!/usr/bin/env bash
# wiutils 1.1.0 (pandas 2.3.3), compute_detection_history: where the earliest deployment starts at a time of day, the first day's
# detection is lost and every later one is written a day early. The bins begin at that time, but each photo is cut to midnight first.
# Why it matters here: start_date of Wildlife Insights has room for a time of day (YYYY-MM-DD HH:MM:SS), and a history that was shifted by a day looks right. People who
# bring such a history to `reid count`, or compare ours with it, see an animal on days on which no camera photographed it.
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


def history(start: str) -> list[float]:
    times = ["2021-05-01 18:00:00", "2021-05-03 18:00:00", "2021-05-04 18:00:00"]
    taxon = {"class": "Mammalia", "order": "Carnivora", "family": "Felidae", "genus": "Panthera", "species": "pardus"}
    images = pd.DataFrame(
        [{**taxon, "deployment_id": "A", "image_id": str(row), "timestamp": time, "number_of_objects": 1} for row, time in enumerate(times)]
    )
    deployments = pd.DataFrame([{"deployment_id": "A", "start_date": start, "end_date": "2021-05-05 10:00:00"}])
    table = wiutils.compute_detection_history(images, deployments, days=1)
    return [int(value) for value in table["value"]]


print("photographed on days      [1, 0, 1, 1, 0]")
print("deployment starts at 00:00", history("2021-05-01 00:00:00"))
print("deployment starts at 10:00", history("2021-05-01 10:00:00"))
PY
"$place/venv/bin/python" "$place/show.py" | tee "$place/seen"
cat > "$place/wanted" <<'SEEN'
photographed on days      [1, 0, 1, 1, 0]
deployment starts at 00:00 [1, 0, 1, 1, 0]
deployment starts at 10:00 [0, 1, 1, 0, 0]
SEEN
diff "$place/wanted" "$place/seen" || { echo "the behaviour has changed" >&2; exit 1; }
