#!/bin/sh
# Fetches the one third-party script of the console, by exact version and checksum. Every page is
# complete without it, so a machine without npm simply goes without.
set -eu
cd "$(dirname "$0")/.."
version=2.0.11
digest=d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717
target=wx_archive/static/vendor/htmx.min.js
check() { echo "$digest  $1" | sha256sum --check --status; }
if [ -f "$target" ] && check "$target"; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "没有 npm，管理台不用脚本也能用，跳过 htmx"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if ! (cd "$folder" && npm pack --silent "htmx.org@$version" >/dev/null 2>&1 && tar -xzf ./*.tgz); then
    echo "没能取到 htmx，管理台不用脚本也能用，跳过"
    exit 0
fi
if ! check "$folder/package/dist/htmx.min.js"; then
    echo "htmx $version 的校验和不对，没有装" >&2
    exit 1
fi
mkdir -p "$(dirname "$target")"
cp "$folder/package/dist/htmx.min.js" "$target"
