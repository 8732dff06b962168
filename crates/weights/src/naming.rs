//! Where the tensors of a Whisper are in the files of others.

/// A tensor's place in a file: its name there, and which of several equal groups of rows it is,
/// where the file stacks query, key and value.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// Index of the group, and the number of groups.
    pub(crate) part: Option<(usize, usize)>,
}

impl Place {
    fn whole(name: String) -> Self {
        Self { name, part: None }
    }
}

/// A name of OpenAI's, taken apart.
struct Parts<'a> {
    /// `encoder` or `decoder`.
    half: &'a str,
    /// The block, and the name within it; without one, the name.
    block: Option<&'a str>,
    /// As `attn.query`.
    module: &'a str,
    /// `weight` or `bias`; nothing for the positional embeddings.
    parameter: &'a str,
}

impl<'a> Parts<'a> {
    fn of(name: &'a str) -> Self {
        let (half, rest) = name.split_once('.').unwrap_or((name, ""));
        let (block, rest) = match rest.strip_prefix("blocks.") {
            Some(rest) => match rest.split_once('.') {
                Some((block, rest)) => (Some(block), rest),
                None => (Some(rest), ""),
            },
            None => (None, rest),
        };
        let (module, parameter) = match rest.rsplit_once('.') {
            Some((module, parameter)) => (module, parameter),
            None => (rest, ""),
        };
        Self {
            half,
            block,
            module,
            parameter,
        }
    }
}

/// The place of the tensor with OpenAI's `name` in a file of CTranslate2.
pub(crate) fn ctranslate2(name: &str) -> Place {
    let Parts {
        half,
        block,
        module,
        parameter,
    } = Parts::of(name);
    let norm = match parameter {
        "weight" => "gamma",
        _ => "beta",
    };
    let Some(block) = block else {
        return Place::whole(match module {
            "positional_embedding" => format!("{half}/position_encodings/encodings"),
            "token_embedding" => format!("{half}/embeddings/{parameter}"),
            "ln" | "ln_post" => format!("{half}/layer_norm/{norm}"),
            convolution => format!("{half}/{convolution}/{parameter}"),
        });
    };
    let (module, parameter, part) = match module {
        "attn_ln" => ("self_attention/layer_norm", norm, None),
        "cross_attn_ln" => ("attention/layer_norm", norm, None),
        "mlp_ln" => ("ffn/layer_norm", norm, None),
        "mlp.0" => ("ffn/linear_0", parameter, None),
        "mlp.2" => ("ffn/linear_1", parameter, None),
        "attn.query" => ("self_attention/linear_0", parameter, Some((0, 3))),
        "attn.key" => ("self_attention/linear_0", parameter, Some((1, 3))),
        "attn.value" => ("self_attention/linear_0", parameter, Some((2, 3))),
        "attn.out" => ("self_attention/linear_1", parameter, None),
        "cross_attn.query" => ("attention/linear_0", parameter, None),
        "cross_attn.key" => ("attention/linear_1", parameter, Some((0, 2))),
        "cross_attn.value" => ("attention/linear_1", parameter, Some((1, 2))),
        "cross_attn.out" => ("attention/linear_2", parameter, None),
        other => (other, parameter, None),
    };
    Place {
        name: format!("{half}/layer_{block}/{module}/{parameter}"),
        part,
    }
}

/// The place of the tensor with OpenAI's `name` in a file of Hugging Face, without the `model.`
/// before it.
pub(crate) fn hugging_face(name: &str) -> Place {
    let Parts {
        half,
        block,
        module,
        parameter,
    } = Parts::of(name);
    let Some(block) = block else {
        return Place::whole(match module {
            "positional_embedding" => format!("{half}.embed_positions.weight"),
            "token_embedding" => format!("{half}.embed_tokens.{parameter}"),
            "ln" | "ln_post" => format!("{half}.layer_norm.{parameter}"),
            convolution => format!("{half}.{convolution}.{parameter}"),
        });
    };
    let module = match module {
        "attn_ln" => "self_attn_layer_norm",
        "cross_attn_ln" => "encoder_attn_layer_norm",
        "mlp_ln" => "final_layer_norm",
        "mlp.0" => "fc1",
        "mlp.2" => "fc2",
        "attn.query" => "self_attn.q_proj",
        "attn.key" => "self_attn.k_proj",
        "attn.value" => "self_attn.v_proj",
        "attn.out" => "self_attn.out_proj",
        "cross_attn.query" => "encoder_attn.q_proj",
        "cross_attn.key" => "encoder_attn.k_proj",
        "cross_attn.value" => "encoder_attn.v_proj",
        "cross_attn.out" => "encoder_attn.out_proj",
        other => other,
    };
    Place::whole(format!("{half}.layers.{block}.{module}.{parameter}"))
}
