"""Sentences with a known valence, from a grammar about films, phones, hotels, meetings, food and more.

Text is lower-case letters, spaces and apostrophes only, 4 to 14 words, so that a word error rate needs no
normalisation. The valence follows one stated rule and then gets noise as from human annotators:

- a judging word has the value the lexicon gives it;
- a degree word multiplies it ("very" 1.25, "rather" 0.6);
- "not" turns it and halves it (not wonderful is milder than terrible);
- of two clauses joined by "but" the second counts 0.9 and the first 0.2; joined by "and" both count 0.6;
- neutral talk and closings are 0.

Which split a sentence belongs to is decided by a hash of its text, so that no sentence is ever in two splits,
whatever the seed.
"""

import hashlib
import random
import re
import zlib
from dataclasses import dataclass

import lexicon

LABEL_NOISE = 0.2
VALENCE_LIMIT = 3.0
WORD_RANGE = (4, 14)
NEGATION = -0.5
AFTER_BUT, BEFORE_BUT, EACH_OF_AND = 0.9, 0.2, 0.6
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Sentence:
    text: str
    valence: float
    frame: str


def _flatten(scored, separator=None):
    """Turns {value: "word word"} into [(word, value)]."""
    return [(word, value) for value, words in scored.items() for word in words.split(separator)]


ADJECTIVES = _flatten(lexicon.ADJECTIVES)
HELD_OUT_ADJECTIVES = _flatten(lexicon.HELD_OUT_ADJECTIVES)
VERBS = _flatten(lexicon.VERBS)
FEELINGS = _flatten(lexicon.FEELINGS)
EVENTS = _flatten(lexicon.EVENTS, "|")
DEGREES = _flatten(lexicon.DEGREES)
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

# How often a frame of each kind is drawn; "joined" makes sentences of two clauses.
KIND_WEIGHTS = {"single": 0.52, "but": 0.2, "and": 0.1, "neutral": 0.13, "closing": 0.05}
SLOT = re.compile(r"\{([^}]+)\}")


class _Filler:
    """Fills one sentence's slots from one domain and keeps the value of the last judging word."""

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


def _draw(rng, held_out):
    """Draws one sentence: its text, the valence by rule and the frame's name."""
    if held_out:
        filler = _Filler(rng, HELD_OUT_ADJECTIVES)
        frame = rng.choice(sorted(HELD_OUT_FRAMES) + ["thing_was", "had_a", "opener_found"])
        text, value = filler.clause({**FRAMES, **HELD_OUT_FRAMES}[frame])
        return text, value, frame
    filler = _Filler(rng, ADJECTIVES)
    kind = rng.choices(list(KIND_WEIGHTS), KIND_WEIGHTS.values())[0]
    if kind in ("but", "and"):
        return _join(filler, rng, kind)
    prefixes = ("neutral", "closing")
    names = [n for n in FRAMES if n.startswith(kind) or (kind == "single" and not n.startswith(prefixes))]
    frame = rng.choice(names)
    text, value = filler.clause(FRAMES[frame])
    return text, value, frame


def _join(filler, rng, kind):
    first, second = rng.choice(sorted(CLAUSES)), rng.choice(sorted(CLAUSES))
    text_a, value_a = filler.clause(CLAUSES[first])
    text_b, value_b = filler.clause(CLAUSES[second])
    if kind == "but":
        value = BEFORE_BUT * value_a + AFTER_BUT * value_b
    else:
        value = EACH_OF_AND * (value_a + value_b)
    return f"{text_a} {kind} {text_b}", value, f"{first}_{kind}_{second}"


def _articles(text):
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


def _split_of(text):
    bucket = hashlib.blake2b(text.encode(), digest_size=1).digest()[0]
    return "val" if bucket < 16 else "test" if bucket < 32 else "train"


def sentences(split, n, seed, held_out=False):
    """`n` different sentences of a split. `held_out` asks for adjectives and frames that training never sees."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}: expected one of {SPLITS}")
    if held_out and split == "train":
        raise ValueError("held-out words are for val and test only")
    rng = random.Random(f"{split}/{seed}/{held_out}")
    found, texts = [], set()
    while len(found) < n:
        text, value, frame = _draw(rng, held_out)
        text = _articles(text)
        length = len(text.split())
        if text in texts or not WORD_RANGE[0] <= length <= WORD_RANGE[1] or _split_of(text) != split:
            continue
        texts.add(text)
        noisy = value + random.Random(zlib.crc32(text.encode())).gauss(0.0, LABEL_NOISE)
        valence = max(-VALENCE_LIMIT, min(VALENCE_LIMIT, noisy))
        found.append(Sentence(text, round(valence, 3), frame))
    return found


if __name__ == "__main__":
    sample = sentences("train", 12000, seed=1)
    for sentence in sample[:40]:
        print(f"{sentence.valence:+.2f}  {sentence.frame:28}  {sentence.text}")
    words = {word for sentence in sample for word in sentence.text.split()}
    print(f"{len(sample)} sentences, {len(words)} words, {len({s.frame for s in sample})} frames")
