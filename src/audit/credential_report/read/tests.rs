use base64::prelude::{BASE64_STANDARD, Engine};

use super::*;
use crate::aws::credential_report::Credentials;

const HEADER: &str = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
                      access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date";
const ROOT_ROW: &str = "<root_account>,arn:aws:iam::111122223333:root,true,2020-01-01T00:00:00+00:00,N/A,false,N/A,N/A";
const ALICE: &str =
    "alice,arn:aws:iam::111122223333:user/alice,TRUE,2026-07-01T00:00:00+00:00,no_information,False,N/A,N/A";

fn read_all(text: &str) -> (Vec<CredentialReport>, Findings, Sources) {
    let sources = Sources::default();
    let mut out = Findings::default();
    let file = sources.file("r".into());
    let found = read("r".into(), text.as_bytes(), file, &sources, &mut out);
    (found, out, sources)
}

/// The users, none of whose reports has an error.
fn users(text: &str) -> Vec<Credentials> {
    let (found, out, _) = read_all(text);
    assert!(out.errors.is_empty(), "{:?}", out.errors);
    found.into_iter().flat_map(|report| report.users).collect()
}

fn errors(text: &str) -> Vec<(String, String)> {
    let (_, out, _) = read_all(text);
    let at = |span: Span| text.get(span.start as usize..span.end as usize).unwrap_or("?").to_owned();
    out.errors.into_iter().map(|error| (error.message, at(error.span))).collect()
}

fn said(user: &Credentials) -> Vec<String> {
    let show = |key: &crate::aws::credential_report::Key| {
        let time = |what: &What<Timestamp>| match what {
            What::Is(time) => time.to_string().get(..10).unwrap().to_owned(),
            other => format!("{other:?}"),
        };
        format!("{:?} {} {}", key.active.what, time(&key.rotated.what), time(&key.used.what))
    };
    user.keys.iter().map(show).collect()
}

#[test]
fn columns_are_found_by_name_however_the_file_was_saved() {
    let plain = format!("{HEADER}\n{ROOT_ROW}\n{ALICE}\n");
    let expected = [
        ["Is(true) 2020-01-01 None", "Is(false) None None"],
        ["Is(true) 2026-07-01 Unclear(\"no_information\")", "Is(false) None None"],
    ];
    let quoted =
        |text: &str| text.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect::<String>();
    // The columns the other way round, with one that nobody knows.
    let turned: String = plain
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').rev().collect();
            cells.insert(3, "mfa_active");
            cells.join(",") + "\n"
        })
        .collect();
    for text in [
        plain.clone(),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")),
        quoted(&plain),
        plain.replace(',', ";"),
        plain.replace(',', "\t"),
        plain.trim_end().to_owned(),
        turned,
        plain.replace("user,arn", " User ,ARN"),
    ] {
        let users = users(&text);
        assert_eq!(users.iter().map(said).collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(users.iter().map(Credentials::is_root).collect::<Vec<_>>(), [true, false]);
        let cell = users[0].keys[0].active.span;
        assert_eq!(text.get(cell.start as usize..cell.end as usize), Some("true"), "{text}");
    }
}

