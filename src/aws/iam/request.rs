//! The request that is asked about: the root user of an account creates an access key for itself.
//!
//! What of its context is fixed, absent or free, and which keys go together: IAM User Guide, "AWS global condition context
//! keys". Contexts are built from *kinds*, because keys do not vary independently: a long-term key carries no MFA keys, a
//! request through a VPC endpoint no `aws:SourceIp`.

use std::collections::BTreeSet;

use crate::value::Reason;

use super::policy::Policy;

/// Whose root user is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The account with this id.
    Known(String),
    /// Any account: an exception for one of them counts.
    Any,
}

/// Where the account stands in its organization.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At this path: `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`.
    Known(String),
    /// Anywhere.
    Any,
}

/// A question to a set of service control policies.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose root user.
    pub account: Account,
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`.
    pub partition: String,
    /// The organization's id; `None` if it is not known.
    pub organization: Option<Organization>,
    /// Where the account stands.
    pub place: Place,
    /// The action.
    pub action: String,
    /// The resource, if it is not the root user itself.
    pub resource: Option<String>,
    /// The clock's earliest time, in seconds since 1970: a policy that starts later or ends is conditional.
    pub now: i64,
}

/// What is known of the organization's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Organization {
    /// It is this.
    Known(String),
    /// One that nobody names: the policies name several.
    Ambiguous,
}

/// The action that the whole program is about.
pub const CREATE_ACCESS_KEY: &str = "iam:CreateAccessKey";

impl Question {
    /// May the root user of `account` create an access key for itself?
    pub fn root_key(account: Account, now: i64) -> Self {
        Self {
            account,
            partition: "aws".into(),
            organization: None,
            place: Place::Any,
            action: CREATE_ACCESS_KEY.into(),
            resource: None,
            now,
        }
    }

    /// Takes the organization's id from the policies, if they name just one.
    #[must_use]
    pub fn in_organization_named_by<'a>(mut self, policies: impl IntoIterator<Item = &'a Policy>) -> Self {
        if self.organization.is_none() {
            let mut named = BTreeSet::new();
            for policy in policies {
                organizations(policy, &mut named);
            }
            self.organization = match named.len() {
                0 => None,
                1 => named.pop_first().map(Organization::Known),
                _ => Some(Organization::Ambiguous),
            };
        }
        self
    }
}

/// The ids of organizations that a policy names.
fn organizations(policy: &Policy, named: &mut BTreeSet<String>) {
    for condition in policy.statements.iter().flat_map(|statement| &statement.conditions) {
        let key = condition.key.to_ascii_lowercase();
        if !matches!(
            &*key,
            "aws:principalorgid" | "aws:resourceorgid" | "aws:principalorgpaths" | "aws:resourceorgpaths"
        ) {
            continue;
        }
        for value in condition.values.iter().map(super::policy::Item::shown) {
            let id = value.split('/').next().unwrap_or_default();
            if !id.starts_with("o-") || id.contains(['$', '…']) {
                continue;
            }
            if id.contains(['*', '?']) && id != "o-*" {
                // A pattern for some ids: whether ours is one of them is not known.
                named.extend([id.into(), String::new()]);
            } else if id != "o-*" {
                named.insert(id.into());
            }
        }
    }
}

/// The credentials of a root user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Credentials {
    /// Signed in with MFA.
    MfaSession,
    /// Signed in without MFA.
    Session,
    /// An access key.
    LongTerm,
}

/// The way to AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// The public endpoint.
    Direct,
    /// A VPC endpoint.
    Endpoint,
}

/// A kind of request: which keys it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Context {
    /// The credentials.
    pub credentials: Credentials,
    /// The way to AWS.
    pub network: Network,
    /// Whether an AWS service makes the call with the root user's credentials.
    pub via_service: bool,
    /// Whether keys are there that a request may carry or not.
    pub optional: bool,
}

/// Something that whoever makes the request, or time, chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Free {
    /// The account's id.
    Account,
    /// The path in the organization, with the organization's id.
    Path,
    /// Seconds since the MFA.
    Age,
    /// The clock, and with it the time at which a session began.
    Clock,
    /// An address: the key's name in lower case.
    Address(&'static str),
    /// The services on the way.
    Services,
    /// A string that the caller chooses.
    Text(&'static str),
}

/// The value of a condition key in one kind of request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The request does not carry the key.
    Absent,
    /// Fixed.
    Text(String),
    /// The account's id between two strings.
    Account(&'static str, String, String),
    /// A chosen string.
    Chosen(Free),
    /// The path in the organization; multivalued, though an account has just one.
    Path,
    /// The organization's id, which the path starts with.
    PathHead,
    /// The time since MFA.
    Age,
    /// The clock, written as a date or as seconds.
    Clock(Clock),
    /// An address.
    Address(&'static str),
    /// A service on the way, or the list of them.
    Services(Services),
    /// Present, but nothing is known of its value.
    Unknown(Reason),
}

/// A time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// `aws:CurrentTime`
    Now,
    /// `aws:EpochTime`
    Epoch,
    /// `aws:TokenIssueTime`
    Issued,
}

/// `aws:CalledVia` and its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// `aws:CalledVia`
    All,
    /// `aws:CalledViaFirst`
    First,
    /// `aws:CalledViaLast`
    Last,
}

/// A session's credentials last at most this long (STS `GetSessionToken`): no session began earlier.
pub const LONGEST_SESSION: i64 = 36 * 3600;

/// Keys that a request may carry or not, whatever its kind.
const OPTIONAL: [&str; 4] = ["aws:referer", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid"];

/// Keys that no request of a root user to IAM carries: root has no name, no tags, no federation, and the sessions of
/// `sts:AssumeRoot` can never create a key; the others belong to calls by services or to other requests.
const ABSENT: [&str; 21] = [
    "aws:username",
    "aws:assumedroot",
    "aws:federatedprovider",
    "aws:sourceidentity",
    "aws:rolesessionname",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:chatbotsourcearn",
    "aws:tagkeys",
    "aws:ec2instancesourcevpc",
    "aws:ec2instancesourceprivateipv4",
    "aws:requesttag",
    "aws:resourcetag",
    "aws:principaltag",
    "aws:codestarconnectionsourcearn",
    "aws:inferenceprofilearn",
];

impl Context {
    /// Every kind of request, the everyday ones first. `keys` (lower case) are those that matter.
    pub fn all(keys: &BTreeSet<String>) -> Vec<Self> {
        let mentions = |prefixes: &[&str]| keys.iter().any(|key| prefixes.iter().any(|prefix| key.starts_with(prefix)));
        let mut credentials = vec![Credentials::MfaSession];
        if mentions(&["aws:multifactorauth", "aws:tokenissuetime"]) {
            credentials.extend([Credentials::Session, Credentials::LongTerm]);
        }
        let mut networks = vec![Network::Direct];
        if mentions(&["aws:sourceip", "aws:sourcevpc", "aws:vpc"]) {
            networks.push(Network::Endpoint);
        }
        let via: &[bool] = if mentions(&["aws:viaawsservice", "aws:calledvia"]) { &[false, true] } else { &[false] };
        let optional: &[bool] = if mentions(&OPTIONAL) { &[false, true] } else { &[false] };
        let mut all = Vec::new();
        for &credentials in &credentials {
            for &network in &networks {
                for &via_service in via {
                    for &optional in optional {
                        all.push(Self { credentials, network, via_service, optional });
                    }
                }
            }
        }
        all
    }

    /// What the request carries for a condition key. Key names are matched in any case.
    pub fn subject(&self, key: &str, question: &Question) -> Subject {
        let key = key.to_ascii_lowercase();
        let only = |present: bool, subject: Subject| if present { subject } else { Subject::Absent };
        let session = self.credentials != Credentials::LongTerm;
        let endpoint = self.network == Network::Endpoint;
        let text = |text: &str| Subject::Text(text.into());
        match &*key {
            "aws:principalarn" => {
                account(question, "aws:PrincipalArn", &format!("arn:{}:iam::", question.partition), ":root")
            }
            "aws:principalaccount" => account(question, "aws:PrincipalAccount", "", ""),
            "aws:userid" => account(question, "aws:userid", "", ""),
            "aws:resourceaccount" => account(question, "aws:ResourceAccount", "", ""),
            "aws:principaltype" => text("Account"),
            "aws:securetransport" => text("true"),
            "aws:principalisawsservice" => text("false"),
            "aws:requestedregion" => text(region(&question.partition)),
            "aws:principalorgid" | "aws:resourceorgid" => match &question.organization {
                Some(Organization::Known(id)) => text(id),
                Some(Organization::Ambiguous) => Subject::Unknown(ambiguous()),
                None => match &question.place {
                    Place::Known(path) => text(path.split('/').next().unwrap_or_default()),
                    Place::Any => Subject::PathHead,
                },
            },
            "aws:principalorgpaths" | "aws:resourceorgpaths" => match &question.organization {
                Some(Organization::Ambiguous) if question.place == Place::Any => Subject::Unknown(ambiguous()),
                _ => Subject::Path,
            },
            "aws:multifactorauthpresent" => {
                only(session, text(if self.credentials == Credentials::MfaSession { "true" } else { "false" }))
            }
            "aws:multifactorauthage" => only(self.credentials == Credentials::MfaSession, Subject::Age),
            "aws:tokenissuetime" => only(session, Subject::Clock(Clock::Issued)),
            "aws:currenttime" => Subject::Clock(Clock::Now),
            "aws:epochtime" => Subject::Clock(Clock::Epoch),
            "aws:sourceip" => only(!endpoint, Subject::Address("aws:SourceIp")),
            "aws:vpcsourceip" => only(endpoint, Subject::Address("aws:VpcSourceIp")),
            "aws:sourcevpc" => only(endpoint, Subject::Chosen(Free::Text("aws:SourceVpc"))),
            "aws:sourcevpce" => only(endpoint, Subject::Chosen(Free::Text("aws:SourceVpce"))),
            "aws:sourcevpcarn" => only(endpoint && self.optional, Subject::Chosen(Free::Text("aws:SourceVpcArn"))),
            "aws:vpceaccount" => only(endpoint && self.optional, Subject::Chosen(Free::Text("aws:VpceAccount"))),
            "aws:vpceorgid" => only(endpoint && self.optional, Subject::Chosen(Free::Text("aws:VpceOrgID"))),
            "aws:viaawsservice" => text(if self.via_service { "true" } else { "false" }),
            "aws:calledvia" => only(self.via_service, Subject::Services(Services::All)),
            "aws:calledviafirst" => only(self.via_service, Subject::Services(Services::First)),
            "aws:calledvialast" => only(self.via_service, Subject::Services(Services::Last)),
            "aws:useragent" => Subject::Chosen(Free::Text("aws:UserAgent")),
            "aws:referer" => only(self.optional, Subject::Chosen(Free::Text("aws:Referer"))),
            _ => {
                let name = key.split('/').next().unwrap_or_default();
                match key.split_once(':') {
                    Some(("aws", _)) if ABSENT.contains(&name) => Subject::Absent,
                    // The key of another service, or of an identity provider, is in no request to IAM by root.
                    Some((prefix, rest)) if prefix != "aws" && is_prefix(prefix) && !rest.is_empty() => Subject::Absent,
                    _ => Subject::Unknown(Reason::new(&*key, "is a condition key that rootlint does not know", None)),
                }
            }
        }
    }
}

fn ambiguous() -> Reason {
    Reason::new("the organization's id", "is not known, and the policies name several", None)
}

fn is_prefix(prefix: &str) -> bool {
    prefix.starts_with(|first: char| first.is_ascii_alphabetic())
        && prefix.chars().all(|character| character.is_ascii_alphanumeric() || "-./_".contains(character))
}

fn account(question: &Question, key: &'static str, prefix: &str, suffix: &str) -> Subject {
    match &question.account {
        Account::Known(id) => Subject::Text(format!("{prefix}{id}{suffix}")),
        Account::Any => Subject::Account(key, prefix.into(), suffix.into()),
    }
}

/// The Region that requests to IAM carry: IAM is global and answers from one Region of each partition.
pub fn region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
