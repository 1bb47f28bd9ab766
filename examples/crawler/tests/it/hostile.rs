//! Servers that mean no good, or are in trouble: what they may cost the crawl, and what the crawl may cost them.

use std::time::Duration;

use crawler::crawl::{Crawl, Folder, Rejection};
use crawler::fetch::{Client, FetchError, Reason};
use crawler::summary::End;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::crawl::{Crawled, crawl, parsed};
use crate::program::scratch;
use crate::server::{Server, config, read_head};
use crate::site::{Site, html, page, text};

/// A server that reads requests and never answers, and tells of each.
async fn silent() -> (Server, mpsc::UnboundedReceiver<()>) {
    let (tell, asked) = mpsc::unbounded_channel();
    let server = Server::start(move |_, mut tcp| {
        let tell = tell.clone();
        async move {
            while !read_head(&mut tcp).await.is_empty() {
                let _ = tell.send(());
            }
        }
    })
    .await;
    (server, asked)
}

#[tokio::test]
async fn user_names_in_links_do_not_make_other_sites() {
    let target = Site::serve([("/a", page(&[])), ("/b", page(&[]))]).await;
    let with_user = |user: &str, path: &str| target.url(path).to_string().replace("//", user);
    let links = [with_user("//one:secret@", "/a"), with_user("//two@", "/b")];
    let start = Site::serve([("/", page(&links.each_ref().map(String::as_str)))]).await;
    let words = format!("--scope any --allow-private {}", start.url("/"));
    let crawled = crawl(&words).await;
    assert_eq!(target.requests(), ["/a", "/b"]);
    assert_eq!(target.hits("/robots.txt"), 1);
    assert_eq!(crawled.page(target.url("/a")).status, Some(200));
}

#[tokio::test]
async fn the_body_limit_does_not_cut_robots_txt() {
    let robots = format!("#{}\nUser-agent: *\nDisallow: /secret\n", "x".repeat(100));
    let site = Site::serve([
        ("/robots.txt", text(&robots)),
        ("/", page(&["/secret"])),
        ("/secret", page(&[])),
    ])
    .await;
    let words = format!("--body-limit 100 {}", site.url("/"));
    let rejected = crawl(&words).await.summary.rejected;
    assert_eq!(rejected.of(Rejection::Robots), 1);
    assert_eq!(site.requests(), ["/"]);
}

#[tokio::test]
async fn an_announced_length_is_not_believed() {
    let server = Server::start(|_, mut tcp| async move {
        read_head(&mut tcp).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551000\r\n\r\n";
        let _ = tcp.write_all(head).await;
        // More than fits into one piece.
        let _ = tcp.write_all(&vec![b'x'; 1_000_000]).await;
    })
    .await;
    let mut config = config();
    config.body_limit = usize::MAX;
    let answer = Client::new(config).get(&server.url("/"), |_, _| true).await;
    assert!(matches!(answer, Err(FetchError::Body { .. })), "{answer:?}");
}

#[tokio::test]
async fn overlong_urls_are_not_followed() {
    let links: Vec<String> = (0..1000).map(|n| format!("<a href={n}>")).collect();
    let base = format!("<base href=\"/{}/\">", "x".repeat(10_000));
    let site = Site::serve([("/", html(&(base + &links.concat())))]).await;
    let crawled = crawl(site.url("/").as_str()).await;
    assert!(
        crawled.pages.iter().all(|page| page.url.len() < 3000),
        "links far longer than the page that they stand on"
    );

    let long = format!("/{}", "x".repeat(3000));
    let site = Site::serve([("/", page(&[&long]))]).await;
    assert_eq!(crawl(site.url("/").as_str()).await.summary.pages, 1);
    assert_eq!(site.requests(), ["/"]);
}

#[tokio::test]
async fn the_limit_of_pages_does_not_wait_for_a_robots_txt() {
    let (server, _asked) = silent().await;
    let site = Site::serve([("/", page(&[]))]).await;
    let words = format!("--max-pages 1 {} {}", server.url("/"), site.url("/"));
    let in_time = tokio::time::timeout(Duration::from_secs(20), crawl(&words)).await;
    let summary = in_time.expect("it ends with its last page").summary;
    assert_eq!((summary.pages, summary.end), (1, End::Limit));
}

