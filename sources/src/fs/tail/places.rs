//! Where a new path of a pattern may come to be: in which folders, by which names.

use std::{collections::BTreeSet, ffi::OsStr, path::PathBuf};

use glob::Pattern;

use super::pattern::{ANY_LEVEL, AS_A_SHELL, PathPattern, find};

/// The parts of a pattern from the first one on that is not just a name.
pub(super) struct Places(Vec<Part>);

struct Part {
    /// The pattern of the folders in which it is looked for.
    folders: String,
    /// None if it is any name, on any level.
    name: Option<Pattern>,
}

impl Places {
    pub(super) fn of(pattern: &PathPattern) -> Self {
        let (mut parts, mut above) = (Vec::new(), PathBuf::new());
        let mut names = pattern.path().iter().filter_map(OsStr::to_str).peekable();
        while let Some(name) = names.next() {
            let is_plain = Pattern::escape(name) == name;
            if !parts.is_empty() || !is_plain || names.peek().is_none() {
                parts.push(Part {
                    folders: above.to_string_lossy().into_owned(),
                    name: Pattern::new(name).ok().filter(|_| name != ANY_LEVEL),
                });
            }
            above.push(name);
        }
        Self(parts)
    }

    /// Finds the folders. The first may not be there yet.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let mut parts = self.0.iter();
        let first = parts.next().map(|part| PathBuf::from(&part.folders));
        let others = parts.flat_map(|part| find(&part.folders).filter_map(Result::ok));
        let others = others.filter(|path| path.is_dir());
        first.into_iter().chain(others).collect()
    }

    /// Tells whether a file of the pattern may have the name.
    pub(super) fn has_file(&self, name: &OsStr) -> bool {
        self.0.last().is_some_and(|part| part.is_name(name))
    }

    /// Tells whether a file of the pattern, or a folder on the way to one, may have the name.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        self.0.iter().any(|part| part.is_name(name))
    }
}

impl Part {
    fn is_name(&self, name: &OsStr) -> bool {
        let is_name = |pattern: &Pattern| {
            // What is no text is not found, either.
            name.to_str()
                .is_some_and(|name| pattern.matches_with(name, AS_A_SHELL))
        };
        self.name.as_ref().is_none_or(is_name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_are_those_that_there_are_and_the_first_one_in_any_case() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["a/one", "a/two/deep", "a/.hidden", "b"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("a/file"), "").unwrap();
        let folders = |pattern: &str| {
            let pattern = PathPattern::new(root.join(pattern).to_str().unwrap()).unwrap();
            let found = Places::of(&pattern).folders().into_iter();
            let below = |path: PathBuf| path.strip_prefix(&root).unwrap().to_owned();
            found
                .map(|path| below(path).to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(folders("a/*.log"), ["a"]);
        assert_eq!(folders("a/plain.log"), ["a"]);
        assert_eq!(folders("not/there/*.log"), ["not/there"]);
        assert_eq!(folders("*/one/x.log"), ["", "a", "a/one", "b"]);
        assert_eq!(folders("a/**/*.log"), ["a", "a/one", "a/two", "a/two/deep"]);
    }

    #[test]
    fn names_are_those_of_files_and_of_folders_on_the_way() {
        let places = |pattern| Places::of(&PathPattern::new(pattern).unwrap());
        let at = places("logs/pod-*/now/*.log");
        for (name, may_be_file, may_be) in [
            ("app.log", true, true),
            (".app.log", false, false),
            ("pod-1", false, true),
            ("now", false, true),
            ("logs", false, false),
        ] {
            let name = OsStr::new(name);
            assert_eq!(
                (at.has_file(name), at.has(name)),
                (may_be_file, may_be),
                "{name:?}"
            );
        }
        let any = places("logs/**");
        assert!(any.has_file("anything".as_ref()) && any.has("any folder".as_ref()));
    }
}
