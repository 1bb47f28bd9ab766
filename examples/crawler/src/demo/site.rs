//! What the site says: pure functions from a path to a page.

use std::collections::HashMap;
use std::fmt::Write as _;

use url::Url;

const HTML: &str = "text/html; charset=utf-8";
const SECTIONS: [&str; 6] = ["springs", "mills", "bridges", "islands", "towns", "birds"];
const FIRST: [&str; 11] = [
    "Heron", "Alder", "Slate", "Otter", "Amber", "Willow", "Lantern", "Silver", "Miller's", "Old",
    "Quiet",
];
const SECOND: [&str; 7] = ["Bend", "Ferry", "Weir", "Reach", "Landing", "Ford", "Pool"];
/// Pages form a tree of this many branches, so that all can be reached.
const BRANCHES: usize = 3;
/// Every so many pages is a view of the map, told apart by its query.
const MAP_EVERY: usize = 8;

#[derive(Debug)]
pub(super) struct Site {
    base: Url,
    pages: usize,
    /// The number of each page by its path and query.
    numbers: HashMap<String, usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Content { kind: &'static str, text: String },
    Moved(String),
    Busy,
    Missing,
}

impl Site {
    pub(super) fn new(base: Url, pages: usize) -> Self {
        let numbers = (0..pages).map(|number| (path(number), number)).collect();
        Self {
            base,
            pages,
            numbers,
        }
    }

    pub(super) fn pages(&self) -> Vec<Url> {
        (0..self.pages)
            .filter_map(|number| self.base.join(&path(number)).ok())
            .collect()
    }

    pub(super) fn answer(&self, path_and_query: &str, is_first: bool) -> Answer {
        let content = |kind, text| Answer::Content { kind, text };
        match path_and_query {
            "/robots.txt" => content("text/plain", self.robots()),
            "/sitemap.xml" => content("application/xml", self.sitemap()),
            "/chart.txt" => content("text/plain", "Depth at low water: two ells.\n".to_owned()),
            "/private/ledger" => content(HTML, document("The ledger", "<p>Tolls received.</p>")),
            "/old-course" => Answer::Moved(path(1 % self.pages)),
            "/ferry" if is_first => Answer::Busy,
            "/ferry" => content(
                HTML,
                document("The ferry", "<p>It is back.</p><a href=\"/\">Home</a>"),
            ),
            other => match self.numbers.get(other) {
                Some(&number) => content(HTML, self.page(number)),
                None => Answer::Missing,
            },
        }
    }

    fn robots(&self) -> String {
        format!(
            "User-agent: *\nDisallow: /private/\n\nSitemap: {}sitemap.xml\n",
            self.base
        )
    }

    fn sitemap(&self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
        );
        for page in self.pages() {
            let location = page.as_str().replace('&', "&amp;");
            let _ = writeln!(text, "  <url><loc>{location}</loc></url>");
        }
        text + "</urlset>\n"
    }

    fn page(&self, number: usize) -> String {
        let mut text = format!(
            "<p>Reach {number} of {}. The water comes from {} and goes on to {}.</p>\n<ul>\n",
            self.pages,
            title(number.saturating_sub(1)),
            title((number + 1) % self.pages),
        );
        let branches = number * BRANCHES + 1..=(number + 1) * BRANCHES;
        let next = (number + 1) % self.pages;
        for target in branches.filter(|&branch| branch < self.pages).chain([next]) {
            let _ = writeln!(
                text,
                "<li><a href=\"{}\">{}</a></li>",
                self.link(number, target).replace('&', "&amp;"),
                title(target)
            );
        }
        text += "</ul>\n";
        if number == 0 {
            text += "<p><a href=\"old-course\">The old course</a> · <a href=\"/dried-up\">A side \
                     arm</a> · <a href=\"/ferry\">The ferry</a> · <a href=\"chart.txt\">The chart</a> \
                     · <a href=\"/private/ledger\">The ledger</a></p>\n";
        }
        text += "<p><a href=\"/#banks\">Back to the source</a></p>\n";
        document(&title(number), &text)
    }

