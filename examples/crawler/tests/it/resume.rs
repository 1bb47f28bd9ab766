//! Crawls that go on in a later run, and directories in which none can.

use std::path::Path;

use crate::program::{code, line, pages, run, scratch, summary};
use crate::site::{Site, page};

async fn site() -> Site {
    Site::serve([
        ("/", page(&["/a", "/b", "/c"])),
        ("/a", page(&["/d"])),
        ("/b", page(&["/e"])),
        ("/c", page(&[])),
        ("/d", page(&[])),
        ("/e", page(&["/"])),
    ])
    .await
}

/// Runs quietly with these words and the directory behind them.
async fn run_in(folder: &Path, words: &[&str]) -> std::process::Output {
    let folder = folder.to_str().expect("text");
    let quiet = ["-q", "--summary", "json"];
    run(&[&quiet, words, &[folder]].concat()).await
}

#[tokio::test]
async fn a_crawl_that_reached_a_limit_goes_on_where_it_was() {
    let (folder, site) = (scratch("limit"), site().await);
    let url = site.url("/").to_string();
    let output = run_in(&folder, &["--max-pages", "2", &url, "--out"]).await;
    assert_eq!(code(&output), Some(0));
    let first = summary(&output.stdout);
    assert_eq!(
        (&first["pages"], &first["end"]),
        (&2.into(), &"limit".into())
    );

    // The limit is kept, and counts over all runs.
    let output = run_in(&folder, &["--resume"]).await;
    assert_eq!(code(&output), Some(0));
    assert_eq!((site.requests().len(), pages(&folder).len()), (2, 2));

    let output = run_in(&folder, &["--max-pages", "5", "--resume"]).await;
    let second = summary(&output.stdout);
    assert_eq!((&second["pages"], &second["ok"]), (&5.into(), &5.into()));
    assert_eq!(second["end"], "limit");
    let output = run_in(&folder, &["--max-pages", "100", "--resume"]).await;
    let last = summary(&output.stdout);
    assert_eq!(
        (&last["pages"], &last["end"]),
        (&6.into(), &"complete".into())
    );
    assert!(last["bytes"].as_u64() > first["bytes"].as_u64());
    assert_eq!(site.requests(), ["/", "/a", "/b", "/c", "/d", "/e"]);
    let pages = pages(&folder);
    assert_eq!(pages.len(), 6);
    let e = pages
        .iter()
        .find(|page| page["url"] == site.url("/e").as_str());
    let e = e.expect("it was fetched");
    assert_eq!(
        (&e["depth"], &e["referrer"]),
        (&2.into(), &site.url("/b").as_str().into())
    );
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_finished_crawl_has_nothing_left_to_do_until_more_is_given() {
    let (folder, site) = (scratch("finished"), site().await);
    let url = site.url("/c").to_string();
    run_in(&folder, &[&url, "--out"]).await;
    let again = run(&["--resume", folder.to_str().expect("text")]).await;
    assert_eq!(code(&again), Some(0));
    assert_eq!(
        line(&again),
        "crawler: nothing is left to do; this is what it came to"
    );
    let text = str::from_utf8(&again.stdout).expect("text");
    assert!(text.starts_with("Crawled to the last page:\n"), "{text}");
    assert_eq!(site.requests(), ["/c"]);

    let more = site.url("/d").to_string();
    let output = run_in(&folder, &[&more, "--resume"]).await;
    assert_eq!(summary(&output.stdout)["pages"], 2);
    assert_eq!((site.requests().len(), pages(&folder).len()), (2, 2));
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_crawl_is_not_overwritten_by_mistake() {
    let (folder, site) = (scratch("overwrite"), site().await);
    let url = site.url("/c").to_string();
    assert_eq!(code(&run_in(&folder, &[&url, "--out"]).await), Some(0));
    let refused = run_in(&folder, &[&url, "--out"]).await;
    assert_eq!(code(&refused), Some(1));
    let said = line(&refused);
    assert!(
        said.contains("holds a crawl; go on with it by --resume "),
        "{said}"
    );
    assert!(said.ends_with("or add --overwrite to begin anew"), "{said}");
    assert_eq!((site.hits("/c"), pages(&folder).len()), (1, 1));
    let output = run_in(&folder, &[&url, "--overwrite", "--out"]).await;
    assert_eq!(code(&output), Some(0));
    assert_eq!((site.hits("/c"), pages(&folder).len()), (2, 1));
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn a_directory_without_a_crawl_is_told() {
    let folder = scratch("without");
    let output = run_in(&folder, &["--resume"]).await;
    assert_eq!(code(&output), Some(1));
    let said = line(&output);
    assert!(
        said.contains(" holds no crawl to go on with; begin one with --out "),
        "{said}"
    );
    std::fs::write(folder.join("options.json"), "[]").expect("a file");
    assert_eq!(line(&run_in(&folder, &["--resume"]).await), said);
    std::fs::write(
        folder.join("frontier.log"),
        "something else, but as long as that",
    )
    .expect("a file");
    let output = run_in(&folder, &["--resume"]).await;
    assert!(
        line(&output).contains("is not the log of a crawl"),
        "{}",
        line(&output)
    );
    std::fs::remove_dir_all(folder).expect("it is there");
}

#[tokio::test]
async fn two_crawlers_do_not_share_a_directory() {
    let (folder, site) = (scratch("shared"), site().await);
    let url = site.url("/c").to_string();
    assert_eq!(code(&run_in(&folder, &[&url, "--out"]).await), Some(0));
    let lock = std::fs::File::create(folder.join("lock")).expect("a file");
    lock.lock().expect("nobody else holds it");
    for words in [&["--resume"][..], &[&url, "--overwrite", "--out"]] {
        let output = run_in(&folder, words).await;
        assert_eq!(code(&output), Some(1));
        assert!(
            line(&output).contains("another crawler is at work in "),
            "{}",
            line(&output)
        );
    }
    assert_eq!((site.hits("/c"), pages(&folder).len()), (1, 1));
    drop(lock);
    assert_eq!(code(&run_in(&folder, &["--resume"]).await), Some(0));
    std::fs::remove_dir_all(folder).expect("it is there");
}
