//! The projects of a scan, put together into organizations: which roots, units and accounts there are, what is attached on
//! the way to each, and whether that denies its root users a key.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::aws::iam::{
    Account as Who, Answer, Attached, CREATE_ACCESS_KEY, Level, Memo, Organization as Known, Place, Policy, Principal,
    Question, Verdict, answer, decide_with,
};
use crate::aws::{Model, Settings};
use crate::resource::{Presence, Site};
use crate::source::Span;
use crate::value::{Reason, Symbol};

use super::accounts::{self, Accounts, Whose};
use super::declared::{Ident, Unit};
use super::groups::{Group, groups};
use super::guards;
use super::ineffective::Ineffective;
use super::layers::{Index, Layer, Name, names};
use super::near_misses::{Ground, LockedOut, NearMiss};
use super::quotas::Excess;

/// An organization as the scan shows it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The organization's block, if one manages or reads it.
    pub site: Option<Site>,
    /// Whether it is managed here.
    pub managed: bool,
    /// Where something missing is reported.
    pub anchor: Span,
    /// What to call it: an address.
    pub name: Arc<str>,
    /// The projects that are about it.
    pub projects: Vec<Arc<str>>,
    /// What was assumed to put the projects together.
    pub assumption: Option<Reason>,
    /// Why its policies have no effect.
    pub ineffective: Option<Ineffective>,
    /// Who is asked about.
    pub targets: Vec<Target>,
    /// The root, whether or not it is asked about; nothing if it is out of view.
    pub root: Option<Target>,
    /// Projects of which it is not known whether they read this organization.
    pub strangers: Vec<Site>,
    /// Controls that name root and guard nothing.
    pub near_misses: Vec<NearMiss>,
    /// Guards that would keep centralized root access out, too.
    pub locked_out: Vec<LockedOut>,
    /// Where it goes past a quota.
    pub excesses: Vec<Excess>,
    /// Whether the policies at the root alone deny it.
    root_denies: bool,
    /// Whether the policies at the root deny everybody to create keys of IAM users.
    root_denies_user_keys: bool,
    /// Whether they deny everybody to create IAM users.
    root_denies_users: bool,
}

impl Resolved {
    /// Whether every account is covered by the policies at the root, wherever it stands.
    pub fn is_covered_at_the_root(&self) -> bool {
        self.root_denies
    }

    /// Whether nobody can create a key of an IAM user in any account but the management account.
    pub fn denies_user_keys(&self) -> bool {
        self.root_denies_user_keys
    }

    /// Whether nobody can create an IAM user in any account but the management account.
    pub fn denies_users(&self) -> bool {
        self.root_denies_users
    }

    /// The targets whose root users can create a key in some request.
    pub fn uncovered(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(|target| target.is_uncovered())
    }
}

/// What a policy may be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// The organization's root.
    Root,
    /// An organizational unit.
    Unit,
    /// An account.
    Account,
}

/// What a target stands under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Above {
    /// Nothing: it is the root.
    Nothing,
    /// The root.
    Root,
    /// The unit with this key.
    Unit(String),
    /// A unit that is not in the scan.
    Outside(String),
}

/// A root, unit or account with its verdict.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its kind.
    pub kind: TargetKind,
    /// Its number among the targets that others stand under; no two are alike.
    pub key: String,
    /// What it stands under.
    pub above: Above,
    /// What to call it: an id or an address.
    pub name: String,
    /// Where it is declared or mentioned.
    pub span: Option<Span>,
    /// Whether the root users in it are denied a key.
    pub verdict: Verdict,
    /// The unit at which the way to the root leaves the scan.
    pub cut: Option<String>,
    /// Whether the verdict rests on the id of an account that is not known.
    pub by_account: bool,
    /// Why it need not be covered, in the user's words.
    pub exempt: Option<String>,
    /// Why it may not exist.
    pub doubt: Option<Reason>,
}

