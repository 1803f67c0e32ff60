//! The OpenAPI 3.1 document, made from the route table and the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::routes::{Access, IS_STALE, Parameter, ParameterForm, ROUTES, Route, SYNCED_AT, Shape};
use crate::{
    ProblemKind, advisers, allocation, attendance, audit, automation, client_folders, connectors,
    costing, deliveries, employees, freshness, logs, organizations, outgoing_webhooks, records,
    seven_shifts_integration, seven_shifts_proxy, status, stores, webhooks,
};

/// The whole document. Internal routes are left out: nobody outside may call them.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES
        .iter()
        .filter(|route| route.access != Access::Internal)
    {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Patchbay",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Integration functions at the edge: clean, current, tenant-scoped tables of what an organization keeps at its providers.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An API key (`pb_live_…`), a JWT (HS256) of the embedding product, or the operator key."}},
            "schemas": schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let (status, shape) = route.success;
    let mut operation = json!({
        "operationId": format!("{:?}", route.operation),
        "summary": route.summary,
        "tags": [route.function],
        "parameters": parameters(route),
        "responses": {
            status.to_string(): {"description": "Success", "headers": success_headers(route), "content": content(route)},
            "default": {"description": "A problem document (RFC 9457)", "headers": headers(route), "content": {"application/problem+json": {"schema": reference("Problem")}}},
        },
    });
    if let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    {
        for also in route.also {
            responses.insert(also.to_string(), json!({"description": "The same, with another outcome", "headers": headers(route), "content": {"application/json": {"schema": schema_of(shape)}}}));
        }
        if route.access.is_limited() || route.access == Access::Provider {
            let mut headers = headers(route);
            if let Some(headers) = headers.as_object_mut() {
                headers.insert("retry-after".to_owned(), json!({"schema": {"type": "integer"}, "description": "Seconds after which it makes sense to come again."}));
            }
            responses.insert("429".to_owned(), json!({"description": "Too many requests: of the caller, of the webhook, of an address whose requests are refused, or to the provider that is behind it.", "headers": headers, "content": {"application/problem+json": {"schema": reference("Problem")}}}));
        }
    }
    if let Some(operation) = operation.as_object_mut() {
        // That one as well.
        if let Some(scope) = route.and {
            operation.insert("x-scope-and".to_owned(), json!(scope));
        }
        if let Some(body) = route.body {
            operation.insert("requestBody".to_owned(), json!({"required": true, "content": {"application/json": {"schema": reference(body)}}}));
        }
        match route.access {
            Access::Public | Access::Provider => {}
            Access::Scope(scope) => {
                operation.insert("security".to_owned(), json!([{"bearer": []}]));
                operation.insert("x-scope".to_owned(), json!(scope.as_str()));
            }
            // A provider signs instead.
            Access::SignedOr(scope) => {
                operation.insert("security".to_owned(), json!([{"bearer": []}, {}]));
                operation.insert("x-scope".to_owned(), json!(scope.as_str()));
            }
            // One of them is enough.
            Access::AnyScope(scopes) => {
                operation.insert("security".to_owned(), json!([{"bearer": []}]));
                operation.insert("x-scope".to_owned(), json!(scopes));
            }
            Access::Caller | Access::Internal => {
                operation.insert("security".to_owned(), json!([{"bearer": []}]));
            }
        }
    }
    operation
}

fn content(route: &Route) -> Value {
    let json = json!({"schema": schema_of(route.success.1)});
    if has_table(route) {
        json!({"application/json": json, "text/csv": {"schema": {"type": "string"}}})
    } else {
        json!({"application/json": json})
    }
}