#[tokio::test]
async fn what_is_cut_off_does_not_exceed_the_limit_of_pages() {
    let (one, mut one_asked) = silent().await;
    let (two, mut two_asked) = silent().await;
    let words = format!("--max-pages 1 {} {}", one.url("/"), two.url("/"));
    let mut crawl = Crawl::start(&parsed(&words), None);
    tokio::select! {
        end = crawl.end() => panic!("there is no answer: {end:?}"),
        () = async { one_asked.recv().await; two_asked.recv().await; } => {}
    }
    tokio::time::pause();
    crawl.stop();
    crawl.end().await.expect("the end is a good one");
    assert_eq!((crawl.summary().pages, crawl.summary().failures), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_told_right_however_fast_it_comes() {
    let links: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let site = Site::serve([("/", page(&links))]).await;
    let words = format!("--max-pages 3 --per-host 64 {}", site.url("/"));
    for _ in 0..20 {
        let mut crawl = Crawl::start(&parsed(&words), None);
        crawl.end().await.expect("nothing breaks off");
        let summary = crawl.summary();
        assert_eq!((summary.pages, summary.end), (3, End::Limit));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_output_that_hangs_does_not_hold_up_a_stop() {
    let folder = scratch("hangs");
    let pipe = folder.join("pages.jsonl");
    let made = tokio::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.await.expect("it runs").success());
    let mut both = std::fs::OpenOptions::new();
    let reader = both.read(true).write(true).open(&pipe).expect("a pipe");

    // One record that is longer than a pipe can hold.
    let title = format!("<title>{}</title>", "x".repeat(500_000));
    let site = Site::serve([("/", html(&title))]).await;
    let args = parsed(site.url("/").as_str());
    let opened = Folder::create(&folder, &args).await.expect("a pipe");
    let mut crawl = Crawl::start(&args, Some(opened));
    let watch = crawl.watch();
    let written = async {
        while watch.snapshot().pages == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        end = crawl.end() => panic!("nobody reads: {end:?}"),
        () = written => {}
    }
    tokio::time::pause();
    crawl.stop();
    // Five, and a moment because timers may be late.
    let seconds = async {
        for _ in 0..11 {
            tokio::time::advance(Duration::from_millis(455)).await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    let error = tokio::select! {
        biased;
        end = crawl.end() => end.expect_err("it is not all written"),
        () = seconds => panic!("it hangs"),
    };
    assert_eq!(
        error.to_string(),
        "the last pages may be lost: the output had not taken them 5 s after the stop"
    );
    assert_eq!(
        (crawl.summary().pages, crawl.summary().end),
        (1, End::Failed)
    );
    // Lets the thread go that writes.
    drop(reader);
    std::fs::remove_dir_all(folder).expect("it is there");
}

/// What a crawl of one page makes of a server that answers every request with `answer` and then closes.
async fn trouble_with(answer: Vec<u8>) -> Crawled {
    let server = Server::start(move |_, mut tcp| {
        let answer = answer.clone();
        async move {
            read_head(&mut tcp).await;
            // The client may leave before the end.
            let _ = tcp.write_all(&answer).await;
        }
    })
    .await;
    let words = format!("--ignore-robots --retries 0 {}", server.url("/"));
    crawl(&words).await
}

#[tokio::test]
async fn each_kind_of_trouble_is_counted_under_its_reason() {
    let endless_head = [
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        b"x-river: thalweg\r\n".repeat(20_000),
    ];
    let long_line = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 1 << 20]];
    let sized = |headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n{headers}\r\n");
        [head.as_bytes(), body].concat()
    };
    let cases = [
        (endless_head.concat(), Reason::HeadTooLarge),
        (long_line.concat(), Reason::HeadTooLarge),
        (b"\x15\x03\x01\0\x02\x02\x28".to_vec(), Reason::Protocol),
        (b"HTTP/1.1 2000 What\r\n\r\n".to_vec(), Reason::Protocol),
        (Vec::new(), Reason::Protocol),
        (
            sized("content-length: 100\r\n", b"short"),
            Reason::BrokenBody,
        ),
        (sized("content-length: -5\r\n", b"short"), Reason::Protocol),
        (
            sized("content-length: 5\r\ncontent-length: 6\r\n", b"short"),
            Reason::Protocol,
        ),
        (
            sized("transfer-encoding: chunked\r\n", b"ffffffffffffffffff\r\nx"),
            Reason::BrokenBody,
        ),
        (
            sized("transfer-encoding: chunked\r\n", b"5\r\nab"),
            Reason::BrokenBody,
        ),
        (
            sized("content-encoding: gzip\r\n", b"no gzip"),
            Reason::Coding,
        ),
        (
            sized("content-encoding: br\r\n", &[0xff; 100]),
            Reason::Coding,
        ),
        (
            sized("content-encoding: zstd\r\n", b"no zstd"),
            Reason::Coding,
        ),
        (
            sized("content-encoding: gzip, gzip, gzip, gzip, gzip\r\n", b"x"),
            Reason::Coding,
        ),
    ];
    for (answer, reason) in cases {
        let start = String::from_utf8_lossy(&answer[..answer.len().min(120)]).into_owned();
        let crawled = trouble_with(answer).await;
        let summary = crawled.summary;
        assert_eq!((summary.pages, summary.failures), (1, 1), "{start:?}");
        assert_eq!(
            summary.troubles.of(reason),
            1,
            "{start:?} {:?}",
            summary.troubles
        );
        assert_eq!(crawled.pages[0].reason, Some(reason));
    }
}

#[tokio::test]
async fn a_bomb_is_cut_and_counted() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, b"<a href=/found>").expect("to memory");
    std::io::Write::write_all(&mut encoder, &vec![0; 16 << 20]).expect("to memory");
    let bomb = encoder.finish().expect("to memory");
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let crawled = trouble_with([head.into_bytes(), bomb].concat()).await;
    // What stands before the cut is read: the link leads to the same bomb.
    assert_eq!(crawled.summary.pages, 2);
    assert_eq!(crawled.summary.troubles.of(Reason::Bomb), 2);
    assert!(crawled.pages.iter().all(|page| page.bytes <= 2 << 20));
}