impl Target {
    /// Whether root can create a key here, as far as is known.
    pub fn is_uncovered(&self) -> bool {
        let gets_through = matches!(self.verdict, Verdict::NotDenied(_) | Verdict::Conditional(_));
        gets_through && self.cut.is_none() && self.exempt.is_none()
    }
}

/// The question that is asked about an organization.
pub(super) fn question(group: &Group<'_>, settings: &Settings) -> Question {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = settings.now.unwrap_or_else(|| i64::try_from(clock()).unwrap_or(i64::MAX));
    let mut question = Question::root_key(Who::Any, now);
    if let Some(partition) = group.facts.iter().find_map(|facts| facts.organization.partition.as_deref()) {
        question.partition = partition.into();
    }
    let id = group.facts.iter().flat_map(|facts| &facts.organization.organizations).find_map(|o| o.id.clone());
    question.organization = id.map(Known::Known);
    question
}

/// The organizations in a scan that are asked about.
pub fn organizations(model: &Model<'_>) -> Vec<Resolved> {
    let mut groups = groups(model);
    if let Some(span) = model.settings.organization.required
        && !groups.iter().any(|group| group.managed)
    {
        groups.iter_mut().for_each(|group| group.managed = true);
        if groups.is_empty() {
            groups.push(Group { managed: true, anchor: Some(span), ..Group::default() });
        }
    }
    groups.iter().filter(|group| group.is_asked()).map(|group| group.resolve(model)).collect()
}

/// A root, unit or account.
struct Node<'a> {
    kind: TargetKind,
    id: &'a Ident,
    parent: Option<&'a Ident>,
    site: Option<&'a Site>,
}

