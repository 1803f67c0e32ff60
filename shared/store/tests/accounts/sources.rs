//! What no statement may say, wherever it is written.

#![expect(
    clippy::string_slice,
    reason = "every index is where something of ASCII was found"
)]

use std::path::Path;

/// Where statements are, from this crate's folder.
const FOLDERS: [&str; 4] = [
    "src",
    "../../migrations",
    "../platform/src",
    "../../functions",
];
/// The present as an argument of a time function, and words that are the present by themselves.
const NEVER_SAID: [&str; 6] = [
    "'now'",
    "\"now",
    "current_timestamp",
    "current_date",
    "current_time",
    "last_insert_rowid",
];
/// Time, chance, and what a neighbour on the shared connection may have changed.
const NEVER_CALLED: [&str; 5] = ["unixepoch", "julianday", "random", "randomblob", "changes"];
/// These tell the present when they are given no time.
const WITHOUT_A_TIME: [&str; 3] = ["date", "time", "datetime"];

#[test]
fn time_and_chance_come_from_the_caller() {
    for folder in FOLDERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut looked_at = 0;
        for (path, text) in sources(&folder) {
            let texts = if path.ends_with(".rs") {
                literals(&text)
            } else {
                vec![text.as_str()]
            };
            looked_at += texts.len();
            for text in texts {
                assert_eq!(asked(text), None, "{path}: {text}");
            }
        }
        assert!(looked_at > 1, "nothing to look at in {}", folder.display());
    }
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "sql")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// What a statement asks the database that only the caller may say, if anything.
fn asked(statement: &str) -> Option<&'static str> {
    let statement = statement.to_ascii_lowercase();
    let is_called = |name: &str, with: fn(&str) -> bool| calls(&statement, name).any(with);
    NEVER_SAID
        .into_iter()
        .find(|word| statement.contains(word))
        .or_else(|| {
            NEVER_CALLED
                .into_iter()
                .find(|name| is_called(name, |_| true))
        })
        .or_else(|| {
            WITHOUT_A_TIME
                .into_iter()
                .find(|name| is_called(name, |arguments| arguments.starts_with(')')))
        })
        .or_else(|| {
            // A format and nothing else is the format of the present.
            let is_alone = |arguments: &str| {
                arguments
                    .find([',', ')'])
                    .is_some_and(|end| arguments[end..].starts_with(')'))
            };
            is_called("strftime", is_alone).then_some("strftime")
        })
}

/// The arguments, and all that follows, of each call of a function whose whole name it is.
fn calls<'a>(statement: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    statement.match_indices(name).filter_map(|(at, _)| {
        let (before, rest) = statement.split_at(at);
        let is_longer = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let arguments = rest[name.len()..].trim_start().strip_prefix('(')?;
        (!is_longer).then(|| arguments.trim_start())
    })
}

/// The text literals of Rust code, as they are written.
fn literals(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some((literal, after)) = raw_literal(rest) {
            found.push(literal);
            rest = after;
        } else if first == '"' {
            let end = end_of(&rest[1..], '"');
            found.push(&rest[1..=end]);
            rest = rest.get(end + 2..).unwrap_or_default();
        } else if first == '\'' {
            rest = after_character(rest);
        } else if first.is_alphanumeric() || first == '_' {
            // A whole word, so that the end of one is not taken for the `r` of a raw literal.
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            rest = end.map_or("", |end| &rest[end..]);
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn raw_literal(code: &str) -> Option<(&str, &str)> {
    let code = code.strip_prefix('b').unwrap_or(code).strip_prefix('r')?;
    let text = code.trim_start_matches('#');
    let end = format!("\"{}", &code[..code.len() - text.len()]);
    text.strip_prefix('"')?.split_once(&end)
}

/// A character is skipped, of a lifetime only the quote.
fn after_character(code: &str) -> &str {
    let inside = &code[1..];
    let mut characters = inside.chars();
    let (first, second) = (characters.next(), characters.next());
    if first == Some('\\') || second == Some('\'') {
        let end = end_of(inside, '\'');
        inside.get(end + 1..).unwrap_or_default()
    } else {
        inside
    }
}

/// Where the quote is that ends a literal.
fn end_of(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if character == quote && !is_escaped {
            return at;
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text.len()
}

#[test]
fn every_way_to_ask_is_known() {
    for statement in [
        "SELECT strftime('%s', 'now')",
        "SELECT datetime(\"now\")",
        "VALUES (CURRENT_TIMESTAMP)",
        "SELECT unixepoch()",
        "SELECT unixepoch('2026-01-01')",
        "SELECT julianday(?1)",
        "SELECT strftime('%s')",
        "SELECT strftime ( '%s' )",
        "SELECT STRFTIME( '%s' )",
        "SELECT datetime()",
        "SELECT date( )",
        "SELECT 1 WHERE time() > ?1",
        "ORDER BY random()",
        "SELECT hex(randomblob(16))",
        "SELECT random ()",
        "SELECT changes()",
        "SELECT last_insert_rowid()",
    ] {
        assert!(asked(statement).is_some(), "{statement}");
    }
    for statement in [
        "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch')",
        "SELECT date(starts_at, 'unixepoch'), datetime(?1), work_date()",
        "SELECT total_changes, now, known, time, is_random",
    ] {
        assert_eq!(asked(statement), None, "{statement}");
    }
}

#[test]
fn the_literals_of_code_are_found_and_nothing_else() {
    let code = r###"
        // "a comment" and an apostrophe's end
        fn f<'a>(at: &'a str) -> char { now(); for_r("one\" two"); '"' }
        const SQL: &str = r#"three "four""#; const X: char = '\''; let y = b"five"; 'x'; "";
    "###;
    assert_eq!(
        literals(code),
        [r#"one\" two"#, r#"three "four""#, "five", ""]
    );
}
