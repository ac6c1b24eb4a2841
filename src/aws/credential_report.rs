//! What AWS says of the credentials that an account has: its credential report, read from whatever form it was kept in.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::finding::{Finding, Related, Severity, Undecided};
use crate::source::Span;
use crate::value::Reason;

/// How the report calls the root user.
pub const ROOT: &str = "<root_account>";

/// AWS makes a new report when one is asked for and the last one is older than this.
pub const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(4);

/// Something that is said somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// What is said.
    pub what: What<T>,
    /// Where.
    pub span: Span,
}

/// What a value says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<T> {
    /// This.
    Is(T),
    /// That there is none: `N/A`.
    None,
    /// Something that answers nothing, as it is written: `no_information`, a date that is none.
    Unclear(Arc<str>),
    /// It is not there at all, and an error has said so.
    Missing,
}

/// The report on one account, or on a part of it.
#[derive(Clone, Debug)]
pub struct CredentialReport {
    /// What the report was read from, and where it starts.
    pub span: Span,
    /// Where it is written in base64, if it is: the places in it are those of the decoded text.
    pub encoded: Option<Span>,
    /// When AWS made it, if it says so, and where.
    pub generated: Option<(Timestamp, Span)>,
    /// Whether it is about all users of the account, so that root must be among them.
    pub whole: bool,
    /// Who is in it.
    pub users: Vec<Credentials>,
    /// What `get-account-summary` says of root's keys: how many there are.
    pub root_keys: Option<Said<u64>>,
}

/// The credentials of one user.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user's name; root's is [`ROOT`].
    pub name: Arc<str>,
    /// The ARN, if it is said.
    pub arn: Option<Arc<str>>,
    /// Where the user is named.
    pub span: Span,
    /// Its access keys: the first and the second slot.
    pub keys: [Key; 2],
    /// Keys that exist and are not in the report, as it says, if it says so.
    pub more: Option<(Arc<str>, Span)>,
}

/// One slot for an access key. The report does not hold the key's id.
#[derive(Clone, Debug)]
pub struct Key {
    /// 1 or 2.
    pub slot: u8,
    /// Whether there is a key and it is active.
    pub active: Said<bool>,
    /// When it was made, or switched on or off for the last time.
    pub rotated: Said<Timestamp>,
    /// When it was used for the last time. None means never, or before AWS kept count in 2015.
    pub used: Said<Timestamp>,
}

impl<T> Said<T> {
    /// The value, if it is one.
    pub fn value(&self) -> Option<&T> {
        match &self.what {
            What::Is(value) => Some(value),
            _ => None,
        }
    }
}

impl Key {
    /// The column, as the CSV calls the slot: `access_key_1`.
    pub fn name(&self) -> &'static str {
        if self.slot == 1 { "access_key_1" } else { "access_key_2" }
    }

    /// Whether there are signs of a key, active or not: it has a date.
    pub fn is_there(&self) -> bool {
        self.active.value() == Some(&true) || self.rotated.value().is_some() || self.used.value().is_some()
    }
}

impl Credentials {
    /// Whether this is the root user. An IAM user may be called `root`; that one has an ARN of a user.
    pub fn is_root(&self) -> bool {
        &*self.name == ROOT || self.arn.as_deref().is_some_and(|arn| arn.starts_with("arn:") && arn.ends_with(":root"))
    }

    /// The account, from the ARN.
    pub fn account(&self) -> Option<&str> {
        account_of(self.arn.as_deref()?)
    }

    /// What the user is called in reports: its ARN, else its name.
    pub fn resource(&self) -> Arc<str> {
        self.arn.clone().unwrap_or_else(|| Arc::clone(&self.name))
    }

    /// A finding about what is in one slot of this user.
    pub fn finding(&self, check: &'static str, severity: Severity, slot: &str, primary: Span) -> Finding {
        let resource = self.resource();
        Finding {
            instances: vec![Arc::from(format!("{resource} {slot}"))],
            discriminators: std::iter::once(slot.to_owned()).collect(),
            projects: self.account().map(Arc::from).into_iter().collect(),
            resource,
            ..Finding::new(check, severity, primary)
        }
    }

    /// The question that keys leave open which the report only counts.
    pub fn more_keys(&self, check: &'static str, text: &str, span: Span) -> Undecided {
        Undecided {
            check: check.into(),
            message: format!("{} has credentials that the report does not list: `{text}`", self.whose()),
            missing: vec![Arc::from(format!("further keys of {}", self.whose()))],
            span,
            blocking: false,
        }
    }

    /// The user in words.
    pub fn whose(&self) -> String {
        match (self.is_root(), self.account()) {
            (true, Some(account)) => format!("the root user of {account}"),
            (true, None) => "the root user".to_owned(),
            (false, Some(account)) => format!("IAM user `{}` of {account}", self.name),
            (false, None) => format!("IAM user `{}`", self.name),
        }
    }
}

/// What the checks of credential reports look at.
#[derive(Clone, Copy, Debug)]
pub struct Audited<'a> {
    /// The reports.
    pub reports: &'a [CredentialReport],
    /// The time of the run.
    pub now: Timestamp,
    /// What the user says.
    pub settings: &'a AuditSettings,
}

/// `[audit]`
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// `max-age-days`: keys must be replaced at least that often.
    pub max_age_days: u32,
    /// `max-unused-days`: keys must be used at least that often.
    pub max_unused_days: u32,
    /// `inactive-root-key = "allow"`: an inactive key of root is let be.
    pub inactive_root_key_allowed: bool,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { max_age_days: 90, max_unused_days: 90, inactive_root_key_allowed: false }
    }
}

