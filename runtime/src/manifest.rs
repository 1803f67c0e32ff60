//! Spin's manifest, version 2, read strictly.
//!
//! The format is <https://spinframework.dev/manifest-reference>. A key that is
//! misspelt, or that Spin knows and this runtime does not support, is an error
//! that names the key and its line: a setting that is silently ignored here
//! would work differently under Spin.

use std::{
    collections::BTreeMap,
    fmt, fs,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;

use crate::{
    allowed_hosts::AllowedHosts,
    error::Error,
    routes::{RoutePattern, Router},
    variables::Template,
};

/// A manifest in which every name that is referred to exists.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    pub name: String,
    pub variables: BTreeMap<String, Variable>,
    pub http: Vec<HttpTrigger>,
    pub cron: Vec<CronTrigger>,
    pub components: BTreeMap<String, Component>,
}

/// A declared variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// `None` makes the variable required.
    pub default: Option<String>,
}

#[derive(Clone, Debug)]
pub struct HttpTrigger {
    pub component: String,
    pub route: RoutePattern,
}

#[derive(Clone, Debug)]
pub struct CronTrigger {
    pub component: String,
    /// Six fields, the first of them seconds, in UTC.
    pub expression: String,
    pub(crate) schedule: croner::Cron,
}

#[derive(Clone, Debug)]
pub struct Component {
    pub source: PathBuf,
    pub variables: BTreeMap<String, Template>,
    pub environment: BTreeMap<String, String>,
    pub allowed_outbound_hosts: Vec<Template>,
    pub key_value_stores: Vec<String>,
    pub sqlite_databases: Vec<String>,
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Checks the manifest `text`; `path` is named in errors and gives the
    /// folder of relative paths.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let source = Source { text, path };
        let document: Document = toml::from_str(text).map_err(|error| {
            source.error(error.span().unwrap_or(0..0), error.message().to_owned())
        })?;
        document.check(&source)
    }
}

/// The text that errors point into.
struct Source<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Source<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Error::Manifest {
            path: self.path.to_owned(),
            // What lies nowhere is missing from the file.
            line: (span != (0..0)).then_some(line),
            message: message.into(),
        }
    }

    fn unsupported(&self, keys: &[(&str, &Option<Spanned<IgnoredAny>>)]) -> Result<(), Error> {
        match keys
            .iter()
            .find_map(|(key, value)| Some((key, value.as_ref()?)))
        {
            Some((key, value)) => Err(self.error(
                value.span(),
                format!("`{key}` is a key of Spin that this runtime does not support"),
            )),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    spin_manifest_version: Spanned<i64>,
    application: ApplicationTable,
    #[serde(default)]
    variables: BTreeMap<String, Spanned<VariableTable>>,
    #[serde(default)]
    trigger: TriggerTables,
    #[serde(default)]
    component: BTreeMap<String, Spanned<ComponentTable>>,
}

/// `tool` tables belong to other programs and are ignored, as Spin does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "named so that an unknown key is refused; they mean nothing when serving"
)]
struct ApplicationTable {
    name: String,
    version: Option<String>,
    description: Option<String>,
    authors: Option<Vec<String>>,
    tool: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableTable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "this runtime prints no variable, secret or not")]
    secret: bool,
    #[expect(dead_code, reason = "for readers of the manifest")]
    description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TriggerTables {
    #[serde(default)]
    http: Vec<HttpTriggerTable>,
    #[serde(default)]
    cron: Vec<CronTriggerTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTriggerTable {
    #[expect(dead_code, reason = "a name for people")]
    id: Option<String>,
    component: Spanned<String>,
    route: Spanned<RouteValue>,
    executor: Option<Spanned<ExecutorTable>>,
    static_response: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecutorTable {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CronTriggerTable {
    #[expect(dead_code, reason = "a name for people")]
    id: Option<String>,
    component: Spanned<String>,
    cron_expression: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentTable {
    source: Spanned<SourceValue>,
    #[expect(dead_code, reason = "for readers of the manifest")]
    description: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<Spanned<String>>,
    #[serde(default)]
    key_value_stores: Vec<Spanned<String>>,
    #[serde(default)]
    sqlite_databases: Vec<Spanned<String>>,
    #[expect(
        dead_code,
        reason = "`spin build` reads it; it means nothing when serving"
    )]
    build: Option<BuildTable>,
    #[expect(dead_code, reason = "tables of other programs")]
    tool: Option<IgnoredAny>,
    files: Option<Spanned<IgnoredAny>>,
    exclude_files: Option<Spanned<IgnoredAny>>,
    allowed_http_hosts: Option<Spanned<IgnoredAny>>,
    ai_models: Option<Spanned<IgnoredAny>>,
    targets: Option<Spanned<IgnoredAny>>,
    dependencies: Option<Spanned<IgnoredAny>>,
    dependencies_inherit_configuration: Option<Spanned<IgnoredAny>>,
    profile: Option<Spanned<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "named so that an unknown key is refused")]
struct BuildTable {
    command: IgnoredAny,
    workdir: Option<String>,
    watch: Option<Vec<String>>,
    environment: Option<BTreeMap<String, String>>,
}

/// `route = "/path"` or `route = { private = true }`.
enum RouteValue {
    Public(String),
    Private,
}

impl<'de> Deserialize<'de> for RouteValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RouteVisitor;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct PrivateTable {
            private: bool,
        }

        impl<'de> Visitor<'de> for RouteVisitor {
            type Value = RouteValue;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a path such as \"/items/...\", or { private = true }")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<RouteValue, E> {
                Ok(RouteValue::Public(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RouteValue, A::Error> {
                let table = PrivateTable::deserialize(MapAccessDeserializer::new(map))?;
                if table.private {
                    Ok(RouteValue::Private)
                } else {
                    Err(serde::de::Error::custom(
                        "a route that is not private is a path",
                    ))
                }
            }
        }

        deserializer.deserialize_any(RouteVisitor)
    }
}

/// `source = "path"`, or a table of Spin's that leads elsewhere.
enum SourceValue {
    File(String),
    Remote,
}

impl<'de> Deserialize<'de> for SourceValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;

        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = SourceValue;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the path of a file as `source`")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<SourceValue, E> {
                Ok(SourceValue::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SourceValue, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(SourceValue::Remote)
            }
        }

        deserializer.deserialize_any(SourceVisitor)
    }
}

