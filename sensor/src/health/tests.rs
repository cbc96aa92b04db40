use super::*;
use crate::capture::CaptureCounts;

fn at(seconds: i64) -> FrameRef {
    FrameRef {
        seq: 1,
        number: 2,
        file: 0,
        time: seconds * SECOND,
    }
}

/// Kinds of what a look tells, with the name field.
fn kinds(told: Option<WorkBatch>) -> Vec<String> {
    let Some(told) = told else { return Vec::new() };
    (0..told.len())
        .map(|index| {
            let message = told.batch.message(index);
            String::from_utf8_lossy(message.kind()).into_owned()
        })
        .collect()
}

fn look(health: &mut Health, seconds: i64, snapshot: &Snapshot) -> Vec<String> {
    kinds(health.look(at(seconds), snapshot, &mut std::iter::empty()))
}

fn frames(n: u64) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.reader.capture = CaptureCounts {
        delivered: n,
        ..CaptureCounts::default()
    };
    snapshot
}

#[test]
fn sensor_that_fares_well_says_nothing() {
    let mut health = Health::new(true, Vec::new());
    for n in 0..100 {
        let mut snapshot = frames(n as u64 * 1000);
        snapshot.reader.ports = vec![Port {
            received: n as u64 * 1000,
            ..Port::default()
        }];
        assert!(look(&mut health, n * 10, &snapshot).is_empty());
    }
}

#[test]
fn one_frame_lost_of_a_thousand_is_no_trouble_and_two_are() {
    let mut health = Health::new(true, Vec::new());
    let mut snapshot = frames(1000);
    snapshot.reader.losses.kernel = 1;
    assert!(look(&mut health, 10, &snapshot).is_empty());
    snapshot.reader.capture.delivered = 1999;
    snapshot.reader.losses.kernel = 3;
    assert_eq!(look(&mut health, 20, &snapshot), ["drops"]);
    // It stays at that: over.
    snapshot.reader.capture.delivered = 2999;
    assert!(look(&mut health, 30, &snapshot).is_empty());
}

#[test]
fn losses_told_at_the_end_of_a_file_are_measured_against_all_of_it() {
    let mut health = Health::new(false, Vec::new());
    let mut snapshot = frames(1_000_000);
    assert!(look(&mut health, 10, &snapshot).is_empty());
    snapshot.reader.capture.delivered += 10;
    snapshot.reader.losses.told = 500;
    assert!(look(&mut health, 20, &snapshot).is_empty());
}

#[test]
fn nineteen_one_sided_conversations_are_too_few_and_a_hundred_between_whole_ones_too() {
    let told = |one, both| {
        let mut health = Health::default();
        let mut snapshot = Snapshot::default();
        assert!(look(&mut health, 0, &snapshot).is_empty());
        snapshot.work.flows.directions.one = one;
        snapshot.work.flows.directions.both = both;
        look(&mut health, 60, &snapshot)
    };
    assert!(told(19, 0).is_empty());
    assert!(told(100, 1000).is_empty());
    assert_eq!(told(100, 200), ["one-sided"]);
}

#[test]
fn live_interface_is_quiet_after_thirty_seconds_and_a_file_never() {
    for (live, told) in [(true, vec!["quiet"]), (false, vec![])] {
        let mut health = Health::new(live, Vec::new());
        let mut snapshot = Snapshot::default();
        snapshot.reader.ports = vec![Port {
            received: 7,
            ..Port::default()
        }];
        assert!(look(&mut health, 0, &snapshot).is_empty());
        assert!(look(&mut health, 29, &snapshot).is_empty());
        assert_eq!(look(&mut health, 30, &snapshot), told);
        snapshot.reader.ports[0].received = 8;
        assert!(look(&mut health, 40, &snapshot).is_empty());
    }
}

#[test]
fn limit_is_told_when_it_is_hit_and_not_again() {
    let mut health = Health::default();
    let mut snapshot = Snapshot::default();
    snapshot.work.flows.events.flow_evictions = 3;
    assert_eq!(look(&mut health, 10, &snapshot), ["limit"]);
    assert!(look(&mut health, 20, &snapshot).is_empty());
}

#[test]
fn refused_reload_and_failing_output_are_told_once() {
    let mut health = Health::new(true, Vec::new());
    health.note(Trouble::Refused("\npolicy.toml:3: no such verb".into()));
    health.note(Trouble::Output("eve.json".into(), "disk full".into()));
    health.note(Trouble::Output("eve.json".into(), "disk full".into()));
    let snapshot = Snapshot::default();
    assert_eq!(
        look(&mut health, 10, &snapshot),
        ["reload-refused", "output-behind"]
    );
    assert!(look(&mut health, 20, &snapshot).is_empty());
}

#[test]
fn twenty_copies_among_two_hundred_frames_are_told_and_ten_are_not() {
    let told = |copies| {
        let mut snapshot = frames(200);
        snapshot.work.flows.events.second_sightings = copies;
        look(&mut Health::default(), 10, &snapshot)
    };
    assert!(told(10).is_empty());
    assert_eq!(told(20), ["duplicates"]);
}

#[test]
fn canary_that_is_written_wrong_is_refused_with_how_to_write_it() {
    for wrong in [
        "",
        "echo 10.0.0.1 10.0.0.2",
        "echo a 10.0.0.2 5m",
        "echo 10.0.0.1 10.0.0.2 5",
    ] {
        let error = wrong.parse::<Canary>().unwrap_err();
        assert!(error.contains("write `"), "{error}");
    }
}

#[test]
fn look_is_due_every_ten_seconds_of_packet_time_and_not_after_a_step_back() {
    let mut looks = Looks::default();
    let due: Vec<bool> = [100, 109, 110, 115, 50, 55, 60]
        .into_iter()
        .map(|s| looks.due(s * SECOND))
        .collect();
    assert_eq!(due, [false, false, true, false, false, false, true]);
}
