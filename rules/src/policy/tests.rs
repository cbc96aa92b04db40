use dissectors::action::{Action, Device, Quantity, Verb};

use super::{Identity, Policy, Standing};
use crate::inventory::Claims;
use crate::language::compiled::Truth;

fn load(text: &str) -> Policy {
    Policy::load("policy.toml", text).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(text: &str) -> String {
    Policy::load("policy.toml", text)
        .expect_err("it should be refused")
        .to_string()
}

fn host(ip: &str) -> Identity<'static> {
    Identity {
        ip: ip.parse().unwrap(),
        mac: None,
        claims: Claims::default(),
    }
}

/// Seconds since 1970 of Monday 2026-01-05 00:00 UTC.
const MONDAY: i64 = 1_767_571_200;

fn judge_at(
    p: &Policy,
    who: &Identity<'_>,
    action: Action<'_>,
    on: &str,
    seconds: i64,
) -> Standing {
    p.judge(who, &host(on), Some(action), seconds * 1_000_000_000)
}

fn may(p: &Policy, who: &str, verb: Verb, on: &str) -> Truth {
    judge_at(p, &host(who), Action::of(verb), on, MONDAY).authorised
}

const HEAD: &str = "schema = 1\n";

// Refusals.

#[test]
fn every_mistake_of_a_policy_is_told_at_once_where_it_is() {
    let told = refused(
        r#"schema = 1
[[group]]
name = "pumps"
members = ["10.20.1.300", "10.20.4.7/24", "mac:02:00"]
kind = "pomp"
[[grant]]
who = ["pumsp"]
may = ["set-rat", "effect:therapie"]
on = ["pumps"]
bounds = { set-rate = "0..1200 mL/hh" }
hours = "Mon-Fry 07:00-19:00"
until = "soon"
acepted_by = "A. Name"
"#,
    );
    for (place, what) in [
        ("policy.toml:4:12", "`10.20.1.300` is no member"),
        ("policy.toml:4:27", "the network is 10.20.4.0/24"),
        ("policy.toml:4:43", "six pairs"),
        ("policy.toml:5:8", "did you mean \"pump\"?"),
        ("policy.toml:7:8", "did you mean \"pumps\"?"),
        ("policy.toml:8:8", "did you mean \"set-rate\"?"),
        ("policy.toml:8:19", "did you mean \"effect:therapy\"?"),
        ("policy.toml:10:23", "`mL/hh` is no unit"),
        ("policy.toml:11:9", "`fry` is no day"),
        ("policy.toml:12:9", "this is no day"),
        ("policy.toml:13:1", "did you mean `accepted_by`?"),
    ] {
        assert!(
            told.contains(place) && told.contains(what),
            "{place} {what}\n{told}"
        );
    }
}

#[test]
fn policy_without_schema_or_of_another_is_refused() {
    assert!(refused("").contains("schema = 1"));
    assert!(refused("schema = 2").contains("schema 2 is not read"));
    assert!(refused("schema = ").contains("no TOML"));
    assert!(refused("schema = 1\n[[grants]]\n").contains("did you mean `grant`?"));
    assert!(
        refused("schema = 1\n[[grant]]\nwho = []\nmay = [\"any\"]\non = [\"any\"]")
            .contains("`who` is empty")
    );
    assert!(
        refused("schema = 1\n[[group]]\nname = \"a\"\n[[group]]\nname = \"a\"")
            .contains("two groups")
    );
    assert!(refused("schema = 1\n[[group]]\nname = \"any\"").contains("cannot be called"));
    assert!(refused("schema = 1\ntimezone = \"Mars/Base\"").contains("no time zone"));
}

#[test]
fn bound_that_is_never_asked_for_is_a_mistake() {
    let told = refused(&format!(
        "{HEAD}[[grant]]\nwho = [\"any\"]\nmay = [\"start\"]\non = [\"any\"]\nbounds = {{ set-rate = \"0..1 mL/h\" }}"
    ));
    assert!(told.contains("which the grant does not allow"), "{told}");
}

