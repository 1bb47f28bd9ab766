//! The queue of the frontier: a line for each site, and turns between the lines.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use thalweg::operators::concurrency::Store;
use url::Url;

use super::line::{Line, Writer};
use super::trail::Trail;
use crate::crawl::site::Site;
use crate::crawl::visit::Visit;

/// Visits that wait, in lines by site that take turns.
///
/// A visit takes some ten to forty bytes; its URL is parsed when its turn comes. Of each site only a few visits are out
/// at once, so a slow site with a million links keeps nobody waiting; and the sites that may hand out stand in a ring of
/// their own, so a hundred thousand others are not looked at.
pub(in crate::crawl) struct Queue {
    lines: Vec<Option<SiteLine>>,
    free: Vec<usize>,
    by_site: HashMap<Arc<Site>, usize>,
    /// The lines that may hand out a visit now, each once.
    turns: VecDeque<usize>,
    writer: Writer,
    /// The line that the last visit was appended to.
    last: Option<usize>,
    len: usize,
    capacity: usize,
    ahead: usize,
}

struct SiteLine {
    site: Arc<Site>,
    line: Line,
    /// Visits that were handed out and are not done.
    out: usize,
    has_turn: bool,
}

/// The line that a visit came from.
#[derive(Debug)]
pub(in crate::crawl) struct Place(usize);

impl Queue {
    /// Creates an empty queue for at most `capacity` visits, of which `ahead` of one site may be out at once.
    pub(in crate::crawl) fn new(capacity: usize, ahead: usize) -> Self {
        Self {
            lines: Vec::new(),
            free: Vec::new(),
            by_site: HashMap::new(),
            turns: VecDeque::new(),
            writer: Writer::default(),
            last: None,
            len: 0,
            capacity,
            ahead,
        }
    }

    /// Queues a visit; `false` if there is no room.
    pub(in crate::crawl) fn add(
        &mut self,
        site: &Arc<Site>,
        id: u64,
        url: &str,
        trail: &Trail,
    ) -> bool {
        if self.len >= self.capacity {
            return false;
        }
        let place = self.place(site);
        let Some(line) = &mut self.lines[place] else {
            return false;
        };
        let goes_on = self.last.replace(place) == Some(place);
        self.writer.put(&mut line.line, goes_on, id, url, trail);
        self.len += 1;
        self.give_turn(place);
        true
    }

    /// Counts the visits that wait.
    pub(in crate::crawl) fn queued(&self) -> usize {
        self.len
    }

    /// Counts the sites that have visits here or under way.
    pub(in crate::crawl) fn sites(&self) -> usize {
        self.by_site.len()
    }

    /// Counts the visits of `site`, here or under way.
    pub(in crate::crawl) fn waiting(&self, site: &Arc<Site>) -> usize {
        let line = self
            .by_site
            .get(site)
            .and_then(|place| self.lines[*place].as_ref());
        line.map_or(0, |line| line.line.len() + line.out)
    }

    /// The place of the line of `site`, which is made if there is none.
    fn place(&mut self, site: &Arc<Site>) -> usize {
        if let Some(place) = self.by_site.get(site) {
            return *place;
        }
        let line = SiteLine {
            site: site.clone(),
            line: Line::default(),
            out: 0,
            has_turn: false,
        };
        let place = if let Some(place) = self.free.pop() {
            self.lines[place] = Some(line);
            place
        } else {
            self.lines.push(Some(line));
            self.lines.len() - 1
        };
        self.by_site.insert(site.clone(), place);
        place
    }

    /// Puts a line at the end of the ring if it may hand out a visit, and forgets it if nothing of it is left.
    fn give_turn(&mut self, place: usize) {
        let Some(line) = &mut self.lines[place] else {
            return;
        };
        if line.has_turn {
            return;
        }
        if line.line.len() > 0 && line.out < self.ahead {
            line.has_turn = true;
            self.turns.push_back(place);
        } else if line.line.len() == 0 && line.out == 0 {
            self.by_site.remove(&line.site);
            self.lines[place] = None;
            self.free.push(place);
            self.last.take_if(|last| *last == place);
        }
    }
}

impl Store<Visit> for Queue {
    type Mark = Place;

    fn push(&mut self, visit: Visit) -> Result<(), Visit> {
        let trail = visit.trail();
        if self.add(&visit.site, visit.id, visit.url.as_str(), &trail) {
            Ok(())
        } else {
            Err(visit)
        }
    }

