use std::fmt::Write;

use ort::session::Session;
use ort::value::{Outlet, TensorElementType};

use super::ModelError;
use super::manifest::{Dimension, ElementType, Entry, Tensor};

/// A tensor as this program feeds or reads it: name, element type, lengths; `None` varies from take to take.
pub(super) type Expected<'a> = (&'a str, ElementType, &'a [Option<usize>]);

/// Holds a manifest's entry to what the code that drives its role feeds and reads.
///
/// # Errors
/// [`ModelError::Contract`].
pub(super) fn check_entry(entry: &Entry, inputs: &[Expected], outputs: &[Expected]) -> Result<(), ModelError> {
    for (kind, described, expected) in [("inputs", &entry.inputs, inputs), ("outputs", &entry.outputs, outputs)] {
        let fits = |(tensor, (name, element, lengths)): (&Tensor, &Expected)| {
            tensor.name == *name
                && tensor.element == *element
                && tensor.shape.len() == lengths.len()
                && tensor.shape.iter().zip(*lengths).all(|(described, needed)| match (described, needed) {
                    (Dimension::Named(_), _) => true,
                    (Dimension::Fixed(length), needed) => Some(*length) == *needed,
                })
        };
        if described.len() != expected.len() || !described.iter().zip(expected).all(fits) {
            let needed = list(expected.iter().map(|(name, element, lengths)| tensor_text(name, *element, lengths)));
            let described = list(described.iter().map(described_text));
            return Err(entry.contract(format!("this build needs the {kind} {needed}; the manifest has {described}")));
        }
    }
    Ok(())
}

/// Holds a loaded model to its manifest entry: names, element types, ranks, and every length that the model fixes.
///
/// # Errors
/// [`ModelError::Contract`].
pub(super) fn check_session(entry: &Entry, session: &Session) -> Result<(), ModelError> {
    for (kind, described, real) in
        [("inputs", &entry.inputs, session.inputs()), ("outputs", &entry.outputs, session.outputs())]
    {
        if described.len() != real.len() || !described.iter().zip(real).all(|(tensor, outlet)| is_as(tensor, outlet)) {
            let described = list(described.iter().map(described_text));
            let real = list(real.iter().map(outlet_text));
            return Err(entry.contract(format!("its {kind} are {real}; the manifest says {described}")));
        }
    }
    Ok(())
}

fn is_as(tensor: &Tensor, outlet: &Outlet) -> bool {
    let shape = outlet.dtype().tensor_shape().map(|shape| shape.to_vec());
    outlet.name() == tensor.name
        && element(outlet) == Some(tensor.element)
        && shape.is_some_and(|shape| {
            shape.len() == tensor.shape.len()
                && shape.iter().zip(&tensor.shape).all(|(real, described)| match (fixed(*real), described) {
                    // The model takes any length here: the manifest may name it, or say which one it is given.
                    (None, _) => true,
                    (Some(real), Dimension::Fixed(length)) => real == *length,
                    (Some(_), Dimension::Named(_)) => false,
                })
        })
}

/// ONNX Runtime gives a length that varies as −1.
fn fixed(length: i64) -> Option<usize> {
    usize::try_from(length).ok()
}

fn element(outlet: &Outlet) -> Option<ElementType> {
    match outlet.dtype().tensor_type()? {
        TensorElementType::Float32 => Some(ElementType::F32),
        TensorElementType::Int64 => Some(ElementType::I64),
        TensorElementType::Bool => Some(ElementType::Bool),
        _ => None,
    }
}

fn outlet_text(outlet: &Outlet) -> String {
    let Some(element) = element(outlet) else { return format!("{} {}", outlet.name(), outlet.dtype()) };
    let shape = outlet.dtype().tensor_shape().map(|shape| shape.to_vec()).unwrap_or_default();
    let lengths: Vec<_> = shape.into_iter().map(fixed).collect();
    tensor_text(outlet.name(), element, &lengths)
}

fn described_text(tensor: &Tensor) -> String {
    let length = |dimension: &Dimension| match dimension {
        Dimension::Fixed(length) => Some(*length),
        Dimension::Named(_) => None,
    };
    tensor_text(&tensor.name, tensor.element, &tensor.shape.iter().map(length).collect::<Vec<_>>())
}

/// For example `feats f32[1,*,80]`.
fn tensor_text(name: &str, element: ElementType, lengths: &[Option<usize>]) -> String {
    let mut text = format!("{name} {element}[");
    for (at, length) in lengths.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        match length {
            Some(length) => write!(text, "{comma}{length}"),
            None => write!(text, "{comma}*"),
        }
        .expect("writing to a String cannot fail");
    }
    text + "]"
}

fn list(tensors: impl Iterator<Item = String>) -> String {
    tensors.collect::<Vec<_>>().join(", ")
}
