//! The browser itself, on a page without a server.

#[tokio::test]
async fn a_page_is_seen_and_used() {
    let Some(mut browser) = browser::launch().await.unwrap() else {
        return;
    };
    let mut page = browser
        .open("data:text/html,<title>Mill</title><button onclick='this.textContent = 7'>6</button>")
        .await
        .unwrap();
    assert_eq!(
        page.evaluate::<String>("document.title").await.unwrap(),
        "Mill"
    );
    page.press("Tab").await.unwrap();
    page.press("Enter").await.unwrap();
    page.until("document.querySelector('button').textContent == '7'")
        .await
        .unwrap();

    page.resize(320, 480).await.unwrap();
    page.prefer_dark(true).await.unwrap();
    let seen: (u32, bool) = page
        .evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]")
        .await
        .unwrap();
    assert_eq!(seen, (320, true));

    let file = tempfile::NamedTempFile::new().unwrap();
    page.screenshot(file.path()).await.unwrap();
    assert!(std::fs::read(file.path()).unwrap().starts_with(b"\x89PNG"));

    assert!(page.evaluate::<bool>("nothing.here").await.is_err());
    page.evaluate::<()>("console.error('the mill stands')")
        .await
        .unwrap();
    assert_eq!(page.complaints().len(), 1);
}
