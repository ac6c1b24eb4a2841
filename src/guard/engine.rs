//! Evaluates parsed rules over a document: Guard's engine under a root scope of our own, which evaluates each rule once,
//! counts the steps and keeps of what happened only what a finding or an open question is made of.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use cloudformation_guard_lang::errors::Error;
use cloudformation_guard_lang::eval::eval_rule;
use cloudformation_guard_lang::eval_context::{ValueScope, resolve_function};
use cloudformation_guard_lang::exprs::{
    AccessQuery, FunctionExpr, LetValue, ParameterizedRule, QueryPart, Rule, RulesFile,
};
use cloudformation_guard_lang::path_value::PathAwareValue;
use cloudformation_guard_lang::{ClauseCheck, EvalContext, QueryResult, RecordTracer, RecordType, Result, Status};

use super::document::Document;
use super::violation::{self, Violation, as_one};
use crate::value::Reason;

/// How many clauses, filters and blocks one rule file may evaluate over one document.
const MAX_STEPS: usize = 20_000_000;

/// What became of a rule.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// Whether it holds.
    pub(super) status: Status,
    /// What violates it.
    pub(super) violations: Vec<Violation>,
    /// What is unknown and decided whether it applies.
    pub(super) undecided: Vec<(usize, Reason)>,
}

/// What became of the rules of a file, in its order: the same name may come more than once. An error is why a rule could not
/// be evaluated.
pub(super) fn evaluate<'v, 'l: 'v>(
    rules: &'v RulesFile<'l>,
    document: &'v Document,
) -> Vec<(&'v str, std::result::Result<Verdict, String>)> {
    let root = Rc::new(document.root.clone());
    let mut scope = RootScope::new(rules, document, root);
    let evaluate = |(index, rule): (usize, &'v Rule<'l>)| {
        let stack = scope.stack.len();
        // Parts of the engine are not written for every input.
        let verdict = catch_unwind(AssertUnwindSafe(|| scope.rule(index)))
            .unwrap_or_else(|_| Err(Error::IllegalArguments("the Guard engine fails on it".to_owned())));
        scope.stack.truncate(stack);
        let verdict = verdict.map_err(|error| one_line(&error.to_string()));
        (&*rule.rule_name, verdict)
    };
    rules.guard_rules.iter().enumerate().map(evaluate).collect()
}

/// What the engine says may quote a whole document.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What became of a rule so far.
enum Known {
    Running,
    Done(Verdict),
}

struct RootScope<'v, 'l> {
    rules: &'v RulesFile<'l>,
    document: &'v Document,
    root: Rc<PathAwareValue>,
    literals: HashMap<&'v str, Rc<PathAwareValue>>,
    queries: HashMap<&'v str, &'v AccessQuery<'l>>,
    functions: HashMap<&'v str, &'v FunctionExpr<'l>>,
    resolved: HashMap<&'v str, Vec<QueryResult>>,
    /// What of the unknown decided what a variable holds.
    rests_on: HashMap<&'v str, Vec<(usize, Reason)>>,
    verdicts: HashMap<usize, Known>,
    stack: Vec<Open>,
    /// What of the unknown was met in conditions and filters so far.
    met: Vec<(usize, Reason)>,
    steps: usize,
}

/// A clause, block or filter that is being evaluated.
struct Open {
    /// What was found in each of its parts that fails.
    found: Vec<Vec<Violation>>,
    /// How much of the unknown had been met before it.
    met: usize,
}

