//! Stores of the product, which locations they are, and who people are in the product.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateStore {
    /// 1 to 200 characters.
    pub name: String,
    /// The product's own id, 1 to 200 characters; no two stores have the same.
    pub product_ref: Option<String>,
}

/// What is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpdateStore {
    #[serde(default, deserialize_with = "crate::body::not_null")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub name: Option<String>,
    /// Null takes it away.
    #[serde(deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    pub product_ref: Option<Option<String>>,
}

/// Stores to create, or to rename where the `product_ref` is there already; all of them or none.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpsertStores {
    /// 1 to 500, each with a `product_ref` of its own.
    #[serde(deserialize_with = "crate::body::objects")]
    pub stores: Vec<UpsertStore>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpsertStore {
    pub name: String,
    pub product_ref: String,
}

/// What became of many: those that are neither created nor updated were like this before.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Upserted {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub product_ref: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MapLocation {
    /// Our id of the store.
    pub store_id: String,
}

/// A location of a provider, and the store that it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LocationMapping {
    pub location_id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub external_location_id: String,
    pub location_name: String,
    /// Null while it is not mapped.
    pub store_id: Option<String>,
    pub store_name: Option<String>,
    pub store_product_ref: Option<String>,
    /// `name` or `hand`; `hand` without a store: taken off, and its name does not put it back. Null:
    /// nothing has been decided.
    pub mapped_by: Option<String>,
    /// Of the decision.
    pub updated_at: Option<String>,
    /// The one store that has the location's name, where that is not the store it is mapped to: a
    /// person decides.
    pub suggestion: Option<SuggestedStore>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SuggestedStore {
    pub store_id: String,
    pub store_name: String,
}

/// Who people are in the product; all of them or none.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetProductRefs {
    /// 1 to 500.
    #[serde(deserialize_with = "crate::body::objects")]
    pub people: Vec<SetProductRef>,
}

/// The person by one of `team_member_id`, `external_id` and `email`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetProductRef {
    pub team_member_id: Option<String>,
    /// The provider's id.
    pub external_id: Option<String>,
    pub email: Option<String>,
    /// The product's own id, 1 to 200 characters; no two people have the same. Null takes it away; it
    /// has to be there.
    #[serde(default, deserialize_with = "crate::body::given")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>"))]
    pub product_ref: Option<Option<String>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductRefsSet {
    pub updated: u64,
    pub unchanged: u64,
}
