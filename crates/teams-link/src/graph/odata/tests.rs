//! Filters that clients send, filters that nobody should, and what holds for all of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn filter(text: &str) -> Result<Expr, ODataError> {
    let mut query = String::from("$filter=");
    query.extend(percent_encoding::utf8_percent_encode(
        text,
        percent_encoding::NON_ALPHANUMERIC,
    ));
    QueryOptions::parse(&query).map(|options| options.filter.unwrap())
}

fn holds(text: &str, object: &Value) -> bool {
    filter(text).unwrap().matches(object).unwrap()
}

#[test]
fn finds_the_one_value_of_a_look_up() {
    let twice = "https%3A%2F%2Fmeet.example%2Fmeet%2F274918305566421%3Fp%3DQm7Zt4Lw%2526x";
    let options = QueryOptions::parse(&format!("$filter=JoinWebUrl%20eq%20'{twice}'")).unwrap();
    let filter = options.filter.unwrap();
    let (path, literal) = filter.as_equality().unwrap();
    assert!(path.is(&["joinWebUrl"]));
    assert_eq!(
        *literal,
        Literal::String("https://meet.example/meet/274918305566421?p=Qm7Zt4Lw%26x".to_owned())
    );
    let options =
        QueryOptions::parse("filter=joinMeetingIdSettings/joinMeetingId+eq+'274918305566421'").unwrap();
    let filter = options.filter.unwrap();
    assert!(
        filter
            .as_equality()
            .unwrap()
            .0
            .is(&["joinMeetingIdSettings", "joinMeetingId"])
    );
}

#[test]
fn quotes_are_doubled_and_everything_in_them_is_data() {
    let person = json!({"displayName": "O'Neill'; DROP TABLE meetings; --"});
    assert!(holds(
        "displayName eq 'o''neill''; DROP TABLE meetings; --'",
        &person
    ));
    assert!(!holds("displayName eq 'x'' or ''1'' eq ''1'", &person));
    assert_eq!(
        filter("displayName eq 'x' or '1' eq '1'").unwrap().paths().len(),
        1
    );
    assert_eq!(
        filter("displayName eq 'x"),
        Err(ODataError::UnterminatedString(15))
    );
    assert_eq!(
        filter("displayName eq 'x'' "),
        Err(ODataError::UnterminatedString(15))
    );
}

#[test]
fn conditions_bind_as_odata_says() {
    let object = json!({"a": 1, "b": true, "c": null, "mail": "Ann@Contoso.example", "on": "2026-12-01T09:00:00Z",
        "members": [{"id": "5C1D3A52-8f0e-4b57-9a11-2f6f7d3c9e10", "n": 2}, {"id": "y", "n": 3}]});
    for right in [
        "a eq 1",
        "1 eq a",
        "a ne 2 and b",
        "a eq 2 or a eq 1 and b eq true",
        "not (a eq 2)",
        "not b eq false",
        "c eq null",
        "missing eq null",
        "a ne null",
        "a ge 1 and a le 1.0 and a lt 1.5 and a gt -1",
        "mail eq 'ann@contoso.EXAMPLE'",
        "MAIL in ('x', 'ann@contoso.example')",
        "startswith(mail,'ANN')",
        "endsWith(mail,'.example') eq true",
        "contains(tolower(mail),'contoso')",
        "length(concat(mail, trim(' x '))) eq 20",
        "on ge 2026-12-01T10:00:00+01:00 and on lt 2026-12-01T09:00:00.001Z",
        "members/any(m:m/id eq 5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10)",
        "members/all(m: m/n gt 1 and a eq 1)",
        "members/any()",
        "not nobody/any()",
        "not startswith(c,'x')",
    ] {
        assert!(holds(right, &object), "{right}");
        assert!(!holds(&format!("not ({right})"), &object), "{right}");
    }
}

#[test]
fn what_is_no_condition_is_refused() {
    let object = json!({"a": 1, "text": "x", "list": [1]});
    for wrong in [
        "a",
        "'x'",
        "a eq 'x'",
        "list eq 1",
        "startswith(a,'x')",
        "text ge 2026-12-01T09:00:00Z",
        "a/any()",
    ] {
        filter(wrong).unwrap().matches(&object).unwrap_err();
    }
    for (wrong, error) in [
        ("", ODataError::Unexpected(0)),
        ("a eq", ODataError::Unexpected(4)),
        ("a eq 1)", ODataError::Unexpected(6)),
        ("(a eq 1", ODataError::Unexpected(7)),
        ("a eq 1 1", ODataError::Unexpected(7)),
        ("a eq eq 1", ODataError::Unexpected(8)),
        ("a eq 1x", ODataError::BadLiteral(5)),
        ("a eq 2026-13-01T00:00:00Z", ODataError::BadLiteral(5)),
        ("a eq \"x\"", ODataError::UnexpectedCharacter(5)),
        ("a;b", ODataError::UnexpectedCharacter(1)),
        ("sleep(5)", ODataError::UnknownFunction(0)),
        ("startswith(a)", ODataError::WrongArguments(0)),
        ("members/none(x:x eq 1)", ODataError::UnknownFunction(0)),
        ("members/all()", ODataError::WrongArguments(0)),
        ("a in ()", ODataError::Unexpected(6)),
        ("a/b/c/d/e/f/g/h/i eq 1", ODataError::Unexpected(16)),
    ] {
        assert_eq!(filter(wrong), Err(error), "{wrong}");
    }
}