#[tokio::test]
async fn tls_garbage_is_no_secure_connection() {
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0xff; 1000]] {
        let server = Server::start(move |_, mut tcp| async move {
            let _ = tcp.write_all(garbage).await;
        })
        .await;
        let words = format!(
            "--ignore-robots --retries 0 --timeout 20s https://{}/",
            server.address
        );
        let summary = crawl(&words).await.summary;
        assert_eq!((summary.failures, summary.troubles.of(Reason::Tls)), (1, 1));
    }
}

#[tokio::test]
async fn redirects_without_end_are_given_up() {
    let server = Server::start(|_, mut tcp| async move {
        loop {
            let head = read_head(&mut tcp).await;
            let Some(path) = head.split(' ').nth(1) else {
                return;
            };
            let answer =
                format!("HTTP/1.1 302 Found\r\nlocation: {path}x\r\ncontent-length: 0\r\n\r\n");
            if tcp.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let words = format!("--ignore-robots {}", server.url("/"));
    let summary = crawl(&words).await.summary;
    assert_eq!((summary.redirects, summary.end), (11, End::Complete));
    assert_eq!(summary.rejected.of(Rejection::Redirects), 1);
}

#[tokio::test]
async fn a_million_links_and_deep_nesting_are_read_up_to_the_limit() {
    let links: Vec<String> = (0..1_000_000).map(|link| link.to_string()).collect();
    let links = format!("<a href={}>", links.join("><a href="));
    let nested = "<div>".repeat(400_000) + "<a href=/below>";
    let open = "<a href='".to_owned() + &"x".repeat(1_000_000);
    let site = Site::serve([
        ("/many", html(&links)),
        ("/nested", html(&nested)),
        ("/open", html(&open)),
    ])
    .await;
    let words = format!(
        "--ignore-robots --max-pages 3 --per-host 1 {} {} {}",
        site.url("/nested"),
        site.url("/open"),
        site.url("/many")
    );
    let crawled = crawl(&words).await;
    assert_eq!((crawled.summary.ok, crawled.summary.end), (3, End::Limit));
    let many = crawled.page(site.url("/many"));
    assert_eq!((many.bytes, many.reason), (2 << 20, Some(Reason::TooLong)));
    assert!(many.links > 100_000);
    assert_eq!(crawled.page(site.url("/nested")).links, 1);
}

#[tokio::test]
async fn invalid_encodings_are_read_as_far_as_they_can_be() {
    let page = |charset: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset={charset}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let garbage: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let link = b"<a href=/found>";
    for (charset, body) in [
        ("utf-8", [&garbage[..], b">", link].concat()),
        ("utf-16le", garbage.clone()),
        ("no-such-thing", [link, &garbage[..]].concat()),
        ("gb18030", [link, &garbage[..]].concat()),
        ("\"", [b"\xff\xfe", &garbage[..]].concat()),
    ] {
        let crawled = trouble_with(page(charset, &body)).await;
        assert_eq!(crawled.summary.troubles.total(), 0, "{charset}");
        assert!(crawled.summary.ok >= 1, "{charset}");
    }
}
