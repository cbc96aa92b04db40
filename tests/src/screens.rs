//! Screens drawn without a terminal, from captures judged in the test's own process.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::unbounded;
use dissectors::message::Interest;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use rules::engine::Judge;
use rules::language::ruleset::RuleSet;
use rules::policy::Policy;
use rules::privacy::Pseudonyms;
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::flow::Settings;
use sensor::limits::Limits;
use sensor::output::Outputs;
use sensor::output::discretion::Discretion;
use sensor::output::evidence::Recapture;
use sensor::output::screen::Screen as SensorScreen;
use sensor::pipeline::{Judging, Run, Stop};
use tui::evidence::EvidenceSource;
use tui::feed::{Feed, Latency, Stats};
use tui::hands::{self, Effect};
use tui::screens::draw;
use tui::state::{Model, Source, Stream};
use tui::theme::{Look, Theme, UNICODE};
use tui::when::When;

/// A terminal that a test looks at, and the hands that press its keys.
pub struct Seat {
    pub model: Model,
    pub theme: Theme,
    pub evidence: Recapture,
    /// What the keys asked of others, but for bytes, which are fetched at once.
    pub asked: Vec<Effect>,
    size: (u16, u16),
}

impl Seat {
    /// Judges a capture by the shipped rules to its end and sits down before the screens.
    pub fn at(capture: &Path, policy: Option<&Path>, size: (u16, u16), look: Look) -> Self {
        let rules = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
        Self::judged_by(rules, capture, policy, size, look)
    }

    pub fn judged_by(
        rules: RuleSet,
        capture: &Path,
        policy: Option<&Path>,
        size: (u16, u16),
        look: Look,
    ) -> Self {
        let load = || {
            policy.map(|path| {
                let text = std::fs::read_to_string(path).expect("a readable policy");
                let name = path.file_name().expect("a file").to_string_lossy();
                Policy::load(&name, &text).unwrap_or_else(|report| panic!("{report}"))
            })
        };
        let count = rules.rules().count();
        let judge = Judge::new(rules, load(), rules::engine::Settings::default());
        let kept = load().map(Arc::new);
        let (feed, mailbox) = Feed::new(kept.clone());
        let stop = Stop::default();
        let inputs = Inputs::open(&[capture], &ReadOptions::default()).expect("a readable capture");
        let stats = Stats {
            rules: count,
            policy: policy.map(|_| "policy.toml".into()),
            ..Stats::default()
        };
        let (requests, asked) = unbounded();
        let mut outputs = Outputs::new(
            Vec::new(),
            None,
            Discretion::new(Pseudonyms::new(&[7; 32]), false),
        );
        outputs.attach(SensorScreen::new(feed, asked, None, Vec::new(), stats));
        let mut interest: Interest = judge.interest();
        interest.want_all_fields_of_all();
        let mut judging = Judging::new(judge, outputs);
        let totals = Run {
            inputs,
            decoder: Decoder::new(&DecodeOptions::default()),
            flow: Settings::default(),
            interest: Arc::new(interest),
            workers: 0,
            stop: stop.clone(),
        }
        .to_end(&mut judging);
        sensor::cli::beside::tell(&totals.snapshot, &[], &mut judging);
        drop(requests);
        judging.outputs().serve_screen(&stop);
        let name = capture.file_name().expect("a file").to_string_lossy();
        let source = Source {
            name: name.into_owned(),
            mode: "REPLAY",
            pseudonyms: false,
            marks_kept: false,
        };
        let mut model = Model::new(source, When::utc(), kept);
        model.login = "tester".into();
        model.now = 1_764_000_000_000_000_000;
        model.apply(mailbox.take());
        // What differs from machine to machine.
        model.stats.memory = Some((20 << 20, 24 << 20));
        model.stats.latency = Some(Latency {
            p50: 40_000,
            p99: 210_000,
            max: 4_000_000,
            count: 12,
        });
        model.stats.costs = vec![
            ("WW-CMD-0001".into(), 310_000),
            ("WW-VAL-0018".into(), 90_000),
        ];
        Seat {
            model,
            theme: Theme::new(look, UNICODE),
            evidence: Recapture {
                paths: vec![capture.to_owned()],
                options: ReadOptions::default(),
                decode: DecodeOptions::default(),
                folder: PathBuf::new(),
                limits: Limits::default(),
                by_time: false,
            },
            asked: Vec::new(),
            size,
        }
    }

    /// Presses keys: letters, and names in angle brackets (`<Enter>`, `<Tab>`, `<Esc>`, `<Down>`).
    pub fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let named = [
                ("<Enter>", KeyCode::Enter),
                ("<Tab>", KeyCode::Tab),
                ("<Esc>", KeyCode::Esc),
                ("<Down>", KeyCode::Down),
                ("<Up>", KeyCode::Up),
                ("<Home>", KeyCode::Home),
                ("<End>", KeyCode::End),
                ("<Right>", KeyCode::Right),
            ];
            let (code, len) = named
                .iter()
                .find(|(name, _)| rest.starts_with(name))
                .map_or((KeyCode::Char(c), c.len_utf8()), |(name, code)| {
                    (*code, name.len())
                });
            rest = &rest[len..];
            let effects = hands::key(&mut self.model, &KeyEvent::new(code, KeyModifiers::NONE));
            self.serve(effects);
            // Drawing settles scrolling, as at a terminal.
            self.buffer();
        }
        self
    }

    /// Fetches the bytes that are asked for; what else is asked is kept.
    pub fn serve(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Fetch(id, part) = effect {
                self.model.messages.stream = match self.evidence.stream(&part) {
                    Ok(bytes) => Stream::Have(id, bytes),
                    Err(why) => Stream::Failed(id, why),
                };
            } else {
                self.asked.push(effect);
            }
        }
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
    }

    pub fn buffer(&mut self) -> Buffer {
        let mut terminal =
            Terminal::new(TestBackend::new(self.size.0, self.size.1)).expect("a test terminal");
        terminal
            .draw(|frame| draw(frame, &mut self.model, &self.theme))
            .expect("a test terminal draws");
        terminal.backend().buffer().clone()
    }

    /// The characters on the screen.
    pub fn text(&mut self) -> String {
        text(&self.buffer())
    }
}

pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            line.push_str(buffer[(x, y)].symbol());
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The styles of a screen: a letter for each style, a legend below.
pub fn styles(buffer: &Buffer) -> String {
    let mut letters: HashMap<String, char> = HashMap::new();
    let mut legend = String::new();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = described(cell.style());
            if style.is_empty() {
                line.push(' ');
                continue;
            }
            let next = char::from(b'a' + (letters.len() % 26) as u8);
            let letter = *letters.entry(style.clone()).or_insert_with(|| {
                let _ = writeln!(legend, "{next} {style}");
                next
            });
            line.push(letter);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out + &legend
}

fn described(style: Style) -> String {
    let mut parts = Vec::new();
    let colour = |c: Option<ratatui::style::Color>| {
        c.filter(|c| *c != ratatui::style::Color::Reset)
            .map(|c| c.to_string())
    };
    if let Some(fg) = colour(style.fg) {
        parts.push(fg);
    }
    if let Some(bg) = colour(style.bg) {
        parts.push(format!("on {bg}"));
    }
    for name in ["BOLD", "DIM", "REVERSED", "UNDERLINED"] {
        if format!("{:?}", style.add_modifier).contains(name) {
            parts.push(name.to_lowercase());
        }
    }
    parts.join(" ")
}
