//! `GET /users` and `GET /users/$count`: a page at a time, out of a directory of any size.
//!
//! The database sorts and cuts. A filter or a search looks at the users in order, a bounded number at a time, unless it
//! names ids or sign-in names: then only at those.

use std::collections::BTreeMap;

use anteroom_identity::id::ObjectId;
use anteroom_teams_link::graph::odata::{CompareOp, Direction, Expr, Literal, Operand, Search};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{READ_ALL, find, no_expand, view};
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::{
    Answer, Paging, check_filter, check_select, matches, page_of, page_size, query_error,
};
use crate::http::graph::call::Call;
use crate::http::graph::schema::USER;
use crate::store::sqlite::directory::{UserOrder, UserScan};

/// As Graph has it: 100 on a page, at most 999.
const PAGING: Paging = Paging {
    default: 100,
    most: 999,
};

/// Users read at a time for a filter or a search.
const CHUNK: u32 = 1000;

/// What `$search` looks at where it names no property.
const SEARCHED: &[&str] = &["displayName", "mail", "userPrincipalName"];

/// Properties that can be searched.
const SEARCHABLE: &[&str] = &["displayName", "givenName", "mail", "surname", "userPrincipalName"];

/// Longest skip token, in bytes.
const TOKEN_BYTES: usize = 1024;

/// `GET /users`
pub(in crate::http::graph) async fn list(call: &Call) -> Answer {
    call.caller.require(READ_ALL, READ_ALL)?;
    no_expand(call)?;
    check_select(&call.options, &USER)?;
    let wanted = Wanted::read(call)?;
    let size = usize::try_from(page_size(call, &PAGING)?).unwrap_or(usize::MAX);
    let after = wanted.start(call)?;
    let (page, more) = wanted.page(call, after, size).await?;
    let next = page
        .last()
        .filter(|_| more)
        .map(|last| wanted.token(&wanted.place(last)));
    let count = match call.options.count {
        true => usize::try_from(wanted.count(call).await?).ok(),
        false => None,
    };
    let shown = page.iter().map(view).collect();
    Ok(page_of(call, "users", shown, count, next))
}

/// `GET /users/$count`: a number and nothing else.
pub(in crate::http::graph) async fn count(call: &Call) -> Answer {
    call.caller.require(READ_ALL, READ_ALL)?;
    if !call.is_eventual() {
        return Err(unsupported(
            "$count is not currently supported without the header 'ConsistencyLevel: eventual'.",
        ));
    }
    let count = Wanted::read(call)?.count(call).await?;
    let response: Response = ([(header::CONTENT_TYPE, "text/plain")], count.to_string()).into_response();
    Ok(response)
}

/// Where a page begins: after the user with this value of the order's property, and this id.
type After = (String, String);

/// Which users, in which order.
struct Wanted<'c> {
    order: UserOrder,
    descending: bool,
    filter: Option<&'c Expr>,
    search: Option<&'c Search>,
}

impl<'c> Wanted<'c> {
    fn read(call: &'c Call) -> Result<Self, ApiError> {
        let options = &call.options;
        if options.skip.is_some() {
            return Err(unsupported("'$skip' is not supported by the service."));
        }
        let (order, descending) = order(call)?;
        if let Some(filter) = &options.filter {
            check_filter(filter, &USER)?;
        }
        if let Some(search) = &options.search {
            check_search(call, search)?;
        }
        Ok(Self {
            order,
            descending,
            filter: options.filter.as_ref(),
            search: options.search.as_ref(),
        })
    }

    /// Users from a place on, at most `size`, and whether there are more.
    async fn page(
        &self,
        call: &Call,
        after: Option<After>,
        size: usize,
    ) -> Result<(Vec<DirectoryUser>, bool), ApiError> {
        let mut page = Vec::new();
        if let Some(named) = self.named(call).await? {
            page.extend(
                named
                    .into_iter()
                    .filter(|user| self.is_after(user, after.as_ref())),
            );
        } else {
            let mut after = after;
            while page.len() <= size {
                let chunk = self.chunk(call, after, size).await?;
                let Some(last) = chunk.last() else {
                    break;
                };
                after = Some(self.place(last));
                for user in chunk {
                    if self.holds(&user)? {
                        page.push(user);
                    }
                }
            }
        }
        let more = page.len() > size;
        page.truncate(size);
        Ok((page, more))
    }

