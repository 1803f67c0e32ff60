//! Application variables: their values, and templates that refer to them.
//!
//! A value comes, in this order, from the caller of the library or the command
//! line, from the environment (`SPIN_VARIABLE_NAME`), from the file `.env`
//! beside the manifest (same names), from the manifest's default.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    sync::Arc,
};

use wasmtime::component::{Accessor, HasSelf};

use crate::{
    bindings::spin::variables::variables as spin, error::Error, instance::InstanceState,
    manifest::Variable,
};

const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// The value of every declared variable. Prints only names, for any of them
/// may be a secret.
#[derive(Clone)]
pub struct Variables(BTreeMap<String, String>);

impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Variables {
    /// Gives every variable in `declared` its value.
    ///
    /// # Errors
    /// If an explicit variable is not declared, if `.env` cannot be parsed, or
    /// if a required variable has no value.
    pub(crate) fn resolve(
        declared: &BTreeMap<String, Variable>,
        explicit: &BTreeMap<String, String>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        if let Some(unknown) = explicit.keys().find(|name| !declared.contains_key(*name)) {
            return Err(Error::Variable(format!(
                "variable `{unknown}` is set, but the manifest does not declare it"
            )));
        }
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in declared {
            let value = explicit
                .get(name)
                .or_else(|| environment.0.get(name))
                .or(variable.default.as_ref());
            match value {
                Some(value) => {
                    values.insert(name.clone(), value.clone());
                }
                None => missing.push(format!(
                    "{name} (set {ENVIRONMENT_PREFIX}{})",
                    name.to_ascii_uppercase()
                )),
            }
        }
        if missing.is_empty() {
            Ok(Self(values))
        } else {
            Err(Error::VariablesMissing(missing))
        }
    }

    /// The text of `template` with every variable replaced by its value.
    pub(crate) fn expand(&self, template: &Template) -> String {
        template
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                // The manifest's check refuses a template whose variable is not declared.
                Part::Variable(name) => self.0.get(name).map_or("", String::as_str),
            })
            .collect()
    }
}

/// Values by the name of their variable, from outside the manifest.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<String, String>);

impl Environment {
    /// Reads `.env` in `folder`, if there is one, and the process environment.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(".env");
        let mut values = HashMap::new();
        if path.exists() {
            let lines = dotenvy::from_path_iter(&path);
            let pairs = lines.and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let pairs =
                pairs.map_err(|error| Error::Variable(format!("{}: {error}", path.display())))?;
            values.extend(pairs.into_iter().filter_map(named));
        }
        let process = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        values.extend(process.filter_map(named));
        Ok(Self(values))
    }
}

fn named((key, value): (String, String)) -> Option<(String, String)> {
    let name = key.strip_prefix(ENVIRONMENT_PREFIX)?;
    Some((name.to_ascii_lowercase(), value))
}

/// Text in which `{{ name }}` stands for a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Template {
    /// # Errors
    /// A message, if braces are not balanced or a name is empty.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, tail)) = after.split_once("}}") else {
                return Err(format!("`{text}`: `{{{{` is never closed by `}}}}`"));
            };
            let name = name.trim();
            if name.is_empty() {
                return Err(format!("`{text}`: `{{{{ }}}}` names no variable"));
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = tail;
        }
        if rest.contains("}}") {
            return Err(format!("`{text}`: `}}}}` without `{{{{`"));
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text, if it refers to no variable.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// `spin:variables`: what a component's `[component.<id>.variables]` says.
impl spin::HostWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn get(
        accessor: &Accessor<InstanceState, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, spin::Error>> {
        let context = accessor.with(|mut access| Arc::clone(&access.get().context));
        Ok(match context.variables.get(&name) {
            Some(value) => Ok(value.clone()),
            None => Err(spin::Error::Undefined(format!(
                "component `{}` has no variable `{name}`",
                context.id
            ))),
        })
    }
}

impl spin::Host for InstanceState {}