// What is allowed.

#[test]
fn what_nobody_granted_is_not_authorised() {
    let p = load(HEAD);
    assert_eq!(may(&p, "10.0.0.1", Verb::Read, "10.0.0.2"), Truth::False);
    let s = p.judge(&host("10.0.0.1"), &host("10.0.0.2"), None, 0);
    assert_eq!(
        (s.authorised, s.within_bounds),
        (Truth::Unknown, Truth::Unknown)
    );
}

#[test]
fn asset_in_two_groups_has_the_grants_of_both() {
    let p = load(
        r#"schema = 1
[[group]]
name = "ward"
members = ["10.1.0.0/16", "2001:db8:1::/48"]
[[group]]
name = "servers"
members = ["10.1.0.5", "2001:db8:1::5"]
[[grant]]
who = ["ward"]
may = ["effect:none"]
on = ["any"]
[[grant]]
who = ["servers"]
may = ["set-rate"]
on = ["10.2.0.0/24"]
"#,
    );
    for (who, verb, on, truth) in [
        ("10.1.0.5", Verb::SetRate, "10.2.0.9", Truth::True),
        ("10.1.0.5", Verb::Verify, "10.9.9.9", Truth::True),
        ("10.1.0.6", Verb::SetRate, "10.2.0.9", Truth::False),
        ("10.1.0.5", Verb::SetRate, "10.2.1.9", Truth::False),
        ("2001:db8:1::5", Verb::SetRate, "10.2.0.1", Truth::True),
        ("2001:db8:1:0::6", Verb::Verify, "::1", Truth::True),
        ("2001:db8:2::5", Verb::Verify, "::1", Truth::False),
    ] {
        assert_eq!(may(&p, who, verb, on), truth, "{who} {verb} {on}");
    }
    assert_eq!(p.group_names(&host("10.1.0.5")), ["ward", "servers"]);
}

#[test]
fn title_is_a_claim_unless_it_is_pinned_to_an_address() {
    let p = load(
        r#"schema = 1
[[grant]]
who = ["ae:CT1", "ae:MR2@10.1.0.0/16", "hl7:BCMA|HOSP@10.1.0.5", "hl7:LIS"]
may = ["store"]
on = ["any"]
"#,
    );
    let ae = |ip: &str, title: &'static str| Identity {
        claims: Claims {
            ae: Some(title.as_bytes()),
            ..Claims::default()
        },
        ..host(ip)
    };
    let hl7 = |ip: &str, app: &'static str, facility: &'static str| Identity {
        claims: Claims {
            hl7: Some((app.as_bytes(), facility.as_bytes())),
            ..Claims::default()
        },
        ..host(ip)
    };
    for (who, truth) in [
        (ae("192.0.2.1", "CT1"), Truth::True),
        (ae("10.1.2.3", "MR2"), Truth::True),
        (ae("192.0.2.1", "MR2"), Truth::False),
        (hl7("10.1.0.5", "BCMA", "HOSP"), Truth::True),
        (hl7("10.1.0.6", "BCMA", "HOSP"), Truth::False),
        (hl7("10.1.0.5", "BCMA", "OTHER"), Truth::False),
        (hl7("192.0.2.1", "LIS", "ANY"), Truth::True),
    ] {
        let s = judge_at(&p, &who, Action::of(Verb::Store), "10.0.0.1", MONDAY);
        assert_eq!(s.authorised, truth, "{who:?}");
        assert_eq!(p.lists(&who), truth == Truth::True);
    }
    assert!(p.lists_ae(b"MR2") && !p.lists_ae(b"EVIL"));
}

