//! The texts of `--help`.

pub(super) const ABOUT: &str = "\
Crawls web sites: follows links from the given URLs, obeys robots.txt, and never overruns a host.";

pub(super) const LONG_ABOUT: &str = "\
Crawls web sites: follows links from the given URLs, obeys robots.txt, and never overruns a host.

A crawl ends when nothing is left to fetch, at a limit, or when it is stopped: by Ctrl-C, by SIGTERM or on its \
dashboard. Running requests may then end within 5 s; a second Ctrl-C leaves at once. With --out DIR all that is fetched \
is on the disk, and --resume DIR goes on with it however it ended, by kill -9 too: no URL is lost, and at most those that \
were in flight are fetched again.

Progress and notes go to stderr, the summary to stdout.";

pub(super) const MORE: &str = "Examples, exit status and all about each option: crawler --help";

pub(super) const EXAMPLES: &str = "\
Examples:
  crawler
          crawl a small demo site on this machine
  crawler example.org
          crawl a site, politely
  crawler --dry-run example.org
          tell what would be crawled and with what pauses
  crawler --scope prefix --max-depth 3 docs.example.org/guide/
          crawl a part of a site
  crawler --out crawl example.org
          write every page to crawl/pages.jsonl
  crawler --resume crawl
          go on with it, however it ended
  crawler report crawl --html crawl.html
          tell what came of it, also while it goes on
  crawler --dashboard --max-pages 100000 example.org
          watch it in a browser, pause it, change its rate
  crawler --print-config --max-depth 3 example.org > crawl.toml; crawler --config crawl.toml
          keep the options in a file
  crawler --summary json --quiet example.org | jq .pages_per_s
          use it in a script
  crawler --per-host 64 --delay 0 http://127.0.0.1:8080/
          crawl a server of your own as fast as it goes

Files in the directory of --out:
  pages.jsonl    one JSON object a page
  rejected.jsonl each URL that was found and not fetched, and why (--rejected)
  archive/       requests and responses (--warc), with an index in indexes/
  frontier.log   what is queued and what is known, for --resume
  options.json   the options of the crawl, for --resume

Exit status:
  0    the crawl ran to its end, to a limit, or to where it was stopped
  1    it failed, or a given URL could not be fetched
  2    the command line or a file of options is wrong
  130  a second Ctrl-C cut it off";
