//! The page in a real browser, and the program behind it killed and started again.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;

use browser::Page;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

type Outcome = Result<(), Box<dyn Error>>;

/// The program, and the address that it printed.
struct Live {
    process: Child,
    url: String,
}

impl Live {
    async fn start(address: &str, history: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_live"))
            .arg(address)
            .arg(history)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.ok_or("it ended at once")?;
        let url = line.strip_prefix("open ").ok_or(line.clone())?.to_owned();
        Ok(Self { process, url })
    }

    fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// As `kill -9` does.
    async fn kill(mut self) -> Outcome {
        self.process.kill().await?;
        Ok(())
    }
}

/// Notes every id that comes in, beside what the page does with it.
const WATCH: &str = "
    window.offsets = [];
    const shown = receive;
    receive = message => { if ('topic' in message) offsets.push(offsetOf(message.id)); shown(message); };
    true";

/// Nothing was left out and nothing came twice.
const WHOLE: &str =
    "offsets.every((offset, index) => index === 0 || offset === offsets[index - 1] + 1)";

async fn is_live(page: &mut Page<'_>) -> Outcome {
    page.until("document.querySelector('#state').dataset.state === 'live'")
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_page_misses_nothing_though_the_program_is_killed() -> Outcome {
    let Some(mut browser) = browser::launch().await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let history = folder.path().join("history");
    let mut live = Live::start("127.0.0.1:0", &history).await?;
    let address = live.address().to_owned();
    for query in ["", "?sse"] {
        let mut page = browser.open(&format!("http://{address}/{query}")).await?;
        is_live(&mut page).await?;
        page.evaluate::<bool>(WATCH).await?;
        page.until("offsets.length > 20").await?;
        assert!(page.evaluate::<bool>(WHOLE).await?, "{query}");
        assert_eq!(page.complaints(), [""; 0]);

        live.kill().await?;
        page.until("document.querySelector('#state').dataset.state === 'waiting'")
            .await?;
        let before: usize = page.evaluate("offsets.length").await?;
        live = Live::start(&address, &history).await?;
        is_live(&mut page).await?;
        page.until(&format!(
            "offsets.length > {} && document.querySelector('.note.resumed')",
            before + 20
        ))
        .await?;
        assert!(page.evaluate::<bool>(WHOLE).await?, "{query}");
        assert!(
            page.evaluate::<bool>("!document.querySelector('.note.reset, .note.gap')")
                .await?,
            "{query}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_page_is_used_by_keyboard_in_a_narrow_window_and_in_the_dark() -> Outcome {
    let Some(mut browser) = browser::launch().await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let live = Live::start("127.0.0.1:0", &folder.path().join("history")).await?;
    let mut page = browser.open(&live.url).await?;
    page.until("document.querySelectorAll('#events li').length > 10")
        .await?;
    page.until("document.querySelectorAll('#legend li').length === 4")
        .await?;

    // What is shown stands still, what comes in is kept.
    page.press("p").await?;
    page.until("document.querySelector('#pause').ariaPressed === 'true'")
        .await?;
    let shown: String = page
        .evaluate("document.querySelector('#count').textContent")
        .await?;
    page.until(&format!("model.count > {} + 10", shown.replace(',', "")))
        .await?;
    let later: String = page
        .evaluate("document.querySelector('#count').textContent")
        .await?;
    assert_eq!(shown, later);
    page.press("p").await?;
    page.until(&format!(
        "document.querySelector('#count').textContent !== '{later}'"
    ))
    .await?;

    // Away and back, by the button that the focus comes to first but one.
    for _ in 0..2 {
        page.press("Tab").await?;
    }
    page.press("Enter").await?;
    page.until("document.querySelector('#state').dataset.state === 'off'")
        .await?;
    page.press("Enter").await?;
    page.until("document.querySelector('.note.resumed')")
        .await?;

    // Without trades there is the machine alone.
    page.press("t").await?;
    page.until("document.querySelector('#trades').ariaPressed === 'false'")
        .await?;
    page.evaluate::<bool>(WATCH).await?;
    page.until("offsets.length > 1").await?;

    let light: String = page.evaluate("getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor").await?;
    page.prefer_dark(true).await?;
    let dark: String = page.evaluate("getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor").await?;
    assert_ne!(light, dark);

    // Made larger and small again, everything is in the window as it was before.
    let height = "[...document.querySelectorAll('section')].map(one => Math.round(one.getBoundingClientRect().bottom)).join()";
    page.resize(1024, 800).await?;
    page.until(
        "new Promise(go => requestAnimationFrame(() => requestAnimationFrame(() => go(true))))",
    )
    .await?;
    let before: String = page.evaluate(height).await?;
    page.resize(1024, 1600).await?;
    page.until("document.querySelector('#prices').height > 1000")
        .await?;
    page.resize(1024, 800).await?;
    page.until(&format!("{height} === '{before}'")).await?;

    for width in [320, 480, 1024] {
        page.resize(width, 800).await?;
        assert!(
            page.evaluate::<bool>("document.documentElement.scrollWidth <= innerWidth")
                .await?,
            "{width}"
        );
    }
    assert_eq!(page.complaints(), [""; 0]);
    Ok(())
}
