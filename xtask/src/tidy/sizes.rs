//! Files of at most 400 lines, functions of at most 60, nine of ten at most 40: what doesn't fit has two meanings.

use super::is_rust;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::Visit;

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;
const USUAL_FUNCTION_LINES: usize = 40;

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let mut lengths = Vec::new();
    for file in files.iter().filter(|file| is_rust(file)) {
        let source = fs::read_to_string(root.join(file))?;
        let lines = source.lines().count();
        if lines > FILE_LINES {
            complaints.push(format!(
                "{} has {lines} lines, {FILE_LINES} at most; split it along a meaning",
                file.display()
            ));
        }
        let tree = syn::parse_file(&source).with_context(|| format!("parsing {}", file.display()))?;
        let mut functions = Functions(Vec::new());
        functions.visit_file(&tree);
        for (name, line, length) in functions.0 {
            lengths.push(length);
            if length > FUNCTION_LINES {
                let at = format!("{}:{line}", file.display());
                complaints.push(format!(
                    "{at}: `{name}` has {length} lines, {FUNCTION_LINES} at most; name its parts"
                ));
            }
        }
    }
    lengths.sort_unstable();
    let ninth = lengths.get(lengths.len() * 9 / 10).copied().unwrap_or_default();
    if ninth > USUAL_FUNCTION_LINES {
        complaints
            .push(format!("one function in ten has over {ninth} lines; {USUAL_FUNCTION_LINES} is the habit"));
    }
    Ok(complaints)
}

/// Name, first line and length of every function.
struct Functions(Vec<(String, usize, usize)>);

impl Functions {
    fn add(&mut self, name: &syn::Ident, body: &syn::Block) {
        let (first, last) = (name.span().start().line, body.brace_token.span.close().end().line);
        self.0.push((name.to_string(), first, last.saturating_sub(first) + 1));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.add(&function.sig.ident, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.add(&function.sig.ident, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }
}
