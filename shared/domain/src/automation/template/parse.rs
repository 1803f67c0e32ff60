//! Reads a template, once.

use super::{MAX_PLACEHOLDERS, MAX_TEMPLATE_BYTES, Part, Placeholder, Reference};
use crate::automation::pointer::{Pointer, PointerError};

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// The first word of what is known of the event itself.
const EVENT: &str = "event";

/// What is wrong with a template, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {problem}")]
pub struct TemplateError {
    /// The number of the character at which the placeholder or the bad piece of it begins, from 1.
    pub position: usize,
    pub problem: TemplateProblem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    #[error("{{{{ is not closed")]
    NotClosed,
    #[error("there are three braces in a row")]
    ThreeBraces,
    #[error("this names no value")]
    NoReference,
    #[error("an event has no such member")]
    NoMemberOfEvent,
    #[error(transparent)]
    Pointer(PointerError),
    #[error("the quoted text does not end, or is not quoted as JSON has it")]
    BadQuotes,
    #[error("the default is not in quotes")]
    DefaultWithoutQuotes,
    #[error("something stands behind the value")]
    SomethingBehind,
    #[error("there are more than {MAX_PLACEHOLDERS} placeholders")]
    TooMany,
    #[error("it has more than {MAX_TEMPLATE_BYTES} bytes")]
    TooLong,
}

impl TemplateProblem {
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NotClosed => "close it with }}, or write {{{{ for two braces that are meant",
            Self::ThreeBraces => {
                "put a blank between a brace and {{, or write {{{{ for two braces that are meant"
            }
            Self::NoReference => {
                "name a value as in {{ user.name }}, or by a pointer as in {{ /user/first name }}"
            }
            Self::NoMemberOfEvent => {
                "use event.name, event.id or event.occurred_at; a member of the payload that is \
                 called event is {{ /event }}"
            }
            Self::Pointer(error) => error.remedy(),
            Self::BadQuotes => r#"end it with ", and write \" for a quote in it"#,
            Self::DefaultWithoutQuotes => r#"write the default as in {{ user.name | "nobody" }}"#,
            Self::SomethingBehind => {
                "nothing is computed here: leave one value, and one default in quotes behind |"
            }
            Self::TooMany => "insert fewer values, or a whole object at once",
            Self::TooLong => "use a shorter text",
        }
    }
}

