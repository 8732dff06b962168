"""Passages of one or two sentences with a known valence, from a grammar about films, phones, hotels and more.

Text is lower-case letters, spaces and apostrophes only, 4 to 16 words, so that a word error rate needs no
normalisation. The valence follows one stated rule:

- a judging word has the value the lexicon gives it;
- a degree word multiplies it ("very" 1.25, "rather" 0.6);
- "not" turns it and halves it (not wonderful is milder than terrible);
- of two clauses joined by "but" the second counts 0.9 and the first 0.2; joined by "and" both count 0.6;
- neutral talk and closings are 0;
- of two judging sentences both count 0.6; what is said after neutral talk counts whole, also as "it was ...";
- a verdict on the sentence before it keeps its value ("i think so too") or turns it ("i do not agree at all": -0.7).

The label is what annotators make of it: five of them, each off by 0.8 (standard deviation) and rounding to a whole
number in [-3, 3]; their mean is the label. That is how CMU-MOSI was labelled, and with this spread one annotator is as
far from the others as one human from the others there (mean absolute error about 0.7; Zadeh et al., 2016).

Which split a sentence belongs to is decided by a hash of its text, so that no sentence is ever in two splits,
whatever the seed. Second sentences that only point back (the verdicts, "it ruined my day") are in all: there are so
few of some kinds that training would otherwise never meet what the test says.
"""

import hashlib
import random
import re
import zlib
from dataclasses import dataclass

import lexicon

ANNOTATORS, ANNOTATOR_SPREAD = 5, 0.8
VALENCE_LIMIT = 3.0
WORD_RANGE = (4, 16)
NEGATION = -0.5
AFTER_BUT, BEFORE_BUT, EACH_OF_AND = 0.9, 0.2, 0.6
SPLITS = ("train", "val", "test")
DRAWS = 500


@dataclass(frozen=True)
class Passage:
    """What one speaker says in one go: its sentences, the valence by the rule, the annotators' label, the frames."""

    sentences: tuple[str, ...]
    valence: float
    label: float
    frame: str

    @property
    def text(self):
        return " ".join(self.sentences)


def _flatten(scored, separator=None):
    """Turns {value: "word word"} into [(word, value)]."""
    return [(word, value) for value, words in scored.items() for word in words.split(separator)]


ADJECTIVES = _flatten(lexicon.ADJECTIVES)
HELD_OUT_ADJECTIVES = _flatten(lexicon.HELD_OUT_ADJECTIVES)
VERBS = _flatten(lexicon.VERBS)
FEELINGS = _flatten(lexicon.FEELINGS)
EVENTS = _flatten(lexicon.EVENTS, "|")
DEGREES = _flatten(lexicon.DEGREES)
VERDICTS = _flatten(lexicon.VERDICTS, "|")
PLAIN = {
    "person": lexicon.PEOPLE.split(),
    "day": lexicon.DAYS.split(),
    "month": lexicon.MONTHS.split(),
    "number": lexicon.NUMBERS.split(),
    "city": lexicon.CITIES.split(),
    "ordinal": lexicon.ORDINALS.split(),
    "hue": lexicon.COLORS.split(),
    "place": lexicon.PLACES.split(),
    "opener": lexicon.OPENERS.split("|"),
}

# Clauses are the halves of joined sentences. Slots: {thing} {aspect} name what is talked about ({aspect.was}
# agrees in number), {adj} {verb} {feel} {event} carry value, {deg adj} may be strengthened, {not adj} is turned.
CLAUSES = {
    "aspect_is": "the {aspect.was} {deg adj}",
    "aspect_is_not": "the {aspect.was} not {not adj}",
    "i_verb": "i {verb} the {aspect}",
    "felt": "the {aspect} felt {deg adj}",
    "looked": "the {aspect} looked {adj}",
    "event": "the {aspect} {event}",
    "left_me": "the {aspect} left me {feel}",
    "found": "i found the {aspect} {deg adj}",
}

