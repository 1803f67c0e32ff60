//! Which component answers a path.

use std::{collections::HashMap, fmt};

use crate::spin_headers::RouteHeaders;

/// A trigger's route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutePattern {
    /// This path alone, without a trailing slash.
    Exact(String),
    /// `/prefix/...`: this path and everything below it. The prefix has no
    /// trailing slash and is empty for `/...`.
    Prefix(String),
    /// Only other components reach it, by service chaining.
    Private,
}

impl RoutePattern {
    /// # Errors
    /// A message, if `path` is not an absolute path, or uses a pattern this
    /// runtime does not know.
    pub(crate) fn parse(path: &str) -> Result<Self, String> {
        if !path.starts_with('/') {
            return Err(format!("route `{path}` must start with `/`"));
        }
        let (pattern, prefix) = match path.strip_suffix("/...") {
            Some(prefix) => (Self::Prefix(prefix.to_owned()), prefix),
            None => (Self::Exact(trim_slash(path).to_owned()), path),
        };
        if prefix.contains("...") {
            return Err(format!(
                "route `{path}`: `...` stands only at the end, after a slash"
            ));
        }
        if prefix
            .split('/')
            .any(|segment| segment.starts_with(':') || segment.contains('*'))
        {
            return Err(format!(
                "route `{path}`: only exact paths and `/...` are supported by this runtime"
            ));
        }
        Ok(pattern)
    }
}

/// The route as the manifest writes it, as in Spin's header `spin-matched-route`.
impl fmt::Display for RoutePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) if path.is_empty() => formatter.write_str("/"),
            Self::Exact(path) => formatter.write_str(path),
            Self::Prefix(prefix) => write!(formatter, "{prefix}/..."),
            Self::Private => Ok(()),
        }
    }
}

/// Finds the most specific route: the exact one, else the longest prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Router {
    exact: HashMap<String, Destination>,
    prefixes: HashMap<String, Destination>,
}

#[derive(Clone, Debug)]
struct Destination {
    component: String,
    headers: RouteHeaders,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RouteMatch<'a> {
    pub component: &'a str,
    /// What the `...` stands for, with its leading slash; empty if nothing.
    pub rest: &'a str,
    pub headers: &'a RouteHeaders,
}

impl Router {
    /// # Errors
    /// A message, if the route is taken.
    pub(crate) fn add(&mut self, route: &RoutePattern, component: &str) -> Result<(), String> {
        let (routes, path) = match route {
            RoutePattern::Exact(path) => (&mut self.exact, path),
            RoutePattern::Prefix(prefix) => (&mut self.prefixes, prefix),
            RoutePattern::Private => return Ok(()),
        };
        let destination = Destination {
            component: component.to_owned(),
            headers: RouteHeaders::new(&route.to_string(), path),
        };
        match routes.insert(path.clone(), destination) {
            None => Ok(()),
            Some(other) => Err(format!(
                "route `{route}` already leads to `{}`",
                other.component
            )),
        }
    }

    /// As in Spin, a trailing slash makes no difference to an exact route.
    pub(crate) fn find<'a>(&'a self, path: &'a str) -> Option<RouteMatch<'a>> {
        let trimmed = trim_slash(path);
        if let Some(destination) = self.exact.get(trimmed) {
            return Some(destination.reached(""));
        }
        let mut prefix = path;
        loop {
            if let Some(destination) = self.prefixes.get(prefix) {
                let rest = path.strip_prefix(prefix).unwrap_or_default();
                return Some(destination.reached(rest));
            }
            prefix = prefix.rsplit_once('/')?.0;
        }
    }
}

impl Destination {
    fn reached<'a>(&'a self, rest: &'a str) -> RouteMatch<'a> {
        RouteMatch {
            component: &self.component,
            rest,
            headers: &self.headers,
        }
    }
}

fn trim_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router {
        let mut router = Router::default();
        for route in routes {
            let pattern = RoutePattern::parse(route).expect(route);
            router.add(&pattern, route).expect(route);
        }
        router
    }

    #[test]
    fn the_most_specific_route_wins() {
        let router = router(&["/", "/...", "/a", "/a/...", "/a/b/...", "/a/b/c"]);
        for (path, route, rest) in [
            ("/", "/", ""),
            ("/x", "/...", "/x"),
            ("/x/y/", "/...", "/x/y/"),
            ("/a", "/a", ""),
            ("/a/", "/a", ""),
            ("/a/x", "/a/...", "/x"),
            ("/ab", "/...", "/ab"),
            ("/a/b", "/a/b/...", ""),
            ("/a/b/", "/a/b/...", "/"),
            ("/a/b/c", "/a/b/c", ""),
            ("/a/b/c/d", "/a/b/...", "/c/d"),
        ] {
            let found = router.find(path).expect(path);
            assert_eq!((found.component, found.rest), (route, rest), "{path}");
        }
    }

    #[test]
    fn a_path_without_a_route_leads_nowhere() {
        let router = router(&["/a", "/b/..."]);
        for path in ["/", "/c", "/a/b", "/bb", "", "*"] {
            assert_eq!(router.find(path), None, "{path}");
        }
    }

    #[test]
    fn routes_that_cannot_be_followed_are_refused() {
        for route in ["", "a", "/a...", "/.../a", "/:id", "/a/*"] {
            assert!(RoutePattern::parse(route).is_err(), "{route}");
        }
        let mut router = router(&["/a/", "/b/..."]);
        for route in ["/a", "/b/..."] {
            let pattern = RoutePattern::parse(route).expect(route);
            assert!(router.add(&pattern, "other").is_err(), "{route}");
        }
    }

    #[test]
    fn a_route_prints_as_it_was_written() {
        for route in ["/", "/...", "/a/b", "/a/..."] {
            assert_eq!(RoutePattern::parse(route).expect(route).to_string(), route);
        }
    }
}
