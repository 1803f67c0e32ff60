//! Which crate may stand on which: the table of ARCHITECTURE.md, held against what cargo builds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as a test does"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

/// What is ours below each crate of `shared`.
const SHARED: [(&str, &[&str]); 5] = [
    ("api", &["domain"]),
    ("domain", &[]),
    ("platform", &["api", "domain", "providers", "store"]),
    ("providers", &["domain"]),
    ("store", &["domain"]),
];

/// What none of it may link, directly or not, whatever features are on.
const NEVER_BELOW: [(&str, &[&str]); 7] = [
    ("xtask", &["wasmtime", "wasmtime-wasi", "runtime"]),
    ("api", &["spin-sdk", "rusqlite", "wasmtime"]),
    (
        "domain",
        &[
            "spin-sdk",
            "http",
            "rusqlite",
            "getrandom",
            "rand",
            "wasmtime",
        ],
    ),
    ("providers", &["spin-sdk", "store", "rusqlite", "hyper"]),
    ("store", &["spin-sdk", "providers", "rusqlite", "http"]),
    ("platform", &["rusqlite", "wasmtime", "runtime"]),
    (
        "runtime",
        &["api", "domain", "platform", "providers", "store"],
    ),
];

#[test]
fn arrows_point_one_way() {
    let graph = Graph::of_the_workspace();
    for (name, allowed) in SHARED {
        let ours: BTreeSet<_> = graph
            .below(name)
            .intersection(&graph.ours)
            .copied()
            .collect();
        let allowed = allowed.iter().copied().collect();
        assert_eq!(ours, allowed, "below {name}");
    }
    for (name, never) in NEVER_BELOW {
        let below = graph.below(name);
        for other in never {
            assert!(graph.knows(other), "no crate is called {other} any more");
            assert!(!below.contains(other), "{name} depends on {other}");
        }
    }
    let functions = graph.folder("functions");
    assert!(functions.len() > 1, "{functions:?}");
    for function in &functions {
        let below = graph.below(function);
        let mut never = vec!["runtime", "simulators", "whole-system", "xtask", "wasmtime"];
        never.extend(&functions);
        for other in never {
            assert!(!below.contains(other), "{function} depends on {other}");
        }
    }
    let shared: Vec<_> = SHARED.iter().map(|(name, _)| *name).collect();
    assert_eq!(graph.folder("shared"), shared);
    // The graph is one in which something would be found.
    assert!(graph.below("platform").contains("spin-sdk"));
    assert!(graph.below("runtime").contains("wasmtime"));
}

/// With it, guests trap on wasmtime 48 (`platform::wake` does without).
#[test]
fn wit_bindgen_is_built_without_its_own_wake_ups() {
    let graph = Graph::of_the_workspace();
    let features = graph.features("wit-bindgen");
    assert!(!features.is_empty());
    for (version, features) in features {
        assert!(features.contains(&"async".to_owned()), "{version}");
        assert!(
            !features.contains(&"inter-task-wakeup".to_owned()),
            "wit-bindgen {version}: `cargo tree -i wit-bindgen -e features` says who asks for it"
        );
    }
}

struct Graph {
    metadata: &'static Metadata,
    ours: BTreeSet<&'static str>,
    /// What each package links or builds with; its tests aside.
    edges: BTreeMap<&'static PackageId, Vec<&'static PackageId>>,
}

impl Graph {
    fn of_the_workspace() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let metadata: &'static Metadata = Box::leak(Box::new(
            MetadataCommand::new()
                .manifest_path(root.join("Cargo.toml"))
                .features(CargoOpt::AllFeatures)
                // Without a filter, cargo would fetch the dependencies of every platform.
                .other_options(
                    [
                        "--locked",
                        "--filter-platform=wasm32-wasip2",
                        "--filter-platform=x86_64-unknown-linux-gnu",
                    ]
                    .map(str::to_owned),
                )
                .exec()
                .unwrap(),
        ));
        let nodes = &metadata.resolve.as_ref().unwrap().nodes;
        let edges = nodes
            .iter()
            .map(|node| {
                let linked = node.deps.iter().filter(|dependency| {
                    dependency
                        .dep_kinds
                        .iter()
                        .any(|kind| kind.kind != DependencyKind::Development)
                });
                (&node.id, linked.map(|dependency| &dependency.pkg).collect())
            })
            .collect();
        let ours = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| package.name.as_str())
            .collect();
        Self {
            metadata,
            ours,
            edges,
        }
    }

    /// The names of everything below one of our crates.
    fn below(&self, name: &str) -> BTreeSet<&'static str> {
        let root = self
            .metadata
            .workspace_packages()
            .into_iter()
            .find(|package| package.name.as_str() == name)
            .unwrap_or_else(|| panic!("the workspace has no {name}"));
        let mut found = BTreeSet::new();
        let mut open = vec![&root.id];
        while let Some(id) = open.pop() {
            for next in &self.edges[id] {
                if found.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
            .into_iter()
            .map(|id| self.metadata[id].name.as_str())
            .collect()
    }

    fn knows(&self, name: &str) -> bool {
        self.metadata
            .packages
            .iter()
            .any(|package| package.name.as_str() == name)
    }

    /// Our crates of one folder, by name.
    fn folder(&self, folder: &str) -> Vec<&'static str> {
        let folder = self.metadata.workspace_root.join(folder);
        let mut names: Vec<_> = self
            .metadata
            .workspace_packages()
            .into_iter()
            .filter(|package| package.manifest_path.starts_with(&folder))
            .map(|package| package.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// The versions of a crate that are built, each with its features.
    fn features(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let nodes = &self.metadata.resolve.as_ref().unwrap().nodes;
        nodes
            .iter()
            .map(|node| (&self.metadata[&node.id], &node.features))
            .filter(|(package, _)| package.name.as_str() == name)
            .map(|(package, features)| {
                let features = features.iter().map(ToString::to_string);
                (package.version.to_string(), features.collect())
            })
            .collect()
    }
}