pub(super) fn parts(source: &str) -> Result<Vec<Part>, TemplateError> {
    if source.len() > MAX_TEMPLATE_BYTES {
        return Err(TemplateError {
            position: 1,
            problem: TemplateProblem::TooLong,
        });
    }
    let mut reader = Reader {
        source,
        rest: source,
    };
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut placeholders = 0;
    while let Some((before, behind)) = reader.rest.split_once(OPEN) {
        literal.push_str(before);
        if let Some(behind) = behind.strip_prefix(OPEN) {
            literal.push_str(OPEN);
            reader.rest = behind;
            continue;
        }
        reader.advance(before.len());
        placeholders += 1;
        if placeholders > MAX_PLACEHOLDERS {
            return Err(reader.error(TemplateProblem::TooMany));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(Part::Placeholder(reader.placeholder()?));
    }
    literal.push_str(reader.rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

struct Reader<'s> {
    source: &'s str,
    rest: &'s str,
}

impl<'s> Reader<'s> {
    /// From `{{` to behind `}}`.
    fn placeholder(&mut self) -> Result<Placeholder, TemplateError> {
        if !self.rest.contains(CLOSE) {
            return Err(self.error(TemplateProblem::NotClosed));
        }
        if self.rest.starts_with("{{{") {
            return Err(self.error(TemplateProblem::ThreeBraces));
        }
        self.advance(OPEN.len());
        self.skip_blanks();
        let reference = match self.rest.chars().next() {
            Some('"') => self.quoted_pointer()?,
            Some('/') => self.bare_pointer()?,
            _ => self.dotted()?,
        };
        self.skip_blanks();
        let default = if self.skip("|") {
            self.skip_blanks();
            Some(self.default()?)
        } else {
            None
        };
        self.skip_blanks();
        if self.skip(CLOSE) {
            Ok(Placeholder { reference, default })
        } else {
            Err(self.error(TemplateProblem::SomethingBehind))
        }
    }

    fn dotted(&mut self) -> Result<Reference, TemplateError> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        if path.split('.').any(str::is_empty) {
            return Err(self.error(TemplateProblem::NoReference));
        }
        let reference = match path.split_once('.') {
            Some((EVENT, "name")) => Reference::EventName,
            Some((EVENT, "id")) => Reference::EventId,
            Some((EVENT, "occurred_at")) => Reference::EventOccurredAt,
            Some((EVENT, _)) => return Err(self.error(TemplateProblem::NoMemberOfEvent)),
            None if path == EVENT => return Err(self.error(TemplateProblem::NoMemberOfEvent)),
            _ => Pointer::of(path.split('.').map(str::to_owned).collect())
                .map(Reference::Payload)
                .map_err(|error| self.error(TemplateProblem::Pointer(error)))?,
        };
        self.rest = rest;
        Ok(reference)
    }

    fn bare_pointer(&mut self) -> Result<Reference, TemplateError> {
        let close = self.rest.find(CLOSE).unwrap_or(self.rest.len());
        let end = self.rest.find('|').map_or(close, |bar| bar.min(close));
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        let reference = self.pointer(text.trim_end())?;
        self.rest = rest;
        Ok(reference)
    }

    fn quoted_pointer(&mut self) -> Result<Reference, TemplateError> {
        let (text, rest) = self.quoted()?;
        let reference = self.pointer(&text)?;
        self.rest = rest;
        Ok(reference)
    }

    fn default(&mut self) -> Result<String, TemplateError> {
        if !self.rest.starts_with('"') {
            return Err(self.error(TemplateProblem::DefaultWithoutQuotes));
        }
        let (text, rest) = self.quoted()?;
        self.rest = rest;
        Ok(text)
    }

    fn pointer(&self, text: &str) -> Result<Reference, TemplateError> {
        Pointer::parse(text)
            .map(Reference::Payload)
            .map_err(|error| self.error(TemplateProblem::Pointer(error)))
    }

    /// A JSON string at the start of the rest, and what is behind it.
    fn quoted(&self) -> Result<(String, &'s str), TemplateError> {
        let mut strings = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let Some(Ok(text)) = strings.next() else {
            return Err(self.error(TemplateProblem::BadQuotes));
        };
        let rest = self.rest.get(strings.byte_offset()..).unwrap_or_default();
        Ok((text, rest))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn skip(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn error(&self, problem: TemplateProblem) -> TemplateError {
        let read = self.source.len() - self.rest.len();
        let position = self.source.get(..read).unwrap_or_default().chars().count() + 1;
        TemplateError { position, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        use TemplateProblem as Problem;
        let long_pointer = format!("{{{{ {} }}}}", "a.".repeat(32) + "a");
        for (source, position, problem) in [
            ("{{", 1, Problem::NotClosed),
            ("é {{ a }", 3, Problem::NotClosed),
            ("{{ a }} {{ b", 9, Problem::NotClosed),
            ("{{{ a }}}", 1, Problem::ThreeBraces),
            ("{{ }}", 4, Problem::NoReference),
            ("{{}}", 3, Problem::NoReference),
            ("{{ . }}", 4, Problem::NoReference),
            ("{{ a. }}", 4, Problem::NoReference),
            ("{{ a..b }}", 4, Problem::NoReference),
            ("{{ $x }}", 4, Problem::NoReference),
            ("{{ 'a' }}", 4, Problem::NoReference),
            ("{{ event }}", 4, Problem::NoMemberOfEvent),
            ("{{ event.payload }}", 4, Problem::NoMemberOfEvent),
            ("{{ event.name.0 }}", 4, Problem::NoMemberOfEvent),
            ("{{ /a~2 }}", 4, Problem::Pointer(PointerError::BadEscape)),
            (r#"{{ "a" }}"#, 4, Problem::Pointer(PointerError::NoSlash)),
            (&long_pointer, 4, Problem::Pointer(PointerError::TooDeep)),
            (r#"{{ "/a }}"#, 4, Problem::BadQuotes),
            (r#"{{ "\x" }}"#, 4, Problem::BadQuotes),
            (r#"{{ a | "b }}"#, 8, Problem::BadQuotes),
            ("{{ a | b }}", 8, Problem::DefaultWithoutQuotes),
            ("{{ a | }}", 8, Problem::DefaultWithoutQuotes),
            ("{{ a | 'b' }}", 8, Problem::DefaultWithoutQuotes),
            ("{{ a b }}", 6, Problem::SomethingBehind),
            ("{{ a + 1 }}", 6, Problem::SomethingBehind),
            ("{{ f(x) }}", 5, Problem::SomethingBehind),
            (r#"{{ a | "b" | "c" }}"#, 12, Problem::SomethingBehind),
            (r#"{{ a "b" }}"#, 6, Problem::SomethingBehind),
            ("{{ a }b}}", 6, Problem::SomethingBehind),
        ] {
            let error = TemplateError { position, problem };
            assert_eq!(parts(source), Err(error), "{source}");
            assert!(!problem.remedy().is_empty());
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let many = "{{ a }}".repeat(MAX_PLACEHOLDERS);
        assert_eq!(parts(&many).unwrap().len(), MAX_PLACEHOLDERS);
        let error = parts(&format!("{many}{{{{ a }}}}")).unwrap_err();
        assert_eq!(
            (error.position, error.problem),
            (701, TemplateProblem::TooMany)
        );
        let error = parts(&"a".repeat(MAX_TEMPLATE_BYTES + 1)).unwrap_err();
        assert_eq!(error.problem, TemplateProblem::TooLong);
        assert!(parts(&"a".repeat(MAX_TEMPLATE_BYTES)).is_ok());
    }

    #[test]
    fn a_problem_reads_well() {
        let error = parts("Hello {{ name").unwrap_err();
        assert_eq!(error.to_string(), "at character 7: {{ is not closed");
    }
}