impl<'a> Group<'a> {
    /// Who is asked about (DESIGN, "Who is asked").
    fn nodes(&self) -> Vec<Node<'a>> {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let mut met: HashSet<Name<'a>> = HashSet::new();
        let mut is_new = |id: &'a Ident| {
            let known = names(id).any(|name| met.contains(&name));
            met.extend(names(id));
            !known
        };
        let is_same = |unit: &Unit| unit.id.symbol.as_ref().is_some_and(|symbol| self.same_units.contains_key(symbol));
        for unit in self.units().filter(|unit| !is_same(unit) && is_new(&unit.id)) {
            let (parent, site) = (Some(&unit.parent), Some(&unit.site));
            nodes.push(Node { kind: TargetKind::Unit, id: &unit.id, parent, site });
        }
        let controls = self.facts.iter().flat_map(|facts| &facts.organization.controls).map(|control| &control.target);
        let parents = self.units().map(|unit| &unit.parent);
        let above = self.accounts().filter_map(|account| account.parent.as_ref());
        let mentioned =
            self.attachments().map(|attachment| &attachment.target).chain(controls).chain(parents).chain(above);
        for ident in mentioned {
            let is_unit = ident.literal.as_ref().is_some_and(|id| id.starts_with("ou-"));
            if is_unit && is_new(ident) {
                nodes.push(Node { kind: TargetKind::Unit, id: ident, parent: None, site: None });
            }
        }
        for account in self.accounts() {
            let (parent, site) = (account.parent.as_ref(), Some(&account.site));
            nodes.push(Node { kind: TargetKind::Account, id: &account.id, parent, site });
        }
        nodes
    }

    fn resolve(&self, model: &Model<'_>) -> Resolved {
        let (ineffective, doubt) = self.ineffective();
        let mut judge = Judge {
            group: self,
            index: Index::new(self),
            model,
            question: question(self, model.settings),
            off: ineffective.is_some(),
            doubt,
            layers: HashMap::new(),
            verdicts: HashMap::new(),
            of_accounts: HashMap::new(),
            accounts: Accounts::of(self),
            classes: HashMap::new(),
            relevant: HashMap::new(),
            uncovered: HashSet::new(),
            memo: Memo::default(),
        };
        let nodes = self.nodes();
        let root_counts = nodes.is_empty()
            || self.accounts().any(|account| account.parent.as_ref().is_none_or(|parent| self.is_root(parent)));
        let mut targets = Vec::new();
        let in_view = self.managed
            || self.organization.is_some()
            || self.attachments().any(|attachment| self.is_root(&attachment.target));
        let root = judge.root();
        let root_denies = in_view && matches!(root.verdict, Verdict::Denied(_));
        if root_counts && in_view {
            targets.push(root.clone());
        }
        let root = in_view.then_some(root);
        targets.extend(nodes.iter().map(|node| judge.target(node)));
        let ground = Ground {
            group: self,
            index: &judge.index,
            question: &judge.question,
            full_access: !model.settings.organization.full_aws_access_detached,
            off: ineffective.as_ref(),
            uncovered: &judge.uncovered,
            any_uncovered: targets.iter().any(Target::is_uncovered),
        };
        let (near_misses, locked_out) = (ground.near_misses(), ground.locked_out());
        let root_denies_user_keys = in_view && judge.denies_of_users(CREATE_ACCESS_KEY);
        let root_denies_users = in_view && judge.denies_of_users("iam:CreateUser");
        let first = self.facts.first();
        let site = self.organization.map(|organization| organization.site.clone());
        let first_site = || {
            let policies = self.policies().map(|policy| &policy.site);
            policies.chain(self.attachments().map(|attachment| &attachment.site)).min_by_key(|site| site.header.start)
        };
        let shown = site.as_ref().or_else(first_site);
        let nowhere = || Span::start_of(crate::source::Sources::default().file("".into()));
        Resolved {
            managed: self.managed,
            anchor: self.anchor.or(shown.map(|site| site.header)).unwrap_or_else(nowhere),
            name: shown.map_or_else(|| Arc::from("[organization]"), |site| Arc::clone(&site.block)),
            projects: match first {
                Some(_) => self.facts.iter().map(|facts| Arc::clone(&facts.project)).collect(),
                None => Vec::new(),
            },
            assumption: self.assumption.clone(),
            ineffective,
            targets,
            root,
            strangers: self.strangers.clone(),
            near_misses,
            locked_out,
            excesses: judge.index.excesses(judge.question.now),
            root_denies,
            root_denies_user_keys,
            root_denies_users,
            site,
        }
    }
}

/// A name that no two things share: projects may use the same addresses.
fn key_of(ident: &Ident) -> String {
    format!("{:?} {:?}", ident.literal, ident.symbol)
}

/// Which policies are attached to a level, and with what doubt.
type Class = (bool, Option<String>, Vec<(*const Policy, Option<Reason>)>);

/// The levels that make a difference: the others neither deny nor limit anything.
fn key(layers: &[Rc<Layer>]) -> Vec<usize> {
    let says = |layer: &&Rc<Layer>| !layer.policies.is_empty() || !layer.full_access;
    layers.iter().filter(says).map(|layer| layer.class).collect()
}

/// What makes a difference between accounts without a known id: the levels above, the place, the project that declares
/// them, and their name where a policy names it.
type AccountKey = (Vec<usize>, Place, Option<Arc<str>>, Option<Symbol>);

/// What matters of a policy.
#[derive(Clone)]
struct Relevant {
    /// The statements that can have a say, or come near it.
    policy: Rc<Policy>,
    /// What its unknown parts are the values of.
    symbols: Rc<BTreeSet<Symbol>>,
    /// Whether it writes out ids of accounts.
    has_ids: bool,
}

