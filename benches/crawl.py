"""Measures crawlers on sites of nginx; called by crawl.sh with the target directory and a number of rounds."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
MAKE_SITE = PROJECT.parent / "shared" / "crawl" / "make_site.py"
TARGET, ROUNDS = pathlib.Path(sys.argv[1]), int(sys.argv[2])
RIVALS = TARGET / "rivals"
# Of the million pages, some are listed by each page of the level above: its number and one more digit.
DIGITS = 6


def main():
    if not MAKE_SITE.is_file() or not shutil.which("nginx"):
        sys.exit(f"this needs nginx and {MAKE_SITE}")
    print(f"| site | crawler | pages/s | CPU, us a page | peak, MiB | pages |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        # Started by root, nginx reads as another user.
        os.chmod(folder, 0o755)
        folder = pathlib.Path(folder)
        for name, options, in_flight in [
            ("10,000 pages of 8 KB", "--pages 10000", 64),
            ("the same in gzip", "--pages 10000 --gz", 64),
            ("the same, answers after 50 ms", "--pages 10000 --latency 0.05", 256),
        ]:
            measure(folder / "site", name, options, crawlers(in_flight))
        measure(folder / "million", "1,111,111 small pages", None, crawlers(64)[:1])


def crawlers(in_flight):
    """The command lines, but for the URL and a directory for the output."""
    at_once = ["--concurrency", str(in_flight), "--per-host", str(in_flight)]
    ours = [TARGET / "release" / "crawler", "--quiet", "--max-pages", "9999999", *at_once, "{url}", "--out", "{out}"]
    all = [("this one", ours)]
    if in_flight > 64:
        return all
    spider = RIVALS / "spider" / "release" / "spider-crawl"
    rivals = [("spider", [spider, "{url}"])]
    for name in ["scrapy", "crawlee"]:
        python, script = RIVALS / name / "bin" / "python3", PROJECT / "benches" / "rivals" / f"{name}_crawl.py"
        rivals.append((name, [python, script, "{url}", "{out}"]))
    return all + [(name, command) for name, command in rivals if command[0].exists()]


def measure(site, name, options, crawlers):
    port = free_port()
    make_site(site, port, options)
    server = subprocess.Popen(["taskset", "-c", "0", "nginx", "-p", site, "-c", site / "nginx.conf"])
    rounds = {crawler: [] for crawler, _ in crawlers}
    try:
        wait_for(port)
        for _ in range(ROUNDS if options else 1):
            for crawler, command in crawlers:
                rounds[crawler].append(run(site, port, command))
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(site)
    for crawler, runs in rounds.items():
        pages, seconds, work, mib = min(runs, key=lambda run: run[1])
        least = min(work / pages for pages, _, work, _ in runs)
        print(f"| {name} | {crawler} | {pages / seconds:,.0f} | {1e6 * least:,.0f} | {mib:.0f} | {pages:,} |", flush=True)


def run(site, port, command):
    """Crawls once: the pages that the server has seen, the seconds, those of work, and the MiB at the peak."""
    with tempfile.TemporaryDirectory() as out:
        words = [str(word).format(url=f"http://127.0.0.1:{port}/", out=f"{out}/out") for word in command]
        before, start = seen(site), time.monotonic()
        crawler = subprocess.Popen(["taskset", "-c", "1", *words], cwd=out, stdout=subprocess.DEVNULL)
        usage = os.wait4(crawler.pid, 0)[2]
        seconds = time.monotonic() - start
        return seen(site) - before, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def seen(site):
    # The server writes its log once a second.
    time.sleep(1.5)
    return (site / "access.log").read_bytes().count(b"\n")


def make_site(site, port, options):
    if options:
        command = [sys.executable, MAKE_SITE, "--out", site, "--port", str(port), *options.split()]
        return subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    site.mkdir()
    links = "".join(f"<a href='${{uri}}{digit}'>{digit}</a>" for digit in range(10))
    (site / "nginx.conf").write_text(f"""
        worker_processes 1; daemon off; pid {site}/pid; error_log {site}/error.log;
        events {{ worker_connections 1024; }}
        http {{
            default_type text/html; keepalive_requests 10000000; access_log {site}/access.log combined buffer=256k flush=1s;
            client_body_temp_path {site}/1; proxy_temp_path {site}/2; fastcgi_temp_path {site}/3;
            uwsgi_temp_path {site}/4; scgi_temp_path {site}/5;
            server {{
                listen 127.0.0.1:{port};
                location = /robots.txt {{ return 404; }}
                location ~ "^/[0-9]{{{DIGITS}}}$" {{ return 200 "<title>$uri</title>"; }}
                location / {{ return 200 "<title>$uri</title>{links}"; }}
            }}
        }}""".replace("        ", ""))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens at port {port}")


main()
