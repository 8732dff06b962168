//! The stack machine that executes the program in a pickle.

use std::collections::HashMap;

use super::super::bytes::Scratch;
use super::super::{Bytes, FormatError};
use super::allowed::{Dialect, global};
use super::scan::Scanner;
use super::value::{Arena, Value, add};

/// More objects than any data set has: a bound on the memory that a hostile file can claim.
const OBJECTS: usize = 1 << 26;

/// Bytes that calls may make, however short the file.
const SMALL: u64 = 64 << 10;

/// A pickle while it is read.
pub(super) struct Machine {
    pub(super) scan: Scanner,
    pub(super) dialect: Dialect,
    pub(super) arena: Arena,
    pub(super) scratch: Scratch,
    stack: Vec<Value>,
    /// Heights of the stack at which lists of arguments begin.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    made: usize,
    /// Bytes that calls may still make.
    budget: u64,
}

/// Runs a pickle to its end; gives all objects, and its value.
pub(super) fn run(bytes: Bytes, dialect: Dialect) -> Result<(Arena, Value), FormatError> {
    // Calls only convert bytes of the file; twice its length is more than they need.
    let budget = 2 * bytes.len() + SMALL;
    let mut machine = Machine {
        scan: Scanner::new(bytes),
        dialect,
        arena: Arena::default(),
        scratch: Scratch::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        made: 0,
        budget,
    };
    loop {
        let opcode = machine.scan.byte()?;
        if opcode == b'.' {
            let value = machine.pop()?;
            return Ok((machine.arena, value));
        }
        machine.step(opcode)?;
    }
}

impl Machine {
    pub(super) fn error(&self, reason: impl Into<String>) -> FormatError {
        self.scan.error(reason)
    }

    /// Counts one more object.
    fn count(&mut self) -> Result<(), FormatError> {
        self.made += 1;
        if self.made > OBJECTS {
            return Err(self.error(format!(
                "more than {OBJECTS} objects: this is not a data set"
            )));
        }
        Ok(())
    }

