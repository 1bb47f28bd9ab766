//! Which addresses name a file rather than a page.

use url::Url;

/// The longest extension in [`MEDIA`].
const LONGEST: usize = 7;

/// Extensions of files that hold no links for a crawler, sorted.
const MEDIA: &[&str] = &[
    "3gp", "7z", "7zip", "aac", "ai", "aif", "aiff", "apk", "asf", "asx", "au", "avi", "avif",
    "bin", "bmp", "bz2", "cab", "cdr", "css", "csv", "dll", "dmg", "doc", "docx", "dotx", "drw",
    "dxf", "eot", "eps", "epub", "exe", "flac", "flv", "gif", "gz", "ico", "img", "iso", "jar",
    "jpe", "jpeg", "jpg", "js", "m4a", "m4v", "mid", "mkv", "mng", "mobi", "mov", "mp3", "mp4",
    "mpeg", "mpg", "msi", "odg", "odp", "ods", "odt", "ogg", "ogv", "opus", "otf", "pct", "pdf",
    "png", "pot", "pps", "ppt", "pptx", "ps", "psd", "psp", "qt", "ra", "rar", "rm", "rmvb", "rpm",
    "rss", "svg", "swf", "tar", "tgz", "tif", "tiff", "torrent", "ttf", "wav", "webm", "webp",
    "wma", "wmv", "woff", "woff2", "xls", "xlsx", "xltx", "xz", "zip", "zst",
];

/// Extensions of files that are not asked for. The default are those of images, recordings, archives, office documents
/// and other files without links.
///
/// An extension is a hint, not a promise: only the `Content-Type` of an answer tells what a file is.
///
/// # Examples
///
/// ```
/// use crawler::url::Extensions;
///
/// let media = Extensions::default();
/// assert!(media.contains(&"https://example.org/photo.JPG?size=large".parse()?));
/// assert!(!media.contains(&"https://example.org/photo.html".parse()?));
///
/// let documents: Extensions = ["pdf"].into_iter().map(str::to_owned).collect();
/// assert!(!documents.contains(&"https://example.org/photo.jpg".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(Option<Vec<String>>);

impl Extensions {
    /// Tells whether the path of `url` ends in one of these, whatever its case.
    #[must_use]
    pub fn contains(&self, url: &Url) -> bool {
        let extension = extension(url.path());
        match &self.0 {
            None => is_media(extension),
            Some(chosen) => chosen
                .iter()
                .any(|chosen| chosen.eq_ignore_ascii_case(extension)),
        }
    }
}

/// Extensions without their dots, instead of the default.
impl FromIterator<String> for Extensions {
    fn from_iter<I: IntoIterator<Item = String>>(extensions: I) -> Self {
        let without_dot = |extension: String| extension.trim_start_matches('.').to_owned();
        let mut chosen: Vec<String> = extensions.into_iter().map(without_dot).collect();
        chosen.retain(|extension| !extension.is_empty());
        Self(Some(chosen))
    }
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_media(extension: &str) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..extension.len()) else {
        return false;
    };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    MEDIA
        .binary_search_by(|known| known.as_bytes().cmp(lower))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MEDIA};

    #[test]
    fn extensions_can_be_searched() {
        assert!(MEDIA.is_sorted());
        assert_eq!(
            MEDIA.iter().map(|extension| extension.len()).max(),
            Some(LONGEST)
        );
    }
}
