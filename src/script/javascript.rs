//! JavaScript: from the grammar's tree to statements. TypeScript is read with the same grammar: types are errors to it,
//! which the parser passes over.

use std::rc::Rc;

use super::MAX_DEPTH;
use super::program::{Argument, Class, Expr, ExprKind, Function, Stmt, Target, TextPart};
use super::python::unescape;
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

    fn block(&mut self, node: NodeId) -> Vec<Stmt> {
        let children: Vec<NodeId> = self.tree.children(node).collect();
        let mut all = Vec::new();
        for child in children {
            self.statement(child, &mut all);
        }
        all
    }

    /// The statement, or the statements of the block, that is `field` to a node.
    fn body(&mut self, node: NodeId, field: &str) -> Vec<Stmt> {
        let mut all = Vec::new();
        if let Some(body) = self.named(node, field) {
            self.statement(body, &mut all);
        }
        all
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
            "expression_statement"
            | "statement_block"
            | "export_statement"
            | "else_clause"
            | "finally_clause"
            | "catch_clause"
            | "try_statement"
            | "labeled_statement"
            | "ERROR"
            | "parenthesized_expression"
            | "sequence_expression" => {
                let inner = self.block(node);
                match tree.kind(node) {
                    "statement_block" => all.push(Stmt::Block(inner)),
                    _ => all.extend(inner),
                }
            }
            "lexical_declaration" | "variable_declaration" => {
                let declared: Vec<NodeId> =
                    tree.children(node).filter(|child| tree.kind(*child) == "variable_declarator").collect();
                for declared in declared {
                    let (Some(name), Some(value)) = (self.named(declared, "name"), self.named(declared, "value"))
                    else {
                        continue;
                    };
                    let target = self.target(name);
                    let value = self.expr(value);
                    all.push(Stmt::Assign(target, value));
                }
            }
            "assignment_expression" | "field_definition" => {
                let left = self.named(node, "left").or_else(|| self.named(node, "property"));
                let right = self.named(node, "right").or_else(|| self.named(node, "value"));
                let (Some(left), Some(right)) = (left, right) else { return };
                let target = match tree.kind(left) {
                    "property_identifier" => Target::Member(self.this(left), self.name(left)),
                    _ => self.target(left),
                };
                let value = self.expr(right);
                all.push(Stmt::Assign(target, value));
            }
            "augmented_assignment_expression" => {
                let (Some(left), Some(right)) = (self.named(node, "left"), self.named(node, "right")) else { return };
                let (target, before, value) = (self.target(left), self.expr(left), self.expr(right));
                let range = tree.range(node);
                let sum = match self.named(node, "operator").map(|operator| self.str(operator)) {
                    Some("+=") => ExprKind::Plus(Box::new(before), Box::new(value)),
                    _ => ExprKind::Either(vec![before, value]),
                };
                all.push(Stmt::Assign(target, Expr::new(sum, range)));
            }
            "if_statement" => {
                if let Some(condition) = self.named(node, "condition") {
                    all.push(Stmt::Expr(self.expr(condition)));
                }
                let has_else = self.named(node, "alternative").is_some();
                let mut branches = vec![self.body(node, "consequence")];
                if has_else {
                    branches.push(self.body(node, "alternative"));
                }
                all.push(Stmt::Branches(branches, has_else));
            }
            "switch_statement" => {
                let cases: Vec<NodeId> =
                    self.named(node, "body").map(|body| tree.children(body).collect()).unwrap_or_default();
                let branches = cases.into_iter().map(|case| self.block(case)).collect();
                all.push(Stmt::Branches(branches, false));
            }
            "for_in_statement" => {
                let (Some(left), Some(right)) = (self.named(node, "left"), self.named(node, "right")) else { return };
                let (target, values) = (self.target(left), self.expr(right));
                let body = self.body(node, "body");
                all.push(Stmt::Loop(target, values, body));
            }
            "for_statement" | "while_statement" | "do_statement" => {
                let first = self.body(node, "initializer");
                all.extend(first);
                let condition = self.named(node, "condition");
                all.extend(condition.map(|condition| Stmt::Expr(self.expr(condition))));
                let body = self.body(node, "body");
                all.push(Stmt::Branches(vec![body], false));
            }
            "function_declaration" | "generator_function_declaration" | "method_definition" => {
                let function = self.function(node);
                all.push(Stmt::Function(Rc::new(function)));
            }
            "class_declaration" | "class" => {
                let name = self.named(node, "name").map(|name| self.name(name)).unwrap_or_else(|| Rc::from(""));
                let body = self.named(node, "body").map(|body| self.block(body)).unwrap_or_default();
                all.push(Stmt::Class(Rc::new(Class { name, body })));
            }
            "import_statement" => self.import(node, all),
            "return_statement" => {
                let value = tree.children(node).find(|child| !matches!(tree.kind(*child), "return" | ";"));
                let range = tree.range(node);
                let value = value.map_or_else(|| Expr::new(ExprKind::Null, range), |value| self.expr(value));
                all.push(Stmt::Return(value));
            }
            "comment" | ";" => {}
            _ => {
                let value = self.expr(node);
                if !matches!(&value.kind, ExprKind::Other(inner) if inner.is_empty()) {
                    all.push(Stmt::Expr(value));
                }
            }
        }
    }

    fn this(&self, node: NodeId) -> Expr {
        Expr::new(ExprKind::Name(Rc::from("this")), self.tree.range(node))
    }

    /// `import a, { b as c } from "module"`
    fn import(&mut self, node: NodeId, all: &mut Vec<Stmt>) {
        let tree = self.tree;
        let Some(source) = self.named(node, "source") else { return };
        let module = self.plain(source);
        all.push(Stmt::Import(Rc::from(&*module)));
        let Some(clause) = tree.child_of_kind(node, "import_clause") else { return };
        let bind = |name: Rc<str>, path: String, at: NodeId| {
            Stmt::Assign(Target::Name(name), Expr::new(ExprKind::Import(path.into()), tree.range(at)))
        };
        for child in tree.children(clause) {
            match tree.kind(child) {
                "identifier" => all.push(bind(self.name(child), module.clone(), child)),
                "namespace_import" => {
                    if let Some(name) = tree.child_of_kind(child, "identifier") {
                        all.push(bind(self.name(name), module.clone(), child));
                    }
                }
                "named_imports" => {
                    for specifier in tree.children(child) {
                        let Some(name) = self.named(specifier, "name") else { continue };
                        let alias = self.named(specifier, "alias").unwrap_or(name);
                        all.push(bind(self.name(alias), format!("{module}.{}", self.str(name)), specifier));
                    }
                }
                _ => {}
            }
        }
    }

    /// The characters of a string in which nothing is put.
    fn plain(&self, node: NodeId) -> String {
        self.str(node).trim_matches(['"', '\'', '`']).to_owned()
    }

    fn function(&mut self, node: NodeId) -> Function {
        let tree = self.tree;
        let name = self.named(node, "name").map(|name| self.name(name));
        let mut parameters = Vec::new();
        if let Some(single) = self.named(node, "parameter") {
            parameters.push((self.target(single), None));
        }
        let listed: Vec<NodeId> =
            self.named(node, "parameters").map(|all| tree.children(all).collect()).unwrap_or_default();
        for parameter in listed {
            match tree.kind(parameter) {
                "identifier" | "object_pattern" | "array_pattern" => parameters.push((self.target(parameter), None)),
                "assignment_pattern" => {
                    let target = self.named(parameter, "left").map_or(Target::Other, |left| self.target(left));
                    let value = self.named(parameter, "right").map(|right| self.expr(right));
                    parameters.push((target, value));
                }
                // A name with a type.
                "ERROR" => {
                    if let Some(name) = tree.child_of_kind(parameter, "identifier") {
                        parameters.push((self.target(name), None));
                    }
                }
                _ => {}
            }
        }
        let body = match self.named(node, "body") {
            Some(body) if tree.kind(body) == "statement_block" => self.block(body),
            Some(body) => vec![Stmt::Return(self.expr(body))],
            None => Vec::new(),
        };
        Function { name, parameters, body, is_method: false }
    }

    fn target(&mut self, node: NodeId) -> Target {
        let tree = self.tree;
        match tree.kind(node) {
            "identifier" => Target::Name(self.name(node)),
            "member_expression" => match (self.named(node, "object"), self.named(node, "property")) {
                (Some(object), Some(name)) => Target::Member(self.expr(object), self.name(name)),
                _ => Target::Other,
            },
            "subscript_expression" => match (self.named(node, "object"), self.named(node, "index")) {
                (Some(object), Some(index)) => Target::Index(self.expr(object), self.expr(index)),
                _ => Target::Other,
            },
            "object_pattern" => {
                let mut fields = Vec::new();
                let children: Vec<NodeId> = tree.children(node).collect();
                for child in children {
                    match tree.kind(child) {
                        "shorthand_property_identifier_pattern" => {
                            fields.push((self.name(child), Target::Name(self.name(child))));
                        }
                        "pair_pattern" => {
                            let (Some(key), Some(value)) = (self.named(child, "key"), self.named(child, "value"))
                            else {
                                continue;
                            };
                            fields.push((self.name(key), self.target(value)));
                        }
                        "object_assignment_pattern" => {
                            if let Some(name) = self.named(child, "left") {
                                fields.push((self.name(name), Target::Name(self.name(name))));
                            }
                        }
                        _ => {}
                    }
                }
                Target::Fields(fields)
            }
            "array_pattern" => {
                let inner: Vec<NodeId> =
                    tree.children(node).filter(|child| !matches!(tree.kind(*child), "," | "[" | "]")).collect();
                Target::List(inner.into_iter().map(|child| self.target(child)).collect())
            }
            "assignment_pattern" => self.named(node, "left").map_or(Target::Other, |left| self.target(left)),
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
        let children: Vec<NodeId> = self.tree.children(node).collect();
        let inner: Vec<Expr> = children.into_iter().map(|child| self.expr(child)).collect();
        inner.into_iter().filter(|inner| !matches!(&inner.kind, ExprKind::Other(all) if all.is_empty())).collect()
    }

    fn kind(&mut self, node: NodeId) -> ExprKind {
        let tree = self.tree;
        match tree.kind(node) {
            "identifier" | "this" => ExprKind::Name(self.name(node)),
            "null" | "undefined" => ExprKind::Null,
            "string" | "template_string" => ExprKind::Text(self.string(node)),
            "member_expression" => match (self.named(node, "object"), self.named(node, "property")) {
                (Some(object), Some(name)) => ExprKind::Member(Box::new(self.expr(object)), self.name(name)),
                _ => ExprKind::Other(Vec::new()),
            },
            "subscript_expression" => match (self.named(node, "object"), self.named(node, "index")) {
                (Some(object), Some(index)) => ExprKind::Index(Box::new(self.expr(object)), Box::new(self.expr(index))),
                _ => ExprKind::Other(Vec::new()),
            },
            "call_expression" | "new_expression" => {
                let callee = self.named(node, "function").or_else(|| self.named(node, "constructor"));
                let Some(callee) = callee else { return ExprKind::Other(self.inner(node)) };
                let callee = Box::new(self.expr(callee));
                let arguments = self.named(node, "arguments").map(|all| self.arguments(all)).unwrap_or_default();
                ExprKind::Call(callee, arguments)
            }
            "array" => ExprKind::List(self.inner(node)),
            "object" => {
                let children: Vec<NodeId> = tree.children(node).collect();
                ExprKind::Fields(children.into_iter().filter_map(|child| self.field(child)).collect())
            }
            "arrow_function" | "function_expression" | "generator_function" | "function" => {
                ExprKind::Function(Rc::new(self.function(node)))
            }
            "binary_expression" => {
                let (Some(left), Some(right)) = (self.named(node, "left"), self.named(node, "right")) else {
                    return ExprKind::Other(self.inner(node));
                };
                let operator = self.named(node, "operator").map(|operator| self.name(operator));
                let (left, right) = (self.expr(left), self.expr(right));
                match operator.as_deref() {
                    Some("+") => ExprKind::Plus(Box::new(left), Box::new(right)),
                    Some("||" | "??" | "&&") => ExprKind::Either(vec![left, right]),
                    _ => ExprKind::Other(vec![left, right]),
                }
            }
            "ternary_expression" => {
                let sides = [self.named(node, "consequence"), self.named(node, "alternative")];
                ExprKind::Either(sides.into_iter().flatten().map(|side| self.expr(side)).collect())
            }
            "await_expression" | "parenthesized_expression" => {
                let mut inner = self.inner(node);
                match inner.len() {
                    1 => inner.pop().map_or(ExprKind::Null, |inner| inner.kind),
                    _ => ExprKind::Other(inner),
                }
            }
            "comment" | "number" | "regex" | "true" | "false" => ExprKind::Other(Vec::new()),
            _ => ExprKind::Other(self.inner(node)),
        }
    }

    /// A property of an object.
    fn field(&mut self, node: NodeId) -> Option<(Option<Expr>, Expr)> {
        let tree = self.tree;
        let key = |lower: &Self, node: NodeId| {
            let range = tree.range(node);
            Expr::new(ExprKind::Text(vec![TextPart::Meant(lower.plain(node), range.clone())]), range)
        };
        match tree.kind(node) {
            "pair" => {
                let (name, value) = (self.named(node, "key")?, self.named(node, "value")?);
                let name = match tree.kind(name) {
                    "computed_property_name" => tree.children(name).nth(1).map(|inner| self.expr(inner))?,
                    _ => key(self, name),
                };
                Some((Some(name), self.expr(value)))
            }
            "shorthand_property_identifier" => {
                Some((Some(key(self, node)), Expr::new(ExprKind::Name(self.name(node)), tree.range(node))))
            }
            "spread_element" => tree.children(node).nth(1).map(|value| (None, self.expr(value))),
            "method_definition" => {
                let name = self.named(node, "name")?;
                let function = ExprKind::Function(Rc::new(self.function(node)));
                Some((Some(key(self, name)), Expr::new(function, tree.range(node))))
            }
            _ => None,
        }
    }

    fn arguments(&mut self, node: NodeId) -> Vec<Argument> {
        let tree = self.tree;
        let children: Vec<NodeId> = tree.children(node).collect();
        let mut arguments = Vec::new();
        for child in children {
            match tree.kind(child) {
                "(" | ")" | "," | "comment" => {}
                "spread_element" => {
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
        let mut parts = Vec::new();
        let children: Vec<NodeId> = tree.children(node).collect();
        for child in children {
            let range = tree.range(child);
            match tree.kind(child) {
                "string_fragment" => parts.push(TextPart::Raw(range)),
                "escape_sequence" => parts.push(TextPart::Meant(unescape(self.str(child)), range)),
                "template_substitution" => {
                    if let Some(value) = tree.children(child).nth(1) {
                        parts.push(TextPart::Value(self.expr(value)));
                    }
                }
                _ => {}
            }
        }
        parts
    }
}
