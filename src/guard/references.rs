//! Who refers to whom in a rule file: what is not there, what refers to itself, what takes too long.
//!
//! Guard finds a variable or a rule by its name when it meets it and follows the name at once, so that `let x = %x` ends the
//! program. Here the same names are followed before anything is evaluated. A variable is that of the nearest block around
//! its use; only in a rule with parameters it may be one of whoever calls the rule.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudformation_guard_lang::eval_context::FunctionName;
use cloudformation_guard_lang::exprs::{
    Block, Conjunctions, FileLocation, GuardAccessClause, GuardClause, GuardNamedRuleClause, LetExpr, LetValue,
    ParameterizedNamedRuleClause, QueryPart, Rule, RuleClause, RulesFile, WhenGuardClause,
};

use super::Problem;
use super::outline::{Named, Outline};
use crate::source::LineIndex;
use crate::suggest::did_you_mean;

/// How long a chain of variables and rules may be of which each refers to the next.
const MAX_CHAIN: usize = 64;

/// How often the rules with parameters that one rule calls may be evaluated for it.
const MAX_CALLS: u64 = 10_000;

/// How many parts a query may have.
const MAX_PARTS: usize = 64;

/// Looks for what must not be evaluated.
///
/// # Errors
/// The first such thing.
pub(super) fn check(rules: &RulesFile<'_>, outline: &Outline, text: &str) -> Result<(), Problem> {
    let mut walk = Walk::new(text, outline, rules);
    walk.declare();
    walk.file()?;
    walk.names_are_there()?;
    if let Some(at) = walk.json_parse.filter(|_| walk.joins) {
        let message = "json_parse() beside join() is not supported: what is put together may be too deep to be parsed";
        return Err(Problem::new(message, at));
    }
    walk.order()
}

/// Whether a rule file parses strings of the document.
pub(super) fn parses_strings(text: &str) -> bool {
    text.contains("json_parse")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Variable,
    Rule,
    WithParameters,
}

struct Node {
    name: String,
    kind: Kind,
    at: usize,
    /// Which others it refers to, each as often as it does.
    uses: Vec<usize>,
}

struct Walk<'r> {
    text: &'r str,
    lines: LineIndex,
    outline: &'r Outline,
    rules: &'r RulesFile<'r>,
    nodes: Vec<Node>,
    named: HashMap<&'r str, usize>,
    with_parameters: HashMap<&'r str, (usize, usize)>,
    /// The variables of the blocks around, innermost last. A parameter has no node.
    scopes: Vec<HashMap<&'r str, Option<usize>>>,
    /// What refers to others here.
    owner: usize,
    /// Where the rule starts and ends that is looked at.
    reach: (usize, usize),
    in_parameterized: bool,
    /// Variables that a query captures.
    captured: BTreeSet<&'r str>,
    /// Variables used that no block around declares.
    open: Vec<(&'r str, usize, bool)>,
    json_parse: Option<usize>,
    joins: bool,
}

impl<'r> Walk<'r> {
    fn new(text: &'r str, outline: &'r Outline, rules: &'r RulesFile<'r>) -> Self {
        Self {
            text,
            lines: LineIndex::new(text),
            outline,
            rules,
            nodes: Vec::new(),
            named: HashMap::new(),
            with_parameters: HashMap::new(),
            scopes: Vec::new(),
            owner: 0,
            reach: (0, text.len()),
            in_parameterized: false,
            captured: BTreeSet::new(),
            open: Vec::new(),
            json_parse: None,
            joins: false,
        }
    }

    /// A node for each rule; the first one stands for the file.
    fn declare(&mut self) {
        self.node("the file", Kind::Rule, 0);
        let rules = self.rules;
        for rule in &rules.guard_rules {
            if !self.named.contains_key(&*rule.rule_name) {
                let at = self.rule_at(&rule.rule_name, 0);
                let node = self.node(&rule.rule_name, Kind::Rule, at);
                self.named.insert(&rule.rule_name, node);
            }
        }
        for rule in &rules.parameterized_rules {
            let at = self.rule_at(&rule.rule.rule_name, 0);
            let node = self.node(&rule.rule.rule_name, Kind::WithParameters, at);
            self.with_parameters.insert(&rule.rule.rule_name, (node, rule.parameter_names.len()));
        }
    }

