//! IP address ranges.

use std::net::{Ipv4Addr, Ipv6Addr};

use dashu_int::IBig;

use crate::types::Type;
use crate::value::Value;

use super::spec::{Call, Failure, Function, invalid, list, number, returns, string, text};

type Outcome = Result<Value, Failure>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("cidrhost", &[text("prefix"), number("hostnum")], returns::text, cidrhost).of(0),
    Function::new("cidrnetmask", &[text("prefix")], returns::text, cidrnetmask).of(0),
    Function::new("cidrsubnet", &[text("prefix"), number("newbits"), number("netnum")], returns::text, cidrsubnet)
        .of(0),
    Function::new("cidrsubnets", &[text("prefix")], returns::texts, cidrsubnets).rest(number("newbits")).of(0),
];

/// A range of addresses: the first, the length of the prefix, and how many bits an address has.
#[derive(Clone, Copy)]
struct Network {
    first: u128,
    prefix: u32,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (address, bits) = match ipv4(address) {
            Some(address) => (u128::from(address), 32),
            None => (u128::from(address.parse::<Ipv6Addr>().ok()?), 128),
        };
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix| digits && *prefix <= bits)?;
        let network = Self { first: 0, prefix, bits };
        Some(Self { first: address & !network.host_mask(), ..network })
    }

    /// The bits that number the hosts.
    fn host_mask(self) -> u128 {
        let hosts = self.bits - self.prefix;
        if hosts == 128 { u128::MAX } else { (1 << hosts) - 1 }
    }

    fn address(self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(address) if self.bits == 32 => Ipv4Addr::from(address).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    fn show(self) -> String {
        format!("{}/{}", self.address(self.first), self.prefix)
    }
}

/// Four decimal numbers. Terraform still takes leading zeros for nothing.
fn ipv4(text: &str) -> Option<u32> {
    let octets = text.split('.').map(|octet| {
        let digits = !octet.is_empty() && octet.bytes().all(|byte| byte.is_ascii_digit());
        octet.parse::<u8>().ok().filter(|_| digits)
    });
    let octets: [u8; 4] = octets.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
    Some(u32::from_be_bytes(octets))
}

fn network(call: &Call<'_>) -> Result<Network, Failure> {
    let text = call.str(0)?;
    let network = Network::parse(&text);
    network.ok_or_else(|| format!("invalid CIDR expression: invalid CIDR address: {text}").into())
}

fn whole(call: &Call<'_>, at: usize) -> Result<IBig, Failure> {
    call.number(at)?.to_integer().ok_or_else(|| invalid(at, "a whole number is required"))
}

/// Counts hosts from the first address, negative numbers from the last.
fn cidrhost(call: &Call<'_>) -> Outcome {
    let (network, wanted) = (network(call)?, whole(call, 1)?);
    let from_end = wanted < IBig::ZERO;
    let distance = if from_end { -wanted.clone() - IBig::ONE } else { wanted.clone() };
    let host = u128::try_from(distance).ok().filter(|host| *host <= network.host_mask()).ok_or_else(|| {
        Failure::Call(format!("prefix of {} does not accommodate a host numbered {wanted}", network.prefix))
    })?;
    let host = if from_end { network.host_mask() - host } else { host };
    Ok(string(network.address(network.first | host)))
}

fn cidrnetmask(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    if network.bits != 32 {
        return Err(format!("IPv6 addresses cannot have a netmask: {}", network.show()).into());
    }
    Ok(string(network.address(u128::from(u32::MAX) & !network.host_mask())))
}

fn cidrsubnet(call: &Call<'_>) -> Outcome {
    let (network, added, number) = (network(call)?, call.integer(1)?, whole(call, 2)?);
    let prefix = u32::try_from(i64::from(network.prefix).saturating_add(added));
    let subnet = match prefix {
        Ok(prefix) if added >= 0 && prefix <= network.bits => Network { prefix, ..network },
        _ => {
            let message = format!("insufficient address space to extend prefix of {} by {added}", network.prefix);
            return Err(message.into());
        }
    };
    let last = network.host_mask().checked_shr(network.bits - subnet.prefix).unwrap_or(0);
    let index = u128::try_from(number.clone()).ok().filter(|index| *index <= last);
    let index = index.ok_or_else(|| {
        Failure::Call(format!("prefix extension of {added} does not accommodate a subnet numbered {number}"))
    })?;
    let offset = index.checked_shl(network.bits - subnet.prefix).unwrap_or(0);
    Ok(string(Network { first: network.first | offset, ..subnet }.show()))
}

/// Consecutive ranges of these sizes, each at the next place where it fits.
fn cidrsubnets(call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let last = network.first | network.host_mask();
    let mut next = Some(network.first);
    let mut previous = None;
    let mut subnets = Vec::new();
    for at in 1..call.arguments.len() {
        let added = call.integer(at)?;
        if added < 1 {
            return Err(invalid(at, "must extend prefix by at least one bit"));
        }
        if added > 32 {
            return Err(invalid(at, "may not extend prefix by more than 32 bits"));
        }
        let prefix = network.prefix + added as u32;
        if prefix > network.bits {
            let protocol = if network.bits == 32 { "IPv4" } else { "IPv6" };
            let message = format!("would extend prefix to {prefix} bits, which is too long for an {protocol} address");
            return Err(invalid(at, message));
        }
        let mask = Network { prefix, ..network }.host_mask();
        let first = next.and_then(|next| next.checked_add(mask)).map(|end| end & !mask);
        let subnet = first.filter(|first| first | mask <= last).map(|first| Network { first, prefix, ..network });
        let Some(subnet) = subnet else {
            let after = previous.unwrap_or(network).show();
            return Err(invalid(
                at,
                format!("not enough remaining address space for a subnet with a prefix of {prefix} bits after {after}"),
            ));
        };
        next = (subnet.first | mask).checked_add(1);
        previous = Some(subnet);
        subnets.push(string(subnet.show()));
    }
    Ok(list(Type::Text, subnets))
}