#[test]
fn kind_is_what_a_group_says_or_what_the_action_works_on() {
    let p = load(
        r#"schema = 1
[[group]]
name = "pumps"
members = ["10.2.0.9", "device:PUMP-7"]
kind = "pump"
[[grant]]
who = ["any"]
may = ["start"]
on = ["kind:pump"]
"#,
    );
    let start = Action::of(Verb::Start);
    let on = |action, ip| judge_at(&p, &host("10.0.0.1"), action, ip, MONDAY).authorised;
    assert_eq!(on(start, "10.2.0.9"), Truth::True);
    assert_eq!(on(start, "10.2.0.8"), Truth::False);
    assert_eq!(
        on(
            Action {
                device: Device::Pump,
                ..start
            },
            "10.2.0.8"
        ),
        Truth::True
    );
    assert_eq!(
        on(
            Action {
                device_id: b"PUMP-7",
                ..start
            },
            "10.2.0.8"
        ),
        Truth::True
    );
    assert_eq!(
        on(
            Action {
                device: Device::Ventilator,
                ..start
            },
            "10.2.0.8"
        ),
        Truth::False
    );
}

#[test]
fn hours_hold_in_the_policys_time_zone_and_until_includes_its_day() {
    let p = load(
        r#"schema = 1
timezone = "Europe/Berlin"
[[grant]]
who = ["any"]
may = ["configure"]
on = ["any"]
hours = ["Mon-Fri 07:00-19:00", "Sat 22:00-02:00"]
until = 2026-01-12
"#,
    );
    let at = |seconds| {
        judge_at(
            &p,
            &host("10.0.0.1"),
            Action::of(Verb::Configure),
            "10.0.0.2",
            seconds,
        )
        .authorised
    };
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    // In winter Berlin is an hour ahead.
    for (seconds, truth) in [
        (MONDAY + 6 * HOUR - 1, Truth::False),
        (MONDAY + 6 * HOUR, Truth::True),
        (MONDAY + 18 * HOUR - 1, Truth::True),
        (MONDAY + 18 * HOUR, Truth::False),
        (MONDAY + 5 * DAY + 12 * HOUR, Truth::False),
        (MONDAY + 5 * DAY + 23 * HOUR, Truth::True),
        (MONDAY + 6 * DAY + HOUR / 2, Truth::True),
        (MONDAY + 6 * DAY + HOUR, Truth::False),
        (MONDAY + 7 * DAY + 12 * HOUR, Truth::True),
        (MONDAY + 8 * DAY + 12 * HOUR, Truth::False),
    ] {
        assert_eq!(at(seconds), truth, "{}", (seconds - MONDAY) as f64 / 3600.0);
    }
}

#[test]
fn learned_grant_of_therapy_counts_only_when_somebody_signed_it() {
    let grant = |signed: &str| {
        load(&format!(
            "{HEAD}[[grant]]\nwho = [\"any\"]\nmay = [\"any\"]\non = [\"any\"]\nlearned = true\n{signed}"
        ))
    };
    let unsigned = grant("");
    assert_eq!(
        may(&unsigned, "10.0.0.1", Verb::SetRate, "10.0.0.2"),
        Truth::False
    );
    assert_eq!(
        may(&unsigned, "10.0.0.1", Verb::SilenceAlarm, "10.0.0.2"),
        Truth::False
    );
    assert_eq!(
        may(&unsigned, "10.0.0.1", Verb::Read, "10.0.0.2"),
        Truth::True
    );
    assert_eq!(unsigned.warnings().diagnostics.len(), 1);
    let signed = grant("accepted_by = \"A. Name, 2026-11-02\"");
    assert_eq!(
        may(&signed, "10.0.0.1", Verb::SetRate, "10.0.0.2"),
        Truth::True
    );
    assert!(signed.warnings().is_empty());
}

// Bounds.

fn set(number: f64, unit: &'static str, drug: &'static str) -> Action<'static> {
    Action {
        drug: drug.as_bytes(),
        device: Device::Pump,
        value: Some(Quantity {
            number,
            sent: b"",
            unit: unit.as_bytes(),
            code: b"",
        }),
        ..Action::of(Verb::SetRate)
    }
}