/// Whether its rows come as a table as well.
fn has_table(route: &Route) -> bool {
    let mut parameters = route.query.iter();
    parameters.any(|parameter| parameter.name == "format")
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|segment| {
        segment
            .strip_prefix('{')
            .and_then(|segment| segment.strip_suffix('}'))
    });
    let in_path = names.map(|name| {
        let schema = if name == "id" {
            json!({"type": "string", "format": "uuid"})
        } else {
            json!({"type": "string"})
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    in_path.chain(route.query.iter().map(in_query)).collect()
}

fn in_query(parameter: &Parameter) -> Value {
    let schema = match parameter.form {
        ParameterForm::Text => json!({"type": "string", "maxLength": 1024}),
        ParameterForm::Email => json!({"type": "string", "maxLength": 320}),
        ParameterForm::Number => json!({"type": "integer", "minimum": 0}),
        ParameterForm::Id => json!({"type": "string", "format": "uuid"}),
        ParameterForm::Time => json!({"type": "string", "format": "date-time"}),
        ParameterForm::Date => json!({"type": "string", "format": "date"}),
        ParameterForm::DateOrTime => {
            json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]})
        }
        ParameterForm::Boolean => json!({"type": "boolean"}),
        ParameterForm::Limit => {
            json!({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT})
        }
        ParameterForm::OneOf(values) => json!({"enum": values}),
    };
    let mut described = json!({"name": parameter.name, "in": "query", "description": parameter.description, "schema": schema});
    if let Some(described) = described.as_object_mut().filter(|_| parameter.is_required) {
        described.insert("required".to_owned(), json!(true));
    }
    described
}

fn schema_of(shape: Shape) -> Value {
    match shape {
        Shape::Nothing => json!({}),
        Shape::One(name) => reference(name),
        Shape::Array(name) => json!({"type": "array", "items": reference(name)}),
        Shape::Page(name) => page_of(name, &[]),
        Shape::FreshPage(name) => page_of(name, &["synced_at", "is_stale"]),
    }
}

