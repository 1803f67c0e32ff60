//! Packs the OpenAPI document: it weighs a megabyte, and a tenth of it packed.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

const DOCUMENT: &str = "openapi.json";
/// Zlib's best.
const LEVEL: u8 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    let packed = miniz_oxide::deflate::compress_to_vec(&fs::read(DOCUMENT)?, LEVEL);
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(folder.join("openapi.deflate"), packed)?;
    Ok(())
}