#[test]
fn value_is_within_bounds_if_one_grant_admits_it_and_no_hard_limit_excludes_it() {
    let p = load(
        r#"schema = 1
[[grant]]
who = ["10.0.0.1"]
may = ["set-rate"]
on = ["kind:pump"]
bounds = { set-rate = ["0..100 mL/h", "0..5 mg/h"] }
[[grant]]
who = ["10.0.0.0/24"]
may = ["effect:therapy"]
on = ["10.9.0.1"]
[[bound]]
verb = "set-rate"
range = "0..1200 mL/h"
[[bound]]
verb = ["set-rate", "set-dose"]
drug = "HEPARIN"
range = ["0..20 mL/h", "0..30 U/h"]
"#,
    );
    let within =
        |who: &str, action, on: &str| judge_at(&p, &host(who), action, on, MONDAY).within_bounds;
    for (who, action, on, truth) in [
        ("10.0.0.1", set(100.0, "mL/h", ""), "10.5.0.1", Truth::True),
        ("10.0.0.1", set(0.11, "L/h", ""), "10.5.0.1", Truth::False),
        ("10.0.0.1", set(6.0, "mg/h", ""), "10.5.0.1", Truth::False),
        (
            "10.0.0.1",
            set(6.0, "ug/kg/min", ""),
            "10.5.0.1",
            Truth::Unknown,
        ),
        ("10.0.0.1", set(6.0, "", ""), "10.5.0.1", Truth::Unknown),
        (
            "10.0.0.1",
            set(21.0, "mL/h", "HEPARIN"),
            "10.5.0.1",
            Truth::False,
        ),
        (
            "10.0.0.1",
            set(31.0, "U/h", "HEPARIN"),
            "10.5.0.1",
            Truth::False,
        ),
        // The second grant has no bounds of its own, the hard limit still holds.
        ("10.0.0.1", set(1000.0, "mL/h", ""), "10.9.0.1", Truth::True),
        (
            "10.0.0.1",
            set(1300.0, "mL/h", ""),
            "10.9.0.1",
            Truth::False,
        ),
        // A stranger is measured by what holds for others.
        (
            "192.0.2.1",
            set(150.0, "mL/h", ""),
            "10.5.0.1",
            Truth::False,
        ),
        ("192.0.2.1", set(50.0, "mL/h", ""), "10.5.0.1", Truth::True),
    ] {
        assert_eq!(
            within(who, action, on),
            truth,
            "{who} {:?} {on}",
            action.value
        );
    }
    let broken = judge_at(
        &p,
        &host("10.0.0.1"),
        set(21.0, "mL/h", "HEPARIN"),
        "10.5.0.1",
        MONDAY,
    )
    .broken;
    assert_eq!(
        broken.as_deref(),
        Some("policy.toml:14: set-rate 0..20 mL/h")
    );
}

#[test]
fn denial_names_the_nearest_grant_and_what_it_lacks() {
    let p = load(
        r#"schema = 1
[[group]]
name = "gateways"
members = ["10.0.0.1"]
[[grant]]
who = ["gateways"]
may = ["read"]
on = ["any"]
[[grant]]
who = ["gateways"]
may = ["set-rate"]
on = ["kind:pump"]
hours = "Mon 00:00-01:00"
"#,
    );
    let nearest = |who: &str, verb| {
        let action = Action {
            device: Device::Pump,
            ..Action::of(verb)
        };
        p.nearest_grant(
            &host(who),
            &host("10.0.0.2"),
            &action,
            (MONDAY + 7200) * 1_000_000_000,
        )
    };
    assert_eq!(
        nearest("10.0.0.1", Verb::SetRate),
        "nearest grant policy.toml:9: it holds Mon 00:00-01:00 only"
    );
    assert_eq!(
        nearest("10.0.0.1", Verb::Start),
        "nearest grant policy.toml:5: it allows read, not start"
    );
    assert!(
        nearest("10.0.0.9", Verb::SetRate).contains("it is for gateways, which 10.0.0.9 is not")
    );
}

