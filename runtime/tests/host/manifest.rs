//! What a manifest may say, and what it is told when it says something else.

use std::path::Path;

use runtime::{Application, Error, Runtime, manifest::Manifest};

use crate::support::{compile, guests, manifest};

const PREFIX: &str = r#"spin_manifest_version = 2
[application]
name = "test"
"#;

/// The line and the message of the error in `text`, which lies in a line.
fn error(text: &str) -> (usize, String) {
    let (line, message) = error_anywhere(text);
    (
        line.unwrap_or_else(|| panic!("no line: {message}")),
        message,
    )
}

fn error_anywhere(text: &str) -> (Option<usize>, String) {
    match Manifest::parse(text, Path::new("app/spin.toml")) {
        Err(Error::Manifest {
            line,
            message,
            path,
        }) => {
            assert_eq!(path, Path::new("app/spin.toml"));
            (line, message)
        }
        other => panic!("{other:?} from {text}"),
    }
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    for (lines, line, key) in [
        ("colour = 1", 4, "colour"),
        ("[aplication]", 4, "aplication"),
        ("[application.trigger.http]\nbase = '/'", 4, "trigger"),
        ("[variables]\nx = { defualt = '1' }", 5, "defualt"),
        (
            "[[trigger.http]]\nroute = '/'\ncomponent = 'a'\nmethod = 'GET'",
            7,
            "method",
        ),
        (
            "[[trigger.http]]\nroute = { private = true, public = 1 }\ncomponent = 'a'",
            5,
            "public",
        ),
        (
            "[[trigger.cron]]\ncomponent = 'a'\ncron-expression = '* * * * * *'",
            6,
            "cron-expression",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\nsqlite_database = ['default']",
            6,
            "sqlite_database",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\n[component.a.build]\ncomand = 'make'",
            7,
            "comand",
        ),
    ] {
        let (at, message) = error(&format!("{PREFIX}{lines}"));
        assert_eq!(at, line, "{message}");
        assert!(message.contains(&format!("`{key}`")), "{message}");
    }
}