    fn pop(&mut self) -> Option<(Visit, Place)> {
        loop {
            let place = self.turns.pop_front()?;
            let line = self.lines[place].as_mut()?;
            line.has_turn = false;
            let site = &line.site;
            let next = line.line.pop(|id, url, trail| {
                let url = Url::parse(url).ok()?;
                Some(Visit::new(id, url, site.clone(), trail.clone()))
            });
            line.out += 1;
            self.len -= 1;
            match next.flatten() {
                Some(visit) => {
                    self.give_turn(place);
                    return Some((visit, Place(place)));
                }
                // What is queued was parsed before; but a frontier that waits for what cannot come would not end.
                None => self.release(Place(place)),
            }
        }
    }

    fn release(&mut self, Place(place): Place) {
        if let Some(line) = &mut self.lines[place] {
            line.out -= 1;
        }
        self.give_turn(place);
    }

    fn len(&self) -> usize {
        self.len
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Queue")
            .field("len", &self.len)
            .field("sites", &self.by_site.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::crawl::sites::Sites;

    struct Web {
        sites: Sites,
        queue: Queue,
        next: u64,
    }

    impl Web {
        fn new(capacity: usize, ahead: usize) -> Self {
            Self {
                sites: Sites::new(),
                queue: Queue::new(capacity, ahead),
                next: 0,
            }
        }

        fn add(&mut self, url: &str) -> bool {
            let site = url
                .parse()
                .map(|url| self.sites.of(&url, |_| Duration::ZERO));
            self.next += 1;
            let site = site.expect("a URL");
            self.queue.add(&site, self.next - 1, url, &Trail::default())
        }

        fn pop(&mut self) -> Option<(String, Place)> {
            let (visit, place) = self.queue.pop()?;
            Some((visit.url.into(), place))
        }
    }

    #[test]
    fn a_site_with_many_links_does_not_keep_the_others_waiting() {
        let mut web = Web::new(usize::MAX, 2);
        for number in 0..100_000 {
            assert!(web.add(&format!("http://slow.test/{number}")));
        }
        assert!(web.add("http://quick.test/0") && web.add("http://quick.test/1"));
        let mut out = Vec::new();
        while let Some((url, place)) = web.pop() {
            out.push((url, place));
        }
        let urls: Vec<&str> = out.iter().map(|(url, _)| url.as_str()).collect();
        let expected = [
            "http://slow.test/0",
            "http://quick.test/0",
            "http://slow.test/1",
            "http://quick.test/1",
        ];
        assert_eq!(urls, expected);
        assert_eq!(web.queue.len(), 99_998);
        let (_, place) = out.swap_remove(2);
        web.queue.release(place);
        assert_eq!(web.pop().expect("its turn").0, "http://slow.test/2");
        assert!(web.pop().is_none());
    }

    #[test]
    fn a_site_without_visits_is_forgotten() {
        let mut web = Web::new(10, 1);
        for round in 0..3 {
            for host in 0..5 {
                assert!(web.add(&format!("http://{host}.test/{round}")));
            }
            while let Some((_, place)) = web.pop() {
                web.queue.release(place);
            }
            assert_eq!((web.queue.by_site.len(), web.queue.lines.len()), (0, 5));
        }
        assert!(web.queue.is_empty() && web.queue.turns.is_empty());
    }

    #[test]
    fn a_full_queue_takes_no_more() {
        let mut web = Web::new(2, 1);
        assert!(
            web.add("http://a.test/") && web.add("http://b.test/") && !web.add("http://c.test/")
        );
        assert!(web.pop().is_some() && web.add("http://c.test/"));
    }

    #[test]
    fn a_visit_comes_back_as_it_was() {
        let mut web = Web::new(10, 1);
        let url: Url = "http://a.test/b?c=d".parse().expect("a URL");
        let trail = Trail {
            depth: 7,
            respelled: 2,
            kind: crate::crawl::visit::Kind::Sitemap,
            referrer: Some("http://a.test/".into()),
        };
        let site = web.sites.of(&url, |_| Duration::ZERO);
        let visit = Visit::new(42, url.clone(), site, trail.clone());
        web.queue.push(visit).expect("room");
        let (visit, _) = web.queue.pop().expect("its turn");
        assert_eq!((visit.id, &visit.url, visit.trail()), (42, &url, trail));
    }
}
