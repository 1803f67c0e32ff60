//! Cross-origin access: the origins of the variable `allowed_origins`, none by default.

/// Whether a browser page of `origin` may read our answers. The variable lists origins separated
/// by commas or blanks; `*` is not accepted, because our answers depend on credentials.
#[must_use]
pub fn is_allowed(origin: &str, allowed_origins: &str) -> bool {
    allowed_origins
        .split(|character: char| character == ',' || character.is_whitespace())
        .map(|allowed| allowed.trim_end_matches('/'))
        .any(|allowed| {
            !allowed.is_empty() && allowed != "*" && allowed.eq_ignore_ascii_case(origin)
        })
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn only_listed_origins() {
        assert!(is_allowed("https://app.example", "https://app.example"));
        assert!(is_allowed(
            "https://app.example",
            "https://other.example, https://APP.example/"
        ));
        assert!(!is_allowed("https://app.example", ""));
        assert!(!is_allowed("https://app.example", "*"));
        assert!(!is_allowed(
            "https://app.example.evil",
            "https://app.example"
        ));
        assert!(!is_allowed("null", "https://app.example"));
        assert!(!is_allowed("", ","));
    }
}
