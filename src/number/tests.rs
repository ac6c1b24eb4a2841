use super::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap()
}

#[test]
fn numbers_print_as_terraform_prints_them() {
    for (text, printed) in [
        ("12", "12"),
        ("-0", "0"),
        ("1.10", "1.1"),
        ("-1.50", "-1.5"),
        ("0.1", "0.1"),
        ("00.050", "0.05"),
        ("1E-2", "0.01"),
        (".5", "0.5"),
        ("5.", "5"),
        ("12345678901234567890123.5", "12345678901234567890123.5"),
        ("9007199254740993", "9007199254740993"),
    ] {
        assert_eq!(n(text).to_string(), printed);
    }
    assert_eq!(n("0.1").add(&n("0.2")).to_string(), "0.3");
    assert_eq!(n("1e400").to_string(), format!("1{}", "0".repeat(400)));
    let third = "0.33333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333\
                 333333333333333333333333333333333333333333333333333333333335";
    assert_eq!(n("1").div(&n("3")).unwrap().to_string(), third);
    assert_eq!(n("999999999999999999e-30").to_string(), "0.000000000000999999999999999999");
}

#[test]
fn doubles_keep_their_precision() {
    assert_eq!(Number::from_f64(2f64.sqrt()).unwrap().to_string(), "1.4142135623730951");
    assert_eq!(Number::from_f64(2f64.powi(100)).unwrap().to_string(), "1267650600228229400000000000000");
    let sum = Number::from_f64(2f64.powi(100)).unwrap().add(&n("1"));
    assert_eq!(sum.to_string(), "1267650600228229401496703205377");
    for value in [0.1, 1e300, 5e-324, 1.5e-310, -3.25, 0.0, 123456789.125, f64::MAX, f64::MIN_POSITIVE] {
        assert_eq!(Number::from_f64(value).unwrap().to_f64(), value);
        assert_eq!(n(&format!("{value}")).to_f64(), value);
    }
}

#[test]
fn nothing_but_decimals_parses() {
    for text in ["", "-", "x", "0x1f", "1e", "1e+", "--1", "1_000", " 1", "1 ", ".", "1.2.3", "Inf"] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
    assert_eq!(Number::parse("1e1000000000"), None);
    assert_eq!(Number::parse("1e-99999999999999999999999"), None);
    assert_eq!(Number::parse("0e99999999999999999999999"), Some(Number::from(0)));
}

#[test]
fn arithmetic_is_exact_and_bounded() {
    assert_eq!(n("-7").rem(&n("3")), Some(n("-1")));
    assert_eq!(n("7").rem(&n("-3")), Some(n("1")));
    assert_eq!(n("5.5").rem(&n("2")), Some(n("1.5")));
    assert_eq!(n("1").div(&n("0")), None);
    assert_eq!(n("-1.2").floor(), n("-2"));
    assert_eq!(n("-1.2").ceil(), n("-1"));
    assert_eq!(n("1.2").ceil(), n("2"));
    assert!(n("1e-3") < n("0.01") && n("-5") < n("1"));
    let mut huge = n("1e400");
    for _ in 0..60 {
        huge = huge.mul(&huge);
    }
    assert!(!huge.is_finite());
    assert_eq!(n("1e3").as_i64(), Some(1000));
    assert_eq!(n("1e30").as_i64(), None);
    assert_eq!(n("1.5").as_i64(), None);
    assert_eq!(n("-3").as_usize(), None);
}

#[test]
fn integers_parse_in_any_base() {
    assert_eq!(Number::parse_integer("fF", 16), Some(n("255")));
    assert_eq!(Number::parse_integer("-10", 2), Some(n("-2")));
    assert_eq!(Number::parse_integer("9", 8), None);
    assert_eq!(Number::parse_integer("Z", 62), Some(n("61")));
    assert_eq!(Number::parse_integer("", 10), None);
}

#[test]
fn decimals_print_as_g_does() {
    let general = |text: &str, digits| n(text).shortest_decimal().unwrap().general(digits);
    assert_eq!(general("1234567", None), "1.234567e+06");
    assert_eq!(general("123456", None), "123456");
    assert_eq!(general("100000", None), "100000");
    assert_eq!(general("0", None), "0");
    assert_eq!(general("0.0001", None), "0.0001");
    assert_eq!(general("0.00001", None), "1e-05");
    assert_eq!(general("1234567", Some(10)), "1234567");
    assert_eq!(general("12345678901", Some(10)), "1.23456789e+10");
}

#[test]
fn decimals_round_half_to_even() {
    let rounded = |text: &str, places: isize| {
        let decimal = n(text).exact_decimal().unwrap();
        decimal.rounded(decimal.point + places).plain(usize::try_from(places).ok())
    };
    assert_eq!(rounded("2.25", 1), "2.2");
    assert_eq!(rounded("2.75", 1), "2.8");
    assert_eq!(rounded("9.99", 1), "10.0");
    assert_eq!(rounded("0.04", 1), "0.0");
    assert_eq!(rounded("0.5", 0), "0");
    assert_eq!(rounded("0.6", 0), "1");
    assert_eq!(rounded("-12", 2), "-12.00");
}
