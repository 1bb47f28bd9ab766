//! Crawls the site that is given, and prints how many pages that were.

use spider::website::Website;

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).expect("a URL");
    let mut website = Website::new(&url);
    website.with_respect_robots_txt(true).with_delay(0).with_limit(u32::MAX);
    let mut pages = website.subscribe(4096).expect("it tells of pages");
    let count = tokio::spawn(async move {
        let mut count = 0;
        while let Ok(page) = pages.recv().await {
            count += usize::from(!page.get_html().is_empty());
        }
        count
    });
    website.crawl().await;
    website.unsubscribe();
    println!("{}", count.await.expect("it does not panic"));
}
