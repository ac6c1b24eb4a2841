//! Python: from the grammar's tree to statements.

use std::rc::Rc;

use super::MAX_DEPTH;
use super::program::{Argument, Class, Expr, ExprKind, Function, Stmt, Target, TextPart};
use super::tree::{NodeId, Tree};

/// The statements of a script.
pub(super) fn statements(tree: &Tree, text: &str) -> Vec<Stmt> {
    let mut lower = Lower { tree, text, depth: 0 };
    lower.block(tree.root())
}

struct Lower<'t> {
    tree: &'t Tree,
    text: &'t str,
    depth: usize,
}

impl Lower<'_> {
    fn str(&self, node: NodeId) -> &str {
        self.text.get(self.tree.range(node)).unwrap_or_default()
    }

    fn name(&self, node: NodeId) -> Rc<str> {
        Rc::from(self.str(node))
    }

    fn named(&self, node: NodeId, field: &str) -> Option<NodeId> {
        self.tree.child(node, field)
    }

    /// The statements in a node. Every statement counts, also one within something that does not parse.
    fn block(&mut self, node: NodeId) -> Vec<Stmt> {
        let children: Vec<NodeId> = self.tree.children(node).collect();
        let mut all = Vec::new();
        for child in children {
            self.statement(child, &mut all);
        }
        all
    }

    fn body(&mut self, node: NodeId, field: &str) -> Vec<Stmt> {
        self.named(node, field).map(|body| self.block(body)).unwrap_or_default()
    }

    fn statement(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.statement_at(node, all);
        self.depth -= 1;
    }

    fn statement_at(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        let tree = self.tree;
        match tree.kind(node) {
            "expression_statement" => {
                let children: Vec<NodeId> = tree.children(node).collect();
                children.into_iter().for_each(|child| self.statement(child, all));
            }
            "assignment" => {
                let Some(value) = self.named(node, "right") else { return };
                let target = self.named(node, "left").map_or(Target::Other, |left| self.target(left));
                if tree.kind(value) == "assignment" {
                    // `a = b = c`
                    self.statement(value, all);
                }
                let value = self.expr(value);
                all.push(Stmt::Assign(target, value));
            }
            "augmented_assignment" => {
                let (Some(left), Some(right)) = (self.named(node, "left"), self.named(node, "right")) else { return };
                let (target, before, value) = (self.target(left), self.expr(left), self.expr(right));
                let range = tree.range(node);
                let sum = match self.named(node, "operator").is_some_and(|operator| self.str(operator) == "+=") {
                    true => ExprKind::Plus(Box::new(before), Box::new(value)),
                    false => ExprKind::Other(vec![before, value]),
                };
                all.push(Stmt::Assign(target, Expr::new(sum, range)));
            }
            "if_statement" => {
                if let Some(condition) = self.named(node, "condition") {
                    all.push(Stmt::Expr(self.expr(condition)));
                }
                let mut branches = vec![self.body(node, "consequence")];
                let mut exhaustive = false;
                let clauses: Vec<NodeId> = tree.children_of(node, "alternative").collect();
                for clause in clauses {
                    exhaustive |= tree.kind(clause) == "else_clause";
                    let field = if tree.kind(clause) == "else_clause" { "body" } else { "consequence" };
                    branches.push(self.body(clause, field));
                }
                all.push(Stmt::Branches(branches, exhaustive));
            }
            "for_statement" => {
                let (Some(left), Some(right)) = (self.named(node, "left"), self.named(node, "right")) else { return };
                let (target, values) = (self.target(left), self.expr(right));
                let body = self.body(node, "body");
                all.push(Stmt::Loop(target, values, body));
            }
            "while_statement" => {
                if let Some(condition) = self.named(node, "condition") {
                    all.push(Stmt::Expr(self.expr(condition)));
                }
                let body = self.body(node, "body");
                all.push(Stmt::Branches(vec![body], false));
            }
            "with_statement" => {
                self.with_items(node, all);
                let body = self.body(node, "body");
                all.push(Stmt::Block(body));
            }
            "function_definition" => {
                let function = self.function(node);
                all.push(Stmt::Function(Rc::new(function)));
            }
            "class_definition" => {
                let name = self.named(node, "name").map(|name| self.name(name)).unwrap_or_else(|| Rc::from(""));
                let body = self.body(node, "body");
                all.push(Stmt::Class(Rc::new(Class { name, body })));
            }
            "import_statement" => self.import(node, all),
            "import_from_statement" => self.import_from(node, all),
            "return_statement" => {
                let value = tree.children(node).nth(1);
                let range = tree.range(node);
                let value = value.map_or_else(|| Expr::new(ExprKind::Null, range), |value| self.expr(value));
                all.push(Stmt::Return(value));
            }
            "decorated_definition"
            | "block"
            | "try_statement"
            | "except_clause"
            | "except_group_clause"
            | "finally_clause"
            | "else_clause"
            | "ERROR"
            | "match_statement"
            | "case_clause" => {
                let inner = self.block(node);
                all.push(Stmt::Block(inner));
            }
            "comment" | "pass_statement" | "global_statement" | "nonlocal_statement" => {}
            _ => {
                let value = self.expr(node);
                if !matches!(&value.kind, ExprKind::Other(inner) if inner.is_empty()) {
                    all.push(Stmt::Expr(value));
                }
            }
        }
    }

    /// `with a() as b:`
    fn with_items(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        let tree = self.tree;
        let Some(clause) = tree.child_of_kind(node, "with_clause") else { return };
        let items: Vec<NodeId> = tree.children(clause).filter(|item| tree.kind(*item) == "with_item").collect();
        for item in items {
            let Some(value) = self.named(item, "value") else { continue };
            if tree.kind(value) != "as_pattern" {
                all.push(Stmt::Expr(self.expr(value)));
                continue;
            }
            let children: Vec<NodeId> = tree.children(value).collect();
            let (Some(inner), Some(alias)) = (children.first(), children.last()) else { continue };
            let inner = self.expr(*inner);
            let target = tree.children(*alias).next().map_or(Target::Other, |name| self.target(name));
            all.push(Stmt::Assign(target, inner));
        }
    }

    fn import(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        let tree = self.tree;
        let names: Vec<NodeId> = tree.children_of(node, "name").collect();
        for node in names {
            let range = tree.range(node);
            let (path, alias) = match (self.named(node, "name"), self.named(node, "alias")) {
                (Some(path), Some(alias)) => (self.name(path), self.name(alias)),
                _ => {
                    let path = self.name(node);
                    let first = Rc::from(path.split('.').next().unwrap_or_default());
                    (path, first)
                }
            };
            // `import a.b` binds `a`.
            let bound = if *alias == *path || self.named(node, "alias").is_some() {
                Rc::clone(&path)
            } else {
                Rc::clone(&alias)
            };
            all.push(Stmt::Import(path));
            all.push(Stmt::Assign(Target::Name(alias), Expr::new(ExprKind::Import(bound), range)));
        }
    }

    fn import_from(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        let tree = self.tree;
        let Some(module) = self.named(node, "module_name").map(|module| self.name(module)) else { return };
        all.push(Stmt::Import(Rc::clone(&module)));
        let names: Vec<NodeId> = tree.children_of(node, "name").collect();
        for node in names {
            let range = tree.range(node);
            let (name, alias) = match (self.named(node, "name"), self.named(node, "alias")) {
                (Some(name), Some(alias)) => (self.name(name), self.name(alias)),
                _ => (self.name(node), self.name(node)),
            };
            let path = Rc::from(format!("{module}.{name}"));
            all.push(Stmt::Assign(Target::Name(alias), Expr::new(ExprKind::Import(path), range)));
        }
    }

    fn function(&mut self, node: NodeId) -> Function {
        let tree = self.tree;
        let name = self.named(node, "name").map(|name| self.name(name));
        let mut parameters = Vec::new();
        let listed: Vec<NodeId> =
            self.named(node, "parameters").map(|all| tree.children(all).collect()).unwrap_or_default();
        for parameter in listed {
            match tree.kind(parameter) {
                "identifier" => parameters.push((Target::Name(self.name(parameter)), None)),
                "default_parameter" | "typed_default_parameter" => {
                    let name =
                        self.named(parameter, "name").map_or(Target::Other, |name| Target::Name(self.name(name)));
                    let value = self.named(parameter, "value").map(|value| self.expr(value));
                    parameters.push((name, value));
                }
                "typed_parameter" => {
                    let name = tree.children(parameter).next();
                    parameters.push((name.map_or(Target::Other, |name| Target::Name(self.name(name))), None));
                }
                _ => {}
            }
        }
        let body = match tree.kind(node) {
            "lambda" => {
                let value = self.named(node, "body").map(|body| self.expr(body));
                value.map(Stmt::Return).into_iter().collect()
            }
            _ => self.body(node, "body"),
        };
        let is_method =
            matches!(parameters.first(), Some((Target::Name(name), _)) if matches!(&**name, "self" | "cls"));
        Function { name, parameters, body, is_method }
    }

    fn target(&mut self, node: NodeId) -> Target {
        let tree = self.tree;
        match tree.kind(node) {
            "identifier" => Target::Name(self.name(node)),
            "attribute" => match (self.named(node, "object"), self.named(node, "attribute")) {
                (Some(object), Some(name)) => Target::Member(self.expr(object), self.name(name)),
                _ => Target::Other,
            },
            "subscript" => match (self.named(node, "value"), self.named(node, "subscript")) {
                (Some(object), Some(index)) => Target::Index(self.expr(object), self.expr(index)),
                _ => Target::Other,
            },
            "pattern_list" | "tuple_pattern" | "list_pattern" => {
                let inner: Vec<NodeId> = tree
                    .children(node)
                    .filter(|child| !matches!(tree.kind(*child), "," | "(" | ")" | "[" | "]"))
                    .collect();
                Target::List(inner.into_iter().map(|child| self.target(child)).collect())
            }
            _ => Target::Other,
        }
    }

    fn expr(&mut self, node: NodeId) -> Expr {
        if self.depth >= MAX_DEPTH {
            return Expr::new(ExprKind::Other(Vec::new()), self.tree.range(node));
        }
        self.depth += 1;
        let kind = self.kind(node);
        self.depth -= 1;
        Expr::new(kind, self.tree.range(node))
    }

    fn inner(&mut self, node: NodeId) -> Vec<Expr> {
        let tree = self.tree;
        let children: Vec<NodeId> = tree.children(node).collect();
        let inner: Vec<Expr> = children.into_iter().map(|child| self.expr(child)).collect();
        inner.into_iter().filter(|inner| !matches!(&inner.kind, ExprKind::Other(all) if all.is_empty())).collect()
    }

    fn kind(&mut self, node: NodeId) -> ExprKind {
        let tree = self.tree;
        match tree.kind(node) {
            "identifier" => ExprKind::Name(self.name(node)),
            "none" => ExprKind::Null,
            "string" => ExprKind::Text(self.string(node)),
            "concatenated_string" => {
                let strings: Vec<NodeId> = tree.children(node).filter(|child| tree.kind(*child) == "string").collect();
                ExprKind::Text(strings.into_iter().flat_map(|string| self.string(string)).collect())
            }
            "attribute" => match (self.named(node, "object"), self.named(node, "attribute")) {
                (Some(object), Some(name)) => ExprKind::Member(Box::new(self.expr(object)), self.name(name)),
                _ => ExprKind::Other(Vec::new()),
            },
            "subscript" => match (self.named(node, "value"), self.named(node, "subscript")) {
                (Some(object), Some(index)) => ExprKind::Index(Box::new(self.expr(object)), Box::new(self.expr(index))),
                _ => ExprKind::Other(Vec::new()),
            },
            "call" => {
                let Some(callee) = self.named(node, "function") else { return ExprKind::Other(self.inner(node)) };
                let callee = Box::new(self.expr(callee));
                let arguments = self.named(node, "arguments").map(|all| self.arguments(all)).unwrap_or_default();
                ExprKind::Call(callee, arguments)
            }
            "list" | "tuple" | "set" | "expression_list" => ExprKind::List(self.inner(node)),
            "dictionary" => {
                let mut fields = Vec::new();
                let children: Vec<NodeId> = tree.children(node).collect();
                for child in children {
                    match (tree.kind(child), self.named(child, "key"), self.named(child, "value")) {
                        ("pair", Some(key), Some(value)) => fields.push((Some(self.expr(key)), self.expr(value))),
                        ("dictionary_splat", ..) => {
                            fields.extend(tree.children(child).nth(1).map(|value| (None, self.expr(value))));
                        }
                        _ => {}
                    }
                }
                ExprKind::Fields(fields)
            }
            "lambda" => ExprKind::Function(Rc::new(self.function(node))),
            "binary_operator" => match (self.named(node, "left"), self.named(node, "right")) {
                (Some(left), Some(right)) => {
                    let plus = self.named(node, "operator").is_some_and(|operator| self.str(operator) == "+");
                    let (left, right) = (self.expr(left), self.expr(right));
                    if plus {
                        ExprKind::Plus(Box::new(left), Box::new(right))
                    } else {
                        ExprKind::Other(vec![left, right])
                    }
                }
                _ => ExprKind::Other(Vec::new()),
            },
            "boolean_operator" => {
                let sides = [self.named(node, "left"), self.named(node, "right")];
                ExprKind::Either(sides.into_iter().flatten().map(|side| self.expr(side)).collect())
            }
            "conditional_expression" => {
                let children: Vec<NodeId> =
                    tree.children(node).filter(|child| !matches!(tree.kind(*child), "if" | "else")).collect();
                match children.as_slice() {
                    [one, _, other] => ExprKind::Either(vec![self.expr(*one), self.expr(*other)]),
                    _ => ExprKind::Other(Vec::new()),
                }
            }
            "await" | "parenthesized_expression" => {
                let mut inner = self.inner(node);
                match inner.len() {
                    1 => inner.pop().map_or(ExprKind::Null, |inner| inner.kind),
                    _ => ExprKind::Other(inner),
                }
            }
            "named_expression" => ExprKind::Other(self.inner(node)),
            "function_definition" | "class_definition" | "comment" | "integer" | "float" | "true" | "false" => {
                ExprKind::Other(Vec::new())
            }
            _ => ExprKind::Other(self.inner(node)),
        }
    }

    fn arguments(&mut self, node: NodeId) -> Vec<Argument> {
        let tree = self.tree;
        let children: Vec<NodeId> = tree.children(node).collect();
        let mut arguments = Vec::new();
        for child in children {
            match tree.kind(child) {
                "(" | ")" | "," | "comment" => {}
                "keyword_argument" => {
                    let (Some(name), Some(value)) = (self.named(child, "name"), self.named(child, "value")) else {
                        continue;
                    };
                    arguments.push(Argument { name: Some(self.name(name)), spread: false, value: self.expr(value) });
                }
                "dictionary_splat" | "list_splat" => {
                    if let Some(value) = tree.children(child).nth(1) {
                        arguments.push(Argument { name: None, spread: true, value: self.expr(value) });
                    }
                }
                _ => arguments.push(Argument { name: None, spread: false, value: self.expr(child) }),
            }
        }
        arguments
    }

    fn string(&mut self, node: NodeId) -> Vec<TextPart> {
        let tree = self.tree;
        let start = tree.child_of_kind(node, "string_start").map(|start| self.str(start).to_ascii_lowercase());
        let raw = start.as_deref().unwrap_or_default().contains('r');
        let mut parts = Vec::new();
        let children: Vec<NodeId> = tree.children(node).collect();
        for child in children {
            match tree.kind(child) {
                "string_content" => {
                    let mut from = tree.range(child).start;
                    let escapes: Vec<NodeId> = tree.children(child).collect();
                    for escape in escapes.into_iter().filter(|_| !raw) {
                        let range = tree.range(escape);
                        let meant = match tree.kind(escape) {
                            "escape_sequence" => unescape(self.str(escape)),
                            // `{{` in an f-string.
                            "escape_interpolation" => self.str(escape).get(..1).unwrap_or_default().to_owned(),
                            _ => continue,
                        };
                        parts.push(TextPart::Raw(from..range.start));
                        parts.push(TextPart::Meant(meant, range.clone()));
                        from = range.end;
                    }
                    parts.push(TextPart::Raw(from..tree.range(child).end));
                }
                "interpolation" => {
                    if let Some(value) = self.named(child, "expression") {
                        parts.push(TextPart::Value(self.expr(value)));
                    }
                }
                _ => {}
            }
        }
        parts
    }
}

/// What an escape in a string means, in Python and JavaScript.
pub(super) fn unescape(escape: &str) -> String {
    let code = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(String::from);
    let inner = escape.strip_prefix('\\').unwrap_or(escape);
    let mut chars = inner.chars();
    let (first, rest) = (chars.next(), chars.as_str());
    let meant = match first {
        Some('n') => Some("\n".to_owned()),
        Some('t') => Some("\t".to_owned()),
        Some('r') => Some("\r".to_owned()),
        Some('\n') | None => Some(String::new()),
        Some('x' | 'u' | 'U') => code(rest.trim_start_matches('{').trim_end_matches('}')),
        Some(_) => None,
    };
    meant.unwrap_or_else(|| inner.to_owned())
}
