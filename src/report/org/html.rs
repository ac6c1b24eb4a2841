//! One self-contained page: the tree as nested boxes, colour and sign for each verdict, the reason behind a click. There
//! is no script and nothing is fetched; names come from the scanned repository and are never anything but text.

use super::{Answer, Mark, Node, Tree, fill};
use crate::report::shown::{disarm, line, mask_keys};

/// Everything but the content. The policy forbids scripts and any fetch, should an escape ever be forgotten.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>rootlint: who can still create a root access key</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c1c1c; background: #fff; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; overflow-wrap: anywhere; }
.legend span { display: inline-block; padding: .1rem .5rem; margin: 0 .4rem .3rem 0; border-radius: .3rem; }
.notes { color: #555; margin: .2rem 0; }
ul.tree, ul.tree ul { list-style: none; margin: 0; padding-left: 1.5rem; }
ul.tree { padding-left: 0; }
ul.tree ul { border-left: 2px solid #c8c8c8; margin-left: .8rem; }
ul.tree li { position: relative; margin: .3rem 0; }
ul.tree ul > li::before { content: ""; position: absolute; left: -1.5rem; top: .95rem; width: 1.3rem; border-top: 2px solid #c8c8c8; }
details { display: inline-block; max-width: 100%; border-radius: .35rem; border: 1px solid #0002; }
summary { cursor: pointer; padding: .2rem .6rem; overflow-wrap: anywhere; }
summary:focus-visible { outline: 3px solid #1a5fb4; }
.sign { display: inline-block; width: 1.2em; font-weight: bold; text-align: center; }
.kind { color: #444; font-size: .85em; }
.why { background: #fff; border-radius: 0 0 .35rem .35rem; padding: .4rem .8rem; overflow-wrap: anywhere; }
.why p { margin: .2rem 0; } code { font-size: .92em; }
"#;

/// The page.
pub fn render(answer: &Answer) -> String {
    let mut text = String::from(HEAD);
    for mark in MARKS {
        text.push_str(&format!(".{} {{ background: {}; }}\n", class(mark), fill(mark)));
    }
    text.push_str("</style>\n</head>\n<body>\n<h1>Who can still create a root access key?</h1>\n<p class=\"legend\">");
    for mark in MARKS {
        text.push_str(&format!("<span class=\"{}\">{} {}</span>", class(mark), mark.sign(), mark.words()));
    }
    text.push_str("</p>\n");
    if answer.trees.is_empty() {
        text.push_str("<p>No organization is managed here, or read and guarded.</p>\n");
    }
    answer.trees.iter().for_each(|tree| one(tree, &mut text));
    if !answer.errors.is_empty() {
        text.push_str("<h2>Not everything could be read</h2>\n<ul>\n");
        for (code, message, place) in &answer.errors {
            let place = format!("{}:{}", place.path, place.start.line);
            text.push_str(&format!("<li>{}: {} ({})</li>\n", escape(code), escape(message), escape(&place)));
        }
        text.push_str("</ul>\n");
    }
    text.push_str("</body>\n</html>\n");
    mask_keys(&disarm(&text))
}

const MARKS: [Mark; 7] =
    [Mark::Denied, Mark::NotDenied, Mark::Conditional, Mark::Unknown, Mark::Exempt, Mark::Never, Mark::Passed];

/// Deeper lists say nothing more to a reader, and browsers stop nesting.
const DEEPEST: usize = 64;

fn one(tree: &Tree, text: &mut String) {
    text.push_str(&format!("<h2>{}</h2>\n", escape(&tree.name)));
    text.push_str(&format!("<p class=\"notes\">{}</p>\n", escape(&tree.counts())));
    for note in &tree.notes {
        text.push_str(&format!("<p class=\"notes\">{}</p>\n", escape(note)));
    }
    text.push_str("<ul class=\"tree\">\n");
    // How deep the list is that is open now; each level but the outermost is in a list item that is open, too.
    let mut open = 0;
    for (index, node) in tree.nodes.iter().enumerate() {
        let depth = node.depth.min(DEEPEST).min(open + 1);
        if index > 0 {
            match depth > open {
                true => text.push_str("<ul>\n"),
                false => {
                    text.push_str("</li>\n");
                    (depth..open).for_each(|_| text.push_str("</ul>\n</li>\n"));
                }
            }
        }
        open = if index == 0 { 0 } else { depth };
        item(node, text);
    }
    if !tree.nodes.is_empty() {
        text.push_str("</li>\n");
        (0..open).for_each(|_| text.push_str("</ul>\n</li>\n"));
    }
    text.push_str("</ul>\n");
}

fn item(node: &Node, text: &mut String) {
    let (class, sign, words) = (class(node.mark), node.mark.sign(), node.mark.words());
    text.push_str(&format!(
        "<li><details class=\"{class}\"><summary><span class=\"sign\">{sign}</span> {} <span class=\"kind\">{}, \
         {words}</span></summary><div class=\"why\">",
        escape(&node.name),
        escape(node.kind),
    ));
    let mut say = |words: &str, what: &str| {
        text.push_str(&format!("<p>{words}<code>{}</code></p>", escape(what)));
    };
    if !node.reason.is_empty() {
        say("", &node.reason);
    }
    if let Some(witness) = &node.witness {
        say("gets through: ", &witness.text);
    }
    for (words, place) in [("decided at ", &node.decided), ("declared at ", &node.place)] {
        if let Some(place) = place {
            say(words, &format!("{}:{}", place.path, place.start.line));
        }
    }
    text.push_str("</div></details>\n");
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Denied => "denied",
        Mark::NotDenied => "not-denied",
        Mark::Conditional => "conditional",
        Mark::Unknown => "unknown",
        Mark::Exempt => "exempt",
        Mark::Never => "never",
        Mark::Passed => "passed",
    }
}

/// Text that stays text, in an element and in an attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