FRAMES = {
    "thing_was": "the {thing} was {deg adj}",
    "thing_was_not": "the {thing} was not {not adj}",
    "thing_wasnt": "the {thing} wasn't {not adj} at all",
    "what_a": "what a {adj} {thing} that was",
    "it_is_a": "it is a {deg adj} {thing}",
    "not_a": "it is not a {not adj} {thing}",
    "one_of": "this is one of the most {adj} things i know",
    "i_verb_it": "i {verb} the {thing} from start to finish",
    "we_verb": "we all {verb} this {thing}",
    "person_verb": "my {person} {verb} the {aspect} of the {thing}",
    "person_said": "my {person} said the {thing} was {deg adj}",
    "never_verb": "i have never {verb} a {thing} so much",
    "event": "the {thing} {event}",
    "aspect_event": "in the end the {aspect} {event}",
    "feel_about": "i am {feel} about the {thing}",
    "feel_not": "i am not {not feel} with the {aspect}",
    "left_us": "the {aspect} of this {thing} left us {feel}",
    "opener_was": "{opener} the {thing} was {deg adj}",
    "opener_found": "{opener} i found the {aspect} {deg adj}",
    "opener_event": "{opener} this {thing} {event}",
    "looked_sounded": "the {thing} looked {adj} from the very beginning",
    "had_a": "the {thing} has a {deg adj} {aspect}",
    "with_a": "a {thing} with a {adj} {aspect}",
    "nothing_but": "there was nothing {not adj} about the {aspect}",
    "could_not": "i could not call the {aspect} {not adj}",
    "everyone": "everyone in the {place} {verb} the {thing}",
    "compared": "compared to the last {thing} this one is {deg adj}",
    "number_stars": "i would say it was {deg adj} after {number} days",
    "still": "even after {number} weeks the {aspect} is still {adj}",
    "thought": "i thought the {aspect.was} {adj} on {day}",
    "best": "that was the most {adj} {thing} of the year",
    "wrote": "they wrote that the {thing} is {adj}",
    "neutral_day": "we went to the {thing} on {day} with my {person}",
    "neutral_month": "i bought it in {month} for {number} dollars",
    "neutral_number": "the {thing} has {number} parts and a {hue} cover",
    "neutral_city": "the {thing} comes from {city}",
    "neutral_next": "the {ordinal} {thing} starts at {number} on {day}",
    "neutral_place": "it is next to the {place} in {city}",
    "neutral_color": "mine is the {hue} one from {month}",
    "neutral_person": "my {person} works near the {place} in {city}",
    "neutral_today": "today we talk about the {thing} and the {aspect}",
    "neutral_wait": "we waited {number} minutes near the {place}",
    "closing_thanks": "thanks for watching and see you on {day}",
    "closing_all": "that is all for today about the {thing}",
    "closing_comment": "please leave a comment below about the {aspect}",
    "closing_next": "next {day} we look at another {thing}",
}

HELD_OUT_FRAMES = {
    "held_all_in_all": "all in all the {thing} and the {aspect} left me {feel}",
    "held_never_again": "after {number} minutes i {verb} the {aspect}",
    "held_twice": "the {ordinal} {thing} was {deg adj} too",
}

# Second sentences that speak of what the first has named.
PRONOUN_FRAMES = {
    "it_was": "it was {deg adj}",
    "it_was_not": "it was not {not adj}",
    "i_verb_it_all": "i {verb} it from the first minute",
    "it_left": "it left me {feel}",
    "it_event": "it {event}",
    "nobody_called": "nobody could call it {not adj}",
}

