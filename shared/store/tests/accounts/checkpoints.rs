use domain::access::Tenant;
use store::checkpoints::{StreamCheckpoint, list, replace};
use store::{Execute, parameters};

use crate::support::wait;
use crate::{NOW, two_organizations, uuid};

#[test]
fn checkpoints_are_replaced_for_one_connector_of_one_tenant() {
    let (database, first, second) = two_organizations();
    for (id, tenant, connector) in [
        ("a", &first, uuid(9)),
        ("b", &first, uuid(9)),
        ("c", &first, uuid(8)),
        ("d", &second, uuid(9)),
    ] {
        let sql = "INSERT INTO jobs (id, kind, name, organization_id, subject, function,
              checkpoint, concurrency_key, state, created_at, updated_at)
            VALUES (?1, 'sync', ?2, ?3, ?4, 'f', '{\"mark\":1}', ?1, 'pending', 0, 0)";
        let row = parameters![id, format!("{id}-{connector}"), tenant.as_str(), connector];
        wait(database.execute(sql, row)).unwrap();
    }
    let listed =
        |tenant: &Tenant, connector: &str| wait(list(&database, tenant, connector)).unwrap();
    let mut ours = listed(&first, &uuid(9));
    ours.sort_by(|a, b| a.job_id.cmp(&b.job_id));
    let ids: Vec<_> = ours.iter().map(|stream| stream.job_id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(
        ours.iter()
            .all(|stream| stream.checkpoint == r#"{"mark":1}"#)
    );
    let changed: Vec<_> = ["a", "c", "d"]
        .map(|id| StreamCheckpoint {
            job_id: id.to_owned(),
            checkpoint: "{}".to_owned(),
        })
        .into();
    wait(replace(&database, &first, &uuid(9), &changed, NOW)).unwrap();
    let all = [
        listed(&first, &uuid(9)),
        listed(&first, &uuid(8)),
        listed(&second, &uuid(9)),
    ]
    .concat();
    let mut replaced = all.iter().filter(|stream| stream.checkpoint == "{}");
    assert_eq!(all.len(), 4);
    assert_eq!(replaced.next().map(|one| one.job_id.as_str()), Some("a"));
    assert_eq!(replaced.next(), None, "the others belong elsewhere");
}