#[test]
fn reports_one_after_another_are_several() {
    let (found, out, _) = read_all(&format!("{HEADER}\n{ROOT_ROW}\n{HEADER}\n{ALICE}\n"));
    assert!(out.errors.is_empty());
    assert_eq!(found.iter().map(|report| report.users.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_column_that_is_missing_is_an_error_at_the_header() {
    let header = HEADER.replace(",access_key_2_active", "");
    let row = ROOT_ROW.replace(",false", "");
    let text = format!("{header}\n{row}\n");
    let (message, at) = errors(&text).pop().unwrap();
    assert_eq!(message, "the column `access_key_2_active` is missing: which keys are active is not known");
    assert_eq!(at, header);
    let (found, ..) = read_all(&text);
    assert_eq!(said(&found[0].users[0]), ["Is(true) 2020-01-01 None", "Missing None None"]);

    let (message, at) = errors(&format!("{HEADER},access_key_2_active\n{ROOT_ROW},true\n")).pop().unwrap();
    assert!(message.contains("`access_key_2_active` is there twice"), "{message}");
    assert_eq!(at, "access_key_2_active");

    let text = format!("{}\n{}\n", HEADER.replace("user,arn,", ""), ROOT_ROW.split_once(":root,").unwrap().1);
    assert_eq!(errors(&text)[0].0, "the column `user` is missing: whose keys these are is not known");
}

#[test]
fn a_row_that_breaks_off_costs_what_is_missing() {
    for (row, expected) in [
        (
            "<root_account>,arn:aws:iam::111122223333:root,true,2020-0",
            ["Is(true) Missing Missing", "Missing Missing Missing"],
        ),
        (
            "<root_account>,arn:aws:iam::111122223333:root,true,\"2020",
            ["Is(true) Missing Missing", "Missing Missing Missing"],
        ),
        ("<root_account>,arn:aws:iam::111122223333:root,tru", ["Missing Missing Missing", "Missing Missing Missing"]),
    ] {
        let text = format!("{HEADER}\n{ALICE}\n{row}");
        let (found, out, _) = read_all(&text);
        assert_eq!(out.errors.len(), 1, "{row}");
        let start = out.errors[0].span.start as usize;
        assert!(start > HEADER.len() + ALICE.len(), "{row}");
        assert_eq!(said(&found[0].users[1]), expected, "{row}");
        assert_eq!(said(&found[0].users[0])[0], "Is(true) 2026-07-01 Unclear(\"no_information\")");
    }
    // More cells than columns: nobody knows which is which.
    let text = format!("{HEADER}\n{ROOT_ROW},x\n{ALICE}\n");
    let (found, out, _) = read_all(&text);
    assert_eq!((out.errors.len(), found[0].users.len()), (1, 1));
}

#[test]
fn what_is_no_word_for_it_answers_nothing() {
    for word in ["not_supported", "no_information", "N/A", "", "yes", "1", "WAHR"] {
        assert_eq!(active(word), What::Unclear(word.into()));
    }
    for word in ["not_supported", "no_information", "", "2026-07-01", "yesterday", "2026-13-01T00:00:00Z"] {
        assert_eq!(date(word), What::Unclear(word.into()));
    }
    assert_eq!((date("N/A"), date(" n/a ")), (What::None, What::None));
    assert_eq!(date(&"x".repeat(99)), What::Unclear(format!("{}...", "x".repeat(40)).into()));
}

#[test]
fn the_answer_of_the_api_is_its_decoded_csv() {
    let csv = format!("{HEADER}\n{ROOT_ROW}\n");
    let content = BASE64_STANDARD.encode(&csv);
    let answer = format!(
        r#"{{"Content": "{content}", "ReportFormat": "text/csv", "GeneratedTime": "2026-07-30T05:00:00+00:00"}}"#
    );
    let (found, out, sources) = read_all(&answer);
    assert!(out.errors.is_empty() && out.notes.is_empty());
    let cell = found[0].users[0].keys[0].active.span;
    assert_eq!(sources.path(cell.file).as_str(), "<r, decoded>");
    let decoded = sources.virtual_text(cell.file).unwrap();
    assert_eq!(decoded.get(cell.start as usize..cell.end as usize), Some("true"));
    let (time, span) = found[0].generated.unwrap();
    assert_eq!((time.to_string().as_str(), sources.path(span.file).as_str()), ("2026-07-30T05:00:00Z", "r"));
    // Older versions of the command line give seconds.
    let seconds = answer.replace("\"2026-07-30T05:00:00+00:00\"", "1785387600.25");
    assert_eq!(read_all(&seconds).0[0].generated.unwrap().0.as_second(), 1_785_387_600);
    let (found, out, _) = read_all(&answer.replace("2026-07-30T05:00:00+00:00", "today"));
    assert_eq!((found[0].generated, out.notes[0].code), (None, "credential-report-undated"));
    // Only the content, as `--query Content --output text` prints it.
    let wrapped: String =
        content.as_bytes().chunks(76).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect();
    assert_eq!(users(&wrapped).len(), 1);
    // Two answers are two sources.
    let (found, _, sources) = read_all(&format!(
        "[{answer}, {}]",
        answer.replace(&content, &BASE64_STANDARD.encode(csv.replace("true", "TRUE")))
    ));
    let places: Vec<String> = found.iter().map(|report| sources.path(report.span.file).to_string()).collect();
    assert_eq!(places, ["<r, decoded>", "<r, decoded 2>"]);
}

#[test]
fn broken_base64_is_an_error_at_the_content() {
    for content in ["dXNlc!", "/w==", ""] {
        let found = errors(&format!(r#"{{"Content": "{content}", "ReportFormat": "text/csv"}}"#));
        assert_eq!(found.len(), 1, "{content}");
    }
    let (message, at) = errors(r#"{"Content": "dXNlc!"}"#).pop().unwrap();
    assert_eq!(
        (message.as_str(), at.as_str()),
        ("the `Content` is not base64 of a text: the report cannot be read", "\"dXNlc!\"")
    );
}

#[test]
fn a_summary_counts_the_keys_of_root() {
    for text in [r#"{"SummaryMap": {"AccountAccessKeysPresent": 1}}"#, r#"{"AccountAccessKeysPresent": 1}"#] {
        let (found, out, _) = read_all(text);
        assert!(out.errors.is_empty());
        assert_eq!(found[0].root_keys.as_ref().unwrap().value(), Some(&1));
    }
    let (found, ..) = read_all(r#"{"SummaryMap": {"AccountAccessKeysPresent": -1}}"#);
    assert_eq!(found[0].root_keys.as_ref().unwrap().what, What::Unclear("-1".into()));
}

const PANTHER: &str = r#"{"Arn": "arn:aws:iam::123456789012:user/Bob", "UserName": "Bob", "CredentialReport": {
    "ARN": "arn:aws:iam::123456789012:user/Bob", "UserName": "Bob",
    "AccessKey1Active": true, "AccessKey1LastRotated": "3000-01-01T00:00:00Z", "AccessKey1LastUsedDate": "0001-01-01T00:00:00Z",
    "AccessKey2Active": false, "AccessKey2LastRotated": null, "AccessKey2LastUsedDate": "0001-01-01T00:00:00Z"}}"#;

#[test]
fn resources_of_panther_may_be_one_or_many() {
    let line = PANTHER.replace('\n', " ");
    for (text, count) in [
        (PANTHER.to_owned(), 1),
        (format!("[{PANTHER}, {PANTHER}]"), 2),
        (format!("{line}\n\n{line}\r\n"), 2),
        // As in Panther's own rules, which are YAML.
        (PANTHER.replace("Z\"}}", "Z\",},}"), 1),
    ] {
        let users = users(&text);
        assert_eq!(users.len(), count, "{text}");
        for user in users {
            assert_eq!(said(&user), ["Is(true) 3000-01-01 None", "Is(false) None None"]);
            assert_eq!((&*user.name, user.account()), ("Bob", Some("123456789012")));
        }
    }
    let root = PANTHER.replace("user/Bob", "root").replace("\"Bob\"", "\"<root_account>\"");
    assert!(users(&root)[0].is_root());
}

#[test]
fn half_a_line_costs_that_line() {
    let line = PANTHER.replace('\n', " ");
    let text = format!("{line}\n{}", line.get(..100).unwrap());
    let (found, out, _) = read_all(&text);
    assert_eq!((found.len(), out.errors.len(), out.errors[0].code), (1, 1, "json-syntax"));
    assert!(out.errors[0].span.start as usize > line.len());
}

#[test]
fn a_file_that_is_broken_all_over_is_not_told_of_line_by_line() {
    let header = format!("{HEADER}\n");
    let line = format!("{}\n", PANTHER.replace('\n', " "));
    for (start, broken) in [(header, "\"x\n"), (line, "{\n")] {
        let (found, out, _) = read_all(&format!("{start}{}", broken.repeat(500)));
        let errors: Vec<&str> = out.errors.iter().map(|error| &*error.message).collect();
        assert_eq!((found.len(), errors.len(), errors[10]), (1, 11, "490 more rows of this file are wrong"));
    }
}

#[test]
fn what_a_resource_does_not_say_is_an_error() {
    let found = errors(&PANTHER.replace("\"AccessKey2Active\": false, ", ""));
    assert_eq!(found[0].0, "`AccessKey2Active` is missing: it is not known");
    assert!(errors(r#"{"Arn": "x", "CredentialReport": null}"#)[0].0.contains("nothing is known of its keys"));
}

#[test]
fn what_is_none_is_an_error() {
    for text in ["", "hello", "a,b\n1,2\n", "{}", "[1]", "{\"State\": \"STARTED\"}", "{\"a\": ", "Resources: {}\n"] {
        let (found, out, _) = read_all(text);
        assert!(found.is_empty() && out.errors.len() == 1, "{text}: {:?}", out.errors);
    }
    let sources = Sources::default();
    let mut out = Findings::default();
    read("r".into(), b"\xff\xfeu\0", sources.file("r".into()), &sources, &mut out);
    assert_eq!(out.errors[0].code, "not-utf8");
    assert_eq!(read_all("[]").1.errors.len(), 0);
}
