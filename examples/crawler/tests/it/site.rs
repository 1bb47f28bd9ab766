//! Sites that are made of a few answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use url::Url;

use crate::server::{Server, read_head};

/// A server with an answer for each path, and 404 for all others; it notes every request.
pub(crate) struct Site {
    server: Server,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What is answered to a path, one after the other; the last again and again.
pub(crate) type Answers = Vec<String>;

impl Site {
    pub(crate) async fn serve<const N: usize>(answers: [(&str, Answers); N]) -> Self {
        Self::serve_all(answers).await
    }

    pub(crate) async fn serve_all<'a>(
        answers: impl IntoIterator<Item = (&'a str, Answers)>,
    ) -> Self {
        let answers: HashMap<String, Answers> = answers
            .into_iter()
            .map(|(path, answers)| (path.to_owned(), answers))
            .collect();
        let answers = Arc::new(answers);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        let server = Server::start(move |_, mut tcp| {
            let (answers, log) = (answers.clone(), log.clone());
            async move {
                loop {
                    let head = read_head(&mut tcp).await;
                    let Some(path) = head.split(' ').nth(1).map(str::to_owned) else {
                        return;
                    };
                    let before = {
                        let mut log = log.lock().expect("no test panics with it");
                        log.push(path.clone());
                        log.iter().filter(|known| **known == path).count() - 1
                    };
                    let answer = match answers.get(&path) {
                        Some(answers) => answers[before.min(answers.len() - 1)].clone(),
                        None => status("404 Not Found", "", ""),
                    };
                    if tcp.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await;
        Self { server, requests }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.server.url(path)
    }

    /// The paths that were asked for, sorted, without robots.txt.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = self
            .requests
            .lock()
            .expect("no test panics with it")
            .clone();
        requests.retain(|path| path != "/robots.txt");
        requests.sort();
        requests
    }

    pub(crate) fn hits(&self, path: &str) -> usize {
        let requests = self.requests.lock().expect("no test panics with it");
        requests.iter().filter(|known| *known == path).count()
    }
}

/// A page with links to `targets`.
pub(crate) fn page(targets: &[&str]) -> Answers {
    let links: Vec<String> = targets
        .iter()
        .map(|target| format!("<a href=\"{target}\">{target}</a>"))
        .collect();
    html(&format!("<title>A page</title>{}", links.concat()))
}

pub(crate) fn html(body: &str) -> Answers {
    vec![status("200 OK", "content-type: text/html\r\n", body)]
}

pub(crate) fn text(body: &str) -> Answers {
    vec![status("200 OK", "content-type: text/plain\r\n", body)]
}

pub(crate) fn redirect(target: &str) -> Answers {
    vec![status("302 Found", &format!("location: {target}\r\n"), "")]
}

pub(crate) fn status(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}
