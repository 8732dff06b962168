//! One document of settings, flattened and checked key by key.

use std::net::SocketAddr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::ProblemKind;
use super::schema::{Rule, Schema};

/// A setting whose value follows its rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// Full path, for example `stages.fuse.workers`.
    pub(super) key: String,
    /// Whole numbers are floats here where the rule asks for floats.
    pub(super) value: toml::Value,
    /// Line in the document, from 1.
    pub(super) line: usize,
}

/// The valid settings of a document, and its problems, with their lines.
#[derive(Debug)]
pub(super) struct Document {
    schema: &'static Schema,
    pub(super) settings: Vec<Setting>,
    pub(super) problems: Vec<(usize, ProblemKind)>,
}

impl Document {
    /// Reads and checks all of it; does not stop at the first problem.
    pub(super) fn read(schema: &'static Schema, text: &str) -> Self {
        let mut document = Self {
            schema,
            settings: Vec::new(),
            problems: Vec::new(),
        };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            let kind = ProblemKind::Syntax(error.message().to_owned());
            document.problems.push((line, kind));
        }
        let broken: Vec<usize> = document.problems.iter().map(|(line, _)| *line).collect();
        document.walk(text, "", root.get_ref());
        // The remains of a line that did not parse are not worth a second message.
        document
            .problems
            .retain(|(line, kind)| is_syntax(kind) || !broken.contains(line));
        document.problems.sort_by_key(|(line, _)| *line);
        document.settings.sort_by_key(|setting| setting.line);
        document
    }

    fn walk(&mut self, text: &str, parent: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = match parent {
                "" => key.get_ref().to_string(),
                parent => format!("{parent}.{}", key.get_ref()),
            };
            let line = line_at(text, key.span().start);
            match self.visit(text, &path, value, line) {
                Ok(()) => {}
                Err(kind) => self.problems.push((line, kind)),
            }
        }
    }

    fn visit(
        &mut self,
        text: &str,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        line: usize,
    ) -> Result<(), ProblemKind> {
        if let Some(rule) = self.schema.rule_of(path) {
            let value = check(path, rule, value.get_ref())?;
            let key = path.to_owned();
            self.settings.push(Setting { key, value, line });
            return Ok(());
        }
        if !self.schema.is_table(path) {
            return Err(self.schema.unknown(path));
        }
        let Some(table) = value.get_ref().as_table() else {
            return Err(wrong_type(path, "a table", value.get_ref()));
        };
        self.walk(text, path, table);
        Ok(())
    }
}

fn is_syntax(kind: &ProblemKind) -> bool {
    matches!(kind, ProblemKind::Syntax(_))
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The value as its rule wants it, or what is wrong with it.
pub(super) fn check(
    key: &str,
    rule: Rule,
    value: &DeValue<'_>,
) -> Result<toml::Value, ProblemKind> {
    match rule {
        Rule::Path => match value.as_str() {
            Some("") => Err(out_of_range(key, "a path".to_owned(), "\"\"")),
            Some(path) => Ok(path.into()),
            None => Err(wrong_type(key, "a path in quotes", value)),
        },
        Rule::Text => match value.as_str() {
            Some(text) => Ok(text.into()),
            None => Err(wrong_type(key, "text in quotes", value)),
        },
        Rule::Choice(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(word.into()),
            Some(word) => Err(out_of_range(key, one_of(words), &format!("\"{word}\""))),
            None => Err(wrong_type(key, "text in quotes", value)),
        },
        Rule::Choices(words) => {
            let chosen = strings(key, value)?;
            match chosen.iter().find(|word| !words.contains(&word.as_str())) {
                Some(word) => Err(out_of_range(
                    key,
                    format!("a list of {}", words.join(", ")),
                    &format!("\"{word}\""),
                )),
                None => Ok(chosen.into()),
            }
        }
        Rule::Boolean => match value.as_bool() {
            Some(truth) => Ok(truth.into()),
            None => Err(wrong_type(key, "true or false", value)),
        },
        Rule::Address => match value.as_str() {
            Some(text) if text.is_empty() || text.parse::<SocketAddr>().is_ok() => Ok(text.into()),
            Some(text) => {
                let allowed = "an address and a port, such as 127.0.0.1:9464, or empty";
                Err(out_of_range(
                    key,
                    allowed.to_owned(),
                    &format!("\"{text}\""),
                ))
            }
            None => Err(wrong_type(key, "text in quotes", value)),
        },
        Rule::Strings => strings(key, value).map(toml::Value::from),
        Rule::Patterns => {
            let patterns = strings(key, value)?;
            for pattern in &patterns {
                globset::Glob::new(pattern).map_err(|error| {
                    out_of_range(key, "patterns".to_owned(), &error.to_string())
                })?;
            }
            Ok(patterns.into())
        }
        Rule::Integer(min, max) => {
            let integer = value
                .as_integer()
                .ok_or_else(|| wrong_type(key, "a whole number", value))?;
            match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) if (min..=max).contains(&number) => Ok(number.into()),
                _ => Err(out_of_range(key, between(min, max), integer.as_str())),
            }
        }
        Rule::Number(min, max) => {
            let said = number_text(value).ok_or_else(|| wrong_type(key, "a number", value))?;
            match said.parse::<f64>() {
                Ok(number) if (min..=max).contains(&number) => Ok(number.into()),
                _ => Err(out_of_range(key, between(min, max), said)),
            }
        }
    }
}

