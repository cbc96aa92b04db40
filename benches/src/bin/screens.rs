//! How long screens take to draw with 100,000 findings, 10,000 devices and 20,000 conversations.
//!
//! Usage: `screens` (no arguments). Prints percentiles for taking news in, filtering and drawing.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use dissectors::action::{Action, Device, Outcome, Verb};
use dissectors::contract::{Side, Transport};
use dissectors::message::{Batch, Conversation, Endpoint, FrameRef, Interest, Messages, Scope};
use dissectors::{Limits, Provenance};
use hdrhistogram::Histogram;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rules::finding::{Act, Confidence, Event, Finding, FindingId, Outcomes, Party, Severity, Talk};
use rules::language::ruleset::RuleSet;
use rules::privacy::Words;
use tui::feed::{Feed, Mailbox};
use tui::state::{Model, Source};
use tui::theme::{Look, Theme, UNICODE};
use tui::when::When;

const FINDINGS: u64 = 100_000;
/// Half of them hosts, half devices behind one.
const DEVICES: u32 = 10_000;
const CONVERSATIONS: u64 = 20_000;

fn main() {
    let (mut feed, mailbox) = Feed::new(None);
    let mut model = Model::new(Source::default(), When::utc(), None);
    let mut news = Times::new("taking news in");
    let mut copied = Times::new("copying 1,000 messages (sensor's side)");
    fill(&mut feed, &mailbox, &mut model, &mut news, &mut copied);
    println!(
        "{} findings, {} devices, {} messages kept",
        model.findings.entries().len(),
        model.devices.known(),
        model.messages.kept()
    );
    let theme = Theme::new(Look::Dark, UNICODE);
    news.print();
    copied.print();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
        for screen in '1'..='7' {
            press(&mut model, KeyCode::Char(screen));
            let mut times = Times::new(&format!("screen {screen} at {width}x{height}"));
            for step in 0..200 {
                let key = match step % 10 {
                    0 => KeyCode::PageDown,
                    9 => KeyCode::Char('k'),
                    _ => KeyCode::Char('j'),
                };
                times.measure(|| {
                    press(&mut model, key);
                    terminal
                        .draw(|frame| tui::screens::draw(frame, &mut model, &theme))
                        .expect("a test terminal draws");
                });
            }
            times.print();
        }
    }
    let mut to_the_end = Times::new("to the last finding and back");
    press(&mut model, KeyCode::Char('1'));
    for _ in 0..50 {
        to_the_end.measure(|| {
            press(&mut model, KeyCode::End);
            press(&mut model, KeyCode::Home);
        });
    }
    to_the_end.print();
    let mut filtering = Times::new("filtering everything");
    for text in [
        "verb is set-rate and actor.ip in 10.1.0.0/16",
        "\"10.1.2\"",
        "",
    ] {
        filtering.measure(|| tui::hands::set_filter(&mut model, text));
    }
    filtering.print();
    let mut arriving = Times::new("one finding more, sorted in and drawn");
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    let template = template();
    for n in 0..50 {
        feed.finding(Event::Opened(&finding(&template, FINDINGS + n)));
        feed.publish();
        arriving.measure(|| {
            model.apply(mailbox.take());
            terminal
                .draw(|frame| tui::screens::draw(frame, &mut model, &theme))
                .expect("a test terminal draws");
        });
    }
    arriving.print();
}

fn fill(
    feed: &mut Feed,
    mailbox: &Mailbox,
    model: &mut Model,
    news: &mut Times,
    copied: &mut Times,
) {
    let template = template();
    let mut batch = Batch::default();
    for n in 0..CONVERSATIONS {
        message(&mut batch, n);
        if batch.len() == 1000 {
            copied.measure(|| {
                for m in batch.messages() {
                    feed.message(m);
                }
            });
            batch.clear();
            feed.publish();
            news.measure(|| model.apply(mailbox.take()));
        }
    }
    for n in 0..FINDINGS {
        feed.finding(Event::Opened(&finding(&template, n)));
        if n % 5000 == 4999 {
            feed.publish();
            news.measure(|| model.apply(mailbox.take()));
        }
    }
}

fn host(n: u32) -> IpAddr {
    let n = n % (DEVICES / 2);
    IpAddr::V4(Ipv4Addr::new(10, 1, (n / 250) as u8, (n % 250) as u8 + 1))
}

fn target(n: u64) -> u32 {
    (n % u64::from(DEVICES / 2)) as u32
}

