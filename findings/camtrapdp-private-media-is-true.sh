#!/usr/bin/env bash
# camtrapdp 0.1.0 (the Python package; not the R package of that name), Media.from_csv: filePublic is declared bool, but `false` of
# media.csv comes back as a text that is true. What its to_csv writes of its own enum is no value of the standard either.
# Why it matters here: filePublic=false marks photos of people. Code that asks `if media.filePublic` publishes them, and a package
# that went through it holds a captureMethod that the standard does not know. Readers of such packages meet both.
set -euo pipefail
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check camtrapdp==0.1.0 2>/dev/null
cat > "$place/media.csv" <<'CSV'
mediaID,deploymentID,captureMethod,timestamp,filePath,filePublic,fileName,fileMediatype,exifData,favorite,mediaComments
m1,d1,timeLapse,2024-03-01T09:05:00Z,a.jpg,false,a.jpg,image/jpeg,,,
CSV
cat > "$place/show.py" <<'PY'
import csv
import dataclasses
import sys

from camtrapdp.media import Media

[medium] = Media.from_csv(sys.argv[1])
print("declared:", Media.__annotations__["filePublic"].__name__)
print("read:", repr(medium.filePublic), "so public:", bool(medium.filePublic))
lapse = dataclasses.replace(medium, captureMethod=Media.CaptureMethod.TIME_LAPSE)
Media.to_csv([lapse], sys.argv[2])
with open(sys.argv[2], newline="", encoding="utf-8") as file:
    print("written captureMethod:", next(csv.DictReader(file))["captureMethod"], "(the standard's word: timeLapse)")
PY
"$place/venv/bin/python" "$place/show.py" "$place/media.csv" "$place/out.csv" | tee "$place/seen"
cat > "$place/wanted" <<'SEEN'
declared: bool
read: 'false' so public: True
written captureMethod: CaptureMethod.TIME_LAPSE (the standard's word: timeLapse)
SEEN
diff "$place/wanted" "$place/seen" || { echo "the behaviour has changed" >&2; exit 1; }