/// Decides target after target: each set of policies once, not once an account.
struct Judge<'g, 'a, 'm> {
    group: &'g Group<'a>,
    index: Index<'g, 'a>,
    model: &'m Model<'m>,
    question: Question,
    off: bool,
    doubt: Option<Reason>,
    layers: HashMap<String, Rc<Layer>>,
    classes: HashMap<Class, usize>,
    verdicts: HashMap<Vec<usize>, Verdict>,
    /// Verdicts on accounts of which only the place and the name are known.
    of_accounts: HashMap<AccountKey, (Verdict, bool)>,
    accounts: Accounts<'a>,
    relevant: HashMap<*const Policy, Relevant>,
    uncovered: HashSet<*const Policy>,
    memo: Memo,
}

impl<'a> Judge<'_, 'a, '_> {
    fn layer(&mut self, kind: TargetKind, node: Option<&Ident>) -> Rc<Layer> {
        let key = format!("{kind:?} {}", node.map_or_else(String::new, key_of));
        if let Some(layer) = self.layers.get(&key) {
            return Rc::clone(layer);
        }
        let mut layer = self.index.layer(kind, node, self.model);
        if self.off {
            layer.policies.clear();
            layer.full_access = true;
        }
        if let Some(reason) = &self.doubt {
            for (_, doubt) in &mut layer.policies {
                doubt.get_or_insert_with(|| reason.clone());
            }
        }
        let policies = layer.policies.iter().map(|(policy, doubt)| (Arc::as_ptr(policy), doubt.clone())).collect();
        // A level that denies by allowing nothing is named in the verdict.
        let class = (layer.full_access, (!layer.full_access).then(|| layer.id.clone()), policies);
        let next = self.classes.len();
        layer.class = *self.classes.entry(class).or_insert(next);
        let layer = Rc::new(layer);
        self.layers.insert(key, Rc::clone(&layer));
        layer
    }

    fn relevant(&mut self, policy: &Arc<Policy>) -> Relevant {
        let known = self.relevant.entry(Arc::as_ptr(policy));
        let make = || {
            let policy = guards::relevant(policy);
            let (symbols, has_ids) = (policy.symbols().cloned().collect(), accounts::has_ids(&policy));
            Relevant { policy: Rc::new(policy), symbols: Rc::new(symbols), has_ids }
        };
        known.or_insert_with(make).clone()
    }

    fn decide(&mut self, layers: &[Rc<Layer>], question: &Question, whose: Whose<'_>) -> Verdict {
        let verdict = self.with_levels(layers, whose, |memo, levels| decide_with(memo, levels, question));
        self.accounts.in_words(verdict)
    }