# How often a sentence of each kind is drawn; "but" and "and" join two clauses.
KIND_WEIGHTS = {"single": 0.56, "but": 0.23, "and": 0.11, "neutral": 0.07, "closing": 0.03}
# How often a passage is one sentence, or two that belong together.
SHAPE_WEIGHTS = {"alone": 0.58, "context": 0.12, "both": 0.08, "verdict": 0.14, "small talk": 0.08}
NEUTRAL_KINDS = ("neutral", "closing")
SLOT = re.compile(r"\{([^}]+)\}")


class _NoSuchSentence(Exception):
    """A split has no sentence of a kind about a domain."""


class _Filler:
    """Fills the slots of one passage from one domain, naming nothing twice."""

    def __init__(self, rng, adjectives):
        self.rng = rng
        self.adjectives = adjectives
        domain = lexicon.DOMAINS[rng.choice(sorted(lexicon.DOMAINS))]
        self.things = domain["things"].split()
        self.aspects = domain["aspects"].split()
        self.used = set()

    def clause(self, template):
        """Returns the clause's words and its valence."""
        value = 0.0
        words = []
        position = 0
        for slot in SLOT.finditer(template):
            words.append(template[position:slot.start()])
            text, slot_value = self._slot(slot.group(1))
            words.append(text)
            value += slot_value
            position = slot.end()
        words.append(template[position:])
        return "".join(words), value

    def _slot(self, slot):
        if slot in PLAIN:
            return self.rng.choice(PLAIN[slot]), 0.0
        if slot == "thing":
            return self._fresh(self.things), 0.0
        if slot.startswith("aspect"):
            noun = self._fresh(self.aspects)
            verb = " were" if noun.endswith("+") else " was"
            return noun.rstrip("+") + (verb if slot.endswith(".was") else ""), 0.0
        return self._judgement(slot)

    def _judgement(self, slot):
        *modifier, kind = slot.split()
        lists = {"adj": self.adjectives, "verb": VERBS, "feel": FEELINGS, "event": EVENTS}
        word, value = self.rng.choice(lists[kind])
        if modifier == ["not"]:
            return word, NEGATION * value
        if modifier == ["deg"] and self.rng.random() < 0.5:
            degree, factor = self.rng.choice(DEGREES)
            return f"{degree} {word}", factor * value
        return word, value

    def _fresh(self, nouns):
        """A noun that this sentence has not used yet."""
        noun = self.rng.choice([noun for noun in nouns if noun not in self.used])
        self.used.add(noun)
        return noun


