#!/usr/bin/env bash
# Makes the folder DIR with what the tests of pages need: Debian's Chromium, and axe-core, which looks for what keeps
# people out of a page:
#
#   tests/browser/install.sh DIR && TEST_BROWSER=DIR pytest tests/browser
#
# A whole DIR is kept. Playwright, which drives the browser, is of the extra `test`; it brings no browser of its own.
set -euo pipefail

axe=4.14.1
sha256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
dir=$1
mkdir -p "$dir"

if ! command -v chromium >/dev/null; then
  root=
  [ "$(id -u)" -eq 0 ] || root=sudo
  export DEBIAN_FRONTEND=noninteractive
  $root apt-get update -qq
  $root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
ln -sf "$(command -v chromium)" "$dir/chromium"

if [ ! -e "$dir/axe.min.js" ] || [ "$(cat "$dir/axe.version" 2>/dev/null)" != "$axe" ]; then
  draft=$(mktemp -d)
  trap 'rm -rf "$draft"' EXIT
  (cd "$draft" && npm pack --silent "axe-core@$axe" >/dev/null)
  echo "$sha256  $draft/axe-core-$axe.tgz" | sha256sum --check --quiet
  tar -xzf "$draft/axe-core-$axe.tgz" -C "$draft" package/axe.min.js
  mv "$draft/package/axe.min.js" "$dir/axe.min.js"
  echo "$axe" >"$dir/axe.version"
fi

echo "$("$dir/chromium" --version --no-sandbox 2>/dev/null | head -n 1), axe-core $axe: TEST_BROWSER=$dir"
