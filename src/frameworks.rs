//! Which controls of which frameworks a check answers, who says so, and what frameworks are called.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::suggest::did_you_mean;

/// The table that checks share.
const TABLE: &str = include_str!("../checks/frameworks.toml");

/// The source of what a check's own page says.
const OWN: &str = "rootlint";

/// Control ids by who says so, by framework.
type Said = BTreeMap<String, BTreeMap<String, Vec<String>>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    unused_days: BTreeMap<String, u32>,
    questions: BTreeMap<String, Said>,
}

/// The controls that a check answers: by framework and id, with who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls(BTreeMap<String, BTreeMap<Id, BTreeSet<String>>>);

/// An id that is sorted as people count: 8.2 before 8.10.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Id(String);

impl Id {
    /// Numbers and what stands between them.
    fn parts(&self) -> impl Iterator<Item = (bool, u64, &str)> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            let digits = rest.as_bytes().first()?.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            rest = after;
            Some((!digits, if digits { part.parse().unwrap_or_default() } else { 0 }, part))
        })
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(other.parts())
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn table() -> Result<&'static Table, String> {
    static READ: OnceLock<Result<Table, String>> = OnceLock::new();
    let read = READ.get_or_init(|| toml::from_str(TABLE).map_err(|error| error.to_string()));
    read.as_ref().map_err(|error| format!("checks/frameworks.toml: {error}"))
}

impl Controls {
    /// What the questions' answers are asked for by, and what a page says on its own.
    ///
    /// # Errors
    /// When there is no such question, or the table cannot be read: a test reads every page.
    pub fn of(questions: &[String], own: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let table = table()?;
        let mut controls = Self::default();
        for question in questions {
            let said = table.questions.get(question).ok_or_else(|| format!("there is no question `{question}`"))?;
            for (framework, sources) in said {
                sources.iter().for_each(|(source, ids)| controls.add(framework, ids, source));
            }
        }
        own.iter().for_each(|(framework, ids)| controls.add(framework, ids, OWN));
        Ok(controls)
    }

    fn add(&mut self, framework: &str, ids: &[String], source: &str) {
        let controls = self.0.entry(framework.to_owned()).or_default();
        for id in ids {
            controls.entry(Id(id.clone())).or_default().insert(source.to_owned());
        }
    }

    /// The ids by framework.
    pub fn ids(&self) -> BTreeMap<String, Vec<String>> {
        let ids = |controls: &BTreeMap<Id, BTreeSet<String>>| controls.keys().map(|id| id.0.clone()).collect();
        self.0.iter().map(|(framework, controls)| (framework.clone(), ids(controls))).collect()
    }

    /// The names of the frameworks.
    pub fn frameworks(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Each framework and in one line its ids, those of one opinion together, and who says so.
    pub fn lines(&self) -> Vec<(String, String)> {
        let line = |(framework, controls): (&String, &BTreeMap<Id, BTreeSet<String>>)| {
            let mut groups: Vec<(&BTreeSet<String>, Vec<&str>)> = Vec::new();
            for (id, sources) in controls {
                match groups.iter_mut().find(|(known, _)| *known == sources) {
                    Some((_, ids)) => ids.push(&id.0),
                    None => groups.push((sources, vec![&id.0])),
                }
            }
            let group = |(sources, ids): &(&BTreeSet<String>, Vec<&str>)| {
                let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
                format!("{} ({})", ids.join(", "), sources.join(", "))
            };
            (framework.clone(), groups.iter().map(group).collect::<Vec<_>>().join("; "))
        };
        self.0.iter().map(line).collect()
    }

    /// Each control: framework, id and who says so.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &BTreeSet<String>)> {
        self.0.iter().flat_map(|(framework, controls)| {
            controls.iter().map(move |(id, sources)| (framework.as_str(), id.0.as_str(), sources))
        })
    }
}

/// Frameworks that most people ask for, without their versions: what there is little room for names these first.
const FIRST: &[&str] = &[
    "MITRE ATT&CK",
    "CIS AWS",
    "AWS Foundational Security Best Practices",
    "PCI DSS",
    "NIST CSF",
    "NIST SP 800-53 Revision",
    "ISO/IEC",
    "SOC",
];

/// The controls as single words, those first that most people ask for, of each framework the newest version first.
pub fn tags(ids: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let family = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || ".:v ".contains(c)).to_owned();
    let rank = |name: &str| FIRST.iter().position(|first| *first == family(name)).unwrap_or(FIRST.len());
    let mut frameworks: Vec<(&String, &Vec<String>)> = ids.iter().rev().collect();
    // The sort is stable: newer versions stay before older ones.
    frameworks.sort_by_key(|(name, _)| rank(name));
    frameworks.into_iter().flat_map(|(name, ids)| ids.iter().map(move |id| format!("{name} {id}"))).collect()
}

