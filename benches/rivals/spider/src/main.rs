//! Crawls the site that is given, and prints how many pages that were.

use spider::website::Website;
use tokio::sync::broadcast::error::RecvError;

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let mut website = Website::new(&url);
    website.with_respect_robots_txt(true).with_delay(0).with_limit(u32::MAX);
    let mut pages = website.subscribe(4096);
    let count = tokio::spawn(async move {
        let mut count = 0;
        loop {
            match pages.recv().await {
                Ok(page) => count += usize::from(!page.get_html().is_empty()),
                Err(RecvError::Lagged(missed)) => count += usize::try_from(missed).unwrap_or_default(),
                Err(RecvError::Closed) => return count,
            }
        }
    });
    website.crawl().await;
    website.unsubscribe();
    println!("{}", count.await.expect("it does not panic"));
}
