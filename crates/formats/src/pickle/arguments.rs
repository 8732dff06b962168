//! The arguments of opcodes: numbers and strings, in binary or as text.

use super::super::FormatError;
use super::literal::{integer, quoted, raw_unicode};
use super::machine::Machine;
use super::scan::Piece;
use super::value::{Text, Value, add};

impl Machine {
    pub(super) fn text<const N: usize>(&mut self) -> Result<Value, FormatError> {
        let len = self.scan.length::<N>()?;
        let text = match self.scan.piece(len)? {
            // Lone surrogates are allowed in Python's strings.
            Piece::Short(bytes) => Text::Short(String::from_utf8_lossy(&bytes).into_owned()),
            Piece::Long(bytes) => Text::Long(bytes),
        };
        Ok(Value::Text(add(&mut self.arena.texts, text)))
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<Value, FormatError> {
        let len = self.scan.length::<N>()?;
        let range = self.scan.range(len)?;
        Ok(Value::Bytes(add(&mut self.arena.bytes, range)))
    }

    pub(super) fn long<const N: usize>(&mut self) -> Result<Value, FormatError> {
        let len = self.scan.length::<N>()?;
        let value = match self.scan.piece(len)? {
            Piece::Short(bytes) => integer(&bytes),
            Piece::Long(_) => None,
        };
        value
            .map(Value::Int)
            .ok_or_else(|| self.error("an integer is longer than 64 bits"))
    }

    pub(super) fn text_key(&mut self) -> Result<u64, FormatError> {
        let line = self.scan.text_line()?;
        line.parse()
            .map_err(|_| self.error("the file is damaged: an object's number is missing"))
    }

    pub(super) fn text_integer(&mut self) -> Result<Value, FormatError> {
        match self.scan.text_line()?.as_str() {
            "00" => Ok(Value::Bool(false)),
            "01" => Ok(Value::Bool(true)),
            line => self.decimal(line),
        }
    }

    pub(super) fn text_long(&mut self) -> Result<Value, FormatError> {
        let line = self.scan.text_line()?;
        self.decimal(line.trim_end_matches('L'))
    }

    pub(super) fn decimal(&self, digits: &str) -> Result<Value, FormatError> {
        let value = digits.parse().map(Value::Int);
        value.map_err(|_| self.error("not an integer of 64 bits"))
    }

    pub(super) fn text_float(&mut self) -> Result<Value, FormatError> {
        let line = self.scan.text_line()?;
        let value = line.parse().map(Value::Float);
        value.map_err(|_| self.error("not a number"))
    }

    pub(super) fn text_unicode(&mut self) -> Result<Value, FormatError> {
        let line = self.scan.line()?;
        let text = raw_unicode(&line).ok_or_else(|| self.error("not a string of Python"))?;
        Ok(Value::Text(add(&mut self.arena.texts, Text::Short(text))))
    }

    pub(super) fn text_bytes(&mut self) -> Result<Value, FormatError> {
        let line = self.scan.line()?;
        let bytes = quoted(&line).ok_or_else(|| self.error("not a string of Python 2"))?;
        self.keep(&bytes)
    }
}