/// After how many days without use a key counts as unused for one of these frameworks, the strictest one.
pub fn unused_days<'a>(frameworks: impl IntoIterator<Item = &'a String>) -> Option<u32> {
    frameworks.into_iter().filter_map(|name| table().ok()?.unused_days.get(name).copied()).min()
}

/// Words that may be missing in a name, or be in it too many.
const FILLERS: &[&str] = &[
    "v",
    "version",
    "r",
    "rev",
    "revision",
    "benchmark",
    "benchmarks",
    "foundation",
    "foundations",
    "framework",
    "controls",
    "standard",
    "security",
    "dss",
    "sp",
    "iec",
    "the",
    "for",
    "amazon",
    "services",
    "web",
];

/// Other names, in words.
const ALIASES: &[(&str, &str)] = &[("fsbp", "aws foundational best practices")];

/// The words of a name: lower case, letters and numbers apart, without a version's last zeros.
fn words(name: &str) -> Vec<Cow<'static, str>> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for c in name.to_lowercase().chars() {
        let now = if c.is_ascii_digit() || (c == '.' && kind == Some(true)) {
            Some(true)
        } else {
            c.is_alphanumeric().then_some(false)
        };
        match words.last_mut().filter(|_| now == kind && now.is_some()) {
            Some(word) => word.push(c),
            None if now.is_some() => words.push(c.into()),
            None => {}
        }
        kind = now;
    }
    let mut found = Vec::new();
    for mut word in words {
        while let Some(shorter) = word.strip_suffix(".0").or_else(|| word.strip_suffix('.')) {
            word = shorter.to_owned();
        }
        match ALIASES.iter().find(|(alias, _)| *alias == word) {
            Some((_, meant)) => found.extend(meant.split(' ').map(Cow::Borrowed)),
            None => found.push(Cow::Owned(word)),
        }
    }
    found
}