fn message(batch: &mut Batch, n: u64) {
    let limits = Limits::default();
    let interest = Interest::everything();
    let protocol = dissectors::ProtocolId::of("hl7v2").expect("a protocol");
    let index = batch.len();
    let mut pen = Messages::new(batch, &limits, &interest, protocol, Side::Client, 0);
    pen.message_named(b"RGV^O15", 0..400)
        .action(Action {
            device: Device::Pump,
            device_id: format!("PUMP-{:05}", target(n)).as_bytes(),
            outcome: Outcome::Requested,
            ..Action::of(Verb::SetRate)
        })
        .asks(Scope::Conversation, &n.to_be_bytes());
    let frame = FrameRef {
        seq: n,
        number: n + 1,
        file: 0,
        time: 1_764_000_000_000_000_000 + n as i64 * 1_000_000,
    };
    let end = |ip, port| Endpoint {
        ip,
        port,
        mac: Some([2, 0, 0, 0, 0, 1]),
    };
    let conversation = batch.add_conversation(Conversation {
        flow_id: n,
        transport: Transport::Tcp,
        ends: [
            end(host(target(n) / 7 + 1), 50_000),
            end(host(target(n)), 3000),
        ],
        started: frame,
        mid_stream: false,
        seen: [true; 2],
        missing: [0; 2],
        overlap_differs: false,
    });
    batch.place(index, conversation, 0, [frame]);
}

/// One finding, to be varied.
fn template() -> Finding {
    let rules = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let shipped = rules.rules().next().expect("a rule");
    let mut rule = rules::Rule::told(&shipped.id, &shipped.title, Severity::High);
    rule.bedside.clone_from(&shipped.bedside);
    let party = |n| Party {
        ip: host(n),
        port: 3000,
        mac: None,
        names: Vec::new(),
        groups: Vec::new(),
        kind: None,
        site: None,
    };
    Finding {
        finding_id: FindingId(0),
        rule: Arc::new(rule),
        severity: Severity::High,
        confidence: Confidence::Certain,
        confidence_reasons: Vec::new(),
        protocol: dissectors::ProtocolId::of("hl7v2").expect("a protocol"),
        kind: "RGV^O15".into(),
        provenance: Provenance::Specification,
        actor: party(1),
        target: party(2),
        action: Some(Act {
            verb: Verb::SetRate,
            effect: Verb::SetRate.effect(Device::Pump),
            device: Device::Pump,
            subject: "PUMP-00001".into(),
            channel: String::new(),
            handle: String::new(),
            order: Words::new(),
            drug: String::new(),
            destination: String::new(),
            value: None,
        }),
        outcome: Outcome::Requested,
        outcomes: Outcomes::default(),
        expected: None,
        why: Words::new().open("a sender that the matrix does not allow asked for it"),
        frames: Vec::new(),
        first: FrameRef::default(),
        last: FrameRef::default(),
        count: 1,
        talk: Talk {
            flow_id: 1,
            transport: Transport::Tcp,
            ends: [(host(1), 50_000), (host(2), 3000)],
            vlan: 0,
            patient: None,
        },
        dedup_key: String::new(),
        floor: Severity::Info,
        open: true,
    }
}

fn finding(template: &Finding, n: u64) -> Finding {
    let mut f = template.clone();
    f.finding_id = FindingId(n);
    f.severity = Severity::ALL[(n % 5) as usize];
    f.actor.ip = host(n as u32);
    f.target.ip = host(n as u32 / 3);
    f.talk.flow_id = n % CONVERSATIONS;
    f.first.seq = n;
    f.last.seq = n.wrapping_mul(7919) % FINDINGS;
    f.last.time = 1_764_000_000_000_000_000 + f.last.seq as i64 * 1_000_000;
    f
}

fn press(model: &mut Model, code: KeyCode) {
    tui::hands::key(model, &KeyEvent::new(code, KeyModifiers::NONE));
}

/// Times of one thing.
struct Times {
    what: String,
    histogram: Histogram<u64>,
}

impl Times {
    fn new(what: &str) -> Self {
        Times {
            what: what.to_owned(),
            histogram: Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("bounds"),
        }
    }

    fn measure<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = act();
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.histogram.saturating_record(took);
        done
    }

    fn print(&self) {
        let ms = |q| self.histogram.value_at_quantile(q) as f64 / 1e6;
        println!(
            "{:<40} p50 {:>8.3} ms  p99 {:>8.3} ms  max {:>8.3} ms",
            self.what,
            ms(0.5),
            ms(0.99),
            self.histogram.max() as f64 / 1e6
        );
    }
}