    /// Takes bytes that a call is about to make from the budget: without it a short file could
    /// repeat the same long call over and over.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), FormatError> {
        match self.budget.checked_sub(bytes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.error("it would unfold to far more than the file holds")),
        }
    }

    pub(super) fn push(&mut self, value: Value) -> Result<(), FormatError> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Value, FormatError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() > floor
            && let Some(value) = self.stack.pop()
        {
            return Ok(value);
        }
        Err(self.error("the file is damaged: an opcode finds nothing on the stack"))
    }

    fn top(&self) -> Result<Value, FormatError> {
        let top = self.stack.last().copied();
        top.ok_or_else(|| self.error("the file is damaged: an opcode finds nothing on the stack"))
    }

    /// Everything above the last mark.
    fn marked(&mut self) -> Result<Vec<Value>, FormatError> {
        let mark = self.marks.pop();
        let mark = mark.ok_or_else(|| self.error("the file is damaged: a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }

    /// Executes one opcode: literals here, the others by group.
    fn step(&mut self, opcode: u8) -> Result<(), FormatError> {
        let value = match opcode {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'I' => self.text_integer()?,
            b'L' => self.text_long()?,
            b'F' => self.text_float()?,
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.scan.array()?))),
            b'K' => Value::Int(i64::from(self.scan.byte()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.scan.array()?))),
            b'G' => Value::Float(f64::from_be_bytes(self.scan.array()?)),
            0x8a => self.long::<1>()?,
            0x8b => self.long::<4>()?,
            b'X' => self.text::<4>()?,
            0x8c => self.text::<1>()?,
            0x8d => self.text::<8>()?,
            b'V' => self.text_unicode()?,
            b'B' | b'T' => self.bytes::<4>()?,
            b'C' | b'U' => self.bytes::<1>()?,
            0x8e | 0x96 => self.bytes::<8>()?,
            b'S' => self.text_bytes()?,
            _ => return self.collect(opcode),
        };
        self.push(value)
    }

    /// Opcodes that make and fill collections.
    fn collect(&mut self, opcode: u8) -> Result<(), FormatError> {
        match opcode {
            b'(' => {
                self.count()?;
                self.marks.push(self.stack.len());
                Ok(())
            }
            b']' => self.push_list(Vec::new()),
            b'}' => self.push_dict(Vec::new()),
            b')' => self.push_tuple(Vec::new()),
            b'l' => {
                let items = self.marked()?;
                self.push_list(items)
            }
            b't' => {
                let items = self.marked()?;
                self.push_tuple(items)
            }
            b'd' => {
                let pairs = self.marked()?;
                let pairs = self.pairs(&pairs)?;
                self.push_dict(pairs)
            }
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x84..opcode {
                    items.insert(0, self.pop()?);
                }
                self.push_tuple(items)
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            b'e' => {
                let items = self.marked()?;
                self.append(items)
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(vec![key, value])
            }
            b'u' => {
                let pairs = self.marked()?;
                self.set(pairs)
            }
            _ => self.remember(opcode),
        }
    }

    /// Opcodes of the stack and the memo.
    fn remember(&mut self, opcode: u8) -> Result<(), FormatError> {
        match opcode {
            b'0' if self.marks.last() == Some(&self.stack.len()) => {
                self.marks.pop();
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.marked().map(drop),
            b'2' => {
                let top = self.top()?;
                self.push(top)
            }
            0x94 => self.put(self.memo.len() as u64),
            b'q' => {
                let key = self.scan.length::<1>()?;
                self.put(key)
            }
            b'r' => {
                let key = self.scan.length::<4>()?;
                self.put(key)
            }
            b'p' => {
                let key = self.text_key()?;
                self.put(key)
            }
            b'h' => {
                let key = self.scan.length::<1>()?;
                self.get(key)
            }
            b'j' => {
                let key = self.scan.length::<4>()?;
                self.get(key)
            }
            b'g' => {
                let key = self.text_key()?;
                self.get(key)
            }
            _ => self.refer(opcode),
        }
    }

    /// Opcodes that name, call and fill what Python defines; the rest is refused.
    fn refer(&mut self, opcode: u8) -> Result<(), FormatError> {
        match opcode {
            0x80 => {
                let protocol = self.scan.byte()?;
                if protocol > 5 {
                    return Err(self.error(format!(
                        "pickle protocol {protocol} is not supported; save it with protocol 4"
                    )));
                }
                Ok(())
            }
            // A frame only states how much can be read ahead.
            0x95 => self.scan.length::<8>().map(drop),
            b'c' => {
                let module = self.scan.text_line()?;
                let name = self.scan.text_line()?;
                self.name(&module, &name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.word(module)?, self.word(name)?);
                self.name(&module, &name)
            }
            b'R' => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let value = self.call(callable, arguments)?;
                self.push(value)
            }
            b'b' => {
                let state = self.pop()?;
                let target = self.top()?;
                self.build(target, state)
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(storage)
            }
            b'i' => {
                let module = self.scan.text_line()?;
                let name = self.scan.text_line()?;
                Err(self.refused(&module, &name))
            }
            other => Err(self.error(unknown(other))),
        }
    }

    fn name(&mut self, module: &str, name: &str) -> Result<(), FormatError> {
        match global(self.dialect, module, name) {
            Some(global) => self.push(Value::Global(global)),
            None => Err(self.refused(module, name)),
        }
    }

    fn refused(&self, module: &str, name: &str) -> FormatError {
        self.error(format!(
            "it needs {module}.{name}, which is refused: only plain Python values and NumPy arrays \
             are read, nothing is executed"
        ))
    }

    fn put(&mut self, key: u64) -> Result<(), FormatError> {
        self.count()?;
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, key: u64) -> Result<(), FormatError> {
        let value = self.memo.get(&key).copied();
        let value = value
            .ok_or_else(|| self.error(format!("the file is damaged: there is no object {key}")))?;
        self.push(value)
    }

    fn push_list(&mut self, items: Vec<Value>) -> Result<(), FormatError> {
        let list = add(&mut self.arena.lists, items);
        self.push(Value::List(list))
    }

    fn push_tuple(&mut self, items: Vec<Value>) -> Result<(), FormatError> {
        let tuple = add(&mut self.arena.lists, items);
        self.push(Value::Tuple(tuple))
    }

    pub(super) fn push_dict(&mut self, pairs: Vec<(Value, Value)>) -> Result<(), FormatError> {
        let dict = add(&mut self.arena.dicts, pairs);
        self.push(Value::Dict(dict))
    }

    fn append(&mut self, items: Vec<Value>) -> Result<(), FormatError> {
        match self.top()? {
            Value::List(list) => self.arena.lists[list].extend(items),
            other => {
                return Err(self.error(format!(
                    "the file is damaged: {} is not a list",
                    other.kind()
                )));
            }
        }
        Ok(())
    }

    fn pairs(&self, items: &[Value]) -> Result<Vec<(Value, Value)>, FormatError> {
        let (pairs, rest) = items.as_chunks::<2>();
        if rest.is_empty() {
            return Ok(pairs.iter().map(|&[key, value]| (key, value)).collect());
        }
        Err(self.error("the file is damaged: a key without a value"))
    }

    fn set(&mut self, items: Vec<Value>) -> Result<(), FormatError> {
        let pairs = self.pairs(&items)?;
        match self.top()? {
            Value::Dict(dict) => self.arena.dicts[dict].extend(pairs),
            other => {
                return Err(self.error(format!(
                    "the file is damaged: {} is not a dict",
                    other.kind()
                )));
            }
        }
        Ok(())
    }
}

/// Why an opcode is refused.
fn unknown(opcode: u8) -> String {
    let name = match opcode {
        0x81 | 0x92 | b'o' => "makes an object of a class",
        0x82..=0x84 => "names a registered extension",
        0x8f..=0x91 => "makes a set",
        b'P' => "names an object outside of the file",
        0x97 | 0x98 => "takes a buffer from outside of the file",
        _ => "is unknown to Python",
    };
    format!("opcode 0x{opcode:02x} {name}, which is refused or damaged")
}