    async fn count(&self, call: &Call) -> Result<u64, ApiError> {
        if self.filter.is_none() && self.search.is_none() {
            return Ok(call.app.directory().count_users(call.caller.tenant()).await?);
        }
        if let Some(named) = self.named(call).await? {
            return Ok(u64::try_from(named.len()).unwrap_or(u64::MAX));
        }
        let (mut count, mut after) = (0, None);
        loop {
            let chunk = self.chunk(call, after, usize::MAX).await?;
            let Some(last) = chunk.last() else {
                return Ok(count);
            };
            after = Some(self.place(last));
            for user in &chunk {
                count += u64::from(self.holds(user)?);
            }
        }
    }

    async fn chunk(
        &self,
        call: &Call,
        after: Option<After>,
        size: usize,
    ) -> Result<Vec<DirectoryUser>, ApiError> {
        let everybody = self.filter.is_none() && self.search.is_none();
        // One more than the page shows whether there is another page.
        let limit = u32::try_from(size.saturating_add(1)).unwrap_or(u32::MAX);
        let scan = UserScan {
            tenant: call.caller.tenant(),
            order: self.order,
            descending: self.descending,
            after,
            limit: if everybody { limit.min(CHUNK) } else { CHUNK },
        };
        Ok(call.app.directory().users_in_order(scan).await?)
    }

    /// The users that the filter can hold for, in order, if it names them.
    async fn named(&self, call: &Call) -> Result<Option<Vec<DirectoryUser>>, ApiError> {
        let Some(names) = self.filter.and_then(names) else {
            return Ok(None);
        };
        let mut found = BTreeMap::new();
        for name in names {
            if let Some(user) = find(call, name).await?
                && self.holds(&user)?
            {
                found.insert(self.place_without_case(&user), user);
            }
        }
        let in_order = found.into_values();
        Ok(Some(if self.descending {
            in_order.rev().collect()
        } else {
            in_order.collect()
        }))
    }

    fn holds(&self, user: &DirectoryUser) -> Result<bool, ApiError> {
        if self.filter.is_none() && self.search.is_none() {
            return Ok(true);
        }
        let shown: Value = view(user);
        if self
            .search
            .is_some_and(|search| !search.matches(&shown, SEARCHED))
        {
            return Ok(false);
        }
        self.filter.map_or(Ok(true), |filter| matches(filter, &shown))
    }

    fn place(&self, user: &DirectoryUser) -> After {
        let id = user.oid.to_string();
        let key = match self.order {
            UserOrder::Upn => user.upn.clone(),
            UserOrder::DisplayName => user.display_name.clone(),
            UserOrder::Id => id.clone(),
        };
        (key, id)
    }

    /// As the database compares: letters of ASCII without regard to case.
    fn place_without_case(&self, user: &DirectoryUser) -> After {
        let (key, id) = self.place(user);
        (key.to_ascii_lowercase(), id)
    }

    fn is_after(&self, user: &DirectoryUser, after: Option<&After>) -> bool {
        let Some((key, id)) = after else {
            return true;
        };
        let place = self.place_without_case(user);
        let after = (key.to_ascii_lowercase(), id.clone());
        if self.descending {
            place < after
        } else {
            place > after
        }
    }