#[test]
fn what_spin_knows_and_this_runtime_does_not_is_refused_by_name() {
    for (lines, line, name) in [
        (
            "[[trigger.redis]]\nchannel = 'a'\ncomponent = 'a'",
            4,
            "redis",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\nfiles = ['a.txt']",
            6,
            "files",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\nai_models = ['llama']",
            6,
            "ai_models",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\nallowed_http_hosts = []",
            6,
            "allowed_http_hosts",
        ),
        (
            "[component.a]\nsource = 'a.wasm'\n[component.a.dependencies]\nx = '1'",
            6,
            "dependencies",
        ),
    ] {
        let (at, message) = error(&format!("{PREFIX}{lines}"));
        assert_eq!(at, line, "{message}");
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    for remote in [
        "{ url = 'https://a.test/a.wasm', digest = 'x' }",
        "{ registry = 'a.test', package = 'a:b', version = '1' }",
    ] {
        let (at, message) = error(&format!("{PREFIX}[component.a]\nsource = {remote}"));
        assert_eq!(at, 5, "{message}");
        assert!(
            message.contains("`source`") && message.contains("the path of a file"),
            "{message}"
        );
    }
    let executor = format!(
        "{PREFIX}[component.a]\nsource = 'a'\n[[trigger.http]]\nroute = '/'\ncomponent = 'a'\nexecutor = {{ type = 'wagi' }}"
    );
    let (line, message) = error(&executor);
    assert_eq!(line, 9, "{message}");
    assert!(message.contains("wagi"), "{message}");
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_line() {
    let component = "[component.a]\nsource = 'a.wasm'\n";
    for (lines, line, part) in [
        (
            "[[trigger.http]]\nroute = '/'\ncomponent = 'b'".to_owned(),
            6,
            "[component.b]",
        ),
        (
            format!("{component}[[trigger.http]]\nroute = 'x'\ncomponent = 'a'"),
            7,
            "`x`",
        ),
        (
            format!("{component}[[trigger.http]]\nroute = '/:id'\ncomponent = 'a'"),
            7,
            "`/:id`",
        ),
        (
            format!(
                "{component}[[trigger.http]]\nroute = '/x'\ncomponent = 'a'\n[[trigger.http]]\nroute = '/x/'\ncomponent = 'a'"
            ),
            10,
            "already",
        ),
        (
            format!("{component}[[trigger.http]]\nroute = {{ private = false }}\ncomponent = 'a'"),
            7,
            "private",
        ),
        (
            format!("{component}[[trigger.cron]]\ncomponent = 'a'\ncron_expression = '* * * * *'"),
            8,
            "six fields",
        ),
        (
            format!(
                "{component}[[trigger.cron]]\ncomponent = 'a'\ncron_expression = '99 * * * * *'"
            ),
            8,
            "cron",
        ),
        ("[variables]\nx = {}".to_owned(), 5, "`x`"),
        (
            "[variables]\nx = { required = true, default = '1' }".to_owned(),
            5,
            "`x`",
        ),
        (
            "[variables]\nBad = { default = '1' }".to_owned(),
            5,
            "`Bad`",
        ),
        (
            format!("{component}[component.a.variables]\ny = '{{{{ x }}}}'"),
            7,
            "x",
        ),
        (
            format!("{component}[component.a.variables]\ny = '{{{{ x'"),
            7,
            "never closed",
        ),
        (
            format!("{component}allowed_outbound_hosts = ['https://a.test/v2']"),
            6,
            "https://a.test/v2",
        ),
        (
            format!("{component}allowed_outbound_hosts = ['a.test']"),
            6,
            "a.test",
        ),
        (format!("{component}sqlite_databases = ['../x']"), 6, "../x"),
        ("[component.A_b]\nsource = 'a.wasm'".to_owned(), 4, "A_b"),
        ("[component.a]".to_owned(), 4, "source"),
    ] {
        let (at, message) = error(&format!("{PREFIX}{lines}"));
        assert_eq!(at, line, "{message}");
        assert!(message.contains(part), "{part}: {message}");
    }
    let (line, message) = error("spin_manifest_version = 1\n[application]\nname = 'x'");
    assert_eq!((line, message.contains('1')), (1, true), "{message}");
    assert_eq!(error("spin_manifest_version = 2\n[application\n").0, 2);
}

#[test]
fn the_error_prints_as_path_line_and_message() {
    let error = Manifest::parse(&format!("{PREFIX}colour = 1"), Path::new("spin.toml"));
    let printed = error.expect_err("an error").to_string();
    assert!(
        printed.starts_with("spin.toml:4: unknown field `colour`"),
        "{printed}"
    );
}

#[test]
fn what_is_missing_from_the_whole_file_is_in_no_line() {
    for text in ["", "# A comment.\n\nspin_manifest_version = 2\n"] {
        let (line, message) = error_anywhere(text);
        assert_eq!(line, None, "{message}");
        assert!(message.contains("missing field"), "{message}");
    }
    let error = Manifest::parse("", Path::new("spin.toml")).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "spin.toml: missing field `spin_manifest_version`"
    );
}

#[test]
fn keys_without_meaning_here_are_accepted() {
    let text = "spin_manifest_version = 2\n[application]\nname = 'x'\nversion = '1.0.0'\nauthors = ['a']\n\
        description = 'd'\n[application.tool.x]\ny = 1\n[variables]\ntoken = { required = true, secret = true }\n\
        [component.a]\nsource = 'a.wasm'\ndescription = 'd'\n[component.a.build]\ncommand = ['a', 'b']\n\
        workdir = 'w'\nwatch = ['**/*.rs']\n[component.a.tool.x]\ny = 1\n";
    let manifest = Manifest::parse(text, Path::new("app/spin.toml")).expect("a good manifest");
    assert_eq!(manifest.components["a"].source, Path::new("app/a.wasm"));
    assert!(manifest.variables["token"].default.is_none());
}

#[test]
fn a_missing_file_says_build_first() {
    let text = format!("{PREFIX}[component.a]\nsource = 'missing.wasm'");
    let manifest = Manifest::parse(&text, Path::new("app/spin.toml")).expect("a good manifest");
    let message = Application::compile(manifest)
        .err()
        .expect("an error")
        .to_string();
    assert!(
        message.contains("`a`") && message.contains("missing.wasm") && message.contains("build"),
        "{message}"
    );
}

#[test]
fn a_file_that_is_no_component_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.wasm"), "not wasm").expect("a file");
    let path = folder.path().join("spin.toml");
    std::fs::write(&path, format!("{PREFIX}[component.a]\nsource = 'a.wasm'")).expect("a file");
    let message = Application::load(path).err().expect("an error").to_string();
    assert!(
        message.contains("component `a`") && message.contains("not a component"),
        "{message}"
    );
}

