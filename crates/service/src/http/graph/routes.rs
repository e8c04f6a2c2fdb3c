//! Every operation that is served, by method and path: what is tried with every kind of caller.

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// What follows `/v1.0`, with `{user}`, `{meeting}`, `{report}`, `{event}`, `{chat}`, `{message}` and `{member}` for
    /// keys; `/me` stands for `/users/{user}` everywhere.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
}

/// Who may ask for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everybody, without a token.
    Public,
    /// The caller of each request in it decides.
    Batch,
    /// A user or an application with a permission.
    Permission,
    /// A user with a permission; an application needs an application access policy for the user besides.
    AccessPolicy,
    /// An application with a permission, and no user.
    ApplicationOnly,
    /// A user with a permission, and no application.
    UserOnly,
}

use Access::{AccessPolicy, ApplicationOnly, Batch, Permission, Public, UserOnly};

/// All of them.
pub const ROUTES: &[Route] = &[
    route("GET", "/", Public),
    route("GET", "/$metadata", Public),
    route("POST", "/$batch", Batch),
    route("GET", "/users", Permission),
    route("GET", "/users/$count", Permission),
    route("GET", "/users/{user}", Permission),
    route("GET", "/users/{user}/onlineMeetings", AccessPolicy),
    route("POST", "/users/{user}/onlineMeetings", AccessPolicy),
    route("POST", "/users/{user}/onlineMeetings/createOrGet", AccessPolicy),
    route("GET", "/users/{user}/onlineMeetings/{meeting}", AccessPolicy),
    route("PATCH", "/users/{user}/onlineMeetings/{meeting}", AccessPolicy),
    route("DELETE", "/users/{user}/onlineMeetings/{meeting}", AccessPolicy),
    route(
        "GET",
        "/users/{user}/onlineMeetings/{meeting}/attendanceReports",
        AccessPolicy,
    ),
    route(
        "GET",
        "/users/{user}/onlineMeetings/{meeting}/attendanceReports/{report}",
        AccessPolicy,
    ),
    route(
        "GET",
        "/users/{user}/onlineMeetings/{meeting}/attendanceReports/{report}/attendanceRecords",
        AccessPolicy,
    ),
    route(
        "GET",
        "/users/{user}/onlineMeetings/{meeting}/getVirtualAppointmentJoinWebUrl",
        AccessPolicy,
    ),
    route("GET", "/communications/onlineMeetings", ApplicationOnly),
    route("GET", "/users/{user}/events", Permission),
    route("POST", "/users/{user}/events", Permission),
    route("GET", "/users/{user}/events/{event}", Permission),
    route("PATCH", "/users/{user}/events/{event}", Permission),
    route("DELETE", "/users/{user}/events/{event}", Permission),
    route("GET", "/users/{user}/events/{event}/instances", Permission),
    route("POST", "/users/{user}/events/{event}/accept", Permission),
    route(
        "POST",
        "/users/{user}/events/{event}/tentativelyAccept",
        Permission,
    ),
    route("POST", "/users/{user}/events/{event}/decline", Permission),
    route("POST", "/users/{user}/events/{event}/cancel", Permission),
    route("GET", "/users/{user}/calendar", Permission),
    route("GET", "/users/{user}/calendarView", Permission),
    route("GET", "/users/{user}/chats", Permission),
    route("GET", "/chats", UserOnly),
    route("GET", "/chats/{chat}", Permission),
    route("GET", "/chats/{chat}/messages", Permission),
    route("POST", "/chats/{chat}/messages", UserOnly),
    route("GET", "/chats/{chat}/messages/{message}", Permission),
    route("GET", "/chats/{chat}/members", Permission),
    route("GET", "/chats/{chat}/members/{member}", Permission),
];

const fn route(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::resource::{Owner, Resource, Response};
    use super::*;

    /// The places of the patterns in the list: a resource that is in no pattern does not compile, and one that no route
    /// leads to fails the test.
    macro_rules! resources {
        ($($pattern:pat),* $(,)?) => {
            const RESOURCES: usize = [$(stringify!($pattern)),*].len();

            fn place(resource: &Resource) -> usize {
                let mut place = 0;
                $(
                    if matches!(resource, $pattern) {
                        return place;
                    }
                    place += 1;
                )*
                // Says to the compiler that these are all.
                match resource {
                    $($pattern => place,)*
                }
            }
        };
    }

    resources!(
        Resource::Root,
        Resource::Metadata,
        Resource::Batch,
        Resource::Users,
        Resource::UsersCount,
        Resource::User(_),
        Resource::OnlineMeetings(_),
        Resource::CreateOrGet(_),
        Resource::OnlineMeeting(..),
        Resource::Reports(..),
        Resource::Report(..),
        Resource::Records(..),
        Resource::VirtualAppointment(..),
        Resource::CommunicationsMeetings,
        Resource::Events(_),
        Resource::Event(..),
        Resource::Instances(..),
        Resource::Respond(_, _, Response::Accept),
        Resource::Respond(_, _, Response::TentativelyAccept),
        Resource::Respond(_, _, Response::Decline),
        Resource::Cancel(..),
        Resource::Calendar(_),
        Resource::CalendarView(_),
        Resource::Chats(None),
        Resource::Chats(Some(Owner::Me | Owner::User(_))),
        Resource::Chat(_),
        Resource::Messages(_),
        Resource::Message(..),
        Resource::Members(_),
        Resource::Member(..),
    );

    #[test]
    fn every_resource_has_its_routes_and_every_route_its_resource() {
        let mut seen = HashSet::new();
        let mut methods = HashSet::new();
        for route in ROUTES {
            let resource = Resource::parse(route.path).unwrap();
            assert!(resource.methods().contains(&route.method), "{route:?}");
            assert!(
                methods.insert((place(&resource), route.method)),
                "twice: {route:?}"
            );
            seen.insert(place(&resource));
            for method in resource.methods() {
                let listed = ROUTES
                    .iter()
                    .any(|other| other.path == route.path && other.method == *method);
                assert!(listed, "{method} {} is not listed", route.path);
            }
        }
        assert_eq!(seen.len(), RESOURCES);
    }
}
