//! The crawler on the command line.

use std::io;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

use crawler::args::{Args, Command, Report, SummaryFormat};
use crawler::crawl::{Crawl, Earlier, Folder, FolderError};
use crawler::dashboard::{Dashboard, DashboardError};
use crawler::demo::Demo;
use crawler::dry_run::DryRun;
use crawler::progress::{Progress, Style};
use crawler::report;
use crawler::summary::End;
use thalweg::Interrupts;
use tokio::runtime::{Builder, Runtime};

/// Cut off by the user, as shells know it.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let args = match Command::read(std::env::args_os()) {
        Ok(Command::Crawl(args)) => *args,
        Ok(Command::Report(report)) => return tell(&report),
        Err(usage) => return usage.print(),
    };
    let args = match args.with_kept() {
        Ok(args) => args,
        Err(error) => return failure(error),
    };
    if let Some(text) = args.printed() {
        return print(text, ExitCode::SUCCESS);
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failure(format_args!("cannot start: {error}")),
    };
    let code = runtime.block_on(run(args));
    // Nothing that matters is left: do not wait for a name that still resolves.
    runtime.shutdown_background();
    code
}

fn tell(wanted: &Report) -> ExitCode {
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    match report::print(wanted, width, io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(error),
    }
}

/// A file that reaches a limit of the shell (`ulimit -f`) ends the crawl with an error, not the process with a signal.
#[cfg(unix)]
fn outlast_file_limits() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

#[cfg(not(unix))]
fn outlast_file_limits() -> io::Result<()> {
    Ok(())
}

/// On one core, threads would only get in each other's way.
fn runtime() -> io::Result<Runtime> {
    let mut builder = match available_parallelism().map_or(1, NonZero::get) {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.enable_all().build()
}

async fn run(mut args: Args) -> ExitCode {
    let demo = match demo(&mut args) {
        Ok(demo) => demo,
        Err(error) => return failure(format_args!("cannot serve the demo site: {error}")),
    };
    if let Err(error) = outlast_file_limits() {
        return failure(format_args!("cannot listen for signals: {error}"));
    }
    // Read before its directory may be replaced by the output of this crawl.
    let earlier = match args.fetching.recrawl.as_deref().map(Earlier::read) {
        Some(Ok(earlier)) => earlier,
        Some(Err(error)) => return failure(error),
        None => Earlier::default(),
    };
    let mut interrupts = match Interrupts::listen() {
        Ok(interrupts) => interrupts,
        Err(error) => return failure(format_args!("cannot listen for signals: {error}")),
    };
    if args.run.dry_run {
        return tokio::select! {
            end = DryRun::run(&args) => match end {
                Ok(end) if end.is_complete() => print(end, ExitCode::SUCCESS),
                Ok(end) => print(end, ExitCode::FAILURE),
                Err(error) => failure(error),
            },
            () = interrupts.recv() => ExitCode::from(INTERRUPTED),
        };
    }
    // What is there may be slow, or a pipe that nobody reads.
    let folder = tokio::select! {
        folder = open_folder(&args) => match folder {
            Ok(folder) => folder,
            Err(error) => return failure(error),
        },
        () = interrupts.recv() => return ExitCode::from(INTERRUPTED),
    };
    if let Some(demo) = demo.as_ref().filter(|_| !args.output.quiet) {
        note(format_args!(
            "no URL was given, so here is a demo site of this machine: {}",
            demo.url()
        ));
    }

    let mut crawl = Crawl::start_again(&args, folder, earlier);
    if crawl.is_finished() && !args.output.quiet {
        note("nothing is left to do; this is what it came to");
    }
    let dashboard = match open_dashboard(&args, &crawl).await {
        Ok(dashboard) => dashboard,
        Err(error) => return failure(error),
    };
    let mut progress = Progress::stderr(Style::of_stderr(args.output.quiet));
    let watch = crawl.watch();
    let end = loop {
        tokio::select! {
            end = crawl.end() => break end,
            never = progress.run(|| watch.snapshot()) => match never {},
            () = interrupts.recv() => {
                if crawl.is_stopping() {
                    crawl.abort();
                    progress.interrupt(|| note("left at once"));
                    return ExitCode::from(INTERRUPTED);
                }
                crawl.stop();
                let line = "stopping; running requests may end within 5 s, Ctrl-C again leaves at once";
                progress.interrupt(|| note(line));
            }
        }
    };
    drop(progress);
    if let Some(dashboard) = dashboard {
        dashboard.close(crawl.summary()).await;
    }

    let lost = crawl.lost_seeds();
    for line in lost.iter().chain(&crawl.hints()) {
        note(line);
    }
    // A reader that has seen enough is no failure.
    if let Err(error) = crawl
        .summary()
        .print(args.output.summary, io::stdout().lock())
        && !is_broken_pipe(&error)
    {
        return failure(format_args!("cannot print the summary: {error}"));
    }
    if let Some(directory) = args.directory()
        && !args.output.quiet
        && let Some(advice) = advice(&crawl)
    {
        note(format_args!(
            "{advice} crawler --resume {}",
            directory.display()
        ));
    } else if demo.is_some() && !args.output.quiet && args.output.summary == SummaryFormat::Text {
        note("now one of yours: crawler --max-pages 100 --out pages https://example.org/");
    }
    match end {
        Err(error) => failure(error),
        Ok(()) if lost.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
    }
}

/// What may be done next with a crawl that has a directory.
fn advice(crawl: &Crawl) -> Option<&'static str> {
    match crawl.summary().end {
        End::Complete => None,
        End::Limit => Some("there is more; raise the limit and go on with"),
        End::Stopped | End::Failed | End::Running => Some("go on with"),
    }
}

/// Serves a site of this machine, and starts there, if no other place to start was given.
fn demo(args: &mut Args) -> io::Result<Option<Demo>> {
    if !args.urls.is_empty() || args.output.resume.is_some() {
        return Ok(None);
    }
    let demo = Demo::start()?;
    args.start_at(demo.url().clone());
    Ok(Some(demo))
}

/// Opens a dashboard if one is asked for, and says where.
async fn open_dashboard(args: &Args, crawl: &Crawl) -> Result<Option<Dashboard>, DashboardError> {
    let Some(at) = args.run.dashboard else {
        return Ok(None);
    };
    let dashboard = Dashboard::open(at, crawl).await?;
    note(format_args!("dashboard at {}", dashboard.url()));
    Ok(Some(dashboard))
}

/// Opens the directory that the command line names, if it names one.
async fn open_folder(args: &Args) -> Result<Option<Folder>, FolderError> {
    Ok(match (&args.output.resume, &args.output.out) {
        (Some(directory), _) => Some(Folder::resume(directory, args).await?),
        (None, Some(directory)) => Some(Folder::create(directory, args).await?),
        (None, None) => None,
    })
}

/// Prints what was asked for, and ends with `code` if that could be done.
fn print(text: impl std::fmt::Display, code: ExitCode) -> ExitCode {
    use std::io::Write;
    match write!(io::stdout(), "{text}") {
        Err(error) if !is_broken_pipe(&error) => failure(format_args!("cannot print: {error}")),
        _ => code,
    }
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn note(line: impl std::fmt::Display) {
    use std::io::Write;
    // Nobody is left to tell if stderr has gone.
    let _ = writeln!(io::stderr(), "crawler: {line}");
}

fn failure(line: impl std::fmt::Display) -> ExitCode {
    note(line);
    ExitCode::FAILURE
}
