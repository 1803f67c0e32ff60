//! Folders of clients in Box: what asks for one, and what became of it.

use serde::{Deserialize, Serialize};

/// A deal whose client is to have a folder. A workflow of HubSpot sends its own body instead, in the form of a custom
/// action or of a webhook with all properties (`WorkflowBody`).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateClientFolder {
    /// HubSpot's id of the deal: up to 19 digits. A deal has one folder, however often it is asked for.
    #[serde(deserialize_with = "crate::body::id")]
    pub deal_id: String,
    /// Wins over the name that the contacts give. What no folder may be called is replaced: `\ / : * ? " < > |` by `_`; what is
    /// too long (120 characters) is cut.
    #[serde(default)]
    pub folder_name: Option<String>,
    /// The deal's people, the client first: the first two give the name. Without it HubSpot is asked for the contacts of
    /// the deal.
    #[serde(default)]
    pub contacts: Option<Vec<NewContact>>,
}

/// A person of a deal; what is left out is unknown.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NewContact {
    /// HubSpot's id: up to 19 digits. Deals with the same first contact share one folder.
    #[serde(deserialize_with = "crate::body::optional_id")]
    pub id: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
}

/// What may be sent: by whoever has a key, or by a workflow.
#[cfg(feature = "openapi")]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
pub enum ClientFolderBody {
    Ours(CreateClientFolder),
    /// As HubSpot sends it: `object.objectId` or `objectId` names the deal, `origin.portalId` or `portalId` the account,
    /// `fields`, `inputFields` and `properties` hold what the workflow sends along. Names are read from the properties that
    /// the connector's configuration lists, such as `hs_contact_firstname`.
    Workflow(serde_json::Map<String, serde_json::Value>),
}

/// The folder of a client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientFolder {
    pub id: String,
    pub organization_id: String,
    /// Of the type `box`.
    pub connector_id: String,
    /// Of the type `hubspot`: where the contacts come from and the link goes; null where there is none.
    pub hubspot_connector_id: Option<String>,
    /// HubSpot's account; the organization's id where there is none.
    pub portal_id: String,
    pub deal_id: String,
    /// By whom the name was made; null before HubSpot was asked.
    pub contacts: Option<Vec<ClientContact>>,
    pub requested_name: Option<String>,
    /// `pending`: it is being made, or tried again by itself at `next_attempt_at`; `created`: it was copied from the template;
    /// `existing`: the client had one already, which is used; `failed`: a person has to see to it.
    pub status: String,
    /// Box's id of the folder.
    pub folder_id: Option<String>,
    /// As the folder was called when it was made or found.
    pub name: Option<String>,
    /// The names of the folders above it, as far as the user can see them.
    pub path: Option<Vec<String>>,
    /// Where people open it.
    pub link: Option<String>,
    /// How often Box was asked for a copy.
    pub copies: i64,
    /// Of the last try that came to nothing, while it is not there.
    pub failure_code: Option<String>,
    /// What happened, and what a person can do.
    pub failure_detail: Option<String>,
    pub next_attempt_at: Option<String>,
    /// Where its link was written, or is to be: as far as the connector's configuration names properties for it.
    pub links: Vec<FolderLink>,
    /// The delivery that makes it (`/api/deliveries/{id}`), with every attempt.
    pub delivery_id: String,
    /// The key or the person; of a workflow, the connector whose secret has signed.
    pub requested_by: String,
    pub created_at: String,
    pub updated_at: String,
    pub finished_at: Option<String>,
}

/// A property of a deal or a contact at HubSpot that is given the link of the folder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderLink {
    /// Which writes it (`/api/deliveries/{id}`).
    pub delivery_id: String,
    /// `deal` or `contact`.
    pub object: String,
    pub id: String,
    pub property: String,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// What HubSpot says against it.
    pub error_detail: Option<String>,
}

/// A contact as it was when the name was made. Empty is unknown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientContact {
    pub id: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
}

/// What came of a call. It is 200 also where there is no folder: a workflow that is told of an error calls again for days,
/// which mends nothing that a person has to see to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientFolderAsked {
    /// The folder is there.
    pub success: bool,
    /// That of the folder; `failed`, too, where none was begun.
    pub status: String,
    /// Why it is not there.
    pub reason: Option<String>,
    /// What to do about it, where nothing was begun: null where `client_folder` says more.
    pub client_folder: Option<ClientFolder>,
    /// For the steps of a workflow that follow.
    #[serde(rename = "outputFields")]
    pub output_fields: OutputFields,
}

/// What a workflow can go on with.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutputFields {
    pub folder_status: String,
    pub folder_id: String,
    pub folder_name: String,
    pub folder_url: String,
    /// HubSpot's own: `SUCCESS`, or `FAIL_CONTINUE` where there is no folder.
    pub hs_execution_state: String,
}
