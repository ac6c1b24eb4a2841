//! IAM users and their access keys, in both languages.

use std::collections::HashMap;
use std::sync::Arc;

use crate::aws::{Facts, Model, identity};
use crate::resource::{Mode, Provider, Reference, Resource, Site};
use crate::text::{Text, Tri};
use crate::value::{Hop, Origin, Symbol, Value, Via};

/// An access key that a project creates.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The resource.
    pub site: Site,
    /// The user it is for: a name, or a symbol of a user.
    pub user: Value,
    /// `Active` or `Inactive`; null when not said (AWS then makes it active).
    pub status: Value,
    /// The blocks that the user is taken from, by their addresses.
    pub mentions: Vec<Arc<str>>,
    /// The account it is made in, as far as the provider says.
    pub account: Option<Arc<str>>,
    /// Whether a program makes it, and not the resource itself.
    pub by_script: bool,
}

/// An IAM user.
#[derive(Clone, Debug)]
pub struct User {
    /// The resource.
    pub site: Site,
    /// Its name; null when CloudFormation makes one up.
    pub name: Value,
    /// The attribute that gives the name.
    pub named_by: &'static str,
    /// Its path, which is part of its ARN; null for `/`.
    pub path: Value,
    /// Whether the project makes it or reads it.
    pub mode: Mode,
    /// The account it is in, as far as the provider says.
    pub account: Option<Arc<str>>,
}

/// The user that a key is for.
#[derive(Clone, Debug)]
pub struct Owner<'a> {
    /// The user, if the project declares or reads it.
    pub user: Option<&'a User>,
    /// Its name, whose origin leads from the key to where the name is written. Null when CloudFormation makes one up.
    pub name: Value,
}

/// A type that is a key, and where it says for whom and whether it is active.
struct KeyKind {
    kind: &'static str,
    user: &'static str,
    status: &'static str,
}

/// A type that is a user, and where it says its name and path.
struct UserKind {
    kind: &'static str,
    mode: Mode,
    name: &'static str,
    path: &'static str,
}

/// Terraform's AWS provider and the CloudFormation resource reference. There is no `awscc_iam_access_key`: the Cloud
/// Control API does not make keys.
const KEYS: &[KeyKind] = &[
    KeyKind { kind: "aws_iam_access_key", user: "user", status: "status" },
    KeyKind { kind: "AWS::IAM::AccessKey", user: "UserName", status: "Status" },
];

/// The same references.
const USERS: &[UserKind] = &[
    UserKind { kind: "aws_iam_user", mode: Mode::Managed, name: "name", path: "path" },
    UserKind { kind: "aws_iam_user", mode: Mode::Data, name: "user_name", path: "path" },
    UserKind { kind: "awscc_iam_user", mode: Mode::Managed, name: "user_name", path: "path" },
    UserKind { kind: "AWS::IAM::User", mode: Mode::Managed, name: "UserName", path: "Path" },
];

/// Whether resources of the type are access keys.
pub fn is_key(kind: &str) -> bool {
    KEYS.iter().any(|known| known.kind == kind)
}

/// Whether this module reads resources of the type.
pub fn wanted(kind: &str) -> bool {
    is_key(kind) || USERS.iter().any(|known| known.kind == kind)
}

/// The access keys among the resources.
pub fn keys(resources: &[Resource<'_>]) -> Vec<AccessKey> {
    let read = |resource: &Resource<'_>| {
        let kind = KEYS.iter().find(|known| known.kind == resource.kind() && resource.mode == Mode::Managed)?;
        Some(AccessKey {
            site: resource.site.clone(),
            user: resource.get(kind.user),
            status: resource.get(kind.status),
            mentions: mentions(resource, kind.user).collect(),
            account: account(&resource.provider),
            by_script: false,
        })
    };
    resources.iter().filter_map(read).collect()
}

/// The users that a project declares, found by address, name or block without looking at all of them.
#[derive(Clone, Debug, Default)]
pub struct Users {
    all: Vec<User>,
    by_address: HashMap<Arc<str>, usize>,
    /// Names in lower case: IAM does not tell names apart by case alone. The first user of a name counts, one that is made
    /// before one that is read.
    by_name: HashMap<String, usize>,
    by_block: HashMap<Arc<str>, Vec<usize>>,
}

