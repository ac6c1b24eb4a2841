//! Numbers.

use std::cmp::Ordering;

use crate::convert::convert;
use crate::number::Number;
use crate::types::Type;
use crate::value::{Kind, Value};

use super::spec::{Call, Failure, Function, any, invalid, known, number, returns, wholly_known};

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", &[number("num")], returns::number, |call| Ok(Value::number(call.number(0)?.abs()))),
    Function::new("ceil", &[number("num")], returns::number, |call| Ok(Value::number(call.number(0)?.ceil()))),
    Function::new("floor", &[number("num")], returns::number, |call| Ok(Value::number(call.number(0)?.floor()))),
    Function::new("log", &[number("num"), number("base")], returns::number, log),
    Function::new("max", &[], returns::number, |call| extreme(call, Ordering::Greater)).rest(number("numbers")),
    Function::new("min", &[], returns::number, |call| extreme(call, Ordering::Less)).rest(number("numbers")),
    Function::new("parseint", &[any("number"), number("base")], returns::number, parseint),
    Function::new("pow", &[number("num"), number("power")], returns::number, pow),
    Function::new("signum", &[number("num")], returns::number, signum),
    Function::new("sum", &[any("list")], returns::number, sum),
];

fn signum(call: &Call<'_>) -> Outcome {
    if call.number(0)?.to_integer().is_none() {
        return Err(invalid(
            0,
            "value must be a whole number, between -9223372036854775808 and 9223372036854775807 inclusive",
        ));
    }
    let sign = call.number(0)?.cmp(&Number::from(0));
    Ok(Value::number(sign as i64))
}

fn extreme(call: &Call<'_>, wanted: Ordering) -> Outcome {
    let numbers = (0..call.arguments.len()).map(|at| call.number(at)).collect::<Result<Vec<_>, _>>()?;
    let best = numbers.into_iter().reduce(|best, next| if next.cmp(best) == wanted { next } else { best });
    best.map(|best| Value::number(best.clone())).ok_or_else(|| "must pass at least one number".into())
}

fn double(value: f64) -> Outcome {
    // Terraform computes with infinities too, but cannot store one.
    Number::from_f64(value).map(Value::number).ok_or_else(|| "the result is no finite number".into())
}

fn log(call: &Call<'_>) -> Outcome {
    double(logarithm(call.number(0)?.to_f64()) / logarithm(call.number(1)?.to_f64()))
}

/// The natural logarithm with the rounding errors of Go's `math.Log` (fdlibm's formula), which the C library does not
/// make: whether the logarithm of 125 to base 5 is 3 or the next number hangs on them.
fn logarithm(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const ODD: [f64; 4] =
        [6.666_666_666_666_735e-1, 2.857_142_874_366_239e-1, 1.818_357_216_161_805e-1, 1.479_819_860_511_658_6e-1];
    const EVEN: [f64; 3] = [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];
    if !x.is_normal() || x < 0.0 {
        return x.ln();
    }
    let (mut mantissa, mut twos) = split(x);
    if mantissa < std::f64::consts::FRAC_1_SQRT_2 {
        mantissa *= 2.0;
        twos -= 1;
    }
    let (f, k) = (mantissa - 1.0, twos as f64);
    let s = f / (2.0 + f);
    let (s2, s4) = (s * s, s * s * (s * s));
    let series = |coefficients: &[f64]| coefficients.iter().rev().fold(0.0, |sum, c| sum * s4 + c);
    let half = 0.5 * f * f;
    let rest = s2 * series(&ODD) + s4 * series(&EVEN);
    k * LN2_HIGH - ((half - (s * (half + rest) + k * LN2_LOW)) - f)
}

fn pow(call: &Call<'_>) -> Outcome {
    double(power(call.number(0)?.to_f64(), call.number(1)?.to_f64()))
}

/// `base ^ exponent` in doubles, with the rounding errors that Go's `math.Pow` makes and the C library does not: a
/// whole exponent is worked off bit by bit, powers of two kept apart.
fn power(base: f64, exponent: f64) -> f64 {
    let magnitude = exponent.abs();
    let special = [base, exponent].iter().any(|x| *x == 0.0 || !x.is_finite()) || magnitude >= (1u64 << 62) as f64;
    if special || base == 1.0 || magnitude == 0.5 {
        return base.powf(exponent);
    }
    let (mut whole, mut fraction) = (magnitude.trunc(), magnitude.fract());
    if fraction != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if fraction > 0.5 {
        fraction -= 1.0;
        whole += 1.0;
    }
    let mut result = if fraction == 0.0 { 1.0 } else { (fraction * logarithm(base)).exp() };
    let (mut mantissa, mut twos) = split(base);
    let mut result_twos = 0i64;
    let mut left = whole as u64;
    while left != 0 {
        if twos.abs() > 1 << 12 {
            // Far beyond what a double holds.
            result_twos += twos;
            break;
        }
        if left & 1 == 1 {
            result *= mantissa;
            result_twos += twos;
        }
        mantissa *= mantissa;
        twos *= 2;
        if mantissa < 0.5 {
            mantissa += mantissa;
            twos -= 1;
        }
        left >>= 1;
    }
    if exponent < 0.0 {
        result = 1.0 / result;
        result_twos = -result_twos;
    }
    let twos = result_twos.clamp(-5000, 5000) as i32;
    result * 2f64.powi(twos / 2) * 2f64.powi(twos - twos / 2)
}

/// A finite number other than zero as a mantissa from 0.5 up to 1 and an exponent of two.
fn split(value: f64) -> (f64, i64) {
    let (mut mantissa, mut twos) = (value, 0);
    while mantissa.abs() >= 1.0 {
        mantissa /= 2.0;
        twos += 1;
    }
    while mantissa.abs() < 0.5 {
        mantissa *= 2.0;
        twos -= 1;
    }
    (mantissa, twos)
}

fn parseint(call: &Call<'_>) -> Outcome {
    let text = match &call.get(0)?.kind {
        Kind::Text(_) => known(call.get(0)?)?,
        _ => {
            let ty = call.get(0)?.ty().friendly_name();
            return Err(invalid(0, format!("first argument must be a string, not {ty}")));
        }
    };
    let base = call.integer(1)?;
    let valid = u32::try_from(base).ok().filter(|base| (2..=62).contains(base));
    let base = valid.ok_or_else(|| invalid(1, "base must be a whole number between 2 and 62 inclusive"))?;
    let number = Number::parse_integer(&text, base);
    number.map(Value::number).ok_or_else(|| invalid(0, format!("cannot parse {text:?} as a base {base} integer")))
}

fn sum(call: &Call<'_>) -> Outcome {
    let value = call.get(0)?;
    let elements = match (&value.kind, value.elements()) {
        (_, Some(elements)) => elements,
        (Kind::Map(..) | Kind::Object(_), _) => {
            let ty = value.ty().friendly_name();
            return Err(invalid(0, format!("argument must be list, set, or tuple. Received {ty}")));
        }
        _ => return Err(invalid(0, "cannot sum noniterable")),
    };
    if elements.is_empty() {
        return Err(invalid(0, "cannot sum an empty list"));
    }
    wholly_known(value)?;
    let mut total: Option<Number> = None;
    for element in elements {
        let wrong = || invalid(0, "argument must be list, set, or tuple of number values");
        let number = convert(element, &Type::Number).map_err(|_| wrong())?;
        let number = number.as_number().ok_or_else(wrong)?;
        total = Some(total.map_or_else(|| number.clone(), |total| total.add(number)));
    }
    Ok(total.map(Value::number).unwrap_or_else(|| Value::number(0)))
}
