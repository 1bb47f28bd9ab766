use std::{process::Command, time::Duration};

use thalweg::{operators::terminal::RunError, prelude::*, sources};

/// Asks this process to terminate, as a supervisor does.
fn terminate() {
    let id = std::process::id().to_string();
    let status = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(status.success());
}

/// Takes items and never closes, unless it may.
struct Slow {
    closes: bool,
}

impl Sink<u32> for Slow {
    type Error = Infallible;

    async fn write(&mut self, batch: &mut Vec<u32>) -> Result<(), Infallible> {
        batch.clear();
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        if !self.closes {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

const LONG: Duration = Duration::from_mins(10);

/// One test, as a signal goes to the whole process.
#[tokio::test]
async fn a_signal_stops_a_run_gracefully_and_a_second_one_aborts_it() {
    let never = || sources::never::<u32>();
    let stopped = never()
        .spawn_into(Slow { closes: true })
        .stop_on_signal(LONG)
        .unwrap();
    let stopped = tokio::spawn(stopped);
    let hangs = never().spawn_into(Slow { closes: false });
    let mut aborted = std::pin::pin!(hangs.stop_on_signal(LONG).unwrap());
    terminate();
    tokio::select! {
        _ = &mut aborted => panic!("its sink does not close"),
        plan = stopped => assert!(plan.unwrap().is_ok()),
    }
    let end = loop {
        terminate();
        // More than one signal may become one: the system does not count them.
        if let Ok(end) = tokio::time::timeout(Duration::from_millis(50), &mut aborted).await {
            break end;
        }
    };
    assert!(matches!(end, Err(RunError::Aborted(_))));
}
