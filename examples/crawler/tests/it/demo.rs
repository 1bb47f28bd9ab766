//! The demo site over the wire.

use crawler::demo::Demo;
use crawler::fetch::{Client, FetchError};

use crate::server::client;

async fn get(client: &Client, demo: &Demo, path: &str) -> crawler::fetch::Response {
    let url = demo.url().join(path).expect("a URL");
    client
        .get(&url, |_, _| true)
        .await
        .expect("the demo answers")
}

#[tokio::test]
async fn every_page_is_there_and_every_request_is_logged() {
    let demo = Demo::builder().pages(20).start().expect("a free port");
    let client = client();
    for page in demo.pages() {
        let response = client
            .get(&page, |_, _| true)
            .await
            .expect("the demo answers");
        assert_eq!(response.status.as_u16(), 200, "{page}");
        assert_eq!(response.content_type(), Some("text/html; charset=utf-8"));
        assert!(response.body.starts_with(b"<!doctype html>"));
    }
    assert_eq!(demo.requests().len(), 20);
    assert_eq!(demo.requests()[0], "/");
    assert_eq!(demo.hits("/map?reach=7&scale=3"), 1);
    assert_eq!(demo.hits("/nowhere"), 0);
}

#[tokio::test]
async fn special_paths_behave() {
    let demo = Demo::start().expect("a free port");
    let client = client();
    assert_eq!(demo.pages().len(), 60);
    let busy = get(&client, &demo, "/ferry").await;
    assert_eq!(busy.status.as_u16(), 503);
    assert_eq!(busy.retry_after(), Some(std::time::Duration::ZERO));
    assert_eq!(get(&client, &demo, "/ferry").await.status.as_u16(), 200);
    assert_eq!(get(&client, &demo, "/dried-up").await.status.as_u16(), 404);
    let moved = get(&client, &demo, "/old-course").await;
    assert_eq!(moved.status.as_u16(), 301);
    assert!(
        demo.pages()
            .contains(&moved.location.expect("it leads somewhere"))
    );
    assert_eq!(demo.hits("/ferry"), 2);
}

#[tokio::test]
async fn it_ends_with_its_value() {
    let demo = Demo::start().expect("a free port");
    let client = client();
    let url = demo.url().clone();
    client
        .get(&url, |_, _| true)
        .await
        .expect("the demo answers");
    drop(demo);
    tokio::task::yield_now().await;
    let error = client.get(&url, |_, _| true).await.expect_err("it is gone");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
}

#[test]
fn without_a_runtime_it_says_so() {
    let error = Demo::start().expect_err("no runtime");
    assert!(error.to_string().contains("runtime"), "{error}");
}
