//! Writes the host bindings of Spin's interfaces, generated from the WIT files
//! that the `spin-sdk` crate ships: guest and host cannot drift apart.

use std::{env, error::Error, fs, path::PathBuf};

use cargo_metadata::{CargoOpt, MetadataCommand};

fn main() -> Result<(), Box<dyn Error>> {
    let wit = spin_sdk_wit()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    println!("cargo::rerun-if-changed={}", wit.display());

    let bindings = format!(
        r##"wasmtime::component::bindgen!({{
    path: {wit:?},
    inline: r#"
        package runtime:host;
        world imports {{
            import spin:key-value/key-value@3.0.0;
            import spin:sqlite/sqlite@3.1.0;
            import spin:variables/variables@3.0.0;
        }}
    "#,
    world: "runtime:host/imports",
    imports: {{ default: async | trappable }},
    with: {{
        "spin:key-value/key-value.store": crate::key_value::Store,
        "spin:sqlite/sqlite.connection": crate::sqlite::Connection,
    }},
}});
"##
    );
    let out = PathBuf::from(env::var("OUT_DIR")?).join("spin_bindings.rs");
    fs::write(out, bindings)?;
    Ok(())
}

/// The `wit` folder of the `spin-sdk` that the guests are built with.
fn spin_sdk_wit() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures)
        // Without the filter, cargo would fetch the dependencies of every platform.
        .other_options(["--locked".into(), "--filter-platform=wasm32-wasip2".into()])
        .exec()?;
    let sdk = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "spin-sdk")
        .ok_or("no crate of this workspace depends on spin-sdk")?;
    let folder = sdk.manifest_path.parent().ok_or("spin-sdk has no folder")?;
    Ok(folder.join("wit").into_std_path_buf())
}