#[tokio::test]
async fn a_component_without_the_export_of_its_trigger_is_refused() {
    let source = guests().display();
    for (trigger, guest, part) in [
        ("[[trigger.http]]\nroute = '/'", "cron", "wasi:http"),
        (
            "[[trigger.cron]]\ncron_expression = '* * * * * *'",
            "hello",
            "handle-cron-event",
        ),
    ] {
        let text = format!(
            "{PREFIX}{trigger}\ncomponent = 'a'\n[component.a]\nsource = '{source}/{guest}.wasm'"
        );
        let message = Runtime::builder(&compile(&text))
            .start()
            .err()
            .expect("an error")
            .to_string();
        assert!(
            message.contains("component `a`") && message.contains(part),
            "{message}"
        );
    }
}

#[tokio::test]
async fn variables_have_their_precedence_and_missing_ones_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "{}\n[variables]\nfrom_default = {{ default = 'default' }}\nfrom_file = {{ default = 'default' }}\n\
         from_caller = {{ required = true }}\n",
        manifest(&[(
            "hello",
            "[component.hello.variables]\na = '{{ from_default }}'\nb = '<{{ from_file }}>'\nc = '{{from_caller}}'",
        )])
    );
    std::fs::write(folder.path().join("spin.toml"), text).expect("a file");
    let lines = "SPIN_VARIABLE_FROM_FILE=\"file\"\nSPIN_VARIABLE_FROM_CALLER=file\nOTHER=1\n";
    std::fs::write(folder.path().join(".env"), lines).expect("a file");
    let application = Application::load(folder.path().join("spin.toml")).expect("an application");

    let runtime = Runtime::builder(&application)
        .read_environment()
        .variable("from_caller", "caller")
        .start()
        .expect("a start");
    for (name, value) in [("a", "default"), ("b", "<file>"), ("c", "caller")] {
        let (_, body) = crate::support::get(&runtime, &format!("/hello/variable/{name}")).await;
        assert_eq!(body, value);
    }
    let (_, body) = crate::support::get(&runtime, "/hello/variable/from_default").await;
    assert!(
        body.contains("Undefined"),
        "an application variable is not the component's: {body}"
    );

    let missing = Runtime::builder(&application)
        .start()
        .err()
        .expect("an error")
        .to_string();
    assert!(
        missing.contains("from_caller") && missing.contains("SPIN_VARIABLE_FROM_CALLER"),
        "{missing}"
    );
    let unknown = Runtime::builder(&application)
        .variable("typo", "x")
        .start()
        .err()
        .expect("an error");
    assert!(unknown.to_string().contains("`typo`"), "{unknown}");
}

#[tokio::test]
async fn an_origin_from_a_variable_must_be_an_origin() {
    let text = format!(
        "{}\n[variables]\nurl = {{ default = 'https://a.test/v2' }}\n",
        manifest(&[("caller", "allowed_outbound_hosts = ['{{ url }}']")])
    );
    let message = Runtime::builder(&compile(&text))
        .start()
        .err()
        .expect("an error")
        .to_string();
    assert!(
        message.contains("https://a.test/v2") && message.contains("path"),
        "{message}"
    );
}