impl Document {
    fn check(self, source: &Source<'_>) -> Result<Manifest, Error> {
        let version = &self.spin_manifest_version;
        if *version.as_ref() != 2 {
            return Err(source.error(
                version.span(),
                format!(
                    "spin_manifest_version {} is not supported, only 2 is",
                    version.as_ref()
                ),
            ));
        }
        let variables = self
            .variables
            .into_iter()
            .map(|(name, table)| Ok((name.clone(), check_variable(&name, table, source)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        let folder = source.path.parent().unwrap_or(Path::new("")).to_owned();
        let components = self
            .component
            .into_iter()
            .map(|(id, table)| {
                let component = check_component(&id, table, &folder, &variables, source)?;
                Ok((id, component))
            })
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        Ok(Manifest {
            http: check_http(self.trigger.http, &components, source)?,
            cron: check_cron(self.trigger.cron, &components, source)?,
            name: self.application.name,
            folder,
            variables,
            components,
        })
    }
}

fn check_variable(
    name: &str,
    table: Spanned<VariableTable>,
    source: &Source<'_>,
) -> Result<Variable, Error> {
    let span = table.span();
    let table = table.into_inner();
    if !is_variable_name(name) {
        return Err(source.error(
            span,
            format!("variable `{name}`: a name is lower-case letters, digits and single underscores, and starts with a letter"),
        ));
    }
    match (table.required, table.default) {
        (true, Some(_)) => Err(source.error(
            span,
            format!("variable `{name}` is required and has a default: it is one or the other"),
        )),
        (false, None) => Err(source.error(
            span,
            format!("variable `{name}` needs `required = true` or a `default`"),
        )),
        (_, default) => Ok(Variable { default }),
    }
}

fn check_component(
    id: &str,
    table: Spanned<ComponentTable>,
    folder: &Path,
    declared: &BTreeMap<String, Variable>,
    source: &Source<'_>,
) -> Result<Component, Error> {
    let span = table.span();
    let table = table.into_inner();
    if !is_component_id(id) {
        return Err(source.error(
            span,
            format!("component `{id}`: an id is words of letters and digits, each with a letter first, joined by hyphens"),
        ));
    }
    source.unsupported(&[
        ("files", &table.files),
        ("exclude_files", &table.exclude_files),
        ("allowed_http_hosts", &table.allowed_http_hosts),
        ("ai_models", &table.ai_models),
        ("targets", &table.targets),
        ("dependencies", &table.dependencies),
        (
            "dependencies_inherit_configuration",
            &table.dependencies_inherit_configuration,
        ),
        ("profile", &table.profile),
    ])?;
    let file = match table.source.get_ref() {
        SourceValue::File(path) => folder.join(path),
        SourceValue::Remote => {
            return Err(source.error(
                table.source.span(),
                format!("component `{id}`: `source` is a table, which this runtime does not support: download the component and write the path of a file"),
            ));
        }
    };
    let template = |value: &Spanned<String>| check_template(value, declared, source);
    let mut variables = BTreeMap::new();
    for (name, value) in table.variables {
        if !is_variable_name(&name) {
            return Err(source.error(
                value.span(),
                format!("component `{id}`: `{name}` is not the name of a variable"),
            ));
        }
        variables.insert(name, template(&value)?);
    }
    let mut allowed_outbound_hosts = Vec::new();
    for host in table.allowed_outbound_hosts {
        let span = host.span();
        let host = template(&host)?;
        if let Some(literal) = host.literal() {
            AllowedHosts::parse([literal]).map_err(|message| source.error(span, message))?;
        }
        allowed_outbound_hosts.push(host);
    }
    Ok(Component {
        source: file,
        variables,
        environment: table.environment,
        allowed_outbound_hosts,
        key_value_stores: check_labels(table.key_value_stores, source)?,
        sqlite_databases: check_labels(table.sqlite_databases, source)?,
    })
}

fn check_template(
    value: &Spanned<String>,
    declared: &BTreeMap<String, Variable>,
    source: &Source<'_>,
) -> Result<Template, Error> {
    let span = value.span();
    let template =
        Template::parse(value.get_ref()).map_err(|message| source.error(span.clone(), message))?;
    if let Some(unknown) = template
        .variables()
        .find(|name| !declared.contains_key(*name))
    {
        return Err(source.error(
            span,
            format!("`{{{{ {unknown} }}}}` refers to a variable that [variables] does not declare"),
        ));
    }
    Ok(template)
}

/// Labels become file names, so they are restricted to what Spin's labels
/// consist of.
fn check_labels(labels: Vec<Spanned<String>>, source: &Source<'_>) -> Result<Vec<String>, Error> {
    labels
        .into_iter()
        .map(|label| {
            let text = label.get_ref();
            let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if text.is_empty() || text.len() > 64 || !text.chars().all(known) {
                return Err(source.error(
                    label.span(),
                    format!(
                        "`{text}` is not a label: use letters, digits, hyphens and underscores"
                    ),
                ));
            }
            Ok(label.into_inner())
        })
        .collect()
}

fn check_http(
    triggers: Vec<HttpTriggerTable>,
    components: &BTreeMap<String, Component>,
    source: &Source<'_>,
) -> Result<Vec<HttpTrigger>, Error> {
    let mut router = Router::default();
    let mut checked = Vec::new();
    for trigger in triggers {
        source.unsupported(&[("static_response", &trigger.static_response)])?;
        if let Some(executor) = trigger.executor
            && executor.get_ref().r#type != "http"
        {
            return Err(source.error(
                executor.span(),
                format!(
                    "executor type `{}` is not supported, only `http` is",
                    executor.get_ref().r#type
                ),
            ));
        }
        let span = trigger.route.span();
        let route = match trigger.route.into_inner() {
            RouteValue::Private => RoutePattern::Private,
            RouteValue::Public(path) => {
                RoutePattern::parse(&path).map_err(|message| source.error(span.clone(), message))?
            }
        };
        let component = check_reference(trigger.component, components, source)?;
        router
            .add(&route, &component)
            .map_err(|message| source.error(span, message))?;
        checked.push(HttpTrigger { component, route });
    }
    Ok(checked)
}

fn check_cron(
    triggers: Vec<CronTriggerTable>,
    components: &BTreeMap<String, Component>,
    source: &Source<'_>,
) -> Result<Vec<CronTrigger>, Error> {
    let parser = croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Required)
        .year(croner::parser::Year::Disallowed)
        .build();
    triggers
        .into_iter()
        .map(|trigger| {
            let expression = trigger.cron_expression;
            let schedule = parser.parse(expression.get_ref()).map_err(|error| {
                source.error(
                    expression.span(),
                    format!("cron_expression needs six fields (second minute hour day month weekday): {error}"),
                )
            })?;
            Ok(CronTrigger {
                component: check_reference(trigger.component, components, source)?,
                expression: expression.into_inner(),
                schedule,
            })
        })
        .collect()
}

fn check_reference(
    component: Spanned<String>,
    components: &BTreeMap<String, Component>,
    source: &Source<'_>,
) -> Result<String, Error> {
    if components.contains_key(component.get_ref()) {
        Ok(component.into_inner())
    } else {
        let message = format!("there is no [component.{}]", component.get_ref());
        Err(source.error(component.span(), message))
    }
}

/// The rule is Spin's: <https://spinframework.dev/variables>.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.contains("__")
        && !name.ends_with('_')
}

fn is_component_id(id: &str) -> bool {
    id.split('-').all(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric())
    })
}
