//! What the tests share: built guests, small applications, short requests.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use bytes::Bytes;
use http::{Request, Response};
use runtime::{Application, Runtime, manifest::Manifest};

/// The folder of the guests' `.wasm` files, which are built once.
pub fn guests() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
        let target = target_folder().join("guests");
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--release",
                "--target",
                "wasm32-wasip2",
                "--target-dir",
            ])
            .arg(&target)
            .current_dir(workspace)
            .status()
            .expect("cargo runs");
        assert!(
            status.success(),
            "the guests do not build: is the target wasm32-wasip2 installed?"
        );
        target.join("wasm32-wasip2/release")
    })
}

/// Cargo's target folder, in which this test lies under `<profile>/deps`.
fn target_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(3).expect("a target folder").to_owned()
}

/// A manifest with one component for each guest, each under its own path.
/// `additions` are lines of a component's table, by the component's id.
pub fn manifest(additions: &[(&str, &str)]) -> String {
    let guests = guests().display();
    let mut text = "spin_manifest_version = 2\n[application]\nname = \"test\"\n".to_owned();
    for (component, route) in [
        ("hello", "\"/hello/...\""),
        ("data", "\"/data/...\""),
        ("misbehaving", "\"/misbehaving/...\""),
        ("caller", "\"/caller/...\""),
        ("blocking", "\"/blocking/...\""),
        ("hidden", "{ private = true }"),
    ] {
        text.push_str(&format!(
            "[[trigger.http]]\nroute = {route}\ncomponent = \"{component}\"\n"
        ));
        let guest = if component == "hidden" {
            "hello"
        } else {
            component
        };
        text.push_str(&format!(
            "[component.{component}]\nsource = \"{guests}/{guest}.wasm\"\n"
        ));
        for (_, lines) in additions.iter().filter(|(id, _)| *id == component) {
            text.push_str(lines);
            text.push('\n');
        }
    }
    text
}

pub fn compile(manifest: &str) -> Application {
    let manifest =
        Manifest::parse(manifest, Path::new("/test/spin.toml")).expect("a good manifest");
    Application::compile(manifest).expect("components that compile")
}

/// The application of [`manifest`], compiled once for each set of additions.
pub fn application(additions: &[(&str, &str)]) -> Application {
    compile(&manifest(additions))
}

/// A runtime with the defaults of a real start.
pub fn start(additions: &[(&str, &str)]) -> Runtime {
    Runtime::builder(&application(additions))
        .start()
        .expect("a start")
}

pub async fn get(runtime: &Runtime, path: &str) -> (u16, String) {
    read(&runtime.handle(request("GET", path, "")).await)
}

pub async fn post(runtime: &Runtime, path: &str, body: &str) -> (u16, String) {
    read(&runtime.handle(request("POST", path, body)).await)
}

pub fn request(method: &str, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://test.example{path}"))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .expect("a request")
}

pub fn read(response: &Response<Bytes>) -> (u16, String) {
    let body = String::from_utf8_lossy(response.body()).into_owned();
    (response.status().as_u16(), body)
}

/// Statements on the default database, in one request.
pub async fn sql(runtime: &Runtime, script: &str) -> (u16, String) {
    post(runtime, "/data/sql/default", script).await
}