class _Speaker:
    """Draws the sentences of one passage: of one split, or of all if they only point back."""

    def __init__(self, rng, split, held_out):
        self.rng, self.split, self.held_out = rng, split, held_out
        self.filler = _Filler(rng, HELD_OUT_ADJECTIVES if held_out else ADJECTIVES)

    def passage(self):
        """Sentences, their valence by the rule, and the names of the frames."""
        shape = "alone" if self.held_out else self._weighted(SHAPE_WEIGHTS)
        if shape == "alone":
            text, value, frame = self._sentence(self._sentence_of_any_kind)
            return (text,), value, frame
        if shape == "verdict":
            text, value, frame = self._sentence(lambda: self._single("single"))
            verdict, factor = self.rng.choice(VERDICTS)
            return (text, verdict), factor * value, f"{frame} + verdict"
        first = "single" if shape == "both" else "neutral"
        text_a, value_a, frame_a = self._sentence(lambda: self._single(first))
        if shape == "context":
            text_b, value_b, frame_b = self._pronoun()
        else:
            second = "single" if shape == "both" else self.rng.choice(NEUTRAL_KINDS)
            text_b, value_b, frame_b = self._sentence(lambda: self._single(second))
        value = EACH_OF_AND * (value_a + value_b) if shape == "both" else value_b
        return (text_a, text_b), value, f"{frame_a} + {frame_b}"

    def _sentence(self, draw):
        """Draws until the sentence belongs to the split; some kinds are so few that it has none."""
        for _ in range(DRAWS):
            used = set(self.filler.used)
            text, value, frame = draw()
            text = _articles(text)
            if _split_of(text) == self.split:
                return text, value, frame
            self.filler.used = used
        raise _NoSuchSentence

    def _sentence_of_any_kind(self):
        if self.held_out:
            frame = self.rng.choice(sorted(HELD_OUT_FRAMES) + ["thing_was", "had_a", "opener_found"])
            return *self.filler.clause({**FRAMES, **HELD_OUT_FRAMES}[frame]), frame
        kind = self._weighted(KIND_WEIGHTS)
        return self._joined(kind) if kind in ("but", "and") else self._single(kind)

    def _single(self, kind):
        names = [name for name in FRAMES
                 if (name.startswith(kind) if kind in NEUTRAL_KINDS else not name.startswith(NEUTRAL_KINDS))]
        frame = self.rng.choice(names)
        return *self.filler.clause(FRAMES[frame]), frame

    def _pronoun(self):
        frame = self.rng.choice(sorted(PRONOUN_FRAMES))
        return *self.filler.clause(PRONOUN_FRAMES[frame]), frame

    def _joined(self, kind):
        first, second = self.rng.choice(sorted(CLAUSES)), self.rng.choice(sorted(CLAUSES))
        text_a, value_a = self.filler.clause(CLAUSES[first])
        text_b, value_b = self.filler.clause(CLAUSES[second])
        if kind == "but":
            value = BEFORE_BUT * value_a + AFTER_BUT * value_b
        else:
            value = EACH_OF_AND * (value_a + value_b)
        return f"{text_a} {kind} {text_b}", value, f"{first}_{kind}_{second}"

    def _weighted(self, weights):
        return self.rng.choices(list(weights), weights.values())[0]


def _articles(text):
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def _split_of(text):
    bucket = hashlib.blake2b(text.encode(), digest_size=1).digest()[0]
    return "val" if bucket < 16 else "test" if bucket < 32 else "train"


def _annotated(text, valence):
    """The mean of what the annotators write down for a text of this valence."""
    rng = random.Random(zlib.crc32(text.encode()))
    votes = (round(limited(rng.gauss(valence, ANNOTATOR_SPREAD))) for _ in range(ANNOTATORS))
    return sum(votes) / ANNOTATORS


def limited(valence):
    """The valence within the scale."""
    return max(-VALENCE_LIMIT, min(VALENCE_LIMIT, valence))


def passages(split, n, seed, held_out=False):
    """`n` different passages of a split. `held_out` asks for adjectives and frames that training never sees."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}: expected one of {SPLITS}")
    if held_out and split == "train":
        raise ValueError("held-out words are for val and test only")
    rng = random.Random(f"{split}/{seed}/{held_out}")
    found, texts = [], set()
    while len(found) < n:
        try:
            sentences, value, frame = _Speaker(rng, split, held_out).passage()
        except _NoSuchSentence:
            continue
        text = " ".join(sentences)
        if text in texts or not WORD_RANGE[0] <= len(text.split()) <= WORD_RANGE[1]:
            continue
        texts.add(text)
        valence = round(limited(value), 3)
        found.append(Passage(sentences, valence, _annotated(text, valence), frame))
    return found


if __name__ == "__main__":
    sample = passages("train", 12000, seed=1)
    for passage in sample[:40]:
        print(f"{passage.valence:+.2f} {passage.label:+.1f}  {passage.frame:34}  {' | '.join(passage.sentences)}")
    words = {word for passage in sample for word in passage.text.split()}
    frames = {frame for passage in sample for frame in passage.frame.split(" + ")}
    print(f"{len(sample)} passages, {len(words)} words, {len(FRAMES) + len(PRONOUN_FRAMES)} sentence frames and "
          f"{len(CLAUSES)} clauses, {len(frames)} combinations; "
          f"{sum(len(passage.sentences) > 1 for passage in sample) / len(sample):.0%} of two sentences")