impl<'v, 'l: 'v> RootScope<'v, 'l> {
    fn new(rules: &'v RulesFile<'l>, document: &'v Document, root: Rc<PathAwareValue>) -> Self {
        let mut scope = Self {
            rules,
            document,
            root,
            literals: HashMap::new(),
            queries: HashMap::new(),
            functions: HashMap::new(),
            resolved: HashMap::new(),
            rests_on: HashMap::new(),
            verdicts: HashMap::new(),
            stack: Vec::new(),
            met: Vec::new(),
            steps: 0,
        };
        for assignment in &rules.assignments {
            let name = &*assignment.var;
            match &assignment.value {
                LetValue::Value(value) => drop(scope.literals.insert(name, Rc::new(value.clone()))),
                LetValue::AccessClause(query) => drop(scope.queries.insert(name, query)),
                LetValue::FunctionCall(function) => drop(scope.functions.insert(name, function)),
            }
        }
        scope
    }

    /// The verdict on one of the rules, evaluated when it is first asked for.
    fn rule(&mut self, index: usize) -> Result<Verdict> {
        match self.verdicts.get(&index) {
            Some(Known::Done(verdict)) => {
                self.met.extend(verdict.undecided.iter().cloned());
                return Ok(verdict.clone());
            }
            // This is looked for before anything is evaluated.
            Some(Known::Running) => return Err(Error::IllegalArguments("the rule refers to itself".to_owned())),
            None => {}
        }
        let rules = self.rules;
        let Some(rule) = rules.guard_rules.get(index) else {
            return Err(Error::IllegalArguments("there is no such rule".to_owned()));
        };
        self.verdicts.insert(index, Known::Running);
        // What is found in it is no part of what is found in whoever asks.
        let outer = std::mem::replace(&mut self.stack, vec![Open { found: Vec::new(), met: 0 }]);
        let met = std::mem::take(&mut self.met);
        let status = eval_rule(rule, self);
        let found = std::mem::replace(&mut self.stack, outer).into_iter().next();
        let mut undecided = std::mem::replace(&mut self.met, met);
        let status = status.inspect_err(|_| drop(self.verdicts.remove(&index)))?;
        let violations = found.map(|own| own.found.into_iter().flatten().collect()).unwrap_or_default();
        undecided.sort_by(|a, b| (a.0, &a.1.missing).cmp(&(b.0, &b.1.missing)));
        undecided.dedup();
        let verdict = Verdict { status, violations, undecided };
        self.met.extend(verdict.undecided.iter().cloned());
        self.verdicts.insert(index, Known::Done(verdict.clone()));
        Ok(verdict)
    }

    /// The numbers of the rules of a name.
    fn named(&self, name: &str) -> Vec<usize> {
        let rules = self.rules.guard_rules.iter().enumerate();
        rules.filter(|(_, rule)| rule.rule_name == name).map(|(index, _)| index).collect()
    }

    /// What a failing clause that names a rule rests on: what violates that rule.
    fn dependent(&self, name: &str) -> (Vec<Violation>, Vec<Reason>) {
        let mut violations = Vec::new();
        let mut undecided = Vec::new();
        for index in self.named(name) {
            if let Some(Known::Done(verdict)) = self.verdicts.get(&index) {
                violations.extend(verdict.violations.iter().cloned());
                undecided.extend(verdict.undecided.iter().map(|(_, reason)| reason.clone()));
            }
        }
        (violations, undecided)
    }

    /// What a record that fails says, from what its parts say.
    fn violations(&self, record: &RecordType<'v>, open: Open) -> Vec<Violation> {
        let found = open.found;
        match record {
            RecordType::ClauseValueCheck(ClauseCheck::DependentRule(check)) => {
                let (violations, undecided) = self.dependent(check.rule);
                vec![violation::of_rule(check, violations, undecided)]
            }
            RecordType::ClauseValueCheck(check) => {
                // Which values there are was decided since the clause around it began.
                let since = self.stack.last().map_or(open.met, |clause| clause.met.min(open.met));
                let met = self.met.get(since..).unwrap_or_default();
                violation::of_clause(check, met, self.document).into_iter().collect()
            }
            RecordType::Disjunction(_) => violation::alternatives(found, self.document),
            RecordType::GuardClauseBlockCheck(block) if block.at_least_one_matches => {
                as_one(found, self.document, true).into_iter().collect()
            }
            RecordType::BlockGuardCheck(_) if found.is_empty() => vec![violation::nothing_found()],
            RecordType::BlockGuardCheck(block) if block.at_least_one_matches => {
                as_one(found, self.document, true).into_iter().collect()
            }
            RecordType::RuleCheck(named) => {
                let mut all: Vec<Violation> = found.into_iter().flatten().collect();
                for violation in all.iter_mut().filter(|violation| violation.message.is_none()) {
                    violation.message = violation::message(named.message.as_deref());
                }
                all
            }
            _ => found.into_iter().flatten().collect(),
        }
    }
}

/// The status of what decides to what a rule applies.
fn condition(record: &RecordType<'_>) -> Option<Status> {
    match record {
        RecordType::Filter(status)
        | RecordType::RuleCondition(status)
        | RecordType::TypeCondition(status)
        | RecordType::WhenCondition(status) => Some(*status),
        _ => None,
    }
}