impl FromIterator<User> for Users {
    fn from_iter<I: IntoIterator<Item = User>>(users: I) -> Self {
        let mut found = Self::default();
        for user in users {
            let index = found.all.len();
            found.by_address.entry(Arc::clone(&user.site.address)).or_insert(index);
            if let Some(name) = user.name.as_str() {
                let first = found.by_name.entry(name.to_ascii_lowercase()).or_insert(index);
                let read = |at: usize| found.all.get(at).is_some_and(|known| known.mode == Mode::Data);
                if read(*first) && user.mode == Mode::Managed {
                    *first = index;
                }
            }
            found.by_block.entry(Arc::clone(&user.site.block)).or_default().push(index);
            found.all.push(user);
        }
        found
    }
}

/// All of them, in the order of the resources.
impl std::ops::Deref for Users {
    type Target = [User];

    fn deref(&self) -> &[User] {
        &self.all
    }
}

impl Users {
    /// The user that the symbol is a name or an ARN of.
    fn of_symbol(&self, symbol: &Symbol) -> Option<&User> {
        let user = self.all.get(*self.by_address.get(&symbol.address)?)?;
        user.is(symbol).then_some(user)
    }

    /// The user of that name.
    fn called(&self, name: &str) -> Option<&User> {
        self.all.get(*self.by_name.get(&name.to_ascii_lowercase())?)
    }

    /// The one user that the blocks declare, if it is one.
    fn only_one_of(&self, blocks: &[Arc<str>]) -> Option<&User> {
        let mut blocks: Vec<&Arc<str>> = blocks.iter().collect();
        blocks.sort();
        blocks.dedup();
        let mut found = blocks.into_iter().filter_map(|block| self.by_block.get(block)).flatten();
        let first = found.next()?;
        found.next().is_none().then(|| self.all.get(*first)).flatten()
    }
}

/// The users among the resources.
pub fn users(resources: &[Resource<'_>]) -> Users {
    let read = |resource: &Resource<'_>| {
        let kind = USERS.iter().find(|known| known.kind == resource.kind() && known.mode == resource.mode)?;
        Some(User {
            site: resource.site.clone(),
            name: resource.get(kind.name),
            named_by: kind.name,
            path: resource.get(kind.path),
            mode: resource.mode,
            account: account(&resource.provider),
        })
    };
    resources.iter().filter_map(read).collect()
}

/// The blocks that an argument mentions.
fn mentions<'r>(resource: &'r Resource<'_>, argument: &'r str) -> impl Iterator<Item = Arc<str>> + 'r {
    let of = move |known: &&Reference| known.argument.split('.').next() == Some(argument);
    resource.meta.references.iter().filter(of).map(|known| Arc::clone(&known.target))
}

/// The account that a provider works in, where its configuration or the role it assumes names one.
pub(crate) fn account(provider: &Provider) -> Option<Arc<str>> {
    if let Some(account) = provider.account.as_ref().and_then(Value::as_str) {
        return Some(Arc::from(&*account));
    }
    let role = provider.assume_role.as_ref()?.as_str()?;
    let account = role.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then(|| account.into())
}

impl AccessKey {
    /// Whether the key is certainly switched off. AWS makes a key active unless told otherwise.
    pub fn is_inactive(&self) -> Tri {
        match self.status.as_text() {
            Some(status) => match status.as_str() {
                Some(status) => (status == "Inactive").into(),
                None => Tri::Maybe,
            },
            None => {
                if self.status.as_unknown().is_some() {
                    Tri::Maybe
                } else {
                    Tri::No
                }
            }
        }
    }
}

impl User {
    /// Whether `symbol` is this user, by a name or an ARN of it.
    pub(crate) fn is(&self, symbol: &Symbol) -> bool {
        let attribute = identity::canonical(symbol).attribute;
        symbol.project == self.site.project
            && symbol.address == self.site.address
            && (&*attribute == "name" || attribute.eq_ignore_ascii_case("arn"))
    }
}