    fn start(&self, call: &Call) -> Result<Option<After>, ApiError> {
        let Some(token) = &call.options.skip_token else {
            return Ok(None);
        };
        let wrong = || query_error("The skip token is not valid");
        let bytes = Some(token).filter(|token| token.len() <= TOKEN_BYTES);
        let bytes = bytes.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok());
        let (mark, key, id): (String, String, ObjectId) = bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(wrong)?;
        // A token goes with the order it was made for.
        if mark == self.mark() {
            Ok(Some((key, id.to_string())))
        } else {
            Err(wrong())
        }
    }

    fn token(&self, (key, id): &After) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::json!([self.mark(), key, id]).to_string())
    }

    const fn mark(&self) -> &'static str {
        match (self.order, self.descending) {
            (UserOrder::Upn, false) => "u",
            (UserOrder::Upn, true) => "U",
            (UserOrder::DisplayName, false) => "n",
            (UserOrder::DisplayName, true) => "N",
            (UserOrder::Id, false) => "i",
            (UserOrder::Id, true) => "I",
        }
    }
}

/// The order that is asked for. What decides among equals is ours: it is the id.
fn order(call: &Call) -> Result<(UserOrder, bool), ApiError> {
    let Some(first) = call.options.order_by.first() else {
        return Ok((UserOrder::Upn, false));
    };
    let name = first.path.names().first().map_or("", String::as_str);
    let order = match name.to_ascii_lowercase().as_str() {
        "userprincipalname" | "mail" => UserOrder::Upn,
        "displayname" => UserOrder::DisplayName,
        "id" => UserOrder::Id,
        _ => {
            return Err(query_error(
                "Users are sorted by displayName, userPrincipalName, mail or id only",
            ));
        }
    };
    if call.options.order_by.len() > 1 || first.path.names().len() > 1 {
        return Err(query_error("Users are sorted by one property only"));
    }
    Ok((order, first.direction == Direction::Descending))
}

fn check_search(call: &Call, search: &Search) -> Result<(), ApiError> {
    if !call.is_eventual() {
        return Err(unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'.",
        ));
    }
    for path in search.properties() {
        if !SEARCHABLE.iter().any(|known| path.is(&[known])) {
            return Err(unsupported(
                "The property that $search names cannot be searched on type 'microsoft.graph.user'.",
            ));
        }
    }
    Ok(())
}

fn unsupported(message: &str) -> ApiError {
    ApiError::new(&graph::QUERY_UNSUPPORTED).with_message(message.to_owned())
}

/// Ids and sign-in names, if a filter can hold for these users only.
fn names(filter: &Expr) -> Option<Vec<&str>> {
    let text = |literal| match literal {
        &Literal::String(ref text) | &Literal::Guid(ref text) => Some(text.as_str()),
        _ => None,
    };
    let is_name = |path: &anteroom_teams_link::graph::odata::Path| {
        ["id", "userPrincipalName", "mail"]
            .iter()
            .any(|name| path.is(&[name]))
    };
    match filter {
        Expr::Compare(Operand::Path(path), CompareOp::Eq, Operand::Literal(literal))
        | Expr::Compare(Operand::Literal(literal), CompareOp::Eq, Operand::Path(path))
            if is_name(path) =>
        {
            Some(vec![text(literal)?])
        }
        Expr::In(Operand::Path(path), literals) if is_name(path) => literals.iter().map(text).collect(),
        Expr::Or(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(names).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        Expr::And(parts) => parts.iter().find_map(names),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use anteroom_teams_link::graph::odata::QueryOptions;

    use super::*;

    fn names_of(filter: &str) -> Option<Vec<String>> {
        let options = QueryOptions::parse(&format!("$filter={filter}")).unwrap();
        let names = names(options.filter.as_ref().unwrap())?;
        Some(names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn filters_that_name_users_are_known() {
        for (filter, found) in [
            ("mail eq 'a'", Some(vec!["a"])),
            ("'a' eq userPrincipalName", Some(vec!["a"])),
            ("id in ('a','b') and accountEnabled eq true", Some(vec!["a", "b"])),
            ("mail eq 'a' or id eq 'b'", Some(vec!["a", "b"])),
            ("mail eq 'a' or displayName eq 'b'", None),
            ("not (mail eq 'a')", None),
            ("mail ne 'a'", None),
            ("mail eq null", None),
            ("startswith(mail,'a')", None),
        ] {
            let found = found.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(names_of(filter), found, "{filter}");
        }
    }
}
