//! Parameters: what is demanded of them, and values of which they are one.

use super::*;

/// A template with one parameter `P`, one resource with the property `P`, and what comes after.
fn declared(declaration: &str, given: Option<&str>, more: &str) -> Template {
    let text = format!(
        "Parameters:\n  P: {declaration}\nResources: {{R: {{Type: 'A::B::C', Properties: {{P: !Ref P}}}}}}\n{more}"
    );
    load(&text, &given.map(|value| ("P", value)).into_iter().collect::<Vec<_>>())
}

#[test]
fn what_a_declaration_demands_is_checked() {
    for (declaration, good, bad, message) in [
        ("{Type: String, AllowedValues: [a, 'b c']}", "b c", "c", "is not among its AllowedValues"),
        ("{Type: Number, AllowedValues: [1, 2]}", "2", "3", "is not among its AllowedValues"),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "b,a", "a,c", "is not among its AllowedValues"),
        ("{Type: CommaDelimitedList, AllowedValues: ['a,c']}", "a,c", "a", "is not among its AllowedValues"),
        ("{Type: String, MinLength: 2}", "éé", "é", "is shorter than its MinLength"),
        ("{Type: String, MaxLength: '2'}", "éé", "abc", "is longer than its MaxLength"),
        ("{Type: String, AllowedPattern: 'a+'}", "aa", "aab", "does not match its AllowedPattern"),
        ("{Type: String, AllowedPattern: '^(a|b)$'}", "b", "b\n", "does not match its AllowedPattern"),
        ("{Type: CommaDelimitedList, AllowedPattern: '[a-z]+'}", "a, b", "a,B", "does not match its AllowedPattern"),
        ("{Type: Number}", "-1.5", "one", "is no number"),
        ("{Type: List<Number>}", "1, 2", "1,x", "is no number"),
        ("{Type: Number, MinValue: 10}", "10", "9.9", "is less than its MinValue"),
        ("{Type: Number, MaxValue: 10}", "10", "100", "is more than its MaxValue"),
    ] {
        assert_eq!(declared(declaration, Some(good), "").take_errors(), [], "{declaration} {good}");
        let errors = declared(declaration, Some(bad), "").take_errors();
        let shown: Vec<_> = errors.iter().map(|error| (error.code, error.message.as_str())).collect();
        assert_eq!(shown, [("cfn-parameter-value", &*format!("the value of parameter `P` {message}"))]);
        // A default is checked as well, where it is.
        let text = declaration.replacen('}', &format!(", Default: {bad:?}}}"), 1);
        assert_eq!(declared(&text, None, "").take_errors().len(), 1, "{text}");
        // Without a value there is nothing to check.
        assert_eq!(declared(declaration, None, "").take_errors(), [], "{declaration}");
    }
    // Only Java reads this pattern.
    assert_eq!(declared("{Type: String, AllowedPattern: '(?!x).*'}", Some("x"), "").take_errors(), []);
}

#[test]
fn what_is_given_is_a_string_and_a_number_that_is_written_is_one() {
    let value = |declaration: &str, given: Option<&str>| {
        let template = declared(declaration, given, "");
        show(&template.resources(&|_| true)[0].get("P"))
    };
    assert_eq!(value("{Type: Number, Default: 5}", None), "5");
    assert_eq!(value("{Type: Number, Default: '5'}", None), "\"5\"");
    assert_eq!(value("{Type: Number, Default: 5}", Some("6")), "\"6\"");
    assert_eq!(value("{Type: String, Default: 5}", None), "\"5\"");
    assert_eq!(value("{Type: List<Number>, Default: '1, 2'}", None), "[\"1\", \"2\"]");
}

/// The values of which `expression` is one, for a parameter that allows `dev` and `root`.
fn among(expression: &str) -> Vec<String> {
    let more = format!(
        "Conditions: {{C: !Equals [!Ref 'AWS::Region', x]}}\nMappings: {{M: {{dev: {{k: 1}}, root: {{k: two, l: x}}, other: {{k: 3}}}}}}\nOutputs: {{O: {{Value: {expression}}}}}\n"
    );
    let template = declared("{Type: String, AllowedValues: [dev, root]}", None, &more);
    let value = template.outputs().remove(0).value;
    assert_eq!(template.take_errors(), []);
    value.alternatives().unwrap_or_default().iter().map(show).collect()
}

