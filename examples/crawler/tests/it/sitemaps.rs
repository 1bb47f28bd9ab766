//! Sitemaps: how they are found, what they lead to, and what they may not do.

use std::io::Write;

use crawler::crawl::Rejection;
use crawler::sitemap::{ENTRIES, Trouble, read};
use crawler::summary::End;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::crawl::crawl;
use crate::site::{Site, page, redirect, status, text};

fn xml(body: &str) -> Vec<String> {
    vec![status("200 OK", "content-type: text/xml\r\n", body)]
}

fn gzipped(chunk: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        encoder.write_all(chunk).expect("to memory");
    }
    encoder.finish().expect("to memory")
}

#[tokio::test]
async fn pages_are_found_that_no_link_leads_to() {
    let index = "<sitemapindex><sitemap><loc>/1.xml</loc></sitemap><sitemap><loc>/2.txt</loc></sitemap>\
                 <sitemap><loc>/index.xml</loc></sitemap></sitemapindex>";
    let one = "<urlset><url><loc>/a</loc></url><url><loc>/secret</loc></url><url><loc>mailto:x</loc></url>\
               <url><loc>http://other.test/</loc></url></urlset>";
    let site = Site::serve([
        (
            "/robots.txt",
            text("User-agent: *\nDisallow: /secret\nSitemap: /old.xml\nSitemap: /secret.xml"),
        ),
        ("/old.xml", redirect("/index.xml")),
        ("/index.xml", xml(index)),
        ("/1.xml", xml(one)),
        ("/2.txt", text("/b\n/a\n")),
        ("/", page(&["/a"])),
        ("/a", page(&[])),
        ("/b", page(&["/c"])),
        ("/c", page(&[])),
    ])
    .await;
    let crawled = crawl(site.url("/").as_str()).await;
    let mut urls: Vec<&str> = crawled.pages.iter().map(|page| &*page.url).collect();
    urls.sort_unstable();
    assert_eq!(
        urls,
        ["/", "/a", "/b", "/c"].map(|path| site.url(path).to_string())
    );
    let depth = |path| crawled.page(site.url(path)).depth;
    assert_eq!((depth("/"), depth("/b"), depth("/c")), (0, 1, 2));
    assert_eq!(
        crawled.page(site.url("/b")).referrer.as_deref(),
        Some(site.url("/2.txt").as_str())
    );

    let mut sitemaps: Vec<_> = crawled
        .sitemaps
        .iter()
        .map(|sitemap| (&*sitemap.url, sitemap.entries, sitemap.error.as_deref()))
        .collect();
    sitemaps.sort_unstable();
    let expected = [
        ("/1.xml", 4, None::<&str>),
        ("/2.txt", 2, None),
        ("/index.xml", 3, None),
        ("/old.xml", 0, None),
    ];
    let expected =
        expected.map(|(path, entries, error)| (site.url(path).to_string(), entries, error));
    assert_eq!(sitemaps.len(), expected.len());
    for (found, expected) in sitemaps.iter().zip(&expected) {
        assert_eq!(
            (found.0, found.1, found.2),
            (&*expected.0, expected.1, expected.2)
        );
    }
    let rejected = crawled.summary.rejected;
    assert_eq!((crawled.summary.sitemaps, crawled.summary.pages), (4, 4));
    assert_eq!(rejected.of(Rejection::NoUrl), 1);
    assert_eq!(rejected.of(Rejection::OutOfScope), 1);
    assert_eq!(rejected.of(Rejection::Robots), 2);
}

