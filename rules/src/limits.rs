//! Every limit of the judge: name, default, meaning. What is refused or evicted by one is counted
//! under its name ([`crate::Judge::limit_hits`]).

pub use dissectors::limits::Limit;

dissectors::limits! {
    JOIN_ENTRIES "join-entries" = 65_536, "requests that wait for an answer, or were answered lately";
    JOIN_SECONDS "join-seconds" = 60, "seconds of packet time that an answer is waited for";
    JOIN_KEPT "join-kept" = 4_096, "requests kept whole until their answer because a rule asks for it";
    WINDOW_KEYS "window-keys" = 65_536, "keys of one window of one rule";
    WINDOW_EVENTS "window-events" = 262_144, "events that one window of one rule keeps, over all its keys";
    WINDOW_VALUES "window-values" = 1_024, "values of one key from which a rise or a fall is measured";
    ABSENCE_KEYS "absence-keys" = 4_096, "messages that one absence of one rule keeps until they are followed";
    CAPTURE_HOLE "capture-hole" = 10, "seconds of packet time without a frame, at the end of a file, across which absence is not judged";
    LIST_FILE "list-file" = 16_777_216, "bytes of one file that a rule names as a list";
    WINDOW_THRESHOLD "window-threshold" = 10_000, "highest number that a window may be compared with";
    KEPT_BYTES "kept-bytes" = 33_554_432, "bytes of what windows remember that are kept for the next run; the newest first";
    FIRST_SEEN_KEYS "first-seen-keys" = 262_144, "keys that one first_seen remembers";
    FINDINGS_OPEN "findings-open" = 4_096, "open findings; the oldest closes early";
    FINDING_FRAMES "finding-frames" = 32, "frames of evidence that one finding names";
    FINDING_QUIET "finding-quiet" = 600, "seconds of packet time without a repeat after which a finding closes";
    INCIDENTS_OPEN "incidents-open" = 1_024, "strings of findings that may become incidents; the oldest is given up";
    INCIDENT_FINDINGS "incident-findings" = 64, "findings that one incident tells one by one, and hosts that it names";
    ASSETS "assets" = 65_536, "assets in the inventory";
    ASSET_NAMES "asset-names" = 16, "names, MACs or protocols kept of one asset";
    ASSET_PEERS "asset-peers" = 64, "other assets kept of one asset that it talked with";
    ASSET_BEHIND "asset-behind" = 256, "devices kept of one gateway that speaks for them";
    NAMES_HELD "names-held" = 262_144, "names (MACs, AE titles, applications, endpoint references, serial numbers) whose holders are remembered";
    HOLDER_SECONDS "holder-seconds" = 86_400, "seconds of packet time for which an asset that fell silent still holds its names";
    USE_SECONDS "use-seconds" = 900, "seconds of packet time for which evidence that a device is in use holds";
    DEALS "deals" = 65_536, "kinds of requests between two hosts that looking back over captures keeps apart";
    CONVERSATIONS "judged-conversations" = 65_536, "conversations whose claimed names are remembered";
    TAUGHT_HANDLES "taught-handles" = 65_536, "operation handles whose meaning devices taught; the device that taught first is forgotten";
    SETPOINTS "setpoints" = 65_536, "values in force that jumps are measured against";
    VITAL_STREAMS "vital-streams" = 16_384, "streams of vital signs that are watched for standing still and for steps";
    PATIENTS_KNOWN "patients-known" = 262_144, "patients that clinical messages named, so that their numbers are known elsewhere";
    NEW_AFTER "new-after" = 86_400, "seconds of packet time for which every device is known to the inventory without being new";
    THRESHOLD_KEYS "threshold-keys" = 65_536, "parties that thresholds of the exceptions count apart; beyond that nothing is held back";
    BASELINE_DEVICES "baseline-devices" = 16_384, "devices whose usual behaviour is learned";
    BASELINE_PEERS "baseline-peers" = 128, "peers learned of one device; of one with more a new peer is not told";
    BASELINE_BEATS "baseline-beats" = 8_192, "pairs of a device and an address of the internet whose calls are watched for a beat";
    BASELINE_FLOWS "baseline-flows" = 65_536, "conversations whose bytes are counted while they last; beyond, a long one counts only when it ends";
    OUTBOUND_FLOOR "outbound-floor" = 100_000_000, "bytes that a device may send in one hour whatever it sent before";
    MESSAGE_SHAPES "message-shapes" = 1_024, "shapes of messages (kind, verb, fields) for which is kept what they leave of the rules; beyond, rules are read whole";
    PATTERN_SIZE "pattern-size" = 262_144, "bytes of one compiled pattern of a rule";
    EXPRESSION_DEPTH "expression-depth" = 64, "levels of nesting in a rule's condition";
    RULE_FILE "rule-file" = 4_194_304, "bytes of one rule or policy file";
}

impl Limits {
    /// A limit in seconds, as nanoseconds.
    pub(crate) fn nanoseconds(&self, id: LimitId) -> i64 {
        i64::try_from(self.amount(id).saturating_mul(1_000_000_000)).unwrap_or(i64::MAX)
    }
}
