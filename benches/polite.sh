#!/usr/bin/env bash
# Crawls many hosts with a delay each, and checks in the server's log that none was asked faster, and all were asked
# almost as fast as that allows.
#
#   benches/polite.sh [HOSTS [DELAY_MS [PAGES]]]     500 hosts, 100 ms and 60 pages each if nothing is said
#
# Needs nginx and python3. Everything stays on 127.0.0.0/8. Fails if a host saw two requests closer than its delay, or
# if less than 95 % of the ideal rate (hosts / delay) was reached.
set -euo pipefail

hosts=${1:-500} delay=${2:-100} pages=${3:-60} port=${PORT:-8471}
cd "$(dirname "$0")/.."
# A crawler that is built already may be named.
if [[ -z ${CRAWLER:-} ]]; then
    cargo build --quiet --release -p crawler
    CRAWLER=${CARGO_TARGET_DIR:-target}/release/crawler
fi
folder=$(mktemp -d)
# The workers of nginx may be another user.
chmod 755 "$folder"
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT

# All addresses of 127.0.0.0/8 are this machine, so one server is as many hosts as it takes.
python3 - "$hosts" "$pages" "$port" "$folder" <<'PYTHON'
import sys
hosts, pages, port, folder = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
names = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(hosts)]
links = "".join(f"<a href=/{page}>{page}</a>" for page in range(pages - 1))
start = "".join(f"<a href=http://{name}:{port}/>{name}</a>" for name in names)
open(f"{folder}/home.html", "w").write(links)
open(f"{folder}/start.html", "w").write(start)
open(f"{folder}/nginx.conf", "w").write(f"""
worker_processes 1; daemon off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  default_type text/html; keepalive_timeout 75s; keepalive_requests 1000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  log_format seen '$server_addr $msec $request_uri';
  server {{
    listen {port} backlog=4096; root {folder}; access_log {folder}/seen.log seen;
    location = / {{ try_files /home.html =404; }}
    location = /start.html {{ }}
    location = /robots.txt {{ return 404; }}
    location / {{ return 200 "<p>a page"; }}
  }}
}}
""")
PYTHON
"${NGINX:-nginx}" -p "$folder" -c "$folder/nginx.conf" &
server=$!
until (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done

timeout 300 "$CRAWLER" --quiet --scope any --allow-private --max-pages 1000000 \
    --delay "${delay}ms" "http://127.0.0.1:$port/start.html"

python3 - "$hosts" "$delay" "$folder/seen.log" <<'PYTHON'
import collections, sys
hosts, delay, path = int(sys.argv[1]), float(sys.argv[2]) / 1000, sys.argv[3]
seen = collections.defaultdict(list)
for line in open(path):
    host, at, uri = line.split()
    if host != "127.0.0.1":
        seen[host].append(float(at))
gaps = sorted(b - a for times in seen.values() for a, b in zip(times, times[1:]))
# The log has milliseconds, so what it tells may be one too little.
close = sum(gap < delay - 0.0011 for gap in gaps)
first, last = min(t[0] for t in seen.values()), max(t[-1] for t in seen.values())
# Of each host the first request begins its time, and each other one takes a delay.
rate, ideal = len(gaps) / (last - first), hosts / delay
print(f"{len(seen)} hosts, {len(gaps) + len(seen)} requests in {last - first:.2f} s")
print(f"shortest gap {gaps[0] * 1000:.0f} ms, median {gaps[len(gaps) // 2] * 1000:.0f} ms; closer than the delay: {close}")
print(f"{rate:.0f} requests/s of {ideal:.0f} possible: {100 * rate / ideal:.1f} %")
sys.exit(close > 0 or rate < 0.95 * ideal or len(seen) != hosts)
PYTHON