    fn with_levels<T>(
        &mut self,
        layers: &[Rc<Layer>],
        whose: Whose<'_>,
        then: impl FnOnce(&mut Memo, &[Level<'_>]) -> T,
    ) -> T {
        let mut policies: Vec<Vec<(Rc<Policy>, Option<Reason>)>> = Vec::new();
        let all = layers.iter().flat_map(|layer| &layer.policies);
        let relevant: Vec<(Relevant, Option<Reason>)> =
            all.map(|(policy, doubt)| (self.relevant(policy), doubt.clone())).collect();
        let apart = !relevant.iter().any(|(relevant, _)| relevant.has_ids);
        let mut relevant = relevant.into_iter();
        for layer in layers {
            let of_layer = relevant.by_ref().take(layer.policies.len()).map(|(relevant, doubt)| {
                let policy = match relevant.symbols.is_empty() {
                    true => {
                        self.memo.keep(&relevant.policy);
                        relevant.policy
                    }
                    false => Rc::new(self.accounts.naming(&relevant.policy, whose, apart)),
                };
                (policy, doubt)
            });
            policies.push(of_layer.collect());
        }
        let levels: Vec<Level<'_>> = layers
            .iter()
            .zip(&policies)
            .map(|(layer, policies)| Level {
                id: layer.id.clone(),
                policies: policies.iter().map(|(policy, doubt)| Attached { policy, doubt: doubt.clone() }).collect(),
                full_access: layer.full_access,
            })
            .collect();
        then(&mut self.memo, &levels)
    }

    /// What the policies of these levels name without knowing it.
    fn symbols(&mut self, layers: &[Rc<Layer>]) -> BTreeSet<Symbol> {
        let all = layers.iter().flat_map(|layer| &layer.policies);
        all.flat_map(|(policy, _)| self.relevant(policy).symbols.iter().cloned().collect::<Vec<_>>()).collect()
    }

    /// The verdict for any account under these levels.
    fn general(&mut self, layers: &[Rc<Layer>]) -> Verdict {
        let key = key(layers);
        if let Some(verdict) = self.verdicts.get(&key) {
            return verdict.clone();
        }
        let question = self.question.clone();
        let verdict = self.decide(layers, &question, Whose::Any);
        self.verdicts.insert(key, verdict.clone());
        verdict
    }

    /// Remembers which policies leave somebody uncovered.
    fn blame(&mut self, layers: &[Rc<Layer>], verdict: &Verdict) {
        if matches!(verdict, Verdict::NotDenied(_) | Verdict::Conditional(_)) {
            let policies = layers.iter().flat_map(|layer| &layer.policies);
            self.uncovered.extend(policies.map(|(policy, _)| Arc::as_ptr(policy)));
        }
    }

    fn exempt(&self, names: &[Option<&str>]) -> Option<String> {
        let exempt = &self.model.settings.organization.exempt;
        exempt.iter().find(|(target, _)| names.contains(&Some(target))).map(|(_, reason)| reason.clone())
    }

    fn root(&mut self) -> Target {
        let layers = [self.layer(TargetKind::Root, None)];
        let verdict = self.general(&layers);
        self.blame(&layers, &verdict);
        let id = self.group.organization.and_then(|organization| organization.root.literal.clone());
        Target {
            kind: TargetKind::Root,
            key: String::new(),
            above: Above::Nothing,
            exempt: self.exempt(&[id.as_deref(), Some("root")]),
            name: id.map_or_else(|| "the root".into(), |id| format!("the root {id}")),
            span: self.group.organization.map(|organization| organization.site.header),
            verdict,
            cut: None,
            by_account: false,
            doubt: None,
        }
    }

    /// Whether neither users nor roles can do this to a user, in whatever account. A user may do it to itself; a role asks in
    /// an account of its own, as a resource has to name one.
    fn denies_of_users(&mut self, action: &str) -> bool {
        let layers = [self.layer(TargetKind::Root, None)];
        let asked = Question { action: action.into(), ..self.question.clone() };
        let account = "000000000000";
        let of_another = |principal| Question {
            principal,
            account: Who::Known(account.into()),
            resource: Some(format!("arn:{}:iam::{account}:user/rootlint", self.question.partition)),
            ..asked.clone()
        };
        let own = Question { principal: Principal::User, ..asked.clone() };
        let questions = [own, of_another(Principal::User), of_another(Principal::Role)];
        let policies: Vec<(&Policy, Option<Reason>)> =
            layers.iter().flat_map(|layer| &layer.policies).map(|(policy, doubt)| (&**policy, doubt.clone())).collect();
        let attached = policies.iter().map(|(policy, doubt)| Attached { policy, doubt: doubt.clone() }).collect();
        let full_access = layers.iter().all(|layer| layer.full_access);
        let levels = [Level { id: "the root".into(), policies: attached, full_access }];
        questions.iter().all(|question| answer(&mut Memo::default(), &levels, question) == Answer::Denied)
    }

    /// What a node stands under.
    fn above(&self, node: &Node<'a>) -> Above {
        match node.parent {
            Some(parent) if self.group.is_root(parent) => Above::Root,
            Some(parent) => match self.index.unit(parent) {
                Some(unit) => Above::Unit(key_of(&unit.id)),
                // A unit that is only mentioned is a target all the same.
                None if parent.literal.as_ref().is_some_and(|id| id.starts_with("ou-")) => Above::Unit(key_of(parent)),
                None => Above::Outside(parent.name()),
            },
            None if node.kind == TargetKind::Account => Above::Root,
            None => Above::Outside("what is above is not in the scan".into()),
        }
    }

    /// Where an account stands, as far as all ids on the way are known.
    fn place(&self, way: &[&Ident]) -> Option<String> {
        let Some(Known::Known(id)) = &self.question.organization else { return None };
        let root = self.group.organization?.root.literal.as_ref()?;
        let units: Option<String> = way.iter().map(|unit| Some(format!("{}/", unit.literal.as_ref()?))).collect();
        Some(format!("{id}/{root}/{}", units?))
    }

    /// The verdict on one account, where it is not that on any account, and whether it rests on the account's id.
    fn account(&mut self, layers: &[Rc<Layer>], id: &Ident, question: Question, general: Verdict) -> (Verdict, bool) {
        let symbols = self.symbols(layers);
        let own = id.symbol.as_ref().filter(|_| !symbols.is_empty());
        if question.account != Who::Any {
            return (self.decide(layers, &question, Whose::Account(own)), false);
        }
        let named = own.filter(|own| symbols.contains(own)).cloned();
        let project = own.map(|own| Arc::clone(&own.project));
        let key = (key(layers), question.place.clone(), project, named);
        if let Some(known) = self.of_accounts.get(&key) {
            return known.clone();
        }
        let as_any = question.place == Place::Any && own.is_none();
        let verdict = if as_any { general } else { self.decide(layers, &question, Whose::Account(own)) };
        // Denied for an account that no policy names: it rests on this account's id.
        let other = Question { account: Who::Known("000000000001".into()), ..question };
        let by_account = matches!(verdict, Verdict::Conditional(_))
            && self.with_levels(layers, Whose::Account(own), |memo, levels| answer(memo, levels, &other))
                == Answer::Denied;
        self.of_accounts.insert(key, (verdict.clone(), by_account));
        (verdict, by_account)
    }

    fn target(&mut self, node: &Node<'a>) -> Target {
        let is_account = node.kind == TargetKind::Account;
        let (way, cut) = match (is_account, node.parent) {
            (true, Some(parent)) => self.index.way(parent),
            (true, None) => (Vec::new(), None),
            (false, _) => self.index.way(node.id),
        };
        // What is attached above the scan is not known; it may only deny more.
        let mut layers = if cut.is_some() { Vec::new() } else { vec![self.layer(TargetKind::Root, None)] };
        for unit in &way {
            layers.push(self.layer(TargetKind::Unit, Some(unit)));
        }
        if is_account {
            layers.push(self.layer(TargetKind::Account, Some(node.id)));
        }
        let mut verdict = self.general(&layers);
        let mut by_account = false;
        // What holds for every account, or for none, holds for this one.
        if is_account && !matches!(verdict, Verdict::Denied(_) | Verdict::NotDenied(_)) {
            let mut question = self.question.clone();
            if let Some(place) = self.place(&way).filter(|_| cut.is_none()) {
                question.place = Place::Known(place);
            }
            if let Some(id) = node.id.literal.clone() {
                question.account = Who::Known(id);
            }
            (verdict, by_account) = self.account(&layers, node.id, question, verdict);
        }
        self.blame(&layers, &verdict);
        let address = node.site.map(|site| site.address.to_string());
        let name = address.clone().unwrap_or_else(|| node.id.name());
        if is_account {
            verdict = accounts::of_one(verdict, &name);
        }
        Target {
            kind: node.kind,
            key: key_of(node.id),
            above: self.above(node),
            exempt: self.exempt(&[node.id.literal.as_deref(), address.as_deref()]),
            name,
            span: node.site.map(|site| site.header).or(node.id.span),
            verdict,
            cut,
            by_account,
            doubt: match node.site.map(|site| &site.presence) {
                Some(Presence::Possible(reason)) => Some(reason.clone()),
                _ => None,
            },
        }
    }
}