impl<'a> Model<'a> {
    /// All access keys that are judged.
    pub fn keys(&self) -> impl Iterator<Item = &'a AccessKey> {
        self.facts.iter().filter(|facts| self.is_judged(facts)).flat_map(|facts| &facts.keys)
    }

    /// The user that a key is for: one that it refers to, in whatever project, or names.
    pub fn owner(&self, key: &AccessKey) -> Owner<'a> {
        let facts = self.facts_of(&key.site.project);
        // A reference may have crossed from another project.
        if let Some(symbol) = key.user.symbol()
            && let Some(user) = self.facts_of(&symbol.project).and_then(|facts| facts.users.of_symbol(&symbol))
        {
            let user = self.made(user);
            let via = Via::Attribute(format!("{}.{}", user.site.address, user.named_by).into());
            let name = user.name.clone().with_origin(through(&key.user.origin, via, &user.name.origin));
            return Owner { user: Some(user), name: name.mark(&key.user.marks) };
        }
        let found = facts.and_then(|facts| match key.user.as_str() {
            Some(name) => {
                let user = facts.users.called(&name).map(|user| self.made(user));
                user.or_else(|| self.made_elsewhere(&name, &key.site.project, key.account.as_ref()))
            }
            // A name that is not wholly known still is the name of the one user it is taken from.
            None => facts.users.only_one_of(&key.mentions),
        });
        Owner { user: found, name: key.user.clone() }
    }

    /// The user that a data source reads, if the scan makes it; else the user itself.
    fn made(&self, user: &'a User) -> &'a User {
        let name = user.name.as_str().filter(|_| user.mode == Mode::Data);
        let Some(name) = name else { return user };
        let own = self.facts_of(&user.site.project).and_then(|facts| facts.users.called(&name));
        let own = own.filter(|own| own.mode == Mode::Managed);
        own.or_else(|| self.made_elsewhere(&name, &user.site.project, user.account.as_ref())).unwrap_or(user)
    }

    /// The one user of a name that other projects make, in no account that is known to be another. Of another repository's it
    /// has to be known to be in the same.
    fn made_elsewhere(&self, name: &str, project: &str, account: Option<&Arc<str>>) -> Option<&'a User> {
        let abroad = self.is_abroad(project);
        let made = self.users_made().called(name).filter_map(|(facts, user)| {
            let facts = self.facts.get(facts)?;
            Some((facts.users.all.get(user)?, facts.abroad))
        });
        let mut users = made.filter(|(user, is_abroad)| {
            *user.site.project != *project
                && match (account, &user.account) {
                    (Some(one), Some(other)) => one == other,
                    _ => !abroad && !is_abroad,
                }
        });
        let (first, _) = users.next()?;
        users.next().is_none().then_some(first)
    }
}

/// The users that projects make, by their names in lower case: the project's number and the user's in it.
#[derive(Debug)]
pub(in crate::aws) struct Made(HashMap<String, Vec<(usize, usize)>>);

impl Made {
    pub(in crate::aws) fn of(all: &[Facts]) -> Self {
        let mut by_name: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (number, facts) in all.iter().enumerate() {
            // The one that a project means by the name.
            for (name, at) in &facts.users.by_name {
                if facts.users.all.get(*at).is_some_and(|user| user.mode == Mode::Managed) {
                    by_name.entry(name.clone()).or_default().push((number, *at));
                }
            }
        }
        Self(by_name)
    }

    fn called(&self, name: &str) -> impl Iterator<Item = (usize, usize)> {
        self.0.get(&name.to_ascii_lowercase()).into_iter().flatten().copied()
    }
}

