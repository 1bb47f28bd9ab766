//! What is to be taken out of pages: `name=css` or `name=css@attribute`.

use scraper::Selector;

/// One rule of `--extract`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What the values are called.
    pub name: String,
    /// Which elements are meant.
    pub selector: Selector,
    /// Whose value is taken; the text of the element if there is none.
    pub attribute: Option<String>,
}

impl Rule {
    /// Reads a rule from the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, selector) = text
            .split_once('=')
            .ok_or("write it like title=h1 or link=a.more@href")?;
        let name = name.trim();
        if name.is_empty() || name == "url" {
            return Err("a name stands before the =, and url is taken".to_owned());
        }
        let (selector, attribute) = match selector.rsplit_once('@') {
            Some((selector, attribute)) if is_name(attribute) => {
                (selector, Some(attribute.to_ascii_lowercase()))
            }
            _ => (selector, None),
        };
        let selector = Selector::parse(selector)
            .map_err(|_| format!("{} is no CSS selector", selector.trim()))?;
        Ok(Self {
            name: name.to_owned(),
            selector,
            attribute,
        })
    }
}

/// Tells the name of an attribute from the rest of a selector that has an `@` in it.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
    !text.is_empty() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn rules_are_read() {
        let cases = [
            ("title=h1", "title", None),
            (" more = a.more @HREF", "more", Some("href")),
            ("mail=a[href*='@x.test']", "mail", None),
            ("mail=a[href*='@x.test']@data-x", "mail", Some("data-x")),
        ];
        for (text, name, attribute) in cases {
            let rule = Rule::parse(text).expect(text);
            assert_eq!(
                (rule.name.as_str(), rule.attribute.as_deref()),
                (name, attribute)
            );
        }
        for text in ["h1", "=h1", "url=a", "x=", "x=h1[", "x=@href"] {
            Rule::parse(text).expect_err(text);
        }
    }
}