    /// A link between two pages, written in one of the ways that links are written.
    fn link(&self, from: usize, to: usize) -> String {
        let path = path(to);
        match to % 3 {
            0 => path,
            1 => format!("{}{}", self.base, &path[1..]),
            // From the top, `mills/..`; from within a section, `../mills/..`.
            _ if from == 0 || is_map(from) => format!("./{}", &path[1..]),
            _ => format!("..{path}"),
        }
    }
}

fn is_map(number: usize) -> bool {
    number % MAP_EVERY == MAP_EVERY - 1
}

/// The path and query of a page.
fn path(number: usize) -> String {
    if number == 0 {
        return "/".to_owned();
    }
    if is_map(number) {
        return format!("/map?reach={number}&scale={}", number % 5 + 1);
    }
    let slug = title(number)
        .to_lowercase()
        .replace(' ', "-")
        .replace('\'', "");
    format!("/{}/{slug}-{number}", SECTIONS[number % SECTIONS.len()])
}

fn title(number: usize) -> String {
    if number == 0 {
        return "The Source".to_owned();
    }
    format!(
        "{} {}",
        FIRST[number % FIRST.len()],
        SECOND[number % SECOND.len()]
    )
}

fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{title} - The River</title>\n<style>\n\
         body {{ max-width: 38em; margin: 3em auto; padding-left: 2em; font: 1.1em/1.6 serif;\n  \
         border-left: .6em solid #7fb2c9; color: #223 }}\n\
         a {{ color: #1f6f8b }}\n</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{content}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn site(pages: usize) -> Site {
        Site::new(Url::parse("http://127.0.0.1:8080/").expect("a URL"), pages)
    }

    /// The targets of all links of a page.
    fn links(site: &Site, page: &Url) -> Vec<Url> {
        let query = page
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let Answer::Content { text, .. } = site.answer(&format!("{}{query}", page.path()), false)
        else {
            return Vec::new();
        };
        text.split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(|link| page.join(&link.replace("&amp;", "&")).expect("a link"))
            .collect()
    }

    #[test]
    fn all_pages_can_be_reached_and_have_a_path_of_their_own() {
        for pages in [1, 2, 7, 60, 500] {
            let site = site(pages);
            let mut reached = HashSet::from([site.base.clone()]);
            let mut queue = vec![site.base.clone()];
            while let Some(page) = queue.pop() {
                for mut link in links(&site, &page) {
                    link.set_fragment(None);
                    if reached.insert(link.clone()) {
                        queue.push(link);
                    }
                }
            }
            let expected: HashSet<Url> = site.pages().into_iter().collect();
            assert_eq!(expected.len(), pages);
            let missed: Vec<_> = expected.difference(&reached).collect();
            assert_eq!(missed, Vec::<&Url>::new(), "of {pages} pages");
        }
    }

    #[test]
    fn links_are_written_in_every_way() {
        let site = site(60);
        let all: String = (0..60).map(|number| site.page(number)).collect();
        for form in [
            "href=\"/",
            "href=\"./",
            "href=\"../",
            "href=\"http://",
            "&amp;scale",
            "#banks",
        ] {
            assert!(all.contains(form), "{form}");
        }
    }

    #[test]
    fn special_paths_answer_as_told() {
        let site = site(60);
        assert_eq!(site.answer("/ferry", true), Answer::Busy);
        assert!(matches!(
            site.answer("/ferry", false),
            Answer::Content { .. }
        ));
        assert_eq!(site.answer("/old-course", true), Answer::Moved(path(1)));
        assert_eq!(site.answer("/dried-up", true), Answer::Missing);
        assert_eq!(site.answer("/map?reach=1", true), Answer::Missing);
        assert!(site.robots().contains("\nDisallow: /private/\n"));
        assert_eq!(site.sitemap().matches("<loc>").count(), 60);
    }
}
