//! "Did you mean": the known name that a mistyped one was most likely meant to be.

/// The known name nearest to `word`, if one is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase());
    // A third of the name may be wrong; more is another name. A name begun or a part of one counts, too.
    let limit = (word.chars().count() / 3).max(1);
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|name| (distance(name), *name)).filter(|(far, _)| *far <= limit).min();
    let part = || known.iter().find(|name| word.len() >= 4 && name.contains(word)).copied();
    near.map(|(_, name)| name).or_else(part)
}

/// `; did you mean `x`?`, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["root-access-key", "root-key-not-denied", "unrotated-access-key"];
        assert_eq!(nearest("root-acess-key", known), Some("root-access-key"));
        assert_eq!(nearest("ROOT-ACCESS-KEY", known), Some("root-access-key"));
        assert_eq!(nearest("not-denied", known), Some("root-key-not-denied"));
        assert_eq!(nearest("bananas", known), None);
    }
}