    fn node(&mut self, name: &str, kind: Kind, at: usize) -> usize {
        self.nodes.push(Node { name: name.to_owned(), kind, at, uses: Vec::new() });
        self.nodes.len() - 1
    }

    /// Where the rule of a name stands, the `skip`th one.
    fn rule_at(&self, name: &str, skip: usize) -> usize {
        self.outline.rules.iter().filter(|rule| rule.name == name).nth(skip).map_or(0, |rule| rule.at)
    }

    /// The first of these names from `start` on.
    fn place(&self, names: &[Named], name: &str) -> usize {
        let within = |named: &&Named| named.name == name && (self.reach.0..self.reach.1).contains(&named.at);
        let anywhere = || names.iter().find(|named| named.name == name);
        names.iter().find(within).or_else(anywhere).map_or(self.reach.0, |named| named.at)
    }

    fn offset(&self, location: &FileLocation<'_>) -> usize {
        let start = self.lines.line_start(location.line);
        let line = self.text.get(start..).unwrap_or_default();
        let column = (location.column as usize).saturating_sub(1);
        start + line.char_indices().nth(column).map_or(0, |(at, _)| at)
    }

    fn file(&mut self) -> Result<(), Problem> {
        let rules = self.rules;
        self.enter(&rules.assignments)?;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for rule in &rules.guard_rules {
            let skip = seen.entry(&rule.rule_name).or_default();
            let nth = *skip;
            *skip += 1;
            self.owner = self.named.get(&*rule.rule_name).copied().unwrap_or(0);
            self.rule(rule, nth)?;
        }
        self.in_parameterized = true;
        for rule in &rules.parameterized_rules {
            self.owner = self.with_parameters.get(&*rule.rule.rule_name).map_or(0, |(node, _)| *node);
            self.scopes.push(rule.parameter_names.iter().map(|name| (&**name, None)).collect());
            self.rule(&rule.rule, 0)?;
            self.scopes.pop();
        }
        Ok(())
    }

    fn rule(&mut self, rule: &'r Rule<'r>, nth: usize) -> Result<(), Problem> {
        let start = self.rule_at(&rule.rule_name, nth);
        let next = self.outline.rules.iter().map(|rule| rule.at).find(|at| *at > start);
        self.reach = (start, next.unwrap_or(self.text.len()));
        if let Some(conditions) = &rule.conditions {
            self.conditions(conditions)?;
        }
        self.block(&rule.block, |walk, clause| walk.rule_clause(clause))
    }