/// A page, with these members of `Freshness`.
fn page_of(name: &str, fresh: &[&str]) -> Value {
    let mut properties = Map::from_iter([
        (
            "data".to_owned(),
            json!({"type": "array", "items": reference(name)}),
        ),
        (
            "next_cursor".to_owned(),
            json!({"type": ["string", "null"], "description": "Null on the last page."}),
        ),
    ]);
    for member in fresh {
        let path = format!("Freshness/properties/{member}");
        properties.insert((*member).to_owned(), reference(&path));
    }
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Of every answer.
fn headers(route: &Route) -> Value {
    let mut headers = Map::new();
    headers.insert(
        "x-request-id".to_owned(),
        json!({"schema": {"type": "string"}, "description": "Names this request in the logs."}),
    );
    if route.access.is_limited() || route.access == Access::Provider {
        headers.extend(rate_limit());
    }
    Value::Object(headers)
}

/// Those of every answer, and those of a table.
fn success_headers(route: &Route) -> Value {
    let mut headers = headers(route);
    if let Some(headers) = headers.as_object_mut().filter(|_| has_table(route)) {
        for (name, schema, description) in [
            (
                "content-disposition",
                json!({"type": "string"}),
                "Of a table: the name of the file.",
            ),
            (
                SYNCED_AT,
                json!({"type": "string", "format": "date-time"}),
                "Of a table: `synced_at`; not there where that is null.",
            ),
            (
                IS_STALE,
                json!({"type": "boolean"}),
                "Of a table: `is_stale`.",
            ),
        ] {
            headers.insert(
                name.to_owned(),
                json!({"schema": schema, "description": description}),
            );
        }
    }
    headers
}

/// Whoever has no quota, as the operator, gets none of them; a delivery that is taken neither.
fn rate_limit() -> Map<String, Value> {
    let header =
        |description: &str| json!({"schema": {"type": "string"}, "description": description});
    Map::from_iter([
        (
            "ratelimit-policy".to_owned(),
            header("The quota, and its window in seconds: `\"caller\";q=6000;w=60`."),
        ),
        (
            "ratelimit".to_owned(),
            header(
                "The requests that are left, and the seconds until there are more: `\"caller\";r=17;t=9`.",
            ),
        ),
    ])
}

fn schemas() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    add::<organizations::CreateOrganization>(&mut generator);
    add::<organizations::UpdateOrganization>(&mut generator);
    add::<organizations::Organization>(&mut generator);
    add::<organizations::ExportPage>(&mut generator);
    add::<organizations::CreateApiKey>(&mut generator);
    add::<organizations::CreatedApiKey>(&mut generator);
    add::<organizations::ApiKey>(&mut generator);
    add::<connectors::Connector>(&mut generator);
    add::<connectors::SyncSettings>(&mut generator);
    add::<connectors::SyncStatus>(&mut generator);
    add::<seven_shifts_proxy::SevenShiftsCall>(&mut generator);
    add::<seven_shifts_proxy::SevenShiftsAnswer>(&mut generator);
    add::<seven_shifts_integration::IntegrationStatus>(&mut generator);
    add::<seven_shifts_integration::Configure>(&mut generator);
    add::<seven_shifts_integration::Configured>(&mut generator);
    add::<seven_shifts_integration::TestConnection>(&mut generator);
    add::<seven_shifts_integration::ConnectionTested>(&mut generator);
    add::<seven_shifts_integration::SyncNow>(&mut generator);
    add::<seven_shifts_integration::Synced>(&mut generator);
    add::<seven_shifts_integration::Done>(&mut generator);
    add::<seven_shifts_integration::Employee>(&mut generator);
    add::<seven_shifts_integration::EmployeeShift>(&mut generator);
    add::<seven_shifts_integration::ShiftCheck>(&mut generator);
    add::<seven_shifts_integration::CheckShifts>(&mut generator);
    add::<seven_shifts_integration::ShiftChecks>(&mut generator);
    add::<seven_shifts_integration::OnShift>(&mut generator);
    add::<seven_shifts_integration::SyncLog>(&mut generator);
    add::<seven_shifts_integration::MappableLocation>(&mut generator);
    add::<seven_shifts_integration::NamedRole>(&mut generator);
    add::<seven_shifts_integration::MapLocationToStore>(&mut generator);
    add::<seven_shifts_integration::MappedLocation>(&mut generator);
    add::<webhooks::CreateWebhook>(&mut generator);
    add::<webhooks::UpdateWebhook>(&mut generator);
    add::<webhooks::RotateWebhookSecret>(&mut generator);
    add::<webhooks::WebhookWithSecret>(&mut generator);
    add::<webhooks::Webhook>(&mut generator);
    add::<webhooks::WebhookEvent>(&mut generator);
    add::<organizations::RotateApiKey>(&mut generator);
    add::<connectors::CreateConnector>(&mut generator);
    add::<connectors::AskForConsent>(&mut generator);
    add::<connectors::ConsentAsked>(&mut generator);
    add::<connectors::ConsentOffered>(&mut generator);
    add::<connectors::ConsentGiven>(&mut generator);
    add::<connectors::UpdateConnector>(&mut generator);
    add::<connectors::TestedConnector>(&mut generator);
    add::<connectors::ApiRequest>(&mut generator);
    add::<connectors::ApiAnswer>(&mut generator);
    add::<connectors::SyncConnector>(&mut generator);
    add::<connectors::SyncAsked>(&mut generator);
    add::<deliveries::SlackNotify>(&mut generator);
    add::<deliveries::SlackNotified>(&mut generator);
    add::<deliveries::Delivery>(&mut generator);
    add::<webhooks::ReplayWebhookEvent>(&mut generator);
    add::<webhooks::ReplayWebhookEvents>(&mut generator);
    add::<webhooks::Replayed>(&mut generator);
    add::<automation::CreateAutomationRule>(&mut generator);
    add::<automation::UpdateAutomationRule>(&mut generator);
    add::<automation::AutomationRule>(&mut generator);
    add::<automation::DryRunAutomationRules>(&mut generator);
    add::<automation::DryRun>(&mut generator);
    add::<automation::Notice>(&mut generator);
    add::<audit::AuditEntry>(&mut generator);
    add::<attendance::AttendancePolicy>(&mut generator);
    add::<attendance::policy_schema::PutAttendancePolicy>(&mut generator);
    add::<attendance::RunAttendance>(&mut generator);
    add::<attendance::AttendanceRun>(&mut generator);
    add::<attendance::AttendanceDelta>(&mut generator);
    add::<attendance::AttendanceRecord>(&mut generator);
    add::<attendance::FreshAttendanceRecord>(&mut generator);
    add::<attendance::UpdateAttendanceRecord>(&mut generator);
    add::<attendance::UpdateTimePunch>(&mut generator);
    add::<attendance::AttendanceSummary>(&mut generator);
    add::<attendance::SickLeave>(&mut generator);
    add::<attendance::AvailabilityDay>(&mut generator);
    add::<costing::LaborRate>(&mut generator);
    add::<costing::PriceLabor>(&mut generator);
    add::<costing::LaborPrice>(&mut generator);
    add::<costing::DailyLaborCost>(&mut generator);
    add::<freshness::Freshness>(&mut generator);
    add::<logs::LogEntry>(&mut generator);
    add::<logs::LogStatistics>(&mut generator);
    add::<webhooks::WebhookEventWithBody>(&mut generator);
    add::<outgoing_webhooks::CreateOutgoingWebhook>(&mut generator);
    add::<outgoing_webhooks::UpdateOutgoingWebhook>(&mut generator);
    add::<outgoing_webhooks::OutgoingWebhook>(&mut generator);
    add::<outgoing_webhooks::OutgoingWebhookWithSecret>(&mut generator);
    add::<webhooks::WebhookCall>(&mut generator);
    add::<client_folders::ClientFolderBody>(&mut generator);
    add::<client_folders::ClientFolder>(&mut generator);
    add::<client_folders::ClientFolderAsked>(&mut generator);
    add::<allocation::Closure>(&mut generator);
    add::<allocation::written::CreateClosure>(&mut generator);
    add::<allocation::written::UpdateClosure>(&mut generator);
    add::<allocation::CapacityOverride>(&mut generator);
    add::<allocation::written::CreateCapacityOverride>(&mut generator);
    add::<allocation::written::UpdateCapacityOverride>(&mut generator);
    add::<allocation::Deleted>(&mut generator);
    add::<allocation::AllocationSettings>(&mut generator);
    add::<allocation::deals::AllocateDeal>(&mut generator);
    add::<allocation::deals::AllocateHint>(&mut generator);
    add::<allocation::deals::Allocated>(&mut generator);
    add::<allocation::deals::Allocation>(&mut generator);
    add::<allocation::deals::ExplainedAllocation>(&mut generator);
    add::<allocation::deals::AllocationHistory>(&mut generator);
    add::<allocation::deals::OverrideAllocation>(&mut generator);
    add::<allocation::deals::RerunAllocation>(&mut generator);
    add::<allocation::deals::PutAllocationNotices>(&mut generator);
    add::<allocation::deals::AllocationNotices>(&mut generator);
    add::<allocation::settings_schema::PutAllocationSettings>(&mut generator);
    add::<advisers::EarliestWeeks>(&mut generator);
    add::<advisers::AdviserSchedule>(&mut generator);
    add::<advisers::AdviserMeetings>(&mut generator);
    add::<advisers::AdviserMatrix>(&mut generator);
    add::<stores::CreateStore>(&mut generator);
    add::<stores::UpdateStore>(&mut generator);
    add::<stores::UpsertStores>(&mut generator);
    add::<stores::Upserted>(&mut generator);
    add::<stores::Store>(&mut generator);
    add::<stores::MapLocation>(&mut generator);
    add::<stores::LocationMapping>(&mut generator);
    add::<stores::SetProductRefs>(&mut generator);
    add::<stores::ProductRefsSet>(&mut generator);
    add::<records::TeamMember>(&mut generator);
    add::<records::Shift>(&mut generator);
    add::<records::TimePunch>(&mut generator);
    add::<records::Wage>(&mut generator);
    add::<records::RoleAssignment>(&mut generator);
    add::<records::Availability>(&mut generator);
    add::<records::TimeOff>(&mut generator);
    add::<employees::EmployeeRecord>(&mut generator);
    add::<employees::LeaveRequest>(&mut generator);
    add::<employees::EmployerOrganisations>(&mut generator);
    add::<employees::EmployerSynced>(&mut generator);
    add::<employees::KnownEmployees>(&mut generator);
    add::<employees::KnownLeaveRequests>(&mut generator);
    add::<employees::FoundEmployee>(&mut generator);
    add::<employees::EmployeeLeave>(&mut generator);
    add::<employees::ProviderLeave>(&mut generator);
    add::<records::CustomRecord>(&mut generator);
    add::<records::Location>(&mut generator);
    add::<records::Role>(&mut generator);
    add::<records::Department>(&mut generator);
    add::<records::SyncRun>(&mut generator);
    add::<records::QuarantinedRecord>(&mut generator);
    add::<webhooks::Received>(&mut generator);
    add::<status::Status>(&mut generator);
    add::<status::Health>(&mut generator);
    let mut schemas: Map<String, Value> = generator.take_definitions(true).into_iter().collect();
    schemas.insert("Problem".to_owned(), problem());
    Value::Object(schemas)
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    let _ = generator.subschema_for::<T>();
}