/// The known frameworks that a name means: `CIS 5.0` is one, `CIS AWS` are all versions.
///
/// # Errors
/// When it means none, with a suggestion.
pub fn named<'a>(name: &str, known: &BTreeSet<&'a str>) -> Result<Vec<&'a str>, String> {
    if let Some(exact) = known.iter().find(|known| known.eq_ignore_ascii_case(name.trim())) {
        return Ok(vec![exact]);
    }
    let asked = words(name);
    let is_filler = |word: &str| FILLERS.contains(&word);
    let means = |framework: &&&str| {
        let all = words(framework);
        asked.iter().all(|word| all.contains(word) || is_filler(word))
    };
    let found: Vec<&str> = known.iter().filter(means).copied().collect();
    if !found.is_empty() && asked.iter().any(|word| !is_filler(word) && word.parse::<f64>().is_err()) {
        return Ok(found);
    }
    let hint = did_you_mean(name, known.iter().copied());
    let hint = if hint.is_empty() { "; `rootlint checks --frameworks` lists them".to_owned() } else { hint };
    Err(format!("no check answers a framework `{name}`{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> BTreeSet<&'static str> {
        table().unwrap().questions.values().flat_map(|said| said.keys().map(String::as_str)).collect()
    }

    #[test]
    fn the_sixty_two_rows_of_the_policy_on_roots_keys_are_there() {
        let questions = ["root-key".to_owned()];
        let controls = Controls::of(&questions, &BTreeMap::new()).unwrap();
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for (framework, _, _) in controls.iter().filter(|(_, _, sources)| sources.contains("Cloudaware")) {
            *rows.entry(framework).or_default() += 1;
        }
        let expected = [
            ("APRA CPG 234", 2),
            ("AWS Foundational Security Best Practices v1.0.0", 1),
            ("CIS AWS v1.2.0", 1),
            ("CIS AWS v1.3.0", 1),
            ("CIS AWS v1.4.0", 1),
            ("CIS AWS v1.5.0", 1),
            ("CIS AWS v2.0.0", 1),
            ("CIS AWS v3.0.0", 1),
            ("CIS AWS v4.0.0", 1),
            ("CIS AWS v4.0.1", 1),
            ("CIS AWS v5.0.0", 1),
            ("Cloudaware Framework", 1),
            ("FedRAMP High", 7),
            ("FedRAMP Low", 1),
            ("FedRAMP Moderate", 7),
            ("GDPR", 2),
            ("ISO/IEC 27001:2013", 1),
            ("ISO/IEC 27001:2022", 5),
            ("NIST CSF v1.1", 5),
            ("NIST CSF v2.0", 4),
            ("NIST SP 800-53 Revision 4", 1),
            ("NIST SP 800-53 Revision 5", 7),
            ("PCI DSS v3.2.1", 3),
            ("PCI DSS v4.0", 3),
            ("PCI DSS v4.0.1", 3),
        ];
        assert_eq!(rows, BTreeMap::from(expected));
        assert_eq!(rows.values().sum::<usize>(), 62);
    }

    #[test]
    fn names_may_be_written_as_people_do() {
        let known = all();
        for (asked, meant) in [
            ("CIS AWS v5.0.0", "CIS AWS v5.0.0"),
            ("cis 5.0", "CIS AWS v5.0.0"),
            ("cis_5.0_aws", "CIS AWS v5.0.0"),
            ("CIS Amazon Web Services Foundations Benchmark v1.4.0", "CIS AWS v1.4.0"),
            ("cis-aws-4.0.1", "CIS AWS v4.0.1"),
            ("CIS AWS 4", "CIS AWS v4.0.0"),
            ("pci dss 4.0", "PCI DSS v4.0"),
            ("PCI 4.0.1", "PCI DSS v4.0.1"),
            ("NIST.800-53.r5", "NIST SP 800-53 Revision 5"),
            ("iso27001:2022", "ISO/IEC 27001:2022"),
            ("AWS FSBP", "AWS Foundational Security Best Practices v1.0.0"),
            ("nist csf 2", "NIST CSF v2.0"),
            ("MITRE", "MITRE ATT&CK"),
            ("soc2", "SOC 2"),
            ("FedRAMP High Security Controls", "FedRAMP High"),
            ("gdpr", "GDPR"),
        ] {
            assert_eq!(named(asked, &known).unwrap(), [meant], "{asked}");
        }
        let versions = named("CIS AWS", &known).unwrap();
        assert!(versions.len() > 9 && versions.iter().all(|name| name.starts_with("CIS AWS v")), "{versions:?}");
    }

    #[test]
    fn a_name_that_means_nothing_is_told_with_a_hint() {
        let known = all();
        assert!(named("CSI AWS v5.0.0", &known).unwrap_err().contains("did you mean `CIS AWS v5.0.0`?"));
        assert!(named("bananas", &known).unwrap_err().contains("checks --frameworks"));
        for nothing in ["", "v", "5.0.0", "controls"] {
            assert!(named(nothing, &known).is_err(), "{nothing}");
        }
        assert!(named("CIS AWS v9.0.0", &known).is_err());
    }

    #[test]
    fn tags_start_with_what_most_ask_for() {
        let controls = Controls::of(&["root-key".to_owned()], &BTreeMap::new()).unwrap();
        let tags = tags(&controls.ids());
        let at = |tag: &str| tags.iter().position(|known| known == tag).unwrap();
        assert!(at("MITRE ATT&CK T1098") < at("CIS AWS v7.0.0 2.4"));
        assert!(
            at("CIS AWS v7.0.0 2.4") < at("CIS AWS v5.0.0 1.3")
                && at("CIS AWS v5.0.0 1.3") < at("PCI DSS v4.0.1 2.2.1")
        );
        assert!(at("PCI DSS v4.0.1 2.2.1") < 19 && at("APRA CPG 234 47c") > 19);
    }

    #[test]
    fn who_says_so_is_told() {
        let lines = Controls::of(&["root-key".to_owned()], &BTreeMap::new()).unwrap().lines();
        let line = lines.iter().find(|(name, _)| name == "NIST SP 800-53 Revision 4").unwrap();
        assert_eq!(line.1, "AC-2, AC-3, AC-6, AC-6(10) (Prowler, Steampipe); SC-12 (Cloudaware)");
    }

    #[test]
    fn ids_are_counted_as_people_count() {
        let own = BTreeMap::from([(
            "F".to_owned(),
            ["8.10", "AC-6(10)", "8.2", "AC-6(2)", "AC-6"].map(str::to_owned).to_vec(),
        )]);
        let ids = Controls::of(&[], &own).unwrap().ids();
        assert_eq!(ids["F"], ["8.2", "8.10", "AC-6", "AC-6(2)", "AC-6(10)"]);
        assert!(Controls::of(&["x".to_owned()], &own).is_err());
    }

    #[test]
    fn the_strictest_framework_says_when_a_key_is_unused() {
        assert_eq!(unused_days(&["CIS AWS v1.3.0".to_owned(), "GDPR".to_owned()]), None);
        assert_eq!(unused_days(&["CIS AWS v1.3.0".to_owned(), "CIS AWS v1.4.0".to_owned()]), Some(45));
    }

    #[test]
    fn the_table_names_known_frameworks_only_once() {
        let table = table().unwrap();
        let known = all();
        assert!(table.unused_days.keys().all(|name| known.contains(&**name)));
        let told: BTreeSet<Vec<Cow<'static, str>>> = known.iter().map(|name| words(name)).collect();
        assert_eq!(told.len(), known.len());
    }
}
