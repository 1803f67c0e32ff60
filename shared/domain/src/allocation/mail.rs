//! Mail addresses, by which the sources name one person.

use std::borrow::Cow;

/// As addresses are compared: trimmed, in lower case.
pub(super) fn folded(email: &str) -> Cow<'_, str> {
    let email = email.trim();
    // Nearly all of them are in lower case already.
    let is_lower = email
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower {
        Cow::Borrowed(email)
    } else {
        Cow::Owned(email.to_lowercase())
    }
}

/// A name to show, from what stands before the `@`: `mia.tan@example.com` is Mia Tan.
#[must_use]
pub fn display_name(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let words = local
        .split(['.', '_', '-', '+'])
        .filter(|word| !word.trim().is_empty())
        .map(|word| {
            let mut chars = word.trim().chars();
            chars.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(chars).collect::<String>()
            })
        });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case() {
        assert_eq!(folded(" Mia.Tan@Example.com "), "mia.tan@example.com");
        assert!(matches!(folded("a@b.c"), Cow::Borrowed("a@b.c")));
        assert_eq!(folded("ÉVA@b.c"), "éva@b.c");
    }

    #[test]
    fn a_name_is_made_of_the_address() {
        assert_eq!(display_name("mia.tan@example.com"), "Mia Tan");
        assert_eq!(display_name("jo_van-dyke@example.com"), "Jo Van Dyke");
        assert_eq!(display_name(""), "");
        assert_eq!(display_name("..@x"), "");
    }
}