#[test]
fn one_of_a_few_values_is_known_to_be_one_of_them() {
    for (expression, expected) in [
        ("!Ref P", &["\"dev\"", "\"root\""][..]),
        ("!Sub 'x-${P}'", &["\"x-dev\"", "\"x-root\""]),
        ("!If [C, !Ref P, ci]", &["\"dev\"", "\"root\"", "\"ci\""]),
        ("!If [C, a, !Ref 'AWS::NoValue']", &[]),
        ("!FindInMap [M, !Ref P, k]", &["1", "\"two\""]),
        ("!FindInMap [M, !Ref P, l, {DefaultValue: d}]", &["\"x\"", "\"d\""]),
        ("!FindInMap [M, !Ref 'AWS::Region', k]", &["1", "\"two\"", "3"]),
        ("!Select [!Ref 'AWS::Region', [a, b]]", &["\"a\"", "\"b\""]),
        // What is made of it in another way is not one of these values.
        ("!Base64 {Ref: P}", &[]),
        ("{Fn::Length: !Split ['.', !Ref P]}", &[]),
        ("!Join ['', !Split ['.', !Ref P]]", &[]),
    ] {
        assert_eq!(among(expression), expected, "{expression}");
    }
}

#[test]
fn conditions_are_decided_by_all_values_that_are_possible() {
    for (condition, expected) in [
        ("!Equals [!Ref P, prod]", Some(false)),
        ("!Equals [!Ref P, dev]", None),
        ("!Equals [!FindInMap [M, !Ref P, k], 3]", Some(false)),
        ("!Not [!Equals [!FindInMap [M, !Ref P, k], 3]]", Some(true)),
        ("!Equals [!FindInMap [M, !Ref P, k], 1]", None),
        ("!Equals [!Sub 'a${P}', !Sub 'b${P}']", Some(false)),
        ("!Equals [!Ref P, !Ref 'AWS::Region']", None),
    ] {
        let more = format!("Conditions: {{C: {condition}}}\nMappings: {{M: {{dev: {{k: 1}}, root: {{k: 2}}}}}}\n");
        let template = declared("{Type: String, AllowedValues: [dev, root]}", None, &more);
        assert_eq!(template.condition("C", Span::start_of(file())).ok(), expected, "{condition}");
    }
}

#[test]
fn an_assertion_that_certainly_fails_is_an_error() {
    let failing = |assert: &str, given: Option<&str>| {
        let rules = format!(
            "Rules: {{R: {{RuleCondition: !Not [!Equals [!Ref P, off]], Assertions: [{{Assert: {assert}, AssertDescription: why}}]}}}}\n"
        );
        let template = declared("{Type: String}", given, &rules);
        template.take_errors().iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(", ")
    };
    let fails = "an assertion of the template's rules fails: why";
    for (assert, given, expected) in [
        ("!Contains [[a, b], !Ref P]", Some("c"), fails),
        ("!Contains [[a, b], !Ref P]", Some("b"), ""),
        ("!Contains [[a, b], !Ref P]", None, ""),
        // Its condition does not hold.
        ("!Contains [[a, b], !Ref P]", Some("off"), ""),
        ("{Fn::EachMemberEquals: [[a, a], !Ref P]}", Some("a"), ""),
        ("{Fn::EachMemberEquals: [[a, b], !Ref P]}", Some("a"), fails),
        ("{Fn::EachMemberIn: [[a, b], [b, !Ref P]]}", Some("a"), ""),
        ("{Fn::EachMemberIn: [[a, b], [b, !Ref P]]}", Some("c"), fails),
        ("{Fn::EachMemberIn: [{Fn::RefAll: String}, [a]]}", Some("c"), fails),
        ("{Fn::EachMemberIn: [{Fn::RefAll: String}, [c]]}", Some("c"), ""),
        ("{Fn::EachMemberIn: [{Fn::ValueOfAll: ['AWS::EC2::VPC::Id', Tags.x]}, [c]]}", Some("c"), ""),
        ("!Equals [{Fn::ValueOf: [P, VpcId]}, x]", Some("c"), ""),
    ] {
        assert_eq!(failing(assert, given), expected, "{assert} {given:?}");
    }
}
