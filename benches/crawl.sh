#!/usr/bin/env bash
# Crawls sites of nginx with this crawler and with others, and prints how fast, for how much work and in how much memory.
#
#   benches/crawl.sh [ROUNDS]      3 if nothing is said; of each the best round counts, as others may use the machine
#
# nginx has one core, the crawler another; they take turns, so that all have the same conditions. Needs nginx with its
# echo module, and `make_site.py` of the data sets beside the project. The others come from their registries into the
# target directory; what cannot be installed is left out. Everything stays on 127.0.0.0/8.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
rivals=$target/rivals
mkdir -p "$rivals"

cargo build --quiet --release -p crawler
if ! CARGO_TARGET_DIR=$rivals/spider cargo build --quiet --release --manifest-path benches/rivals/spider/Cargo.toml; then
    echo "spider cannot be built, so it is left out" >&2
fi
for package in scrapy 'crawlee[parsel]'; do
    folder=$rivals/${package%%[*}
    if [ ! -x "$folder/bin/python3" ] && ! { python3 -m venv "$folder" && "$folder/bin/pip" -q install "$package"; }; then
        rm -rf "$folder"
        echo "$package cannot be installed, so it is left out" >&2
    fi
done

exec python3 benches/crawl.py "$target" "${1:-3}"