impl Owner<'_> {
    /// Whether the user is meant to be the root user: it is called `root`, or as the credential report calls it,
    /// `<root_account>`, in any case, or by an ARN that ends in `:root`. A name that only contains `root` is none.
    pub fn is_root(&self) -> Tri {
        let named = names_root(&self.name);
        match self.name.alternatives() {
            Some(all) if named == Tri::Maybe && all.iter().all(|name| names_root(name) == Tri::No) => Tri::No,
            _ => named,
        }
    }

    /// What tells a key of this owner from one of another: the user's name, unless it must not be shown.
    pub fn discriminator(&self) -> Option<String> {
        self.name.as_str().filter(|_| !self.name.marks.is_hidden()).map(|name| name.to_string())
    }

    /// The root user's name, if that is one of a few that the user may have.
    pub fn possible_root(&self) -> Option<Value> {
        self.name.alternatives()?.into_iter().find(|name| names_root(name) == Tri::Yes)
    }
}

/// Whether a user name is that of the root user; see [`Owner::is_root`].
pub fn names_root(name: &Value) -> Tri {
    match name.as_text() {
        Some(name) => any([
            name.equals_ignore_case("root"),
            name.equals_ignore_case("<root_account>"),
            all([starts_like_an_arn(name), name.ends_with_ignore_case(":root")]),
        ]),
        // A name that CloudFormation makes up is made of the stack's name and more.
        None => {
            if name.as_unknown().is_some() {
                Tri::Maybe
            } else {
                Tri::No
            }
        }
    }
}

fn starts_like_an_arn(text: &Text) -> Tri {
    let (prefix, whole) = text.known_prefix();
    let prefix = prefix.to_ascii_lowercase();
    if prefix.starts_with("arn:") {
        Tri::Yes
    } else if whole || !"arn:".starts_with(&prefix) {
        Tri::No
    } else {
        Tri::Maybe
    }
}

fn any(answers: impl IntoIterator<Item = Tri>) -> Tri {
    answers.into_iter().fold(Tri::No, |all, one| match (all, one) {
        (Tri::Yes, _) | (_, Tri::Yes) => Tri::Yes,
        (Tri::Maybe, _) | (_, Tri::Maybe) => Tri::Maybe,
        _ => Tri::No,
    })
}

fn all(answers: impl IntoIterator<Item = Tri>) -> Tri {
    answers.into_iter().fold(Tri::Yes, |all, one| match (all, one) {
        (Tri::No, _) | (_, Tri::No) => Tri::No,
        (Tri::Maybe, _) | (_, Tri::Maybe) => Tri::Maybe,
        _ => Tri::Yes,
    })
}

