//! The `stats` record: the ledger and what was judged.

use super::eve::Eve;
use super::json::Object;
use crate::ledger::Ledger;
use crate::pipeline::Tally;
use rules::finding::Severity;

impl Eve {
    /// The last record of a run.
    pub fn stats(&mut self, ledger: &Ledger, tally: &Tally, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.stamp(&mut record, tally.last_time.unwrap_or_default());
        record.text("event_type", "stats");
        let mut stats = record.object("stats");
        stats.unsigned("messages", tally.messages);
        stats.unsigned("messages_with_anomalies", tally.anomalous);
        let mut by_protocol = stats.object("messages_by_protocol");
        for (protocol, n) in dissectors::PROTOCOLS.iter().zip(&tally.by_protocol) {
            if *n > 0 {
                by_protocol.unsigned(protocol.name, *n);
            }
        }
        by_protocol.end();
        let mut findings = stats.object("findings");
        for severity in Severity::ALL.iter().rev() {
            findings.unsigned(severity.word(), tally.findings[*severity as usize]);
        }
        findings.end();
        write_ledger(&mut stats, ledger);
        stats.end();
        record.end();
        out.push(b'\n');
    }
}

fn write_ledger(stats: &mut Object<'_>, ledger: &Ledger) {
    let mut o = stats.object("ledger");
    o.flag("closes", ledger.closes());
    for account in &ledger.accounts {
        let mut a = o.object(account.name);
        a.unsigned("in", account.incoming);
        for (reason, n) in &account.reasons {
            if *n > 0 {
                a.unsigned(reason, *n);
            }
        }
        a.end();
    }
    for (part, counters) in &ledger.beside {
        let mut p = o.object(part);
        for (name, n) in counters {
            if *n > 0 {
                p.unsigned(name, *n);
            }
        }
        p.end();
    }
    o.end();
}
