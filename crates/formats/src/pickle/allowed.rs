//! The classes and functions that a pickle may name. None of them is called: this reader makes
//! the values itself. Everything else is refused by name.

/// The kind of a pickle, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Python's own types and NumPy's arrays.
    Plain,
    /// A PyTorch checkpoint: tensors too.
    Torch,
}

/// Something that a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `numpy.core.multiarray._reconstruct`: an array that is filled later.
    Reconstruct,
    /// `numpy.ndarray`, the argument of the former.
    NdArray,
    Dtype,
    /// A NumPy scalar.
    Scalar,
    /// An array over bytes (protocol 5).
    FromBuffer,
    /// `_codecs.encode`: bytes, as protocols 0 to 2 write them.
    Encode,
    Bytes,
    ByteArray,
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// A class of storages, by NumPy's name of its element type; empty for bfloat16.
    Storage(&'static str),
}

/// The meaning of a name in a pickle; `None` when it is refused.
pub(super) fn global(dialect: Dialect, module: &str, name: &str) -> Option<Global> {
    let plain = match (module, name) {
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Global::Reconstruct,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Global::Scalar,
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Global::FromBuffer,
        ("numpy", "ndarray") => Global::NdArray,
        ("numpy", "dtype") => Global::Dtype,
        ("_codecs", "encode") => Global::Encode,
        ("builtins" | "__builtin__", "bytes") => Global::Bytes,
        ("builtins" | "__builtin__", "bytearray") => Global::ByteArray,
        _ if dialect == Dialect::Torch => return torch(module, name),
        _ => return None,
    };
    Some(plain)
}

fn torch(module: &str, name: &str) -> Option<Global> {
    let global = match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", "FloatStorage") => Global::Storage("f4"),
        ("torch", "DoubleStorage") => Global::Storage("f8"),
        ("torch", "HalfStorage") => Global::Storage("f2"),
        ("torch", "BFloat16Storage") => Global::Storage(""),
        ("torch", "LongStorage") => Global::Storage("i8"),
        ("torch", "IntStorage") => Global::Storage("i4"),
        ("torch", "ShortStorage") => Global::Storage("i2"),
        ("torch", "CharStorage") => Global::Storage("i1"),
        ("torch", "ByteStorage") => Global::Storage("u1"),
        ("torch", "BoolStorage") => Global::Storage("b1"),
        _ => return None,
    };
    Some(global)
}