/// One key of one report.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// The report.
    pub report: &'a CredentialReport,
    /// The user.
    pub user: &'a Credentials,
    /// The key.
    pub key: &'a Key,
    /// The time of the run.
    pub now: Timestamp,
}

impl<'a> Audited<'a> {
    /// All users.
    pub fn users(&self) -> impl Iterator<Item = &'a Credentials> {
        self.reports.iter().flat_map(|report| &report.users)
    }

    /// All slots for keys, in the order of the reports.
    pub fn keys(&self) -> impl Iterator<Item = Audit<'a>> {
        let now = self.now;
        let all = self.reports.iter().flat_map(|report| report.users.iter().map(move |user| (report, user)));
        all.flat_map(move |(report, user)| user.keys.iter().map(move |key| Audit { report, user, key, now }))
    }
}

impl Audit<'_> {
    /// A finding about the key, which is the same one when the report is made again on another day.
    pub fn finding(&self, check: &'static str, severity: Severity, primary: Span) -> Finding {
        let mut finding = self.user.finding(check, severity, self.key.name(), primary);
        let encoded = self.report.encoded.map(|span| Related::new("decoded from here", span));
        finding.related.extend(encoded);
        finding
    }

    /// What to do: root's key is not to be looked after but to go.
    pub fn help(&self, others: &str) -> String {
        match self.user.is_root() {
            true => "delete the key: root is to have none (`rootlint explain root-access-key-active`)".into(),
            false => others.into(),
        }
    }

    /// A question about the key.
    pub fn undecided(&self, check: &'static str, message: String, what: &str, span: Span) -> Undecided {
        let check = check.into();
        let missing = vec![Arc::from(format!("{} of {}", what, self.user.whose()))];
        Undecided { check, message, missing, span, blocking: false }
    }

    /// How old something is. If it became too old only after the report was made, the report cannot know what has happened
    /// since.
    pub fn age(&self, since: Timestamp, limit_days: u32) -> (Age, Option<Reason>) {
        let age = age(since, self.now, limit_days);
        let later = self.report.generated.filter(|(made, _)| age.over && !self::age(since, *made, limit_days).over);
        let reason = later.map(|(made, span)| {
            let why = format!("is not in the report, which is of {}", day(made));
            Reason::new("what happened to the key since", why, Some(span))
        });
        (age, reason)
    }
}

/// The day of a time, as reports say it.
pub fn day(time: Timestamp) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// How old something was at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// In whole days.
    pub days: i64,
    /// Whether it is more than the limit.
    pub over: bool,
}

/// The age of something by `now`. The limit is passed a moment after as many days: CIS and AWS Config count alike.
pub fn age(since: Timestamp, now: Timestamp, limit_days: u32) -> Age {
    let age = now.duration_since(since);
    let day = SignedDuration::from_hours(24).as_secs();
    Age { days: age.as_secs() / day, over: age > SignedDuration::from_secs(day * i64::from(limit_days)) }
}

/// The account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// A date and time as the report writes them: ISO 8601 with an offset.
pub fn time(text: &str) -> Option<Timestamp> {
    // A bracketed time zone is more than the format has.
    text.parse().ok().filter(|_| text.contains('T') && !text.contains('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_a_moment_after_it() {
        let (now, since) = (time("2026-03-31T00:00:00Z").unwrap(), time("2025-12-31T00:00:00+00:00").unwrap());
        assert_eq!(age(since, now, 90), Age { days: 90, over: false });
        assert_eq!(age(since, time("2026-03-31T00:00:01Z").unwrap(), 90), Age { days: 90, over: true });
        assert_eq!(age(now, since, 90), Age { days: -90, over: false });
        assert!(age(since, now, 89).over);
    }

    #[test]
    fn only_a_time_with_its_offset_is_one() {
        for text in [
            "2026-07-01",
            "2026-07-01T00:00:00",
            "2026-07-01 00:00:00Z",
            "01/07/2026 00:00",
            "N/A",
            "",
            "2026-07-01T00:00:00+00:00[UTC]",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(time("2026-07-01T02:00:00+02:00"), time("2026-07-01T00:00:00Z"));
        assert!(time("0001-01-01T00:00:00Z").is_some());
    }

    #[test]
    fn root_is_told_from_a_user_of_that_name() {
        let said =
            || Said { what: What::None, span: Span::start_of(crate::source::Sources::default().file("x".into())) };
        let key =
            |slot| Key { slot, active: Said { what: What::None, span: said().span }, rotated: said(), used: said() };
        let user = |name: &str, arn: Option<&str>| Credentials {
            name: name.into(),
            arn: arn.map(Arc::from),
            span: said().span,
            keys: [key(1), key(2)],
            more: None,
        };
        let root = user(ROOT, None);
        assert!(root.is_root() && root.account().is_none());
        let root = user("root", Some("arn:aws-cn:iam::111122223333:root"));
        assert_eq!((root.is_root(), root.account()), (true, Some("111122223333")));
        assert_eq!(root.whose(), "the root user of 111122223333");
        let named = user("root", Some("arn:aws:iam::111122223333:user/root"));
        assert!(!named.is_root());
        assert_eq!(named.whose(), "IAM user `root` of 111122223333");
        assert!(!user("root", None).is_root());
    }
}
