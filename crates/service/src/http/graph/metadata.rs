//! `$metadata`: the schema of what is served, as OData CSDL.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::answer::Answer;
use super::call::VERSION;
use super::schema::{COMPLEX, ENTITIES, ENUMS, EntityType};
use crate::http::errors::json as json_answer;
use crate::state::App;

/// `GET /$metadata`
pub(super) fn metadata() -> Response {
    static CSDL: LazyLock<String> = LazyLock::new(csdl);
    ([(header::CONTENT_TYPE, "application/xml")], CSDL.as_str()).into_response()
}

/// `GET /`: what there is at the top.
pub(super) fn service_document(app: &App) -> Answer {
    let set = |name: &str, kind: &str| json!({ "name": name, "kind": kind, "url": name });
    let body = json!({
        "@odata.context": format!("{}{VERSION}/$metadata", app.issuer()),
        "value": [set("users", "EntitySet"), set("chats", "EntitySet"), set("me", "Singleton"), set("communications", "Singleton")],
    });
    Ok(json_answer(axum::http::StatusCode::OK, &body))
}

fn csdl() -> String {
    let mut text = String::from(concat!(
        r#"<?xml version="1.0" encoding="utf-8"?>"#,
        r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>"#,
        r#"<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">"#,
    ));
    for (name, members) in ENUMS {
        let _ = write!(text, r#"<EnumType Name="{name}">"#);
        for (value, member) in members.iter().enumerate() {
            let _ = write!(text, r#"<Member Name="{member}" Value="{value}"/>"#);
        }
        text.push_str("</EnumType>");
    }
    for kind in ENTITIES.iter().copied().chain(COMPLEX) {
        type_of(&mut text, kind);
    }
    communications(&mut text);
    functions(&mut text);
    text.push_str(
        r#"<EntityContainer Name="GraphService"><EntitySet Name="users" EntityType="microsoft.graph.user"/>"#,
    );
    text.push_str(r#"<EntitySet Name="chats" EntityType="microsoft.graph.chat"/>"#);
    text.push_str(r#"<Singleton Name="me" Type="microsoft.graph.user"/>"#);
    text.push_str(r#"<Singleton Name="communications" Type="microsoft.graph.cloudCommunications"/>"#);
    text.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>");
    text
}

fn type_of(text: &mut String, kind: &EntityType) {
    let element = if kind.entity { "EntityType" } else { "ComplexType" };
    let _ = write!(text, r#"<{element} Name="{}">"#, kind.name);
    if kind.entity {
        text.push_str(r#"<Key><PropertyRef Name="id"/></Key>"#);
    }
    for (name, edm) in kind.properties {
        let nullable = if kind.entity && *name == "id" {
            r#" Nullable="false""#
        } else {
            ""
        };
        let _ = write!(
            text,
            r#"<Property Name="{name}" Type="{}"{nullable}/>"#,
            full(edm)
        );
    }
    for (name, edm) in kind.navigation {
        let _ = write!(
            text,
            r#"<NavigationProperty Name="{name}" Type="{}" ContainsTarget="true"/>"#,
            full(edm)
        );
    }
    let _ = write!(text, "</{element}>");
}

fn communications(text: &mut String) {
    text.push_str(r#"<EntityType Name="cloudCommunications"><NavigationProperty Name="onlineMeetings" "#);
    text.push_str(r#"Type="Collection(microsoft.graph.onlineMeeting)" ContainsTarget="true"/></EntityType>"#);
}

fn functions(text: &mut String) {
    text.push_str(concat!(
        r#"<Action Name="createOrGet" IsBound="true">"#,
        r#"<Parameter Name="bindingParameter" Type="Collection(microsoft.graph.onlineMeeting)"/>"#,
        r#"<Parameter Name="chatInfo" Type="microsoft.graph.chatInfo"/>"#,
        r#"<Parameter Name="endDateTime" Type="Edm.DateTimeOffset"/>"#,
        r#"<Parameter Name="externalId" Type="Edm.String"/>"#,
        r#"<Parameter Name="participants" Type="microsoft.graph.meetingParticipants"/>"#,
        r#"<Parameter Name="startDateTime" Type="Edm.DateTimeOffset"/>"#,
        r#"<Parameter Name="subject" Type="Edm.String"/>"#,
        r#"<ReturnType Type="microsoft.graph.onlineMeeting"/></Action>"#,
        r#"<Function Name="getVirtualAppointmentJoinWebUrl" IsBound="true">"#,
        r#"<Parameter Name="bindingParameter" Type="microsoft.graph.onlineMeeting"/>"#,
        r#"<ReturnType Type="Edm.String"/></Function>"#,
    ));
}

fn full(edm: &str) -> String {
    edm.replace("Graph.", "microsoft.graph.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_closed_and_every_entity_is_there() {
        let text = csdl();
        for element in ["EntityType", "ComplexType", "EnumType", "Action", "Function"] {
            let opened = text.matches(&format!("<{element} ")).count();
            assert_eq!(
                opened,
                text.matches(&format!("</{element}>")).count(),
                "{element}"
            );
            assert!(opened > 0);
        }
        for kind in ENTITIES {
            assert!(text.contains(&format!(r#"<EntityType Name="{}">"#, kind.name)));
        }
        assert!(!text.contains("Graph.") || text.contains("microsoft.graph."));
        assert!(!text.contains(r#"="Graph."#));
    }
}
