//! Incidents: an EVE record each time one opens, grows or closes, and a paragraph for people.

use rules::finding::Severity;
use rules::incident::{Change, Incident};

use super::clean;
use super::eve::Eve;
use super::json::Object;
use super::text::Text;

impl Eve {
    /// `event_type` `incident`: the chain, how bad it is, and its findings in order.
    pub fn incident(&mut self, change: Change<'_>, out: &mut Vec<u8>) {
        let (state, i) = match change {
            Change::Opened(i) => ("open", i),
            Change::Grown(i) => ("grown", i),
            Change::Closed(i) => ("closed", i),
        };
        let Some(last) = i.last() else {
            return;
        };
        let mut record = Object::begin(out);
        self.stamp(&mut record, last.time);
        self.place(&mut record, last);
        record.text("event_type", "incident");
        let mut o = record.object("incident");
        o.text("incident_id", &i.id.to_string());
        o.text("chain", i.chain.id);
        o.text("title", i.chain.title);
        o.text("state", state);
        o.unsigned("severity", u64::from(i.severity.eve()));
        o.text("level", i.severity.word());
        let mut stages = o.array("stages");
        for stage in i.stages() {
            stages.wire(stage.as_bytes());
        }
        stages.end();
        let mut hosts = o.array("hosts");
        for host in &i.hosts {
            hosts.wire(host.to_string().as_bytes());
        }
        hosts.end();
        o.unsigned("findings", i.findings());
        let mut story = o.array("story");
        for part in &i.parts {
            let mut p = story.object();
            self.stamp(&mut p, part.at.time);
            self.place(&mut p, part.at);
            if let Some(stage) = i.chain.stages.get(part.stage) {
                p.text("stage", stage.name);
            }
            p.text("rule_id", &part.rule_id);
            p.text("finding_id", &part.finding_id.to_string());
            p.text("level", part.severity.word());
            p.text("what", &part.sentence(i.chain));
            p.end();
        }
        story.end();
        o.text("advice", i.chain.advice);
        o.end();
        record.end();
        out.push(b'\n');
    }
}

impl Text {
    /// One paragraph: what it is, the story in order, what to do first.
    pub fn incident(&mut self, i: &Incident) -> String {
        let title = format!(
            "## {}  {}  {}",
            i.severity.word().to_uppercase(),
            i.chain.id,
            i.chain.title
        );
        let mut out = self.paint.severity(i.severity, &title);
        out.push('\n');
        for part in &i.parts {
            let time = self.clock.date_and_time(part.at.time);
            let mark = if part.severity > Severity::Low {
                ""
            } else {
                " (low)"
            };
            let sentence = clean::text(part.sentence(i.chain).as_bytes());
            out.push_str(&format!("    {time}  {sentence}{mark}\n"));
        }
        if i.more > 0 {
            out.push_str(&format!("    and {} findings more\n", i.more));
        }
        out.push_str(&format!("    do      {}\n\n", i.chain.advice));
        out
    }
}
