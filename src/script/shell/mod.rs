//! Shell scripts: statements one after the other, with the variables that they set.

use std::collections::HashMap;

use super::tree::{NodeId, Tree};
use super::words::{Field, text_of};
use super::{Credentials, MAX_DEPTH, Name, Reader, STAND_IN, Start, runtime};
use crate::document::Slices;
use crate::source::Span;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Reason, Unknown, Value};

mod commands;
mod expand;

/// A variable.
#[derive(Clone, Debug)]
enum Variable {
    Scalar(Value),
    Array(Vec<Field>),
}

/// A function: its body.
type Functions = HashMap<Name, NodeId>;

/// Follows one script.
struct Shell<'s, 'r> {
    reader: &'s Reader<'r>,
    tree: &'s Tree,
    source: &'s Slices,
    text: &'s str,
    variables: HashMap<Name, Variable>,
    /// What variables were before, since the outermost branch began.
    journal: Vec<(Name, Option<Variable>)>,
    functions: Functions,
    /// Functions that were called.
    called: Vec<Name>,
    aliases: HashMap<String, Vec<Field>>,
    /// `$0`, `$1` and so on; `None` if they are not known.
    path: Option<String>,
    arguments: Option<Vec<Field>>,
    folder: Option<String>,
    /// What `aws configure` and `aws sts assume-role` set up.
    configured: Credentials,
    depth: usize,
}

/// What a command gets on its standard input, if the script shows it.
type Input = Option<Text>;

/// Follows a shell script. Gives the variables that it has set.
pub(super) fn script(reader: &Reader<'_>, text: &Text, start: &Start) -> Vec<(Name, Value)> {
    let source = Slices::with_stand_in(text, STAND_IN);
    let written = source.written();
    let Some(tree) = Tree::parse(&written, &tree_sitter_bash::LANGUAGE.into()) else {
        reader.problem("takes too long to parse".into(), text.span_of(0, 1));
        return Vec::new();
    };
    let mut shell = Shell::new(reader, &tree, &source, &written, start);
    shell.statement(tree.root(), None);
    shell.uncalled();
    let scalar = |(name, variable)| match variable {
        Variable::Scalar(value) => Some((name, value)),
        Variable::Array(_) => None,
    };
    shell.variables.into_iter().filter_map(scalar).collect()
}

/// Runs one command, given as its words.
pub(super) fn run(reader: &Reader<'_>, fields: Vec<Field>, start: &Start) {
    let source = Slices::with_stand_in(&Text::from(""), STAND_IN);
    let Some(tree) = Tree::parse("", &tree_sitter_bash::LANGUAGE.into()) else { return };
    Shell::new(reader, &tree, &source, "", start).run(&fields, None);
}

impl<'s, 'r> Shell<'s, 'r> {
    fn new(reader: &'s Reader<'r>, tree: &'s Tree, source: &'s Slices, text: &'s str, start: &Start) -> Self {
        let variable = |(name, value): &(Name, Value)| (Name::clone(name), Variable::Scalar(value.clone()));
        Self {
            reader,
            tree,
            source,
            text,
            variables: start.variables.iter().map(variable).collect(),
            journal: Vec::new(),
            functions: HashMap::new(),
            called: Vec::new(),
            aliases: HashMap::new(),
            path: start.path.clone(),
            arguments: start.arguments.clone(),
            folder: start.folder.clone(),
            configured: start.credentials.clone(),
            depth: 0,
        }
    }

    fn span(&self, node: NodeId) -> Option<Span> {
        self.source.span(self.tree.range(node))
    }

