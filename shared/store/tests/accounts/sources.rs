//! What no statement of the crate may say.

use std::path::Path;

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap().to_ascii_lowercase();
            found.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn time_and_chance_come_from_the_caller() {
    let mut found = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 10);
    for (path, text) in found {
        for forbidden in [
            "'now'",
            "current_timestamp",
            "current_date",
            "current_time",
            "random()",
            "randomblob(",
            "changes()",
            "last_insert_rowid",
        ] {
            assert!(!text.contains(forbidden), "{forbidden} in {path}");
        }
    }
}
