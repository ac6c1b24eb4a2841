//! The request that is asked about: as a rule, the root user of an account creates an access key for itself.
//!
//! What of its context is fixed, absent or free, and which keys go together: IAM User Guide, "AWS global condition context
//! keys". Contexts are built from *kinds*, because keys do not vary independently: a long-term key carries no MFA keys, a
//! request through a VPC endpoint no `aws:SourceIp`.

use std::collections::BTreeSet;

use crate::value::Reason;

use super::policy::Policy;
use super::witness::KEYS;

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

/// What kind of principal makes the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Principal {
    /// The root user of the account.
    #[default]
    Root,
    /// An IAM user of the account, whatever its name.
    User,
    /// A session of a role of the account, whatever its name.
    Role,
}

/// A question to a set of service control policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub principal: Principal,
    /// The account of the principal.
    pub account: Account,
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`.
    pub partition: String,
    /// The organization's id; `None` if it is not known.
    pub organization: Option<Organization>,
    /// Where the account stands.
    pub place: Place,
    /// The action.
    pub action: String,
    /// The resource, if it is not the principal itself.
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
            principal: Principal::Root,
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
        let keys = ["aws:PrincipalOrgID", "aws:ResourceOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgPaths"];
        if !keys.iter().any(|key| condition.key.eq_ignore_ascii_case(key)) {
            continue;
        }
        for value in condition.values.iter().map(super::policy::Item::shown) {
            let id = value.split('/').next().unwrap_or_default();
            if id.contains(['$', '…']) || id == "o-*" || id.chars().all(|character| character == '*') {
                continue;
            }
            if id.contains(['*', '?']) {
                // A pattern for some ids: whether ours is one of them is not known.
                named.extend([id.into(), String::new()]);
            } else if id.starts_with("o-") {
                named.insert(id.into());
            }
        }
    }
}

/// The credentials of a request.
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
    /// The account's id; for a user or a role with the rest of its ARN: `111122223333:user/deploy`.
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
    Account(String, String),
    /// A chosen string, or the part of one that stands behind a fixed beginning.
    Chosen(Free, &'static str, View),
    /// The ARN of a user or a role: this beginning, and the chosen rest.
    Arn(String),
    /// The path in the organization; multivalued, though an account has just one.
    Path,
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

/// Which part of a chosen string a key holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// All of it.
    #[default]
    Whole,
    /// What stands before the first colon: the account of `111122223333:user/deploy`.
    Account,
    /// What stands after the last slash: the name of `111122223333:user/ci/deploy`.
    Name,
}

impl View {
    /// The part of `text`.
    pub fn of(self, text: &str) -> &str {
        match self {
            Self::Whole => text,
            Self::Account => text.split(':').next().unwrap_or_default(),
            Self::Name => text.rsplit('/').next().unwrap_or_default(),
        }
    }
}

/// A time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// `aws:CurrentTime`
    Now,
    /// `aws:EpochTime`
    Epoch,
    /// `aws:TokenIssueTime`
    Issued,
}

/// `aws:CalledVia` and its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What keys begin with that depend on the credentials.
const OF_CREDENTIALS: [&str; 2] = ["aws:multifactorauth", "aws:tokenissuetime"];

/// What keys begin with that depend on the way to AWS.
const OF_NETWORK: [&str; 3] = ["aws:sourceip", "aws:sourcevpc", "aws:vpc"];

/// What keys begin with that depend on whether an AWS service makes the call.
const OF_CALLS: [&str; 2] = ["aws:viaawsservice", "aws:calledvia"];

/// Keys that a request may carry or not, whatever its kind.
const OPTIONAL: [&str; 4] = ["aws:referer", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid"];

/// Keys that no request of a root user carries: root has no name, no tags, no federation, and the sessions of
/// `sts:AssumeRoot` can never create a key.
const OF_SESSIONS: [&str; 8] = [
    "aws:federatedprovider",
    "aws:sourceidentity",
    "aws:rolesessionname",
    "aws:chatbotsourcearn",
    "aws:ec2instancesourcevpc",
    "aws:ec2instancesourceprivateipv4",
    "aws:codestarconnectionsourcearn",
    "aws:inferenceprofilearn",
];

/// Keys of calls that AWS services make by themselves.
const OF_SERVICES: [&str; 8] = [
    "aws:assumedroot",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
];

/// Services that have one endpoint in a partition, which answers from one Region.
const GLOBAL: [&str; 5] = ["account", "cloudfront", "iam", "organizations", "route53"];

impl Question {
    /// The service of the action, in lower case.
    fn service(&self) -> String {
        self.action.split(':').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether the request creates an access key, of which all condition keys are known.
    fn creates_key(&self) -> bool {
        self.action.eq_ignore_ascii_case(CREATE_ACCESS_KEY)
    }

    /// The account that the resource's ARN names.
    pub fn resource_account(&self) -> Option<&str> {
        let account = self.resource.as_deref()?.split(':').nth(4)?;
        (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
    }

    /// Whether the action is one of IAM, which only knows resources of the principal's own account.
    pub fn is_own_service(&self) -> bool {
        self.service() == "iam"
    }

    fn resource_is_own(&self) -> bool {
        let is_own = |account| self.account == Account::Known(account);
        self.resource.is_none()
            || self.is_own_service()
            || self.resource_account().map(String::from).is_some_and(is_own)
    }

    fn resource_account_subject(&self) -> Subject {
        match self.resource_account() {
            Some(account) => Subject::Text(account.into()),
            None if self.resource_is_own() || self.resource.as_deref() == Some("*") => self.account_subject(),
            None => Subject::Chosen(Free::Text("aws:ResourceAccount"), "", View::Whole),
        }
    }

    /// `aws:PrincipalAccount`
    fn account_subject(&self) -> Subject {
        match (&self.account, self.principal) {
            (Account::Known(id), _) => Subject::Text(id.clone()),
            (Account::Any, Principal::Root) => Subject::Account(String::new(), String::new()),
            (Account::Any, _) => Subject::Chosen(Free::Account, "", View::Account),
        }
    }

    /// `aws:PrincipalArn`
    fn arn_subject(&self) -> Subject {
        let prefix = format!("arn:{}:iam::", self.partition);
        match (&self.account, self.principal) {
            (Account::Known(id), Principal::Root) => Subject::Text(format!("{prefix}{id}:root")),
            (Account::Any, Principal::Root) => Subject::Account(prefix, ":root".into()),
            _ => Subject::Arn(prefix),
        }
    }

    fn organization_subject(&self) -> Subject {
        match (&self.organization, &self.place) {
            (Some(Organization::Known(id)), _) => Subject::Text(id.clone()),
            (Some(Organization::Ambiguous), _) => Subject::Unknown(ambiguous()),
            (None, Place::Known(path)) => Subject::Text(path.split('/').next().unwrap_or_default().into()),
            // No policy names an organization: no comparison with a literal tells ours from others.
            (None, Place::Any) => Subject::Text(UNNAMED_ORGANIZATION.into()),
        }
    }

    fn path_subject(&self) -> Subject {
        match &self.organization {
            Some(Organization::Ambiguous) if self.place == Place::Any => Subject::Unknown(ambiguous()),
            _ => Subject::Path,
        }
    }
}

/// Stands for an organization that no policy names.
pub const UNNAMED_ORGANIZATION: &str = "o-a1b2c3d4e5";

impl Context {
    /// Whether a key (in lower case) is another in requests of another kind.
    pub(super) fn varies(key: &str) -> bool {
        let all = OF_CREDENTIALS.iter().chain(&OF_NETWORK).chain(&OF_CALLS).chain(&OPTIONAL);
        all.into_iter().any(|prefix| key.starts_with(prefix))
    }

    /// Every kind of request, the everyday ones first. `keys` (lower case) are those that matter.
    pub fn all(keys: &BTreeSet<&str>, question: &Question) -> Vec<Self> {
        let mentions = |prefixes: &[&str]| keys.iter().any(|key| prefixes.iter().any(|prefix| key.starts_with(prefix)));
        let mut credentials = vec![Credentials::MfaSession];
        if mentions(&OF_CREDENTIALS) {
            credentials.push(Credentials::Session);
            if question.principal != Principal::Role {
                credentials.push(Credentials::LongTerm);
            }
        }
        let mut networks = vec![Network::Direct];
        if mentions(&OF_NETWORK) {
            networks.push(Network::Endpoint);
        }
        let via: &[bool] = if mentions(&OF_CALLS) { &[false, true] } else { &[false] };
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
        let chosen = |key: &'static str| Subject::Chosen(Free::Text(key), "", View::Whole);
        let session = self.credentials != Credentials::LongTerm;
        let endpoint = self.network == Network::Endpoint;
        let text = |text: &str| Subject::Text(text.into());
        let principal = question.principal;
        match &*key {
            "aws:principalarn" => question.arn_subject(),
            "aws:principalaccount" => question.account_subject(),
            "aws:userid" => match principal {
                Principal::Root => question.account_subject(),
                Principal::User => Subject::Chosen(Free::Text("aws:userid"), "AIDA", View::Whole),
                Principal::Role => Subject::Chosen(Free::Text("aws:userid"), "AROA", View::Whole),
            },
            "aws:username" => only(principal == Principal::User, Subject::Chosen(Free::Account, "", View::Name)),
            "aws:principaltype" => text(match principal {
                Principal::Root => "Account",
                Principal::User => "User",
                Principal::Role => "AssumedRole",
            }),
            "aws:resourceaccount" => question.resource_account_subject(),
            "aws:securetransport" => text("true"),
            "aws:principalisawsservice" => text("false"),
            "aws:requestedregion" if GLOBAL.contains(&&*question.service()) => text(region(&question.partition)),
            "aws:requestedregion" => chosen("aws:RequestedRegion"),
            "aws:principalorgid" => question.organization_subject(),
            "aws:principalorgpaths" => question.path_subject(),
            "aws:resourceorgid" | "aws:resourceorgpaths" if !question.resource_is_own() => {
                Subject::Unknown(Reason::new(&*key, "depends on an account that is not known", None))
            }
            "aws:resourceorgid" => question.organization_subject(),
            "aws:resourceorgpaths" => question.path_subject(),
            "aws:multifactorauthpresent" => {
                only(session, text(if self.credentials == Credentials::MfaSession { "true" } else { "false" }))
            }
            "aws:multifactorauthage" => only(self.credentials == Credentials::MfaSession, Subject::Age),
            "aws:tokenissuetime" => only(session, Subject::Clock(Clock::Issued)),
            "aws:currenttime" => Subject::Clock(Clock::Now),
            "aws:epochtime" => Subject::Clock(Clock::Epoch),
            "aws:sourceip" => only(!endpoint, Subject::Address("aws:SourceIp")),
            "aws:vpcsourceip" => only(endpoint, Subject::Address("aws:VpcSourceIp")),
            "aws:sourcevpc" => only(endpoint, chosen("aws:SourceVpc")),
            "aws:sourcevpce" => only(endpoint, chosen("aws:SourceVpce")),
            "aws:sourcevpcarn" => only(endpoint && self.optional, chosen("aws:SourceVpcArn")),
            "aws:vpceaccount" => only(endpoint && self.optional, chosen("aws:VpceAccount")),
            "aws:vpceorgid" => only(endpoint && self.optional, chosen("aws:VpceOrgID")),
            "aws:viaawsservice" => text(if self.via_service { "true" } else { "false" }),
            "aws:calledvia" => only(self.via_service, Subject::Services(Services::All)),
            "aws:calledviafirst" => only(self.via_service, Subject::Services(Services::First)),
            "aws:calledvialast" => only(self.via_service, Subject::Services(Services::Last)),
            "aws:useragent" => chosen("aws:UserAgent"),
            "aws:referer" => only(self.optional, chosen("aws:Referer")),
            _ => other_key(&key, question),
        }
    }
}

/// Keys that are absent, or of which nothing is known.
fn other_key(key: &str, question: &Question) -> Subject {
    let name = key.split('/').next().unwrap_or_default();
    let unknown = |why: &'static str| Subject::Unknown(Reason::new(key, why, None));
    let root = question.principal == Principal::Root;
    let depends = "depends on what is not asked";
    match name.split_once(':') {
        _ if OF_SERVICES.contains(&name) => Subject::Absent,
        _ if OF_SESSIONS.contains(&name) && question.principal == Principal::Role => unknown(depends),
        _ if OF_SESSIONS.contains(&name) => Subject::Absent,
        _ if name == "aws:principaltag" => {
            if root {
                Subject::Absent
            } else {
                unknown("is a tag that may have any value")
            }
        }
        // Creating a key passes no tags; a root user has none.
        _ if matches!(name, "aws:tagkeys" | "aws:requesttag") => {
            if question.creates_key() {
                Subject::Absent
            } else {
                unknown(depends)
            }
        }
        _ if matches!(name, "aws:resourcetag" | "iam:resourcetag") => {
            let own = root && question.creates_key() && question.resource.is_none();
            if own { Subject::Absent } else { unknown("is a tag that may have any value") }
        }
        // The key of another service, or of an identity provider, is in no such request.
        Some((prefix, rest)) if prefix != "aws" && is_prefix(prefix) && !rest.is_empty() => {
            let asked = prefix == question.service() && !question.creates_key();
            let federated = question.principal == Principal::Role && (prefix == "saml" || prefix.contains('.'));
            if asked || federated { unknown(depends) } else { Subject::Absent }
        }
        _ if is_misspelled(name) => Subject::Absent,
        _ => unknown("is a condition key that rootlint does not know"),
    }
}

/// Whether an unknown key is close to one of AWS's: `aws:PrincipleArn` is in no request. Any other may be newer than this
/// program.
fn is_misspelled(name: &str) -> bool {
    let tags = ["aws:principaltag", "aws:requesttag", "aws:resourcetag", "aws:tagkeys"];
    let known = KEYS.iter().chain(&OF_SESSIONS).chain(&OF_SERVICES).chain(&tags);
    known.into_iter().any(|known| strsim::damerau_levenshtein(&known.to_ascii_lowercase(), name) <= 2)
}

fn ambiguous() -> Reason {
    Reason::new("the organization's id", "is not known, and the policies name several", None)
}

fn is_prefix(prefix: &str) -> bool {
    prefix.starts_with(|first: char| first.is_ascii_alphabetic())
        && prefix.chars().all(|character| character.is_ascii_alphanumeric() || "-./_".contains(character))
}

/// The Region that requests to a global service carry: it answers from one Region of each partition.
pub fn region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
