#!/bin/sh
# Inside the build stage: everything that runs goes to /opt/interchange, the bill of materials to /bill.
# Packages come from the registry, by the checksums of the lock; or from /wheels, where they were checked when
# `pip wheel --require-hashes -r requirements.lock` filled that folder.
set -eu

python3 -m venv /build
sed -e '/^ *--hash/d' -e 's/ *\\$//' requirements.lock > /versions
if ls /wheels/*.whl >/dev/null 2>&1; then
  from="--no-index --find-links /wheels"
  /build/bin/pip install --quiet $from -r /versions
else
  from=""
  /build/bin/pip install --quiet --require-hashes -r requirements.lock
fi
/build/bin/python proto/build.py
/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist .

# What runs, in the versions of the lock, without what only development needs.
python3 -m venv --without-pip /opt/interchange
/build/bin/pip --python /opt/interchange/bin/python install --quiet $from --constraint /versions /dist/*.whl

# By what matching understands texts; without it, it looks for words only, and says so.
model=/opt/interchange/share/interchange/model
if [ -d /model ]; then
  mkdir -p "$model" && cp /model/* "$model"
else
  /build/bin/pip install --quiet --no-deps --no-build-isolation --editable .
  MODEL_DIR=$model /build/bin/interchange model build || echo "the image has no model: matching looks for words only"
fi

# Tests, headers and the symbols of debuggers are for those who build; of languages, pages speak two.
site=$(echo /opt/interchange/lib/python3*/site-packages)
find "$site" -depth -type d \( -name tests -o -name include \) -exec rm -r {} +
find "$site/babel/locale-data" -name '*.dat' ! -name 'root.dat' ! -name 'en*' ! -name 'cy*' -delete
# For programs in C: Python's own binding holds all of it once more.
rm -f "$site"/onnxruntime/capi/libonnxruntime.so*
command -v strip >/dev/null || { apt-get -qq update && apt-get -qq install --no-install-recommends binutils >/dev/null; } || true
if command -v strip >/dev/null; then
  # Those in *.libs were moved about by who packed them, which strip does not bear.
  find "$site" -name '*.so*' -size +1M ! -path '*.libs/*' -exec strip --strip-unneeded {} +
else
  echo "no binutils are to be had: the image keeps symbols that nobody reads"
fi

/build/bin/python -m compileall -q /opt/interchange/lib || true
mkdir -p /bill
/opt/interchange/bin/python deploy/images/bill.py /bill
