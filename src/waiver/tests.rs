use std::sync::Arc;

use super::*;
use crate::files::Memory;
use crate::finding::Severity;

const KNOWN: &[&str] = &["one", "two"];

fn waivers(files: &Memory, base: Option<&dyn Files>, sources: &Sources) -> Waivers {
    let marked = Marked::new(files);
    for name in ["a.tf", "b.tf", "plain.tf"] {
        let _ = marked.read(name.into(), MAX_FILE_BYTES);
    }
    Waivers::collect(&marked, base, &Config::default(), sources, KNOWN)
}

fn finding(check: &'static str, text: &str, part: &str, sources: &Sources) -> Finding {
    let start = text.find(part).unwrap();
    Finding::new(check, Severity::High, Span::new(sources.file("a.tf".into()), start, start + part.len()))
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn the_last_day_counts_and_the_next_does_not() {
    let text = "user = 1 # rootlint: ignore[one] reason=\"r\" until=2027-01-31 owner=\"o\"\n";
    let sources = Sources::default();
    let files: Memory = [("a.tf", text)].into_iter().collect();
    let waivers = waivers(&files, None, &sources);
    let applied_on = |today: &str| {
        let mut findings = [finding("one", text, "user", &sources), finding("two", text, "user", &sources)];
        let applied = waivers.apply(&mut findings, &sources, day(today), true);
        assert!(findings[1].waived.is_none(), "another check");
        assert!(applied.unused.is_empty());
        (findings[0].waived.clone(), applied.expired.len())
    };
    let (waived, expired) = applied_on("2027-01-31");
    let waived = waived.unwrap();
    assert_eq!(
        (waived.reason.as_str(), waived.owner.as_deref(), waived.until.as_deref()),
        ("r", Some("o"), Some("2027-01-31"))
    );
    assert_eq!(expired, 0);
    assert_eq!(applied_on("2027-02-01"), (None, 1));
}

#[test]
fn headers_count_and_other_files_do_not() {
    let text = "x {} # rootlint: ignore[one] reason=\"r\"\n\n\n\nuser = 1\n";
    let sources = Sources::default();
    let files: Memory = [("a.tf", text)].into_iter().collect();
    let waivers = waivers(&files, None, &sources);
    let far = finding("one", text, "user", &sources);
    let header = finding("one", text, "x {}", &sources).primary;
    let elsewhere = Span { file: sources.file("b.tf".into()), ..header };
    for (anchors, expected) in [(vec![], false), (vec![header], true), (vec![elsewhere], false)] {
        let mut findings = [Finding { anchors, ..far.clone() }];
        let applied = waivers.apply(&mut findings, &sources, day("2027-01-01"), true);
        assert_eq!(applied.unused.is_empty(), expected);
        assert_eq!(findings[0].waived.is_some(), expected);
    }
    let applied = waivers.apply(&mut [], &sources, day("2027-01-01"), false);
    assert!(applied.unused.is_empty(), "not everything was looked at");
}

#[test]
fn only_what_the_base_has_counts() {
    let waiver = "# rootlint: ignore[one] reason=\"r\"\n";
    let text = format!("{waiver}user = 1\n");
    let twice = format!("{text}\n{text}");
    let sources = Sources::default();
    let files: Memory = [("a.tf", twice.as_str()), ("b.tf", text.as_str())].into_iter().collect();
    let base: Memory = [("a.tf", format!("\n\n{text}"))].into_iter().collect();
    let with = waivers(&files, Some(&base), &sources);
    assert_eq!((with.all.len(), with.foreign.len()), (1, 2), "one of two in a.tf, none in b.tf");
    let longer: Memory = [("a.tf", twice.replace("\"r\"", "\"other\""))].into_iter().collect();
    assert_eq!(waivers(&files, Some(&longer), &sources).all.len(), 0, "another reason");
    assert_eq!(waivers(&files, None, &sources).all.len(), 3);
}

#[test]
fn only_files_with_the_word_are_remembered() {
    let files: Memory = [("a.tf", "# rootlint"), ("plain.tf", "x")].into_iter().collect();
    let marked = Marked::new(&files);
    for path in ["a.tf", "./a.tf", "plain.tf", "gone.tf"] {
        let _ = marked.read(path.into(), 100);
    }
    assert_eq!(marked.paths().into_iter().collect::<Vec<_>>(), ["a.tf"]);
}

#[test]
fn configuration_waives_by_path_and_address() {
    let toml = "[[waiver]]\nchecks = [\"one\"]\npath = \"a.*\"\naddress = \"m.x[0]\"\nreason = \"r\"\n";
    let config = Config::parse("rootlint.toml".into(), toml, true).unwrap();
    let sources = Sources::default();
    let files = Memory::default();
    let waivers = Waivers::collect(&Marked::new(&files), None, &config, &sources, KNOWN);
    let of = |instance: &str, check: &'static str| {
        let mut findings =
            [Finding { instances: vec![Arc::from(instance)], ..finding(check, "user", "user", &sources) }];
        waivers.apply(&mut findings, &sources, day("2027-01-01"), true);
        findings[0].waived.is_some()
    };
    assert!(of("m.x[0]", "one"));
    assert!(!of("m.x[1]", "one") && !of("m.x0", "one") && !of("m.x[0]", "two"));
}

#[test]
fn waivers_far_away_are_not_tried_and_nested_ones_are_all_found() {
    let line = "x = 1 # rootlint: ignore[one] reason=\"line\"\n";
    let text = format!(
        "# rootlint: ignore-file[two] reason=\"file\"\nb {{ # rootlint: ignore-block[one] reason=\"block\"\n{}}}\nlast = 1\n",
        line.repeat(1_000)
    );
    let sources = Sources::default();
    let files: Memory = [("a.tf", text.as_str())].into_iter().collect();
    let waivers = waivers(&files, None, &sources);
    assert_eq!(waivers.all.len(), 1_002);
    let index = Index::of(&waivers.all);
    let at = |n: usize, check: &'static str| {
        let start = text.match_indices("x = 1").nth(n).unwrap().0;
        Finding::new(check, Severity::High, Span::new(sources.file("a.tf".into()), start, start + 5))
    };
    for n in [0, 500, 999] {
        let meant = |check: &'static str| {
            let finding = at(n, check);
            let means = |(_, waiver): &(usize, &Waiver)| waiver.means(&finding, &sources);
            let near = index.near(&finding);
            let all: Vec<usize> = waivers.all.iter().enumerate().filter(means).map(|(at, _)| at).collect();
            assert!(all.iter().all(|at| near.contains(at)), "{all:?} {near:?}");
            all.len()
        };
        assert_eq!((meant("one"), meant("two")), (2, 1));
    }
    let last = finding("two", &text, "last", &sources);
    assert!(index.near(&last).contains(&0));
    // No waiver reaches over the others in a file without blocks: only neighbours are tried.
    let flat: Vec<Waiver> = waivers.all.iter().filter(|waiver| waiver.reason == "line").cloned().collect();
    assert!(Index::of(&flat).near(&at(500, "one")).len() < 3);
}
