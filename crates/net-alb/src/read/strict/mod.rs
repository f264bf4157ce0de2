//! A tree to a typed object, as strictly as the API server reads it with `--validate=strict`: an unknown field or a
//! value of the wrong type is an error with its place. All of an object's errors are found, not just the first.
//!
//! serde tells a deserializer which fields a struct has, so no schema is needed beside the types.

mod deserialize;
mod error;

use super::problem::Problem;
use super::tree::Node;
use deserialize::{Context, NodeDeserializer, Path};
use error::ReadError;

/// A value of the wrong type is left out to find the next one, at most so often.
const MAX_ERRORS: usize = 20;

/// Reads `node` by `read`, a type's `Deserialize`. Returns `None` if there was any problem but annotations that are no strings:
/// without these it is read, so that what else is wrong with it is told too.
pub(super) fn read<T>(
    text: &str,
    node: &Node,
    mut read: impl FnMut(NodeDeserializer<'_, '_>) -> Option<Result<T, ReadError>>,
) -> (Option<T>, Vec<Problem>) {
    let context = Context::new(text);
    let root = Path::Root;
    for _ in 0..MAX_ERRORS {
        context.unknown.borrow_mut().clear();
        let deserializer = NodeDeserializer { node, path: &root, context: &context };
        match read(deserializer) {
            Some(Err(error)) => {
                let span = error.span.unwrap_or(node.span);
                context.wrong.borrow_mut().push(error.into_problem(span));
                if !context.excluded.borrow_mut().insert(span) || span == node.span {
                    return (None, context.into_problems());
                }
            }
            Some(Ok(value)) => {
                let problems = context.into_problems();
                return (problems.iter().all(Problem::is_about_annotation).then_some(value), problems);
            }
            None => return (None, context.into_problems()),
        }
    }
    (None, context.into_problems())
}