fn problem() -> Value {
    let types: Vec<_> = ProblemKind::ALL
        .iter()
        .map(|kind| format!("urn:patchbay:problem:{}", kind.name()))
        .collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": {"enum": types},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong and what to do about it."},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object", "required": ["field", "detail"], "properties": {
                "field": {"type": "string", "description": "JSON pointer into the body, or the name of a parameter."},
                "detail": {"type": "string"},
            }}},
            "error": {"type": "string", "description": "On compatibility routes: the message of the replaced system."},
            "code": {"type": "string", "description": "On compatibility routes: the code of the replaced system."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_has_a_schema() {
        let document = document();
        let text = document.to_string();
        for rest in text.split("#/components/schemas/").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(
                document
                    .pointer(&format!("/components/schemas/{name}"))
                    .is_some(),
                "{name} is referred to and missing"
            );
        }
    }

    /// No path of a type, and no schema that says nothing.
    #[test]
    fn a_policy_is_described() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let put = &schemas["PutAttendancePolicy"];
        assert_eq!(put["additionalProperties"], false);
        assert!(put["description"].as_str().unwrap().contains("`{}`"));
        let policy = schemas["AttendancePolicy"]["properties"]["policy"].to_string();
        assert!(policy.contains("PolicyDocument"), "{policy}");
        let late =
            &schemas["PolicyDocument"]["properties"]["thresholds"]["properties"]["on_time_minutes"];
        assert_eq!(
            (&late["default"], &late["maximum"]),
            (&json!(5), &json!(120))
        );
        assert!(!document.to_string().contains("domain::"));
    }

    #[test]
    fn a_table_says_in_headers_how_current_it_is() {
        let document = document();
        for route in ROUTES
            .iter()
            .filter(|route| route.access != Access::Internal)
        {
            let described = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            let success = &described["responses"][route.success.0.to_string()];
            let is_table = success["content"]["text/csv"].is_object();
            for header in [SYNCED_AT, IS_STALE, "content-disposition"] {
                assert_eq!(
                    success["headers"][header].is_object(),
                    is_table,
                    "{} {header}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn what_answers_a_row_needs_the_scope_that_reads_it() {
        for path in ["/api/attendance/records/{id}", "/api/time-punches/{id}"] {
            let of = |method: &str| {
                ROUTES
                    .iter()
                    .find(|route| (route.method, route.path) == (method, path))
                    .unwrap()
            };
            let (read, write) = (of("GET"), of("PATCH"));
            let reads = write.and.unwrap();
            assert!(read.access.scopes().contains(&reads), "{path}");
            let described = &document()["paths"][path]["patch"];
            assert_eq!(described["x-scope-and"], reads.as_str());
            assert_eq!(described["x-scope"], "attendance:write");
        }
    }

    #[test]
    fn every_public_route_is_described_with_its_scope() {
        let document = document();
        for route in ROUTES {
            let described = &document["paths"][route.path][route.method.to_ascii_lowercase()];
            assert_eq!(
                described.is_null(),
                route.access == Access::Internal,
                "{}",
                route.path
            );
            let scopes: Vec<_> = route
                .access
                .scopes()
                .iter()
                .map(|scope| scope.as_str())
                .collect();
            match scopes.as_slice() {
                [] => assert!(described["x-scope"].is_null()),
                [scope] => assert_eq!(described["x-scope"], *scope),
                any => assert_eq!(described["x-scope"], json!(any)),
            }
        }
    }
}
