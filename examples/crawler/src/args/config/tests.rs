use clap::CommandFactory;

use super::*;
use crate::args::Args;

/// Values of all kinds, of which an option has at least one.
const VALUES: [&str; 14] = [
    "7",
    "true",
    "1s",
    "3MiB",
    "2.5",
    "2/s",
    "a \"quoted\" \\ back\tslash",
    "/tmp/a file",
    "127.0.0.1:9",
    "http://a.test/",
    "png,zip",
    "name=h1",
    "name:secret",
    "a.test=name:secret",
];

fn scratch(name: &str, text: &str) -> PathBuf {
    let name = format!("crawler-config-{name}-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

fn args(words: &[String]) -> Result<Args, crate::args::Usage> {
    Args::read(std::iter::once("crawler".to_owned()).chain(words.iter().cloned()))
}

/// What the file of these words says, and what is read from that file.
fn round_trip(name: &str, words: &[String]) -> (String, Args) {
    let printing = [words, &["--print-config".to_owned()]].concat();
    let printed = args(&printing)
        .expect("words")
        .printed()
        .expect("a file")
        .to_owned();
    let path = scratch(name, &printed);
    let read = args(&[
        "--print-config".to_owned(),
        format!("--config={}", path.display()),
    ]);
    std::fs::remove_file(path).expect("it is there");
    (printed, read.expect("a file of options"))
}

/// A value that the option takes.
fn value(option: &Arg) -> String {
    let possible = option.get_possible_values();
    if let Some(possible) = possible
        .last()
        .filter(|_| option.get_action().takes_values())
    {
        return possible.get_name().to_owned();
    }
    let fits = |value: &&str| {
        let word = option
            .get_long()
            .map_or((*value).to_owned(), |name| format!("--{name}={value}"));
        let mut command = Args::command();
        let read = command.try_get_matches_from_mut(["crawler", &word]);
        read.err()
            .is_none_or(|error| !crate::args::is_about_value(&error))
    };
    let value = VALUES.iter().copied().find(fits);
    value
        .unwrap_or_else(|| panic!("no value for {}", key_of(option)))
        .to_owned()
}

#[test]
fn every_option_comes_back_from_a_file() {
    let command = Args::command();
    let mut keys = 0;
    for option in options(&command) {
        let key = key_of(option);
        let mut line = format!("{key} = true\n");
        if option.get_action().takes_values() {
            let values = vec![value(option); if is_list(option) { 2 } else { 1 }];
            line = format!("{key} = {}\n", value_text(option, &values));
        }
        // Beside it, what it wants.
        let others = ["out = \"x\"\n", "warc = true\n", ""];
        let path = scratch(&format!("every-{key}"), "");
        let read = others.iter().find_map(|other| {
            let text = if other.starts_with(key) {
                line.clone()
            } else {
                format!("{other}{line}")
            };
            std::fs::write(&path, &text).expect("a file");
            let words = [
                "--print-config".to_owned(),
                format!("--config={}", path.display()),
            ];
            args(&words).ok()
        });
        std::fs::remove_file(path).expect("it is there");
        let read = read.unwrap_or_else(|| panic!("{line} is not understood"));
        let printed = read.printed().expect("a file");
        assert!(
            printed.contains(&format!("\n{line}")),
            "{line} is not in {printed}"
        );
        keys += 1;
    }
    assert!(keys > 15, "{keys}");
}

#[test]
fn what_is_printed_is_read_back() {
    let words = [
        "--max-pages=5",
        "--delay=1s 500ms",
        "--user-agent=me/1 (\"x\" \\ y)",
        "--ignore-robots",
        "--max-rate=0.5",
        "--dashboard",
        "a.test",
        "http://b.test/?c=d#e",
    ]
    .map(str::to_owned);
    let (printed, read) = round_trip("printed", &words);
    assert_eq!(read.printed(), Some(printed.as_str()));
    assert_eq!(read.given, args(&words).expect("words").given);
    for line in [
        "\nmax-pages = 5\n",
        "\n#concurrency = 64\n",
        "\n#max-depth = <N>\n",
        "\nignore-robots = true\n",
    ] {
        assert!(printed.contains(line), "{line} is not in {printed}");
    }
}

#[test]
fn what_is_printed_as_a_comment_holds_without_it() {
    let printed = args(&["--print-config".to_owned()]).expect("words");
    let text = printed.printed().expect("a file").replace("\n#", "\n");
    // Without headings, help, and what has no value.
    let lines = text.lines().filter(|line| {
        !line.starts_with([' ', '#']) && !line.contains('<') && line.contains(" = ")
    });
    let path = scratch("comments", &lines.collect::<Vec<_>>().join("\n"));
    let read = args(&[format!("--config={}", path.display())]).expect("a file of options");
    std::fs::remove_file(path).expect("it is there");
    let default = args(&[]).expect("nothing");
    let without = |mut args: Args| {
        (args.given, args.run.config) = (Vec::new(), None);
        format!("{args:?}")
    };
    assert_eq!(without(read), without(default));
}

#[test]
fn the_command_line_wins_and_lists_are_added_to() {
    let path = scratch("wins", "urls = [\"a.test\"]\nmax-pages = 5\nquiet = true\n");
    let config = format!("--config={}", path.display());
    let read = args(&[config, "--max-pages=6".to_owned(), "b.test".to_owned()]);
    std::fs::remove_file(path).expect("it is there");
    let read = read.expect("options");
    assert_eq!((read.what.max_pages, read.output.quiet), (6, true));
    let urls: Vec<&str> = read.urls.iter().map(url::Url::as_str).collect();
    assert_eq!(urls, ["https://a.test/", "https://b.test/"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let cases = [
        (
            "\nmax-page = 5",
            ":2: there is no option 'max-page'; did you mean 'max-pages'?",
        ),
        (
            "max_pages = 5",
            ":1: there is no option 'max_pages'; did you mean 'max-pages'?",
        ),
        (
            "zzz = 5",
            ":1: there is no option 'zzz'; crawler --print-config lists them",
        ),
        ("config = \"x\"", ":1: there is no option 'config'"),
        (
            "\n\n\ndelay = 5",
            ":4: invalid value '5' for '--delay <TIME>': ",
        ),
        ("delay = [1]", ":1: 'delay' has to be a text or a number"),
        ("quiet = 1", ":1: 'quiet' has to be true or false"),
        (
            "urls = [[]]",
            ":1: 'urls' has to be a list of texts or numbers",
        ),
        ("quiet = true\nquiet = true", ":2: "),
        ("quiet = maybe", ":1: "),
        ("[limits]\nmax-pages = 1", ":1: there is no option 'limits'"),
    ];
    for (text, expected) in cases {
        let path = scratch("wrong", text);
        let error = args(&[format!("--config={}", path.display())]).expect_err(text);
        let line = error.to_string();
        let place = format!("crawler: {}{expected}", path.display());
        assert!(line.starts_with(&place), "{line} is not {place}");
        assert!(!line.contains('\n'), "{line}");
        std::fs::remove_file(path).expect("it is there");
    }
    let error = args(&["--config=/no/such/file".to_owned()]).expect_err("no file");
    let line = error.to_string();
    assert!(
        line.starts_with("crawler: cannot read the options in /no/such/file: "),
        "{line}"
    );
}