#[test]
fn size_is_bounded() {
    let nested = |depth: usize| format!("{}a eq 1{}", "(".repeat(depth), ")".repeat(depth));
    filter(&nested(MAX_DEPTH - 2)).unwrap();
    assert_eq!(filter(&nested(MAX_DEPTH)), Err(ODataError::TooDeep));
    assert_eq!(filter(&"not ".repeat(1000)), Err(ODataError::TooDeep));
    assert_eq!(filter(&"tolower(".repeat(1000)), Err(ODataError::TooDeep));
    let terms = |count: usize| vec!["b"; count].join(" or ");
    filter(&terms(MAX_TERMS)).unwrap();
    assert_eq!(filter(&terms(MAX_TERMS + 1)), Err(ODataError::TooManyTerms));
    let listed = format!("a in ({})", vec!["1"; MAX_TERMS].join(","));
    assert_eq!(filter(&listed), Err(ODataError::TooManyTerms));
    let long = format!("$filter=a%20eq%20'{}'", "x".repeat(MAX_QUERY_BYTES));
    assert_eq!(QueryOptions::parse(&long), Err(ODataError::TooLong));
    let expands = format!("$expand={}{}", "a($expand=".repeat(10), ")".repeat(10));
    assert!(QueryOptions::parse(&expands).is_err());
}

#[test]
fn reads_the_other_options() {
    let options = QueryOptions::parse(
        "$select=id,displayName,*&%24orderby=displayName%20desc,mail&$top=3&$skip=2&$count=true&$skiptoken=a%3Db\
         &$expand=attendanceRecords($select=role;$top=1),chat&$search=%22x%22&$format=json&startDateTime=x",
    )
    .unwrap();
    assert_eq!(options.select.len(), 3);
    assert_eq!(options.order_by.len(), 2);
    assert_eq!(options.order_by[0].direction, Direction::Descending);
    assert_eq!(
        (options.top, options.skip, options.count),
        (Some(3), Some(2), true)
    );
    assert_eq!(options.skip_token.as_deref(), Some("a=b"));
    assert!(options.search.is_some());
    assert_eq!(options.expand.len(), 2);
    assert!(options.expand[0].path.is(&["attendanceRecords"]));
    assert_eq!(options.expand[0].options.top, Some(1));
    assert!(options.expand[0].options.select[0].is(&["role"]));
    assert_eq!(options.custom("startdatetime"), Some("x"));
    for (wrong, error) in [
        ("$top=-1", ODataError::BadValue("top")),
        ("$top=99999999999", ODataError::BadValue("top")),
        ("$top=", ODataError::BadValue("top")),
        ("$skip=1.5", ODataError::BadValue("skip")),
        ("$count=yes", ODataError::BadValue("count")),
        ("$top=1&top=2", ODataError::Repeated("top")),
        ("$apply=x", ODataError::UnknownOption),
        ("$filter=%ff", ODataError::NotUtf8),
        ("$expand=a(b", ODataError::BadValue("expand")),
        ("$select=a b", ODataError::Unexpected(2)),
    ] {
        assert_eq!(QueryOptions::parse(wrong), Err(error), "{wrong}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "\\PC{0,200}") {
        let _ = QueryOptions::parse(&text);
        if let Ok(filter) = filter(&text) {
            let _ = filter.matches(&json!({"a": [1, {"b": "x"}], "c": null}));
            let _ = filter.paths();
        }
    }

    #[test]
    fn any_text_survives_quoting(text in "\\PC{0,60}", other in "[a-z]{1,5}") {
        let object = json!({"p": text});
        let quoted = text.replace('\'', "''");
        let equal = format!("p eq '{quoted}'");
        prop_assert!(holds(&equal, &object));
        let pointed = format!("p eq '{quoted}{other}'");
        prop_assert!(!holds(&pointed, &object));
        let startswith = format!("startswith(p,'{quoted}')");
        prop_assert!(holds(&startswith, &object));
    }

    #[test]
    fn logic_is_that_of_booleans(values in prop::collection::vec(any::<bool>(), 1..12), ops in prop::collection::vec(0..2_u8, 12)) {
        // Left to right with `and` before `or`, against a naive evaluation.
        let mut text = String::new();
        let mut groups = vec![true];
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                let and = ops[at] == 0;
                text.push_str(if and { " and " } else { " or " });
                if !and {
                    groups.push(true);
                }
            }
            text.push_str(if *value { "t" } else { "f" });
            *groups.last_mut().unwrap() &= *value;
        }
        let expected = groups.iter().any(|group| *group);
        prop_assert_eq!(holds(&text, &json!({"t": true, "f": false})), expected);
    }
}
