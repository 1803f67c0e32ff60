//! Which URLs a tenant may have us call.
//!
//! A URL is read once, strictly. What is accepted is kept as normalized text, and that text is what
//! is connected to: whoever sends a request hands over [`OutboundTarget::as_str`] and nothing else.
//! Spellings that parsers read in different ways (a backslash, user information, a number for an
//! address) are refused, so that no second parser can see another host in what passed here.
//!
//! A name is judged by its text alone. Where it leads is known only when it is resolved: whoever
//! connects must refuse every address that is not public.

mod address;
mod host;
mod path;
mod policy;
mod refusal;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;

pub use host::Host;
pub use policy::Policy;
pub use refusal::Refusal;

/// The longest URL, in bytes.
pub const MAX_TARGET_BYTES: usize = 16 * 1024;

/// How a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Https,
    /// Of an origin that the operator allows.
    Http,
}

impl Scheme {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// A URL that may be called. The path and the query can be secret: `Debug` shows the origin only.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundTarget {
    /// The origin, then the path, then the query if there is one.
    text: String,
    origin_bytes: usize,
    scheme: Scheme,
    host: Host,
    port: u16,
}

impl OutboundTarget {
    /// Reads an absolute URL.
    ///
    /// The scheme and the host become lower case, the scheme's own port is left out, no path becomes
    /// `/`, and what may not stand in a path or a query as it is becomes percent-encoded.
    ///
    /// # Errors
    /// [`Refusal`]; it repeats nothing of the text.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, Refusal> {
        let target = Self::read(text)?;
        policy.judge(&target)?;
        Ok(target)
    }

    fn read(text: &str) -> Result<Self, Refusal> {
        refuse_characters(text)?;
        let (scheme, rest) = split_scheme(text)?;
        let authority_bytes = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at(authority_bytes);
        let (host, port) = split_authority(authority)?;
        let host = Host::parse(host)?;
        let port = match port {
            Some(digits) => parse_port(digits)?,
            None => scheme.default_port(),
        };
        let mut origin = format!("{}://{host}", scheme.as_str());
        if port != scheme.default_port() {
            origin = format!("{origin}:{port}");
        }
        Self {
            origin_bytes: origin.len(),
            text: origin,
            scheme,
            host,
            port,
        }
        .with(path_and_query)
    }

    /// The whole URL, as it is to be connected to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host, and the port where it is not the scheme's own: `https://api.example.com:8443`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.text.split_at(self.origin_bytes).0
    }

    /// What stands behind the origin; it begins with one slash.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.text.split_at(self.origin_bytes).1
    }

    #[must_use]
    pub fn path(&self) -> &str {
        split_query(self.path_and_query()).0
    }

    /// Without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        split_query(self.path_and_query()).1
    }

    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The target below this one: the path is put behind this path, the query (percent-encoded,
    /// without a question mark; it may be empty) behind this query. The origin stays, and nothing in
    /// the path leads out of this path.
    ///
    /// # Errors
    /// [`Refusal`] of the path or the query.
    pub fn join(&self, path: &str, query: &str) -> Result<Self, Refusal> {
        refuse_characters(path)?;
        if path.contains('?') {
            return Err(Refusal::QueryInPath);
        }
        let below = path.strip_prefix('/').unwrap_or(path);
        let mut whole = self.path().to_owned();
        if !below.is_empty() {
            if !whole.ends_with('/') {
                whole.push('/');
            }
            whole.push_str(below);
        }
        let queries: Vec<&str> = self
            .query()
            .into_iter()
            .chain([query])
            .filter(|query| !query.is_empty())
            .collect();
        if !queries.is_empty() {
            whole = format!("{whole}?{}", queries.join("&"));
        }
        self.at(&whole)
    }

    /// The target at another path and query of the same origin. The path begins with one slash.
    ///
    /// # Errors
    /// [`Refusal`] of the path or the query.
    pub fn at(&self, path_and_query: &str) -> Result<Self, Refusal> {
        refuse_characters(path_and_query)?;
        if !path_and_query.starts_with('/') {
            return Err(Refusal::NotFromTheRoot);
        }
        Self {
            text: self.origin().to_owned(),
            ..self.clone()
        }
        .with(path_and_query)
    }

    /// The target that a reference in an answer from this one means, if it is of the same origin: an
    /// absolute URL, a path from the root, or a query. Other references are refused.
    ///
    /// # Errors
    /// [`Refusal`]; of an absolute URL elsewhere it is [`Refusal::OtherOrigin`].
    pub fn resolve(&self, reference: &str) -> Result<Self, Refusal> {
        if reference.starts_with('/') {
            return self.at(reference);
        }
        if reference.starts_with('?') {
            return self.at(&format!("{}{reference}", self.path()));
        }
        let target = Self::read(reference)?;
        if target.is_same_origin(self) {
            Ok(target)
        } else {
            Err(Refusal::OtherOrigin)
        }
    }

    /// Whether both have one scheme, host and port.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.origin() == other.origin()
    }

    /// Puts a path and query behind the origin, which is all of the text so far.
    fn with(mut self, path_and_query: &str) -> Result<Self, Refusal> {
        let (path, query) = split_query(path_and_query);
        self.text.push_str(&path::normalized_path(path)?);
        if let Some(query) = query {
            self.text.push('?');
            self.text.push_str(&path::normalized_query(query)?);
        }
        if self.text.len() > MAX_TARGET_BYTES {
            return Err(Refusal::TooLong);
        }
        Ok(self)
    }
}

impl fmt::Debug for OutboundTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutboundTarget({} …)", self.origin())
    }
}

/// What stands nowhere in a URL, and what parsers disagree about wherever it stands.
fn refuse_characters(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_TARGET_BYTES {
        return Err(Refusal::TooLong);
    }
    for character in text.chars() {
        match character {
            '\\' => return Err(Refusal::Backslash),
            '#' => return Err(Refusal::Fragment),
            c if c.is_whitespace() || c.is_control() => return Err(Refusal::Blank),
            _ => {}
        }
    }
    Ok(())
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), Refusal> {
    let (scheme, rest) = text.split_once("://").ok_or(Refusal::NotAbsolute)?;
    let scheme = [Scheme::Https, Scheme::Http]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(scheme))
        .ok_or(Refusal::Scheme)?;
    Ok((scheme, rest))
}

fn split_authority(authority: &str) -> Result<(&str, Option<&str>), Refusal> {
    if authority.contains('@') {
        return Err(Refusal::UserInformation);
    }
    match authority.rsplit_once(':') {
        // An IPv6 address has colons of its own, in brackets.
        Some((host, port)) if !port.contains(']') => Ok((host, Some(port))),
        _ => Ok((authority, None)),
    }
}

fn parse_port(digits: &str) -> Result<u16, Refusal> {
    // `parse` would take a sign.
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if is_number && port > 0 => Ok(port),
        _ => Err(Refusal::NoPort),
    }
}

fn split_query(path_and_query: &str) -> (&str, Option<&str>) {
    match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    }
}