    fn str(&self, node: NodeId) -> &'s str {
        self.text.get(self.tree.range(node)).unwrap_or_default()
    }

    /// Follows a statement, or whatever else statements may stand in. `input` is what it reads.
    fn statement(&mut self, node: NodeId, input: Input) {
        if self.depth >= MAX_DEPTH {
            return self.reader.problem(format!("is nested deeper than {MAX_DEPTH}"), self.span(node));
        }
        if !self.reader.step() {
            return;
        }
        self.depth += 1;
        self.statement_at(node, input);
        self.depth -= 1;
    }

    fn statement_at(&mut self, node: NodeId, input: Input) {
        let tree = self.tree;
        match tree.kind(node) {
            "comment" | "heredoc_start" | "heredoc_end" => {}
            "command" => self.command(node, input),
            "variable_assignment" => self.assignment(node),
            "declaration_command" => {
                for child in tree.children(node) {
                    if tree.kind(child) == "variable_assignment" {
                        self.assignment(child);
                    }
                }
            }
            "unset_command" => {
                for child in tree.children(node).filter(|child| tree.kind(*child) == "variable_name") {
                    let name = Name::from(self.str(child));
                    self.set(&name, Variable::Scalar(Value::text("")));
                }
            }
            "function_definition" => {
                if let (Some(name), Some(body)) = (tree.child(node, "name"), tree.child(node, "body")) {
                    self.functions.insert(Name::from(self.str(name)), body);
                }
            }
            "redirected_statement" => self.redirected(node, input),
            "pipeline" => self.pipeline(tree.children(node), input),
            "subshell" => self.apart(|shell| shell.statements(node, input)),
            "if_statement" => self.choice(node),
            "case_statement" => self.case(node),
            "while_statement" | "c_style_for_statement" => {
                let inner = tree.children(node).collect();
                self.branches(&[inner], false);
            }
            "for_statement" => self.loop_over(node),
            "negated_command"
            | "list"
            | "compound_statement"
            | "program"
            | "do_group"
            | "elif_clause"
            | "else_clause"
            | "case_item"
            | "ERROR"
            | "variable_assignments" => self.statements(node, input),
            "test_command" => self.expand_within(node),
            _ => {}
        }
    }

    /// The statements in a node, one after the other.
    fn statements(&mut self, node: NodeId, input: Input) {
        let tree = self.tree;
        for child in tree.children(node) {
            self.statement(child, input.clone());
            let is_end = tree.kind(child) == "command" && matches!(self.str(child).split(' ').next(), Some("exit"));
            if is_end && tree.kind(node) == "program" {
                return;
            }
        }
    }

    /// Runs something whose changes to variables do not outlast it.
    fn apart(&mut self, run: impl FnOnce(&mut Self)) {
        let mark = self.journal.len();
        let (folder, configured) = (self.folder.clone(), self.configured.clone());
        // Something must stand in the journal for `set` to write to it.
        self.journal.push((Name::from(""), None));
        run(self);
        // The credentials of a role that it prints may be taken up from what it printed.
        let role = self.configured.role.take().or(configured.role);
        (self.folder, self.configured) = (folder, Credentials { role, ..configured });
        self.undo(mark);
    }

    /// Takes back what was set since `mark`; gives what it was set to.
    fn undo(&mut self, mark: usize) -> Vec<(Name, Variable)> {
        let mut changed: Vec<(Name, Variable)> = Vec::new();
        while self.journal.len() > mark {
            let Some((name, before)) = self.journal.pop() else { break };
            if name.is_empty() {
                continue;
            }
            let now = match before {
                Some(before) => self.variables.insert(Name::clone(&name), before),
                None => self.variables.remove(&name),
            };
            if let Some(now) = now
                && !changed.iter().any(|(known, _)| *known == name)
            {
                changed.push((name, now));
            }
        }
        changed
    }

    fn set(&mut self, name: &Name, variable: Variable) {
        let before = self.variables.insert(Name::clone(name), variable);
        if !self.journal.is_empty() {
            self.journal.push((Name::clone(name), before));
        }
    }

    /// Runs each of the nodes, of which one is run; or perhaps none, unless `exhaustive`.
    fn branches(&mut self, branches: &[Vec<NodeId>], exhaustive: bool) {
        let mut all: Vec<Vec<(Name, Variable)>> = Vec::new();
        for branch in branches {
            let mark = self.journal.len();
            self.journal.push((Name::from(""), None));
            for statement in branch {
                self.statement(*statement, None);
            }
            all.push(self.undo(mark));
        }
        let mut names: Vec<Name> = Vec::new();
        for (name, _) in all.iter().flatten() {
            if !names.contains(name) {
                names.push(Name::clone(name));
            }
        }
        for name in names {
            let set = |branch: &Vec<(Name, Variable)>| {
                branch.iter().find(|(known, _)| *known == name).map(|(_, variable)| variable.clone())
            };
            let mut found: Vec<Variable> = all.iter().filter_map(set).collect();
            if !exhaustive || found.len() < all.len() {
                let before = self.variables.get(&name).cloned();
                found.insert(0, before.unwrap_or_else(|| Variable::Scalar(self.outside(&name, None))));
            }
            let together = one_of(&name, found);
            self.set(&name, together);
        }
    }

    fn choice(&mut self, node: NodeId) {
        let tree = self.tree;
        // The condition is run in any case; the rest of the children are the first branch and the clauses.
        for condition in tree.children_of(node, "condition") {
            self.statement(condition, None);
        }
        let inner = tree.children(node).filter(|child| tree.field(*child) != Some("condition"));
        let (clauses, first): (Vec<NodeId>, Vec<NodeId>) =
            inner.partition(|child| matches!(tree.kind(*child), "elif_clause" | "else_clause"));
        let exhaustive = clauses.iter().any(|clause| tree.kind(*clause) == "else_clause");
        let all: Vec<Vec<NodeId>> = [first].into_iter().chain(clauses.into_iter().map(|clause| vec![clause])).collect();
        self.branches(&all, exhaustive);
    }

    fn case(&mut self, node: NodeId) {
        let tree = self.tree;
        let items: Vec<NodeId> = tree.children(node).filter(|child| tree.kind(*child) == "case_item").collect();
        let is_rest = |item: &NodeId| tree.child(*item, "value").is_some_and(|value| self.str(value) == "*");
        let exhaustive = items.iter().any(is_rest);
        let items: Vec<Vec<NodeId>> = items.into_iter().map(|item| vec![item]).collect();
        self.branches(&items, exhaustive);
    }

    fn loop_over(&mut self, node: NodeId) {
        let tree = self.tree;
        let (Some(name), Some(body)) = (tree.child(node, "variable"), tree.child(node, "body")) else { return };
        let name = Name::from(self.str(name));
        let values: Vec<NodeId> = tree.children_of(node, "value").collect();
        let words: Vec<Field> = values.into_iter().flat_map(|value| self.word(value)).collect();
        let span = words.first().and_then(|word| word.span);
        let unknown = || runtime(format!("${name}"), "takes values that are known when the script runs", span);
        let value = if words.is_empty() || words.iter().any(|word| word.open) {
            unknown()
        } else {
            let found = words.iter().map(|word| Variable::Scalar(word.value())).collect();
            match one_of(&name, found) {
                Variable::Scalar(value) => value,
                Variable::Array(_) => unknown(),
            }
        };
        self.set(&name, Variable::Scalar(value));
        self.branches(&[vec![body]], false);
    }

    fn assignment(&mut self, node: NodeId) {
        if let Some((name, variable)) = self.assigned(node) {
            self.set(&name, variable);
        }
    }

    /// The variable that an assignment sets, and to what.
    fn assigned(&mut self, node: NodeId) -> Option<(Name, Variable)> {
        let tree = self.tree;
        let name = tree.child(node, "name")?;
        if tree.kind(name) == "subscript" {
            self.expand_within(node);
            return None;
        }
        let name = Name::from(self.str(name));
        let appends = tree.child_of_kind(node, "+=").is_some();
        let value = tree.child(node, "value");
        let variable = match value.filter(|value| tree.kind(*value) == "array") {
            Some(array) => {
                let elements: Vec<NodeId> = tree.children(array).collect();
                let words = elements.into_iter().filter(|child| !matches!(tree.kind(*child), "(" | ")"));
                let mut fields = Vec::new();
                if let (true, Some(Variable::Array(before))) = (appends, self.variables.get(&name)) {
                    fields.clone_from(before);
                }
                for word in words {
                    fields.extend(self.word(word));
                }
                fields.truncate(super::MAX_WORDS);
                Variable::Array(fields)
            }
            None => {
                let text = value.map(|value| self.unsplit(value)).unwrap_or_else(|| Text::from(""));
                let text = match (appends, self.variables.get(&name)) {
                    (true, Some(Variable::Scalar(before))) => {
                        self.bounded(Text::concat([&text_of(before), &text]), node)
                    }
                    _ => text,
                };
                let span = value.and_then(|value| self.span(value));
                Variable::Scalar(super::words::value_of(&text, span))
            }
        };
        if let Variable::Scalar(value) = &variable {
            self.remember(&name, value);
        }
        Some((name, variable))
    }

    /// Remembers credentials that a variable sets.
    fn remember(&self, name: &str, value: &Value) {
        let is_set = value.as_str().is_none_or(|text| !text.is_empty());
        match name {
            "AWS_PROFILE" | "AWS_DEFAULT_PROFILE" if is_set => self.reader.profile(value),
            "AWS_ACCESS_KEY_ID" if is_set => self.reader.key(value),
            _ => {}
        }
    }

    /// A variable that the script does not set.
    fn outside(&self, name: &str, span: Option<Span>) -> Value {
        let given = self.reader.surroundings.variable(name);
        given.unwrap_or_else(|| runtime(format!("${name}"), "is set outside the script", span))
    }

    /// The value of a variable, if script or surroundings set it.
    fn known(&self, name: &str) -> Option<Value> {
        match self.variables.get(name) {
            Some(Variable::Scalar(value)) => Some(value.clone()),
            Some(Variable::Array(_)) => None,
            None => self.reader.surroundings.variable(name),
        }
    }

    /// The credentials that the AWS CLI takes up by itself.
    /// <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>
    fn credentials(&self) -> Credentials {
        let set = |name: &str| self.known(name).filter(|value| value.as_str().is_none_or(|text| !text.is_empty()));
        let profile = set("AWS_PROFILE").or_else(|| set("AWS_DEFAULT_PROFILE"));
        let key = set("AWS_ACCESS_KEY_ID");
        let session = set("AWS_SESSION_TOKEN").filter(|_| key.is_some());
        let role = match (&self.configured.role, session) {
            (Some(role), Some(_)) => Some(role.clone()),
            (None, _) | (_, None) => set("AWS_ROLE_ARN").filter(|_| set("AWS_WEB_IDENTITY_TOKEN_FILE").is_some()),
        };
        // The environment's key goes before its profile's and the configuration's.
        match (key, role, profile) {
            (_, Some(role), _) => Credentials { role: Some(role), ..Credentials::default() },
            (Some(key), ..) => Credentials { key: Some(key), ..Credentials::default() },
            (_, _, Some(profile)) => Credentials { profile: Some(profile), ..Credentials::default() },
            _ => Credentials { role: None, ..self.configured.clone() },
        }
    }

    /// Follows the functions that nobody called, with arguments that are not known: another script may call them.
    fn uncalled(&mut self) {
        let mut left: Vec<(Name, NodeId)> =
            self.functions.iter().map(|(name, body)| (Name::clone(name), *body)).collect();
        left.sort_by_key(|(_, body)| self.tree.range(*body).start);
        for (name, body) in left {
            if !self.called.contains(&name) {
                let arguments = self.arguments.take();
                self.apart(|shell| shell.statement(body, None));
                self.arguments = arguments;
            }
        }
    }
}

/// One of several values.
fn one_of(name: &str, found: Vec<Variable>) -> Variable {
    let scalar = |variable: &Variable| match variable {
        Variable::Scalar(value) => Some(value.clone()),
        Variable::Array(_) => None,
    };
    let scalars: Option<Vec<Value>> = found.iter().map(scalar).collect();
    match (scalars, found.into_iter().next_back()) {
        (Some(scalars), Some(last)) => {
            let is_same = scalars.windows(2).all(|pair| match pair {
                [one, other] => matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one == other),
                _ => false,
            });
            if scalars.len() == 1 || is_same {
                return last;
            }
            let span = scalars.first().and_then(|value| value.origin.span);
            let reason = Reason::new(format!("${name}"), "has one of several values when the script runs", span);
            let unknown = Unknown { ty: Type::Text, not_null: true, symbol: None, among: None, reason };
            let scalars = scalars.into_iter().map(|value| Value { kind: as_text(&value), ..value }).collect();
            Variable::Scalar(Value::one_of(unknown, scalars))
        }
        (_, Some(last)) => last,
        (_, None) => Variable::Scalar(Value::text("")),
    }
}

fn as_text(value: &Value) -> crate::value::Kind {
    crate::value::Kind::Text(text_of(value))
}