    /// A new scope with these variables, each of which may use the others.
    fn enter(&mut self, assignments: &'r [LetExpr<'r>]) -> Result<(), Problem> {
        let mut scope = HashMap::new();
        for assignment in assignments {
            let at = self.place(&self.outline.lets, &assignment.var);
            scope.insert(&*assignment.var, Some(self.node(&assignment.var, Kind::Variable, at)));
        }
        self.scopes.push(scope);
        let owner = self.owner;
        for assignment in assignments {
            let node = self.scopes.last().and_then(|scope| scope.get(&*assignment.var).copied().flatten());
            self.owner = node.unwrap_or(owner);
            self.value(&assignment.value)?;
        }
        self.owner = owner;
        Ok(())
    }

    fn block<T>(
        &mut self,
        block: &'r Block<'r, T>,
        clause: impl Fn(&mut Self, &'r T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.enter(&block.assignments)?;
        for each in block.conjunctions.iter().flatten() {
            clause(self, each)?;
        }
        self.scopes.pop();
        Ok(())
    }

    fn rule_clause(&mut self, clause: &'r RuleClause<'r>) -> Result<(), Problem> {
        match clause {
            RuleClause::Clause(clause) => self.clause(clause),
            RuleClause::WhenBlock(conditions, block) => {
                self.conditions(conditions)?;
                self.block(block, |walk, clause| walk.clause(clause))
            }
            RuleClause::TypeBlock(block) => {
                if let Some(conditions) = &block.conditions {
                    self.conditions(conditions)?;
                }
                self.query(&block.query)?;
                self.block(&block.block, |walk, clause| walk.clause(clause))
            }
        }
    }

    fn clause(&mut self, clause: &'r GuardClause<'r>) -> Result<(), Problem> {
        match clause {
            GuardClause::Clause(clause) => self.access(clause),
            GuardClause::NamedRule(clause) => self.named_rule(clause),
            GuardClause::ParameterizedNamedRule(call) => self.call(call),
            GuardClause::BlockClause(clause) => {
                self.query(&clause.query.query)?;
                self.block(&clause.block, |walk, clause| walk.clause(clause))
            }
            GuardClause::WhenBlock(conditions, block) => {
                self.conditions(conditions)?;
                self.block(block, |walk, clause| walk.clause(clause))
            }
        }
    }

    fn conditions(&mut self, conditions: &'r Conjunctions<WhenGuardClause<'r>>) -> Result<(), Problem> {
        conditions.iter().flatten().try_for_each(|clause| match clause {
            WhenGuardClause::Clause(clause) => self.access(clause),
            WhenGuardClause::NamedRule(clause) => self.named_rule(clause),
            WhenGuardClause::ParameterizedNamedRule(call) => self.call(call),
        })
    }

    fn access(&mut self, clause: &'r GuardAccessClause<'r>) -> Result<(), Problem> {
        self.query(&clause.access_clause.query.query)?;
        clause.access_clause.compare_with.as_ref().map_or(Ok(()), |value| self.value(value))
    }

    fn named_rule(&mut self, clause: &'r GuardNamedRuleClause<'r>) -> Result<(), Problem> {
        let name = &*clause.dependent_rule;
        match (self.named.get(name).copied(), self.with_parameters.get(name)) {
            (Some(node), _) => {
                self.uses(node);
                Ok(())
            }
            (None, Some(_)) => {
                let message = format!("the rule `{name}` has parameters: call it as `{name}(...)`");
                Err(Problem::new(message, self.offset(&clause.location)))
            }
            (None, None) => {
                let hint = did_you_mean(name, self.named.keys().copied());
                Err(Problem::new(format!("there is no rule `{name}`{hint}"), self.offset(&clause.location)))
            }
        }
    }

    fn call(&mut self, call: &'r ParameterizedNamedRuleClause<'r>) -> Result<(), Problem> {
        let name = &*call.named_rule.dependent_rule;
        let at = self.offset(&call.named_rule.location);
        let Some((node, parameters)) = self.with_parameters.get(name).copied() else {
            let hint = did_you_mean(name, self.with_parameters.keys().copied());
            return Err(Problem::new(
                format!("there is no rule `{name}` with parameters, nor such a function{hint}"),
                at,
            ));
        };
        if parameters != call.parameters.len() {
            let message = format!("the rule `{name}` has {parameters} parameters, not {}", call.parameters.len());
            return Err(Problem::new(message, at));
        }
        self.uses(node);
        call.parameters.iter().try_for_each(|value| self.value(value))
    }

    fn value(&mut self, value: &'r LetValue<'r>) -> Result<(), Problem> {
        match value {
            LetValue::Value(_) => Ok(()),
            LetValue::AccessClause(access) => self.query(&access.query),
            LetValue::FunctionCall(call) => {
                match call.name {
                    FunctionName::JsonParse => {
                        self.json_parse.get_or_insert(self.offset(&call.location));
                    }
                    FunctionName::Join => self.joins = true,
                    _ => {}
                }
                call.parameters.iter().try_for_each(|value| self.value(value))
            }
        }
    }

    fn query(&mut self, query: &'r [QueryPart<'r>]) -> Result<(), Problem> {
        if query.len() > MAX_PARTS {
            return Err(Problem::new(format!("a query here has more than {MAX_PARTS} parts"), self.reach.0));
        }
        for part in query {
            if let Some(name) = part.variable() {
                self.variable(name);
            }
            match part {
                QueryPart::Filter(name, clauses) => {
                    self.captured.extend(name.as_deref());
                    clauses.iter().flatten().try_for_each(|clause| self.clause(clause))?;
                }
                QueryPart::MapKeyFilter(name, filter) => {
                    self.captured.extend(name.as_deref());
                    self.value(&filter.compare_with)?;
                }
                QueryPart::AllValues(name) | QueryPart::AllIndices(name) => self.captured.extend(name.as_deref()),
                _ => {}
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: &'r str) {
        match self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            Some(Some(node)) => self.uses(*node),
            Some(None) => {}
            None => {
                let at = self.place(&self.outline.uses, name);
                self.open.push((name, at, self.in_parameterized));
            }
        }
    }

    fn uses(&mut self, node: usize) {
        if let Some(owner) = self.nodes.get_mut(self.owner) {
            owner.uses.push(node);
        }
    }

    fn names_are_there(&self) -> Result<(), Problem> {
        let declared: BTreeSet<&str> = self.outline.lets.iter().map(|declared| &*declared.name).collect();
        let parameters: BTreeSet<&str> =
            self.rules.parameterized_rules.iter().flat_map(|rule| &rule.parameter_names).map(|name| &**name).collect();
        for (name, at, of_caller) in &self.open {
            let caller = *of_caller && (declared.contains(name) || parameters.contains(name));
            if !caller && !self.captured.contains(name) {
                let hint = did_you_mean(name, declared.iter().copied());
                return Err(Problem::new(format!("nothing here is named `%{name}`{hint}"), *at));
            }
        }
        Ok(())
    }

    /// Puts everything in an order in which each comes after what it refers to; what is left refers to itself.
    fn order(&self) -> Result<(), Problem> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut left: Vec<usize> = self.nodes.iter().map(|node| node.uses.len()).collect();
        for (index, node) in self.nodes.iter().enumerate() {
            for used in &node.uses {
                if let Some(users) = users.get_mut(*used) {
                    users.push(index);
                }
            }
        }
        let mut ready: Vec<usize> = (0..self.nodes.len()).filter(|index| left.get(*index) == Some(&0)).collect();
        let mut chain = vec![1_usize; self.nodes.len()];
        let mut calls = vec![1_u64; self.nodes.len()];
        let mut done = 0;
        while let Some(index) = ready.pop() {
            done += 1;
            let Some(node) = self.nodes.get(index) else { continue };
            let (own_chain, own_calls) =
                (chain.get(index).copied().unwrap_or(1), calls.get(index).copied().unwrap_or(1));
            if own_chain > MAX_CHAIN {
                let message = format!("`{}` rests on a chain of more than {MAX_CHAIN} variables and rules", node.name);
                return Err(Problem::new(message, node.at));
            }
            if own_calls > MAX_CALLS {
                let message = format!("`{}` calls rules with parameters more than {MAX_CALLS} times", node.name);
                return Err(Problem::new(message, node.at));
            }
            for user in users.get(index).into_iter().flatten() {
                if let Some(chain) = chain.get_mut(*user) {
                    *chain = (*chain).max(own_chain + 1);
                }
                if let Some(calls) = calls.get_mut(*user).filter(|_| node.kind == Kind::WithParameters) {
                    *calls = calls.saturating_add(own_calls);
                }
                if let Some(left) = left.get_mut(*user) {
                    *left -= 1;
                    if *left == 0 {
                        ready.push(*user);
                    }
                }
            }
        }
        if done == self.nodes.len() { Ok(()) } else { Err(self.circle(&left)) }
    }

    /// One of the circles among what is `left`.
    fn circle(&self, left: &[usize]) -> Problem {
        let stuck = |index: &usize| left.get(*index).is_some_and(|left| *left > 0);
        let mut way: Vec<usize> = Vec::new();
        let mut next = (0..self.nodes.len()).find(stuck);
        while let Some(index) = next {
            if let Some(start) = way.iter().position(|known| *known == index) {
                way.drain(..start);
                break;
            }
            way.push(index);
            next = self.nodes.get(index).and_then(|node| node.uses.iter().copied().find(stuck));
        }
        let name = |index: &usize| {
            self.nodes.get(*index).map(|node| match node.kind {
                Kind::Variable => format!("%{}", node.name),
                Kind::Rule | Kind::WithParameters => node.name.clone(),
            })
        };
        let mut names: Vec<String> = way.iter().filter_map(name).collect();
        names.extend(names.first().cloned());
        let at = way.first().and_then(|index| self.nodes.get(*index)).map_or(0, |node| node.at);
        Problem::new(format!("this refers to itself: {}", names.join(" -> ")), at)
    }
}