fn strings(key: &str, value: &DeValue<'_>) -> Result<Vec<String>, ProblemKind> {
    let list = value.as_array().and_then(|list| {
        let strings = list.iter().map(|text| text.get_ref().as_str());
        strings.map(|text| text.map(ToOwned::to_owned)).collect()
    });
    let expected = "a list of strings, such as [\"a\", \"b\"]";
    list.ok_or_else(|| wrong_type(key, expected, value))
}

fn number_text<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    let float = value.as_float().map(toml::de::DeFloat::as_str);
    float.or_else(|| value.as_integer().map(toml::de::DeInteger::as_str))
}

fn between(min: impl std::fmt::Display, max: impl std::fmt::Display) -> String {
    format!("between {min} and {max}")
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("one of {}", quoted.join(", "))
}

fn out_of_range(key: &str, allowed: String, got: &str) -> ProblemKind {
    ProblemKind::OutOfRange {
        key: key.to_owned(),
        allowed,
        got: got.to_owned(),
    }
}

fn wrong_type(key: &str, expected: &str, value: &DeValue<'_>) -> ProblemKind {
    let got = match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the whole number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(truth) => format!("{truth}"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    };
    ProblemKind::WrongType {
        key: key.to_owned(),
        expected: expected.to_owned(),
        got,
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::SCHEMA;
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let document = Document::read(&SCHEMA, text);
        let problems = document.problems.iter();
        problems
            .map(|(line, kind)| format!("{line}: {kind}"))
            .collect()
    }

    #[test]
    fn every_problem_is_named_with_its_line() {
        let text = "bundle = 3\n[text]\nmode = \"fast\"\ngat = 0.5\n\n[decode]\n\
                    frames_per_second = 300\nframe_width_px = 3.5\n[decod]\n";
        assert_eq!(
            said(text),
            [
                "1: `bundle` must be a path in quotes, got the whole number 3",
                "3: `text.mode` must be one of \"auto\", \"transcript\", \"simulated\", \"none\", \
                 got \"fast\"",
                "4: unknown key `text.gat`; did you mean `text.gate`?",
                "7: `decode.frames_per_second` must be between 1 and 30, got 300",
                "8: `decode.frame_width_px` must be a whole number, got the number 3.5",
                "9: unknown key `decod`; did you mean `decode`?",
            ]
        );
    }

    #[test]
    fn a_broken_line_does_not_hide_the_others() {
        let problems = said("[text]\nmode = auto\ngate = 7\n");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("2: not valid TOML"), "{problems:?}");
        assert!(problems[1].starts_with("3: `text.gate`"), "{problems:?}");
    }

    #[test]
    fn not_a_number_is_refused() {
        assert_eq!(
            said("text.gate = nan"),
            ["1: `text.gate` must be between 0 and 1, got nan"]
        );
        assert_eq!(said("threads.total = 99999999999999999999").len(), 1);
    }

    #[test]
    fn lists_and_booleans_are_checked() {
        let document = Document::read(
            &SCHEMA,
            "files.include = [\"*.mp4\"]\nwatch.combined = true",
        );
        assert!(document.problems.is_empty(), "{:?}", document.problems);
        assert_eq!(
            said("files.exclude = \"*.mp4\"\nwatch.combined = 1\nhooks.on_report = [1]"),
            [
                "1: `files.exclude` must be a list of strings, such as [\"a\", \"b\"], got the text \"*.mp4\"",
                "2: `watch.combined` must be true or false, got the whole number 1",
                "3: `hooks.on_report` must be a list of strings, such as [\"a\", \"b\"], got a list",
            ]
        );
        let wrong = said("files.exclude = [\"[a\"]\nmetrics.listen = \"here\"");
        assert!(
            wrong[0].contains("must be patterns, got") && wrong[0].contains("[a"),
            "{wrong:?}"
        );
        assert!(wrong[1].ends_with("or empty, got \"here\""), "{wrong:?}");
    }

    #[test]
    fn a_whole_number_is_accepted_for_a_number() {
        let document = Document::read(&SCHEMA, "decode.stall_s = 30");
        assert!(document.problems.is_empty());
        assert_eq!(document.settings[0].value, toml::Value::Float(30.0));
    }
}
