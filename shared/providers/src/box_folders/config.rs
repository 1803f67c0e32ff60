//! The configuration file that Box's developer console gives for an app with a service account.

use serde_json::Value;

use super::key::SigningKey;
use crate::{ProviderError, Secret};

/// The file of a key of 4096 bits has 4 KiB.
const MAX_FILE_BYTES: usize = 32 * 1024;
const MAX_MEMBER_BYTES: usize = 200;

/// An app: who it is, and what it signs with. Its secrets print as `[redacted]`.
#[derive(Clone, Debug)]
pub struct AppConfig {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) public_key_id: String,
    pub(super) private_key: Secret,
    pub(super) passphrase: Secret,
    pub(super) enterprise_id: String,
}

impl AppConfig {
    /// Reads the file. Members that are not known are left alone.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] names the member that is missing or wrong, without its value.
    pub fn parse(json: &str) -> Result<Self, ProviderError> {
        if json.len() > MAX_FILE_BYTES {
            return Err(refused("the file is longer than 32 KiB"));
        }
        let file: Value = serde_json::from_str(json)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| refused("the file is not a JSON object"))?;
        Ok(Self {
            client_id: word(&file, "boxAppSettings.clientID")?,
            client_secret: Secret::new(word(&file, "boxAppSettings.clientSecret")?),
            public_key_id: word(&file, "boxAppSettings.appAuth.publicKeyID")?,
            private_key: Secret::new(text(&file, "boxAppSettings.appAuth.privateKey")?),
            passphrase: Secret::new(text(&file, "boxAppSettings.appAuth.passphrase")?),
            enterprise_id: enterprise_id(&file)?,
        })
    }

    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    #[must_use]
    pub fn enterprise_id(&self) -> &str {
        &self.enterprise_id
    }

    /// Opens the private key with its passphrase. It takes some milliseconds.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if it is not an encrypted PKCS#8 key of RSA, or the passphrase is
    /// not the one it was encrypted with.
    pub fn signing_key(&self) -> Result<SigningKey, ProviderError> {
        SigningKey::open(self.private_key.expose(), self.passphrase.expose())
    }
}

pub(super) fn refused(what: &str) -> ProviderError {
    ProviderError::Credential {
        what: format!(
            "{what}; give the configuration file as the app's page in Box's developer console offers it for download (Generate a Public/Private Keypair)"
        ),
    }
}

/// The text at a dotted path, which is not empty.
fn text(file: &Value, path: &str) -> Result<String, ProviderError> {
    match member(file, path) {
        None | Some(Value::Null) => Err(refused(&format!("{path} is missing"))),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(refused(&format!("{path} is empty")))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(refused(&format!("{path} is not text"))),
    }
}

/// The same, of visible ASCII only.
fn word(file: &Value, path: &str) -> Result<String, ProviderError> {
    let text = text(file, path)?;
    let word = text.trim();
    if word.len() > MAX_MEMBER_BYTES || !word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused(&format!(
            "{path} is too long, or holds a space or a letter that is not ASCII"
        )));
    }
    Ok(word.to_owned())
}

fn enterprise_id(file: &Value) -> Result<String, ProviderError> {
    const PATH: &str = "enterpriseID";
    let id = match member(file, PATH) {
        Some(Value::Number(number)) => number.to_string(),
        _ => word(file, PATH)?,
    };
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused("enterpriseID is not a number"));
    }
    // Files of apps that no administrator has authorized yet have it so.
    if id == "0" {
        return Err(refused(
            "enterpriseID is 0: an administrator of the enterprise has to authorize the app first",
        ));
    }
    Ok(id)
}

fn member<'a>(file: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(file, |value, name| value.get(name))
}