/// Whether a record that is no condition fails.
fn fails(record: &RecordType<'_>) -> bool {
    let status = match record {
        RecordType::FileCheck(named) | RecordType::RuleCheck(named) => named.status,
        RecordType::TypeCheck(check) => check.block.status,
        RecordType::TypeBlock(status) => *status,
        RecordType::WhenCheck(block)
        | RecordType::Disjunction(block)
        | RecordType::BlockGuardCheck(block)
        | RecordType::GuardClauseBlockCheck(block) => block.status,
        RecordType::ClauseValueCheck(ClauseCheck::Success) => Status::PASS,
        RecordType::ClauseValueCheck(_) => Status::FAIL,
        _ => Status::PASS,
    };
    status == Status::FAIL
}

impl<'v, 'l: 'v> RecordTracer<'v> for RootScope<'v, 'l> {
    fn start_record(&mut self, _context: &str) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(Error::IllegalArguments(format!("it takes more than {MAX_STEPS} steps")));
        }
        self.stack.push(Open { found: Vec::new(), met: self.met.len() });
        Ok(())
    }

    fn end_record(&mut self, _context: &str, record: RecordType<'v>) -> Result<()> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        if let Some(status) = condition(&record) {
            // What fails for certain, too, would not apply whatever the unknown is.
            let mut found = open.found.iter().flatten().peekable();
            if status != Status::PASS && found.peek().is_some() && found.clone().all(|found| !found.unknown.is_empty())
            {
                let rests = found.flat_map(|found| found.unknown.iter().map(|reason| (found.node, reason.clone())));
                self.met.extend(rests);
            }
        } else if fails(&record) {
            let found = self.violations(&record, open);
            if let Some(around) = self.stack.last_mut() {
                around.found.push(found);
            }
        }
        Ok(())
    }
}

impl<'v, 'l: 'v> EvalContext<'v, 'l> for RootScope<'v, 'l> {
    fn query(&mut self, query: &'v [QueryPart<'l>]) -> Result<Vec<QueryResult>> {
        let root = Rc::clone(&self.root);
        ValueScope { root, parent: self }.query(query)
    }

    fn find_parameterized_rule(&mut self, name: &str) -> Result<&'v ParameterizedRule<'l>> {
        let mut rules = self.rules.parameterized_rules.iter();
        // The last one of a name counts.
        let found = rules.rfind(|rule| rule.rule.rule_name == name);
        found.ok_or_else(|| Error::MissingValue(format!("there is no rule `{name}` with parameters")))
    }

    fn root(&mut self) -> Rc<PathAwareValue> {
        Rc::clone(&self.root)
    }

    fn rule_status(&mut self, name: &'v str) -> Result<Status> {
        let named = self.named(name);
        if named.is_empty() {
            return Err(Error::MissingValue(format!("there is no rule `{name}`")));
        }
        for index in named {
            let status = self.rule(index)?.status;
            if status != Status::SKIP {
                return Ok(status);
            }
        }
        Ok(Status::SKIP)
    }

    fn resolve_variable(&mut self, name: &'v str) -> Result<Vec<QueryResult>> {
        if let Some(value) = self.literals.get(name) {
            return Ok(vec![QueryResult::Literal(Rc::clone(value))]);
        }
        if let Some(values) = self.resolved.get(name) {
            self.met.extend(self.rests_on.get(name).into_iter().flatten().cloned());
            return Ok(values.clone());
        }
        let before = self.met.len();
        let values = if let Some(function) = self.functions.get(name).copied() {
            resolve_function(&function.name, &function.parameters, self)?
        } else if let Some(query) = self.queries.get(name).copied() {
            let mut values = self.query(&query.query)?;
            if !query.match_all {
                values.retain(|value| matches!(value, QueryResult::Resolved(_)));
            }
            values
        } else {
            return Err(Error::MissingValue(format!("nothing is named `%{name}` there")));
        };
        self.rests_on.insert(name, self.met.get(before..).unwrap_or_default().to_vec());
        self.resolved.insert(name, values.clone());
        Ok(values)
    }

    fn add_variable_capture_key(&mut self, name: &'v str, key: Rc<PathAwareValue>) -> Result<()> {
        self.resolved.entry(name).or_default().push(QueryResult::Resolved(key));
        Ok(())
    }
}