/// The way of a value that goes on where `outer` ends: through `via` to `inner`.
fn through(outer: &Origin, via: Via, inner: &Origin) -> Origin {
    let hops: Vec<&Hop> = outer.chain().collect();
    let last = Arc::new(Hop { what: via, span: inner.span, next: inner.hops.clone() });
    let first = hops
        .into_iter()
        .rev()
        .fold(last, |next, hop| Arc::new(Hop { what: hop.what.clone(), span: hop.span, next: Some(next) }));
    Origin { span: outer.span, hops: Some(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::fake::{computed, mentions, resource, span, unknown};
    use crate::aws::{Facts, Settings};
    use crate::text::Piece;
    use crate::value::Kind;

    fn facts(resources: &[Resource<'_>]) -> Facts {
        Facts { keys: keys(resources), users: users(resources), ..crate::aws::fake::facts("p") }
    }

    fn is_root(resources: &[Resource<'_>]) -> Tri {
        let (settings, facts) = (Settings::default(), [facts(resources)]);
        let model = Model::new(&settings, &facts);
        model.owner(model.keys().next().expect("a key")).is_root()
    }

    fn key(user: Value) -> Resource<'static> {
        resource("aws_iam_access_key", "aws_iam_access_key.k", [("user", user)])
    }

    #[test]
    fn root_is_a_name_or_an_arn_and_no_substring() {
        for yes in ["root", "Root", "ROOT", "<root_account>", "<Root_Account>", "arn:aws:iam::111122223333:root"] {
            assert_eq!(is_root(&[key(Value::text(yes))]), Tri::Yes, "{yes}");
        }
        for no in
            ["rooter", "chroot", "root_account", "root ", "ci-root", ":root", "x:root", "", "arn:aws:iam::1:user/root"]
        {
            assert_eq!(is_root(&[key(Value::text(no))]), Tri::No, "{no}");
        }
    }

    #[test]
    fn a_partly_known_name_is_decided_where_it_can_be() {
        let text = |before: &str, after: &str| {
            let hole = unknown("var.x").as_unknown().expect("unknown");
            let pieces = [Text::from(before), Text::unknown(hole), Text::from(after)];
            Value::new(Kind::Text(Text::from_pieces(pieces.iter().flat_map(Text::pieces).collect::<Vec<Piece>>())))
        };
        assert_eq!(is_root(&[key(text("arn:aws:iam::", ":root"))]), Tri::Yes);
        assert_eq!(is_root(&[key(text("ci-", ""))]), Tri::No);
        assert_eq!(is_root(&[key(text("", "-ci"))]), Tri::No);
        assert_eq!(is_root(&[key(text("", ":root"))]), Tri::Maybe);
        assert_eq!(is_root(&[key(text("ro", "t"))]), Tri::Maybe);
        assert_eq!(is_root(&[key(unknown("var.x"))]), Tri::Maybe);
        assert_eq!(is_root(&[key(Value::null())]), Tri::No);
    }

    #[test]
    fn a_reference_to_a_user_takes_its_name() {
        let user =
            |name: &str| resource("aws_iam_user", "aws_iam_user.root", [("name", Value::text(name).at(span(7)))]);
        for attribute in ["id", "name", "arn"] {
            let key = key(computed("aws_iam_user", "aws_iam_user.root", attribute));
            assert_eq!(is_root(&[key.clone(), user("deploy")]), Tri::No);
            assert_eq!(is_root(&[key.clone(), user("root")]), Tri::Yes);
        }
        // Another instance, or an attribute that does not name the user, is no reference to it.
        assert_eq!(is_root(&[key(computed("aws_iam_user", "aws_iam_user.b", "id")), user("deploy")]), Tri::Maybe);
        assert_eq!(is_root(&[key(computed("aws_iam_user", "aws_iam_user.root", "unique_id")), user("x")]), Tri::Maybe);
    }

    #[test]
    fn cloudformation_refers_by_ref_and_makes_names_up() {
        let key = || resource("AWS::IAM::AccessKey", "Key", [("UserName", computed("AWS::IAM::User", "root", "Ref"))]);
        let user = |fields: Vec<(&'static str, Value)>| resource("AWS::IAM::User", "root", fields);
        assert_eq!(is_root(&[key(), user(vec![])]), Tri::No);
        assert_eq!(is_root(&[key(), user(vec![("UserName", Value::text("root"))])]), Tri::Yes);
    }

    #[test]
    fn a_name_is_traced_from_the_key_through_the_user() {
        let resources = [
            key(computed("aws_iam_user", "aws_iam_user.u", "id").at(span(1))),
            resource(
                "aws_iam_user",
                "aws_iam_user.u",
                [(
                    "name",
                    Value::text("root")
                        .at(span(9))
                        .via(Via::ModuleInput("module.ci".into(), "name".into()), Some(span(5))),
                )],
            ),
        ];
        let (settings, facts) = (Settings::default(), [facts(&resources)]);
        let model = Model::new(&settings, &facts);
        let name = model.owner(model.keys().next().expect("a key")).name;
        assert_eq!(name.origin.span, Some(span(1)));
        assert_eq!(name.origin.primary(), Some(span(9)));
        assert_eq!(name.origin.chain().count(), 2);
    }

    #[test]
    fn a_partly_known_name_belongs_to_the_user_it_is_taken_from() {
        let name = || unknown("var.name");
        let user = |address: &str| resource("aws_iam_user", address, [("name", name())]);
        let key = mentions(key(name()), "user", "aws_iam_user.u");
        let of = |resources: &[Resource<'_>]| {
            let (settings, facts) = (Settings::default(), [facts(resources)]);
            let model = Model::new(&settings, &facts);
            let owner = model.owner(model.keys().next().expect("a key"));
            owner.user.map(|user| user.site.address.to_string())
        };
        assert_eq!(of(&[key.clone(), user("aws_iam_user.u")]).as_deref(), Some("aws_iam_user.u"));
        assert_eq!(of(&[key.clone(), user("aws_iam_user.other")]), None);
        assert_eq!(of(&[key, user("aws_iam_user.u[0]"), user("aws_iam_user.u[1]")]), None);
    }

    #[test]
    fn a_user_may_be_made_by_another_project() {
        let user = |mode: Mode, account: Option<&str>| {
            let argument = if mode == Mode::Data { "user_name" } else { "name" };
            let provider = Provider { account: account.map(Value::text), ..Provider::default() };
            let address = format!("{mode:?}.u");
            let user = resource("aws_iam_user", &address, [(argument, Value::text("ci"))]);
            Resource { mode, provider: Arc::new(provider), ..user }
        };
        let of = |all: &[(&str, Vec<Resource<'static>>)]| {
            let of_project = |(project, all): &(&str, Vec<Resource<'static>>)| {
                let mut all = all.clone();
                all.iter_mut().for_each(|resource| resource.site.project = (*project).into());
                Facts { project: (*project).into(), ..facts(&all) }
            };
            let all: Vec<Facts> = all.iter().map(of_project).collect();
            let settings = Settings::default();
            let model = Model::new(&settings, &all);
            let owner = model.owner(model.keys().next().expect("a key"));
            owner.user.map(|user| user.site.address.to_string())
        };
        let made = |account| vec![user(Mode::Managed, account)];
        let named = || key(Value::text("ci"));
        // By its symbol, which names the project.
        let by_symbol = vec![key(computed("aws_iam_user", "Managed.u", "arn"))];
        assert_eq!(of(&[("a", by_symbol), ("p", made(None))]).as_deref(), Some("Managed.u"));
        // By its name, if there is only one.
        assert_eq!(of(&[("a", vec![named()]), ("p", made(None))]).as_deref(), Some("Managed.u"));
        assert_eq!(of(&[("a", vec![named()]), ("b", made(None)), ("p", made(None))]), None);
        // Not in another account.
        let ours = || Provider { account: Some(Value::text("1")), ..Provider::default() };
        let here = || vec![Resource { provider: Arc::new(ours()), ..named() }];
        assert_eq!(of(&[("a", here()), ("b", made(Some("2"))), ("p", made(Some("1")))]).as_deref(), Some("Managed.u"));
        assert_eq!(of(&[("a", here()), ("b", made(Some("2")))]), None);
        // What is read is what is made.
        let reads = || vec![named(), user(Mode::Data, None)];
        assert_eq!(of(&[("a", reads())]).as_deref(), Some("Data.u"));
        assert_eq!(of(&[("a", reads()), ("p", made(None))]).as_deref(), Some("Managed.u"));
        let both = vec![named(), user(Mode::Data, None), user(Mode::Managed, None)];
        assert_eq!(of(&[("a", both)]).as_deref(), Some("Managed.u"));
    }

    #[test]
    fn only_an_inactive_key_is_inactive() {
        let inactive = |status: Value| {
            let key = resource("aws_iam_access_key", "k", [("user", Value::text("x")), ("status", status)]);
            keys(&[key]).first().map(AccessKey::is_inactive)
        };
        assert_eq!(inactive(Value::text("Inactive")), Some(Tri::Yes));
        assert_eq!(inactive(Value::text("Active")), Some(Tri::No));
        assert_eq!(inactive(Value::null()), Some(Tri::No));
        assert_eq!(inactive(unknown("var.status")), Some(Tri::Maybe));
    }

    #[test]
    fn the_account_is_that_of_the_role_assumed() {
        let of = |role: Value| account(&Provider { assume_role: Some(role), ..Provider::default() });
        assert_eq!(of(Value::text("arn:aws:iam::111122223333:role/x")).as_deref(), Some("111122223333"));
        assert_eq!(of(Value::text("deploy")), None);
        assert_eq!(of(unknown("var.role")), None);
    }
}
