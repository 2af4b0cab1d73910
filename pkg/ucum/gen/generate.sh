#!/usr/bin/env bash
# Writes ../atoms.tsv and ../testdata/facts.tsv anew, or into the folder given.
# Versions and hashes of the npm packages stand in package-lock.json. The table
# is of @atomic-ehr/ucum (a current revision of UCUM) with the arbitrary units
# marked as in @lhncbc/ucum-lhc; the facts are computed by both packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/..}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$here"/clinical.txt "$work"
cd "$work"
npm ci --ignore-scripts --silent
mkdir -p "$out/testdata"
node table.mjs >"$work/atoms.tsv"
node facts.mjs >"$work/facts.tsv"
mv "$work/atoms.tsv" "$out/atoms.tsv"
mv "$work/facts.tsv" "$out/testdata/facts.tsv"
