//! The product's side: its stores, which location of a provider is which of them, and who people
//! are in the product.

mod location_mappings;
mod product_refs;
mod stores;

use api::{FieldError, Operation};
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// Most items of one request.
const MAX_ITEMS: usize = 500;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("stores"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateStore => stores::create(&context).await,
            Operation::UpsertStores => stores::upsert(&context).await,
            Operation::ReadStore => stores::read(&context).await,
            Operation::UpdateStore => stores::update(&context).await,
            Operation::DeleteStore => stores::delete(&context).await,
            Operation::ListLocationMappings => location_mappings::list(&context).await,
            Operation::MapLocation => location_mappings::map(&context).await,
            Operation::TakeLocationOff => location_mappings::take_off(&context).await,
            Operation::SetProductRefs => product_refs::set(&context).await,
            _ => stores::list(&context).await,
        },
    )
    .await
}

/// Whether a request has as many items as one may have.
fn checked_count(field: &str, count: usize, errors: &mut Vec<FieldError>) {
    if !(1..=MAX_ITEMS).contains(&count) {
        errors.push(FieldError::new(
            field,
            format!("must have 1 to {MAX_ITEMS} items: send more in several requests"),
        ));
    }
}
