//! What rules take out of pages, and the text of pages: what needs the tree of a document.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Node};
use serde::Serialize;
use url::Url;

use super::append_file::AppendFile;
use super::directory::Directory;
use super::error::{Attempt, OutputError};
use super::rule::Rule;
use crate::args::{Args, ExtractFormat};
use crate::fetch::Response;
use crate::html::decode;
use crate::url::resolve;

/// Elements whose text nobody reads.
const UNSEEN: [&str; 7] = [
    "head", "script", "style", "template", "noscript", "svg", "iframe",
];

/// Elements that stand in a line with others; all others begin one.
const INLINE: [&str; 26] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var",
];

/// The files of values and of texts.
#[derive(Debug)]
pub(super) struct Extracts {
    rules: Vec<Rule>,
    format: ExtractFormat,
    values: Option<AppendFile>,
    texts: Option<AppendFile>,
}

impl Extracts {
    /// None if nothing is asked for.
    pub(super) async fn open(
        directory: &Directory<'_>,
        args: &Args,
    ) -> Result<Option<Self>, OutputError> {
        let (rules, format) = (args.files.extract.clone(), args.files.extract_format);
        let mut values = None;
        if !rules.is_empty() {
            let mut file = directory.file(format.file_name()).await?;
            if format == ExtractFormat::Csv && file.position() == 0 {
                let names = rules.iter().map(|rule| rule.name.as_str());
                append_csv(&mut file, std::iter::once("url").chain(names))?;
            }
            values = Some(file);
        }
        let texts = if args.files.text {
            Some(directory.file("text.jsonl").await?)
        } else {
            None
        };
        let is_asked = values.is_some() || texts.is_some();
        Ok(is_asked.then_some(Self {
            rules,
            format,
            values,
            texts,
        }))
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &AppendFile> {
        self.values.iter().chain(&self.texts)
    }

    pub(super) fn files_mut(&mut self) -> impl Iterator<Item = &mut AppendFile> {
        self.values.iter_mut().chain(&mut self.texts)
    }

    /// Appends what is in `response`, if that is a page.
    pub(super) fn append(&mut self, response: &Response) -> Result<(), OutputError> {
        if !response.is_page() || !response.status.is_success() {
            return Ok(());
        }
        let decoded = decode(&response.body, response.content_type());
        let document = Html::parse_document(&String::from_utf8_lossy(&decoded.html));
        let url = response.url.as_str();
        if let Some(texts) = &mut self.texts {
            #[derive(Serialize)]
            struct Text<'a> {
                url: &'a str,
                text: String,
            }
            let text = text_of(document.root_element());
            texts.append_json(&Text { url, text })?;
        }
        let Some(file) = &mut self.values else {
            return Ok(());
        };
        let values: Vec<(&str, Vec<String>)> = self
            .rules
            .iter()
            .map(|rule| {
                (
                    rule.name.as_str(),
                    values_of(rule, &document, &response.url),
                )
            })
            .collect();
        if values.iter().all(|(_, values)| values.is_empty()) {
            return Ok(());
        }
        match self.format {
            ExtractFormat::Jsonl => {
                #[derive(Serialize)]
                struct Values<'a> {
                    url: &'a str,
                    #[serde(flatten)]
                    values: BTreeMap<&'a str, Vec<String>>,
                }
                let values = values.into_iter().collect();
                file.append_json(&Values { url, values })
            }
            ExtractFormat::Csv => {
                // Values have no line ends of their own.
                let cells: Vec<String> =
                    values.iter().map(|(_, values)| values.join("\n")).collect();
                append_csv(
                    file,
                    std::iter::once(url).chain(cells.iter().map(String::as_str)),
                )
            }
        }
    }
}

fn append_csv<'a>(
    file: &mut AppendFile,
    cells: impl Iterator<Item = &'a str>,
) -> Result<(), OutputError> {
    let mut line = csv::Writer::from_writer(Vec::new());
    let line = line
        .write_record(cells)
        .map_err(std::io::Error::from)
        .and_then(|()| line.into_inner().map_err(csv::IntoInnerError::into_error))
        .map_err(|error| OutputError::new(Attempt::Write, file.path(), error))?;
    file.append(&line);
    Ok(())
}

/// What a rule finds, white space made single spaces; addresses are made absolute.
fn values_of(rule: &Rule, document: &Html, url: &Url) -> Vec<String> {
    let value = |element: ElementRef<'_>| match rule.attribute.as_deref() {
        None => Some(neat(element.text())),
        Some(name) => {
            let value = neat(std::iter::once(element.attr(name)?));
            let is_address = matches!(name, "href" | "src");
            let absolute = is_address.then(|| resolve(url, &value)).flatten();
            Some(absolute.map_or(value, String::from))
        }
    };
    document.select(&rule.selector).filter_map(value).collect()
}

fn neat<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let text: String = parts.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text that a reader sees below `root`, a line for each block.
fn text_of(root: ElementRef<'_>) -> String {
    let mut text = String::new();
    let mut hidden_below = None;
    for edge in root.traverse() {
        let (node, opens) = match edge {
            ego_tree::iter::Edge::Open(node) => (node, true),
            ego_tree::iter::Edge::Close(node) => (node, false),
        };
        match node.value() {
            Node::Text(words) if opens && hidden_below.is_none() => push_words(&mut text, words),
            Node::Element(element) => {
                let name = element.name();
                if hidden_below == Some(node.id()) {
                    hidden_below = None;
                } else if opens && hidden_below.is_none() && UNSEEN.contains(&name) {
                    hidden_below = Some(node.id());
                }
                if !INLINE.contains(&name) {
                    begin_line(&mut text);
                }
            }
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn begin_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Appends words, with single spaces where there was white space.
fn push_words(text: &mut String, words: &str) {
    for (number, word) in words.split(char::is_whitespace).enumerate() {
        if number > 0 && !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
        text.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_a_reader_sees() {
        let html = "<title>no</title><h1>The  <b>Riv</b>er</h1><script>no</script><p>one\n two<br>three \
                    <ul><li>a<li>b &amp; c</ul><style>no</style> end";
        let document = Html::parse_document(html);
        assert_eq!(
            text_of(document.root_element()),
            "The River\none two\nthree\na\nb & c\nend"
        );
    }
}
