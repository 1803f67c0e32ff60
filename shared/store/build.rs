//! Packs the migrations. Every component that has the database carries them, and runs each of them once at
//! the most: packed, they weigh a tenth.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "../../migrations";
/// Zlib's best.
const LEVEL: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<PathBuf> = fs::read_dir(FOLDER)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut text = String::new();
    let mut current = 0;
    for file in files {
        let (version, name) = named(&file)?;
        if version != current + 1 {
            return Err(format!("{} follows migration {current}", file.display()).into());
        }
        current = version;
        text.push_str(&format!("--; migration {version} {name}\n"));
        text.push_str(&fs::read_to_string(&file)?);
    }
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL);
    fs::write(folder.join("migrations.deflate"), packed)?;
    let current = format!("/// The version of this code.\npub const CURRENT: i64 = {current};\n");
    fs::write(folder.join("current.rs"), current)?;
    Ok(())
}

/// `0001_foundation.sql`.
fn named(file: &Path) -> Result<(i64, String), Box<dyn Error>> {
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    let (version, name) = stem
        .filter(|_| file.extension().is_some_and(|extension| extension == "sql"))
        .and_then(|stem| stem.split_once('_'))
        .ok_or_else(|| format!("{} is no migration", file.display()))?;
    Ok((version.parse()?, name.to_owned()))
}