#[test]
fn group_that_no_grant_names_is_a_warning() {
    let p = load(&format!(
        "{HEAD}[[group]]\nname = \"spare\"\nmembers = [\"10.0.0.1\"]"
    ));
    assert_eq!(p.warnings().diagnostics[0].place(), (3, 8));
}

// Addresses that move, hide and overlap.

#[test]
fn device_that_got_a_new_address_keeps_its_grants_by_its_card() {
    let p = load(&format!(
        "{HEAD}[[grant]]\nwho = [\"mac:02:00:00:aa:bb:cc\"]\nmay = [\"set-rate\"]\non = [\"any\"]"
    ));
    let at = |ip: &str, mac: Option<[u8; 6]>| {
        let who = Identity { mac, ..host(ip) };
        judge_at(&p, &who, Action::of(Verb::SetRate), "10.0.0.9", MONDAY).authorised
    };
    let own = Some([2, 0, 0, 0xaa, 0xbb, 0xcc]);
    assert_eq!(at("10.0.0.1", own), Truth::True);
    assert_eq!(at("10.0.7.7", own), Truth::True);
    // Whoever gets the old address afterwards is somebody else.
    assert_eq!(at("10.0.0.1", Some([2, 0, 0, 0, 0, 1])), Truth::False);
    assert_eq!(at("10.0.0.1", None), Truth::False);
}

#[test]
fn hosts_behind_one_translated_address_are_told_apart_by_their_names_only() {
    let p = load(&format!(
        "{HEAD}[[grant]]\nwho = [\"hl7:BCMA|HOSP@192.0.2.1\"]\nmay = [\"order\"]\non = [\"device:PUMP-1\"]"
    ));
    let at = |app: &'static [u8], device: &'static [u8]| {
        let who = Identity {
            claims: Claims {
                hl7: Some((app, b"HOSP")),
                ..Claims::default()
            },
            ..host("192.0.2.1")
        };
        let action = Action {
            device_id: device,
            ..Action::of(Verb::Order)
        };
        judge_at(&p, &who, action, "10.0.0.9", MONDAY).authorised
    };
    assert_eq!(at(b"BCMA", b"PUMP-1"), Truth::True);
    assert_eq!(at(b"LAB", b"PUMP-1"), Truth::False);
    assert_eq!(at(b"BCMA", b"PUMP-2"), Truth::False);
    assert_eq!(at(b"BCMA", b""), Truth::False);
}

#[test]
fn network_of_version_six_and_an_address_within_it_are_members_and_version_four_is_not() {
    let p = load(&format!(
        "{HEAD}[[group]]\nname = \"pumps\"\nmembers = [\"2001:db8:7::/48\", \"fe80::1\"]\n\
         [[grant]]\nwho = [\"any\"]\nmay = [\"start\"]\non = [\"pumps\"]"
    ));
    assert_eq!(
        may(&p, "fd00::1", Verb::Start, "2001:db8:7:1::9"),
        Truth::True
    );
    assert_eq!(
        may(&p, "fd00::1", Verb::Start, "2001:db8:8::9"),
        Truth::False
    );
    assert_eq!(may(&p, "fd00::1", Verb::Start, "fe80::1"), Truth::True);
    assert_eq!(may(&p, "10.0.0.1", Verb::Start, "10.0.0.2"), Truth::False);
}

