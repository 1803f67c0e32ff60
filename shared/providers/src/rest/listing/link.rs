//! The `Link` header (RFC 8288).

use std::borrow::Cow;

use http::{HeaderMap, header::LINK};

/// The reference of the next page. `Ok(None)`: the header names none, or is not there. `Err`: it
/// cannot be read, so whether there is a next page is not known.
pub(super) fn next(headers: &HeaderMap) -> Result<Option<String>, ()> {
    for value in headers.get_all(LINK) {
        let mut rest = value.to_str().map_err(|_| ())?;
        while let Some(link) = take_link(&mut rest)? {
            if link.is_next {
                return Ok(Some(link.target));
            }
        }
    }
    Ok(None)
}

struct Link {
    target: String,
    is_next: bool,
}

/// Takes one link off the front of a list of them.
fn take_link(rest: &mut &str) -> Result<Option<Link>, ()> {
    // Empty elements of a list are passed over (RFC 9110 section 5.6.1).
    let text = rest.trim_start_matches([' ', '\t', ',']);
    if text.is_empty() {
        *rest = text;
        return Ok(None);
    }
    let (target, mut text) = text
        .strip_prefix('<')
        .and_then(|text| text.split_once('>'))
        .ok_or(())?;
    let mut relation = None;
    let mut has_anchor = false;
    loop {
        text = trim(text);
        let Some(parameter) = text.strip_prefix(';') else {
            break;
        };
        let parameter = trim(parameter);
        let name_bytes = parameter
            .find(|c: char| !is_token_char(c))
            .unwrap_or(parameter.len());
        let (name, behind) = parameter.split_at(name_bytes);
        let (value, behind) = match trim(behind).strip_prefix('=') {
            Some(value) => take_value(trim(value))?,
            None => (Cow::Borrowed(""), behind),
        };
        // Of several relations the first counts (RFC 8288 section 3.3).
        if name.eq_ignore_ascii_case("rel") && relation.is_none() {
            relation = Some(value);
        } else if name.eq_ignore_ascii_case("anchor") {
            // It is a link from something else.
            has_anchor = true;
        }
        text = behind;
    }
    if !(text.is_empty() || text.starts_with(',')) {
        return Err(());
    }
    *rest = text;
    let is_next = !has_anchor
        && relation.is_some_and(|relations| {
            relations
                .split_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"))
        });
    Ok(Some(Link {
        target: target.trim().to_owned(),
        is_next,
    }))
}

/// A token or a quoted text, and what is behind it.
fn take_value(text: &str) -> Result<(Cow<'_, str>, &str), ()> {
    let Some(quoted) = text.strip_prefix('"') else {
        let bytes = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
        let (token, behind) = text.split_at(bytes);
        return Ok((Cow::Borrowed(token), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next().ok_or(())? {
            '"' => return Ok((Cow::Owned(value), characters.as_str())),
            '\\' => value.push(characters.next().ok_or(())?),
            character => value.push(character),
        }
    }
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn next_of(values: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        next(&headers)
    }

    #[test]
    fn the_unreadable_is_not_taken_for_the_end() {
        for value in [
            "https://a.example/?page=2",
            "<https://a.example/?page=2",
            "https://a.example/>; rel=next",
            "<a> rel=next",
            "<a>; rel=\"next",
            "<a>; rel=\"next\\",
            "<a>; rel=\"next\" x",
            "<é>; rel=next",
        ] {
            assert_eq!(next_of(&[value]), Err(()), "{value}");
        }
    }

    #[test]
    fn a_list_without_a_next_link_is_at_its_end() {
        for values in [
            &[][..],
            &[""],
            &[" , ,"],
            &["<a>; rel=\"prev\""],
            &["<a>; rel=nextish"],
            &["<a>"],
            &["<a>; rel"],
            &["<a>; title=\"rel=next\""],
            &["<a>; rel=prev; rel=next"],
            &["<a>; rel=next; anchor=\"/b\""],
        ] {
            assert_eq!(next_of(values), Ok(None), "{values:?}");
        }
    }

    #[test]
    fn the_next_link_is_found_wherever_it_stands() {
        for values in [
            &["<n>; rel=\"next\""][..],
            &["<n>;rel=next"],
            &["< n >  ;  REL = \"Next\""],
            &["<p>; rel=\"prev\", <n>; rel=\"next\", <l>; rel=\"last\""],
            &["<p>; rel=prev", "<n>; rel=next"],
            &["<p>; title=\"a, <x>; rel=next; \\\" \"; rel=prev,,<n>; rel=\"last next\""],
            &["<n>; title*=UTF-8'en'a; rel=next; x"],
            &["<n>; rel=next, <m>; rel=next"],
        ] {
            assert_eq!(next_of(values), Ok(Some("n".to_owned())), "{values:?}");
        }
        let github = "<https://api.github.com/repositories/1/issues?page=2>; rel=\"next\", <https://api.github.com/repositories/1/issues?page=9>; rel=\"last\"";
        assert_eq!(
            next_of(&[github]),
            Ok(Some(
                "https://api.github.com/repositories/1/issues?page=2".to_owned()
            ))
        );
    }

    proptest! {
        #[test]
        fn no_header_panics(value in "[ -~]{0,60}", pieces in "([<>;,\"=\\\\ ]|rel|next|a){0,30}") {
            let _ = next_of(&[&value, &pieces]);
        }
    }
}
