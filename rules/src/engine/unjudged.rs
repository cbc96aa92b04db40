//! What a rule could not judge, by reason: told in the summary, so that silence is not taken for
//! innocence.

/// Why a rule could not judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    NoPolicy,
    /// Something may have come in the direction that was not seen.
    OneSided,
    /// Bytes of the conversation were missed while it was waited for.
    Gap,
    /// Nothing at all was captured for a time between two captures.
    Hole,
    /// What waited made room for others.
    Forgotten,
    /// A window forgot keys or what it had counted.
    Evicted,
}

impl Doubt {
    const ALL: [Doubt; 6] = [
        Doubt::NoPolicy,
        Doubt::OneSided,
        Doubt::Gap,
        Doubt::Hole,
        Doubt::Forgotten,
        Doubt::Evicted,
    ];

    fn words(self) -> &'static str {
        match self {
            Doubt::NoPolicy => "no policy",
            Doubt::OneSided => "the other direction was not seen",
            Doubt::Gap => "bytes were missed while it waited",
            Doubt::Hole => "it waited across a hole between captures",
            Doubt::Forgotten => "what waited made room for more (limit absence-keys)",
            Doubt::Evicted => {
                "its window forgot keys for new ones (limits window-keys, window-events)"
            }
        }
    }
}

/// A rule that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    pub rule_id: String,
    pub why: &'static str,
    /// Messages concerned.
    pub count: u64,
}

/// Counts of one rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doubts([u64; Doubt::ALL.len()]);

impl Doubts {
    pub fn count(&mut self, doubt: Doubt) {
        self.0[doubt as usize] += 1;
    }

    pub fn set(&mut self, doubt: Doubt, count: u64) {
        self.0[doubt as usize] = count;
    }

    /// What there is to tell of a rule.
    pub fn told(&self, rule_id: &str) -> impl Iterator<Item = Unjudged> {
        let told = Doubt::ALL.into_iter().zip(self.0).filter(|(_, n)| *n > 0);
        told.map(move |(doubt, count)| Unjudged {
            rule_id: rule_id.to_owned(),
            why: doubt.words(),
            count,
        })
    }
}
