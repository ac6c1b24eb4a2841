//! Programs that a configuration runs and that make an access key for the root user, or for whoever runs them.

use crate::aws::Model;
use crate::aws::access_key::names_root;
use crate::aws::programs::{Caller, Program};
use crate::finding::{Finding, Findings, Related, Severity, Undecided};
use crate::resource::Presence;
use crate::script::{Call, Operation, User};
use crate::source::Span;
use crate::text::Tri;
use crate::value::{Reason, Value};

pub(super) const ID: &str = "root-key-script";

/// Runs the check.
pub(super) fn check(model: &Model<'_>, out: &mut Findings) {
    for program in model.facts.iter().flat_map(|facts| &facts.programs) {
        for call in program.found.calls.iter().filter(|call| call.operation == Operation::Create) {
            match &call.user {
                User::Absent => out.push(for_the_caller(program, call)),
                User::Named(user) => named(program, call, &model.owner(&program.key_for(user)).name, out),
            }
        }
    }
}

/// A call with a user name is root's business only if that is the name.
fn named(program: &Program, call: &Call, user: &Value, out: &mut Findings) {
    let alternatives = user.alternatives();
    let chosen = alternatives.iter().flatten().find(|name| names_root(name) == Tri::Yes);
    match (names_root(user), chosen) {
        (Tri::No, _) => {}
        (Tri::Yes, _) => out.push(for_root(program, call, user)),
        (Tri::Maybe, Some(root)) => {
            let mut finding = for_root(program, call, root);
            if let Some(unknown) = user.as_unknown() {
                finding.rests_on(&unknown.reason);
            }
            out.push(finding);
        }
        (Tri::Maybe, None) => {
            let is_never = alternatives.is_some_and(|all| all.iter().all(|name| names_root(name) == Tri::No));
            if let Some(unknown) = user.as_unknown().filter(|_| !is_never) {
                undecided(program, call, &unknown.reason, out);
            }
        }
    }
}

fn for_root(program: &Program, call: &Call, user: &Value) -> Finding {
    let message = format!(
        "{} makes an access key for `root`. AWS takes that for an IAM user of that name, or refuses it; a key of root \
         itself comes only from a call without a user name, made by root: this shows what is intended.",
        what(program)
    );
    let mut finding = finding(program, call, Severity::High, message);
    finding.label = "a key for the root user".into();
    finding.related.extend(Related::trail(&user.origin, finding.primary));
    finding
}

/// A call without a user name makes a key for its caller.
fn for_the_caller(program: &Program, call: &Call) -> Finding {
    let what = what(program);
    let own = &call.credentials;
    if let Some(role) = own.role.as_ref().filter(|role| names_root(role) != Tri::Yes) {
        let message = format!(
            "{what} makes an access key without naming a user, but with the credentials of a role: AWS refuses that, since \
             only the root user and IAM users have access keys."
        );
        let mut finding = finding(program, call, Severity::Info, message);
        finding.related.extend(role.origin.span.map(|span| Related::new("the role", span)));
        return finding;
    }
    let has_own = own.profile.is_some() || own.key.is_some() || own.role.is_some();
    let (severity, runs, doubt) = match &program.caller {
        Caller::Role(why) if !has_own => {
            (Severity::Info, format!("it {why}, and AWS refuses the call of a role"), None)
        }
        Caller::Perhaps(why, reason) if !has_own => {
            (Severity::High, format!("unless it {why}, that may be root"), Some(reason))
        }
        Caller::Anybody(who) if !has_own => {
            (Severity::High, format!("if {who} has root's credentials, it is a key of root"), None)
        }
        _ => (Severity::High, "if its credentials are root's, it is a key of root".to_owned(), None),
    };
    let evidence = evidence(call);
    let shown = evidence.as_ref().map_or(String::new(), |(text, _)| format!(" {text}"));
    let message = format!("{what} makes an access key without naming a user, so for its caller: {runs}.{shown}");
    let mut finding = finding(program, call, severity, message);
    if let Some(reason) = doubt {
        finding.rests_on(reason);
    }
    finding.related.extend(evidence.and_then(|(_, span)| Some(Related::new("these credentials", span?))));
    finding
}

/// What the script says of the credentials that it works with.
fn evidence(call: &Call) -> Option<(String, Option<Span>)> {
    let own = &call.credentials;
    if own.role.is_some() {
        return Some(("Its credentials are those of the root user.".into(), own.role.as_ref()?.origin.span));
    }
    if let Some(profile) = &own.profile {
        let name = profile.as_str().filter(|_| !profile.marks.is_hidden());
        let text = match name {
            Some(name) if mentions_root(&name) => {
                format!("It works with the profile `{name}`, which looks like root's.")
            }
            Some(name) => format!("It works with the profile `{name}`."),
            None => "It works with a profile of its own.".into(),
        };
        return Some((text, profile.origin.span));
    }
    let key = own.key.as_ref()?;
    Some(("It sets an access key of its own.".into(), key.origin.span))
}

/// Whether one of the words of a name is `root`.
fn mentions_root(name: &str) -> bool {
    name.split(|char: char| !char.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("root"))
}

fn what(program: &Program) -> String {
    let mut what = program.what.clone();
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    what
}

fn place(program: &Program, call: &Call) -> Span {
    call.span.unwrap_or(program.site.header)
}

fn finding(program: &Program, call: &Call, severity: Severity, message: String) -> Finding {
    let site = &program.site;
    let primary = place(program, call);
    let carrier = Related::new("run here", site.header);
    let mut finding = Finding {
        message,
        label: "a key for the caller".into(),
        related: if site.span.contains(primary) { Vec::new() } else { vec![carrier] },
        discriminators: [if matches!(call.user, User::Absent) { "the caller" } else { "root" }.to_owned()].into(),
        hidden: own_keys(call),
        help:
            "make no key here: let the workload assume a role; if a key must be, name the IAM user that it is for and \
               rotate it"
                .into(),
        ..Finding::new(ID, severity, primary).about(site)
    };
    if let Presence::Possible(reason) = &site.presence {
        finding.rests_on(reason);
    }
    finding
}

/// Keys are not shown.
fn own_keys(call: &Call) -> Vec<Span> {
    call.credentials.key.iter().filter_map(|key| key.origin.written()).collect()
}

fn undecided(program: &Program, call: &Call, reason: &Reason, out: &mut Findings) {
    out.undecided(Undecided {
        check: ID.into(),
        message: format!("whether {} makes a key for root depends on the user's name: {reason}", program.what),
        missing: vec![reason.missing.clone()],
        span: place(program, call),
        blocking: false,
    });
}
