//! Which addresses name a file rather than a page.

use url::Url;

/// The longest extension in [`EXTENSIONS`].
const LONGEST: usize = 7;

/// Extensions of files that hold no links for a crawler, sorted.
const EXTENSIONS: &[&str] = &[
    "3gp", "7z", "7zip", "aac", "ai", "aif", "aiff", "apk", "asf", "asx", "au", "avi", "avif",
    "bin", "bmp", "bz2", "cab", "cdr", "css", "csv", "dll", "dmg", "doc", "docx", "dotx", "drw",
    "dxf", "eot", "eps", "epub", "exe", "flac", "flv", "gif", "gz", "ico", "img", "iso", "jar",
    "jpe", "jpeg", "jpg", "js", "m4a", "m4v", "mid", "mkv", "mng", "mobi", "mov", "mp3", "mp4",
    "mpeg", "mpg", "msi", "odg", "odp", "ods", "odt", "ogg", "ogv", "opus", "otf", "pct", "pdf",
    "png", "pot", "pps", "ppt", "pptx", "ps", "psd", "psp", "qt", "ra", "rar", "rm", "rmvb", "rpm",
    "rss", "svg", "swf", "tar", "tgz", "tif", "tiff", "torrent", "ttf", "wav", "webm", "webp",
    "wma", "wmv", "woff", "woff2", "xls", "xlsx", "xltx", "xz", "zip", "zst",
];

/// Tells whether the path of `url` ends in the extension of an image, a recording, an archive, an office document or
/// another file without links.
///
/// The extension is a hint, not a promise: only the `Content-Type` of an answer tells what a file is.
///
/// # Examples
///
/// ```
/// use crawler::url::is_media;
///
/// assert!(is_media(&"https://example.org/photo.JPG?size=large".parse()?));
/// assert!(!is_media(&"https://example.org/photo.html".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn is_media(url: &Url) -> bool {
    let path = url.path();
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..extension.len()) else {
        return false;
    };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    EXTENSIONS
        .binary_search_by(|known| known.as_bytes().cmp(lower))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::{EXTENSIONS, LONGEST};

    #[test]
    fn extensions_can_be_searched() {
        assert!(EXTENSIONS.is_sorted());
        assert_eq!(
            EXTENSIONS.iter().map(|extension| extension.len()).max(),
            Some(LONGEST)
        );
    }
}
