//! What a folder is called.

use http::StatusCode;
use serde_json::json;
use simulators::hubspot::{Change, Kind};

use super::{Stage, of_people};

#[tokio::test(start_paused = true)]
async fn names_are_cleaned_so_that_box_takes_them() {
    let stage = Stage::set(6_131).await;
    let long = "å".repeat(300);
    let cut = format!("{}...", "å".repeat(117));
    for (deal, first, last, expected) in [
        ("9001", "Sam", "Lee/Park", "Sam Lee_Park"),
        ("9002", "A:B*C", "D?\"<>|E\\F", "A_B_C D_____E_F"),
        ("9003", " Zoë\t ", "O'Brien 🌊", "Zoë O'Brien 🌊"),
        ("9004", "..", "...", "Deal 9004"),
        ("9005", "", "Lee", "Lee"),
        ("9006", "Sam\u{202e}", "\u{200b}Reed.", "Sam Reed."),
        ("9007", &long[..400], "X", cut.as_str()),
    ] {
        let body = json!({"deal_id": deal, "contacts": [{"id": deal, "first_name": first, "last_name": last}]});
        let answer = stage.told(body).await;
        assert_eq!(answer["status"], "created", "{answer:#}");
        assert_eq!(answer["client_folder"]["name"], expected);
        assert!(stage.at_box(expected).is_some(), "{expected}");
    }
    let named = stage
        .told(json!({"deal_id": "9010", "folder_name": " The / Lee\u{0}  Trust ", "contacts": []}))
        .await;
    assert_eq!(named["client_folder"]["name"], "The _ Lee Trust");
}

#[tokio::test(start_paused = true)]
async fn two_people_are_called_by_their_surnames() {
    let stage = Stage::with(6_132, json!({"name_prefix": "Client - "})).await;
    for (deal, people, expected) in [
        (
            "9001",
            vec![("1", "Sam", "Lee"), ("2", "Kim", "LEE")],
            "Client - Sam & Kim Lee",
        ),
        (
            "9002",
            vec![("3", "Sam", "Lee"), ("4", "Kim", "Park")],
            "Client - Sam Lee & Kim Park",
        ),
        ("9003", vec![], "Client - Deal 9003"),
    ] {
        let answer = stage.told(of_people(deal, &people)).await;
        assert_eq!(answer["client_folder"]["name"], expected, "{answer:#}");
    }
}

/// The names come from what a workflow sends along, or else from HubSpot's contacts, of which some may be gone.
#[tokio::test(start_paused = true)]
async fn contacts_are_read_and_those_that_are_gone_are_passed_over() {
    let stage = Stage::set(6_133).await;
    let hubspot = stage.app.hubspot.provider();
    for change in [
        // The partner alone is left.
        Change::ArchiveRecord {
            kind: Kind::Contact,
            id: 80_020,
        },
        // Nobody is left.
        Change::Dissociate {
            deal: 501,
            contact: 80_010,
        },
    ] {
        hubspot.change(change).unwrap();
    }
    for (deal, expected, contact) in [
        (502, "Arun Nair", json!("80021")),
        (501, "Deal 501", json!(null)),
        (503, "Grace & Owen Evans", json!("80030")),
    ] {
        let answer = stage.enrol(deal).await.expect(StatusCode::OK);
        assert_eq!(answer["client_folder"]["name"], expected, "{answer:#}");
        assert_eq!(answer["client_folder"]["contacts"][0]["id"], contact);
    }
    stage.app.hubspot.clear_requests();
    // With names in the call nobody asks HubSpot.
    let workflow = simulators::hubspot::workflow::Workflow {
        fields: [
            "hs_contact_id",
            "hs_contact_firstname",
            "hs_contact_lastname",
            "hs_spouse_id",
            "hs_spouse_firstname",
            "hs_spouse_lastname",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..simulators::hubspot::workflow::Workflow::signed(
            &format!("{}{}", super::PUBLIC_URL, super::PATH),
            simulators::hubspot::CLIENT_SECRET,
        )
    };
    let delivery = hubspot.enrol(&workflow, 505).unwrap();
    let answer = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(
        answer["client_folder"]["name"], "Yuki & Kenji Sato",
        "{answer:#}"
    );
    let asked = stage.app.hubspot.requests();
    assert!(
        asked.iter().all(|request| request.method != "GET"),
        "{asked:#?}"
    );
}
