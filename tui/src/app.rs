//! The loop: input and news in, pictures out. At most ten pictures a second, and only when
//! something changed.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableMouseCapture, Event, KeyEventKind, poll, read,
};
use ratatui::crossterm::execute;

use crate::copy::osc52;
use crate::evidence::{Case, EvidenceSource, StreamPart};
use crate::feed::Mailbox;
use crate::hands::{self, Effect};
use crate::request::Request;
use crate::screens;
use crate::state::{Model, MsgId, Stream};
use crate::theme::Theme;

/// Between two pictures, and between two looks at the mailbox.
const BEAT: Duration = Duration::from_millis(100);

/// While nothing happens the mailbox is looked at less often.
const REST: Duration = Duration::from_millis(250);

const NOBODY_READS: &str = "what reads the capture broke; the screens go on without it";

/// What the loop works with.
pub struct App {
    pub model: Model,
    pub theme: Theme,
    pub mailbox: Arc<Mailbox>,
    /// To the sensor.
    pub requests: Sender<Request>,
    pub evidence: Box<dyn EvidenceSource>,
    /// Set from outside (a signal) to end the screen.
    pub stop: Arc<AtomicBool>,
    /// Wall time, nanoseconds since 1970.
    pub clock: fn() -> i64,
}

/// What is asked of the thread that reads evidence.
enum Errand {
    Stream(MsgId, StreamPart),
    Export(Box<Case>),
}

/// What it brought back.
enum Brought {
    Stream(MsgId, Result<Vec<Option<u8>>, String>),
    Export(Result<Vec<std::path::PathBuf>, String>),
}

/// Draws until the person leaves. The terminal is as before afterwards, also after a panic.
pub fn run(app: App) -> io::Result<()> {
    let before = std::panic::take_hook();
    // `ratatui::init` restores screen and modes on a panic; the mouse is ours.
    std::panic::set_hook(Box::new(move |panic| {
        leave_modes();
        before(panic);
    }));
    let mut terminal = ratatui::try_init()?;
    if app.model.mouse {
        let _ = execute!(io::stdout(), EnableMouseCapture);
    }
    let result = looped(app, &mut terminal);
    leave_modes();
    ratatui::restore();
    result
}

fn leave_modes() {
    let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
}

fn looped(app: App, terminal: &mut DefaultTerminal) -> io::Result<()> {
    let App {
        mut model,
        theme,
        mailbox,
        requests,
        evidence,
        stop,
        clock,
    } = app;
    let (errands, work) = unbounded();
    let (give, brought) = unbounded();
    // Not joined: a file that is being read must not hold the terminal.
    std::thread::Builder::new()
        .name("evidence".into())
        .spawn(move || fetch(evidence, &work, &give))?;
    let mut changed = true;
    let mut drawn = Instant::now() - BEAT;
    let mut quiet = 0u32;
    while !stop.load(Ordering::Relaxed) {
        let wait = if changed {
            BEAT.saturating_sub(drawn.elapsed())
        } else if quiet > 20 {
            REST
        } else {
            BEAT
        };
        let mut effects = Vec::new();
        // Whatever was typed is worked off before the next picture.
        let mut first = true;
        while poll(if first { wait } else { Duration::ZERO })? {
            first = false;
            quiet = 0;
            match read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    model.now = clock();
                    effects.extend(hands::key(&mut model, &key));
                    changed = true;
                }
                Event::Mouse(event) => {
                    let did = hands::mouse(&mut model, &event);
                    changed |=
                        !matches!(event.kind, ratatui::crossterm::event::MouseEventKind::Moved);
                    effects.extend(did);
                }
                Event::Resize(..) => changed = true,
                _ => {}
            }
            if effects.iter().any(|e| matches!(e, Effect::Quit)) {
                return Ok(());
            }
        }
        changed |= model.tick(clock());
        if model.frozen.is_some() {
            let waiting = mailbox.peek();
            changed |= waiting != model.waiting;
            model.waiting = waiting;
        } else {
            let heard = model.apply(mailbox.take());
            model.waiting = model.seen;
            changed |= heard.changed;
            quiet = if heard.changed {
                0
            } else {
                quiet.saturating_add(1)
            };
            if heard.alarm && model.bell {
                let _ = io::stdout().write_all(b"\x07");
            }
        }
        for done in brought.try_iter() {
            changed = true;
            take(&mut model, done);
        }
        effects.extend(hands::wanted_bytes(&mut model));
        for effect in effects {
            match effect {
                Effect::Send(request) => {
                    if requests.send(request).is_err() {
                        model.complain("the sensor does not listen any more");
                    }
                }
                Effect::Copy(text) => {
                    let mut out = io::stdout();
                    let _ = out.write_all(osc52(&text).as_bytes());
                    let _ = out.flush();
                }
                Effect::Export(case) => {
                    if errands.send(Errand::Export(case)).is_err() {
                        model.complain(NOBODY_READS);
                    }
                }
                Effect::Fetch(id, part) => {
                    if errands.send(Errand::Stream(id, part)).is_err() {
                        model.messages.stream = Stream::Failed(id, NOBODY_READS.into());
                    }
                }
                Effect::Mouse(true) => execute!(io::stdout(), EnableMouseCapture)?,
                Effect::Mouse(false) => execute!(io::stdout(), DisableMouseCapture)?,
                Effect::Redraw => terminal.clear()?,
                Effect::Quit => return Ok(()),
            }
        }
        if changed && drawn.elapsed() >= BEAT {
            let begun = Instant::now();
            terminal.draw(|frame| screens::draw(frame, &mut model, &theme))?;
            let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            model.draw.last = took;
            model.draw.most = model.draw.most.max(took);
            model.draw.frames += 1;
            drawn = Instant::now();
            changed = false;
        }
    }
    Ok(())
}

fn take(model: &mut Model, brought: Brought) {
    match brought {
        Brought::Stream(id, Ok(bytes)) => model.messages.stream = Stream::Have(id, bytes),
        Brought::Stream(id, Err(why)) => model.messages.stream = Stream::Failed(id, why),
        Brought::Export(Ok(paths)) => {
            let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
            model.say(format!("written: {}", names.join(", ")));
        }
        Brought::Export(Err(why)) => model.complain(why),
    }
}

fn fetch(mut source: Box<dyn EvidenceSource>, work: &Receiver<Errand>, give: &Sender<Brought>) {
    while let Ok(errand) = work.recv() {
        let mut errands = vec![errand];
        errands.extend(work.try_iter());
        // Of several messages looked at in passing only the last is wanted.
        let last = errands
            .iter()
            .rposition(|e| matches!(e, Errand::Stream(..)));
        for (at, errand) in errands.into_iter().enumerate() {
            let brought = match errand {
                Errand::Stream(..) if last != Some(at) => continue,
                Errand::Stream(id, part) => Brought::Stream(id, source.stream(&part)),
                Errand::Export(case) => Brought::Export(source.export(&case)),
            };
            if give.send(brought).is_err() {
                return;
            }
        }
    }
}