#[tokio::test]
async fn sitemaps_are_given_or_left_out() {
    let site = Site::serve([
        ("/robots.txt", text("Sitemap: /listed.xml")),
        (
            "/listed.xml",
            xml("<urlset><url><loc>/a</loc></url></urlset>"),
        ),
        (
            "/given.xml",
            xml("<urlset><url><loc>/docs/b</loc></url></urlset>"),
        ),
        ("/docs/", page(&[])),
        ("/docs/b", page(&[])),
    ])
    .await;
    let start = site.url("/docs/");
    let words = format!(
        "--no-sitemaps --scope prefix --sitemap {} {start}",
        site.url("/given.xml")
    );
    let crawled = crawl(&words).await;
    assert_eq!(site.requests(), ["/docs/", "/docs/b", "/given.xml"]);
    assert_eq!(crawled.summary.end, End::Complete);
    assert_eq!(crawled.lost_seeds, [""; 0]);

    let words = format!("--sitemap {} {start}", site.url("/none.xml"));
    let crawled = crawl(&words).await;
    let expected = format!("{} was not fetched: status 404", site.url("/none.xml"));
    assert_eq!(crawled.lost_seeds, [expected]);
}

#[test]
fn a_compressed_one_is_known_by_its_first_bytes() {
    let sitemap = gzipped(b"<urlset><url><loc>http://a.test/</loc></url></urlset>", 1);
    let mut found = Vec::new();
    let reading = read(&sitemap, |entry| found.push(entry.location));
    assert_eq!(
        (found, reading.trouble),
        (vec!["http://a.test/".to_owned()], None)
    );
    let cut = read(&sitemap[..sitemap.len() - 9], drop);
    assert!(matches!(cut.trouble, Some(Trouble::Broken(_))), "{cut:?}");
}

#[test]
fn no_more_entries_are_read_than_a_sitemap_may_have() {
    let entry = b"<url><loc>http://a.test/</loc></url>";
    let many = [&b"<urlset>"[..], &entry.repeat(ENTRIES + 1)].concat();
    let reading = read(&many, drop);
    assert_eq!(
        (reading.entries, reading.trouble),
        (ENTRIES, Some(Trouble::TooMany))
    );
}

#[test]
fn hostile_files_are_read_in_little_memory_and_time() {
    let entities = (1..50).fold(String::new(), |entities, number| {
        let before = format!("&a{};", number - 1).repeat(3);
        entities + &format!("<!ENTITY a{number} '{before}'>")
    });
    let laughs = format!(
        "<!DOCTYPE x [<!ENTITY a0 'ha'>{entities}]><urlset><url><loc>/&a49;</loc></url></urlset>"
    );
    let mut found = Vec::new();
    read(laughs.as_bytes(), |entry| found.push(entry.location));
    assert_eq!(found, ["/"]);

    // Fifty megabytes without a tag, in fifty kilobytes.
    let flat = vec![b'x'; 64 * 1024];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"<urlset><url><loc>").expect("to memory");
    for _ in 0..20 {
        encoder.write_all(&flat).expect("to memory");
    }
    let reading = read(&encoder.finish().expect("to memory"), drop);
    assert_eq!(
        reading.trouble,
        Some(Trouble::Broken("no tag for too long".to_owned()))
    );

    for piece in [
        "<url>",
        "<url><loc>",
        "</url>",
        "<!--",
        "<![CDATA[",
        "&",
        "&#x;",
        "<!DOCTYPE [",
        "\u{fffd}",
    ] {
        let reading = read(format!("<urlset>{}", piece.repeat(50_000)).as_bytes(), drop);
        assert_eq!(reading.entries, 0, "{piece}");
    }
}

#[test]
fn bytes_that_are_no_text_spoil_nothing_else() {
    let latin1 = b"<urlset><url><loc>http://a.test/\xe9</loc></url><url><loc>http://a.test/b</loc></url></urlset>";
    let mut found = Vec::new();
    let reading = read(latin1, |entry| found.push(entry.location));
    assert_eq!(found, ["http://a.test/?", "http://a.test/b"]);
    assert_eq!(reading.trouble, None);
    let reading = read(&[0xff, 0x00, 0xfe].repeat(100), drop);
    assert!(
        matches!(reading.trouble, Some(Trouble::Broken(_))),
        "{reading:?}"
    );
}