#[test]
fn night_that_the_clock_change_lengthens_or_shortens_is_one_night() {
    let p = load(
        "schema = 1\ntimezone = \"Europe/Berlin\"\n[[grant]]\nwho = [\"any\"]\nmay = [\"start\"]\n\
         on = [\"any\"]\nhours = \"Sat 22:00-06:00\"",
    );
    let at = |utc: &str| {
        let seconds = utc.parse::<jiff::Timestamp>().unwrap().as_second();
        judge_at(
            &p,
            &host("10.0.0.1"),
            Action::of(Verb::Start),
            "10.0.0.2",
            seconds,
        )
        .authorised
    };
    // 2026-03-28/29: at 01:00 UTC the clock goes from 02:00 to 03:00.
    for (utc, expected) in [
        ("2026-03-28T20:59:59Z", Truth::False),
        ("2026-03-28T21:00:00Z", Truth::True),
        ("2026-03-29T00:59:59Z", Truth::True),
        ("2026-03-29T01:00:00Z", Truth::True),
        ("2026-03-29T03:59:59Z", Truth::True),
        ("2026-03-29T04:00:00Z", Truth::False),
        // 2026-10-24/25: at 01:00 UTC from 03:00 back to 02:00.
        ("2026-10-24T19:59:59Z", Truth::False),
        ("2026-10-24T20:00:00Z", Truth::True),
        ("2026-10-25T00:30:00Z", Truth::True),
        ("2026-10-25T01:30:00Z", Truth::True),
        ("2026-10-25T04:59:59Z", Truth::True),
        ("2026-10-25T05:00:00Z", Truth::False),
    ] {
        assert_eq!(at(utc), expected, "{utc}");
    }
}

#[test]
fn narrow_grant_beside_a_wide_one_takes_nothing_away_and_a_hard_limit_does() {
    let p = load(&format!(
        "{HEAD}[[group]]\nname = \"all\"\nmembers = [\"10.20.0.0/16\"]\n\
         [[group]]\nname = \"icu\"\nmembers = [\"10.20.4.0/24\"]\n\
         [[grant]]\nwho = [\"any\"]\nmay = [\"set-rate\"]\non = [\"all\"]\nbounds = {{ set-rate = \"0..500 mL/h\" }}\n\
         [[grant]]\nwho = [\"any\"]\nmay = [\"set-rate\"]\non = [\"icu\"]\nbounds = {{ set-rate = \"0..50 mL/h\" }}\n\
         [[bound]]\nverb = \"set-rate\"\ndrug = \"HEPARIN\"\nrange = \"0..20 mL/h\"\non = [\"icu\"]"
    ));
    let at = |rate: f64, drug: &'static str, on: &str| {
        judge_at(&p, &host("10.0.0.1"), set(rate, "mL/h", drug), on, MONDAY).within_bounds
    };
    assert_eq!(at(400.0, "", "10.20.4.9"), Truth::True);
    assert_eq!(at(600.0, "", "10.20.4.9"), Truth::False);
    assert_eq!(at(30.0, "HEPARIN", "10.20.4.9"), Truth::False);
    assert_eq!(at(30.0, "HEPARIN", "10.20.5.9"), Truth::True);
    assert_eq!(at(20.0, "HEPARIN", "10.20.4.9"), Truth::True);
}

#[test]
fn zone_without_hosts_or_from_a_zone_that_is_not_there_is_refused() {
    let told = refused("schema = 1\n[[zone]]\nname = \"icu\"\n");
    assert!(told.contains("nobody is in it"), "{told}");
    let told = refused(
        "schema = 1\n[[zone]]\nname = \"icu\"\nvlans = [7]\nfrom = [\"server\"]\n[[zone]]\nname = \"servers\"\nvlans = [8]\n",
    );
    assert!(told.contains("there is no zone `server`"), "{told}");
    assert!(told.contains("did you mean \"servers\"?"), "{told}");
    let told = refused("schema = 1\n[[zone]]\nname = \"outside\"\nvlans = [7]\n");
    assert!(told.contains("cannot be called `outside`"), "{told}");
}

#[test]
fn zones_stand_beside_groups_and_grants() {
    let p = load(
        "schema = 1\n[[zone]]\nname = \"icu\"\nnetworks = [\"10.1.0.0/24\"]\nvlans = [7]\nfrom = [\"outside\"]\n",
    );
    let ends = |a: &str, b: &str| [a, b].map(|ip| ip.parse().unwrap());
    assert_eq!(
        p.zones().allows(ends("192.0.2.1", "10.1.0.9"), 0, false),
        Some(true)
    );
    assert_eq!(
        p.zones().allows(ends("192.0.2.1", "10.1.0.9"), 0, true),
        Some(false)
    );
}
