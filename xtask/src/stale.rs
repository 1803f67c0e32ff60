//! Whether a function was built from the sources as they are.
//!
//! Cargo writes beside every product a `.d` file that lists each source it was made from; a
//! product older than one of them is stale.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};

/// # Errors
/// If `product` is missing or older than one of its sources, named in the error.
pub fn refuse_stale(product: &Path) -> anyhow::Result<()> {
    let Ok(built_at) = modified(product) else {
        bail!(
            "{} has not been built: leave out --no-build, or run `cargo xtask build`",
            product.display()
        );
    };
    let list = product.with_extension("d");
    let text = fs::read_to_string(&list).with_context(|| {
        format!(
            "cannot tell whether {} is current without {}: run `cargo xtask build`",
            product.display(),
            list.display()
        )
    })?;
    match sources(&text)
        .into_iter()
        .find(|source| modified(source).is_ok_and(|at| at > built_at))
    {
        None => Ok(()),
        Some(newer) => bail!(
            "{} is stale: {} changed after it was built; leave out --no-build, or run `cargo xtask build`",
            product.display(),
            newer.display()
        ),
    }
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// The prerequisites of the one rule in Make's syntax, in which a blank in a name is `\ `.
fn sources(rule: &str) -> Vec<PathBuf> {
    let Some((_, list)) = rule.split_once(": ") else {
        return Vec::new();
    };
    let mut sources = Vec::new();
    let mut name = String::new();
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&' ').is_some() => name.push(' '),
            ' ' | '\n' | '\r' => {
                if !name.is_empty() {
                    sources.push(PathBuf::from(std::mem::take(&mut name)));
                }
            }
            other => name.push(other),
        }
    }
    if !name.is_empty() {
        sources.push(PathBuf::from(name));
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct Built {
        folder: tempfile::TempDir,
        product: PathBuf,
        source: PathBuf,
    }

    fn built() -> Built {
        let folder = tempfile::tempdir().unwrap();
        let product = folder.path().join("hello.wasm");
        let source = folder.path().join("my lib.rs");
        fs::write(&source, "").unwrap();
        fs::write(&product, "").unwrap();
        let escaped = source.display().to_string().replace(' ', "\\ ");
        let rule = format!("{}: {escaped} /gone.rs\n", product.display());
        fs::write(product.with_extension("d"), rule).unwrap();
        Built {
            folder,
            product,
            source,
        }
    }

    fn touch(path: &Path, ahead: Duration) {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() + ahead).unwrap();
    }

    #[test]
    fn current_until_a_source_changes_which_is_then_named() {
        let built = built();
        touch(&built.product, Duration::from_secs(5));
        refuse_stale(&built.product).unwrap();

        touch(&built.source, Duration::from_secs(10));
        let error = refuse_stale(&built.product).unwrap_err().to_string();
        assert!(
            error.contains("is stale") && error.contains("my lib.rs"),
            "{error}"
        );
        assert!(error.contains("cargo xtask build"), "{error}");
    }

    #[test]
    fn never_built_is_said_and_not_guessed() {
        let built = built();
        let missing = built.folder.path().join("other.wasm");
        let error = refuse_stale(&missing).unwrap_err().to_string();
        assert!(error.contains("has not been built"), "{error}");

        fs::remove_file(built.product.with_extension("d")).unwrap();
        let error = refuse_stale(&built.product).unwrap_err().to_string();
        assert!(error.contains("cannot tell"), "{error}");
    }
}
