use gotmpl::parse::{CommandNode, Expr, ListNode, Node, PipeNode};
use gotmpl::{Template, TemplateError, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// More than any host needs (253); a template that yields more is refused instead of filling the memory.
const LONGEST_OUTPUT: usize = 4096;
/// More labels and annotations than an object has; a loop over them ends there.
const MOST_ITERATIONS: u64 = 1000;

/// `domain-template`: the host of a Route or of one of its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainTemplate(String);

/// What a [`DomainTemplate`] sees. Source: networking `pkg/config/config.go`, `DomainTemplateValues`.
#[derive(Debug, Clone, Copy)]
pub struct DomainValues<'a> {
    /// The Route's name, or what the [`TagTemplate`] made of it.
    pub name: &'a str,
    /// The Route's namespace.
    pub namespace: &'a str,
    /// The domain that config-domain has for the Route.
    pub domain: &'a str,
    /// The Route's annotations.
    pub annotations: &'a BTreeMap<String, String>,
    /// The Route's labels.
    pub labels: &'a BTreeMap<String, String>,
}

impl DomainTemplate {
    /// Knative's default.
    pub const DEFAULT: &'static str = "{{.Name}}.{{.Namespace}}.{{.Domain}}";

    /// Takes a template if it parses and yields a host for Knative's own sample (`checkDomainTemplate`).
    pub fn new(source: &str) -> Result<Self, String> {
        check(source, &["Name", "Namespace", "Domain", "Annotations", "Labels"])?;
        let template = DomainTemplate(source.to_owned());
        let none = BTreeMap::new();
        let sample = DomainValues {
            name: "foo",
            namespace: "bar",
            domain: "baz.com",
            annotations: &none,
            labels: &none,
        };
        let host = template.render(sample)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if host.is_empty() || !host.chars().all(fits) {
            return Err(format!("it yields `{host}` for a Service `foo` in `bar`, which is no host"));
        }
        Ok(template)
    }

    /// The host; what is wrong otherwise. Nobody has looked yet whether the result is a domain name.
    pub fn render(&self, values: DomainValues<'_>) -> Result<String, String> {
        let data = [
            ("Name", text(values.name)),
            ("Namespace", text(values.namespace)),
            ("Domain", text(values.domain)),
            ("Annotations", texts(values.annotations)),
            ("Labels", texts(values.labels)),
        ];
        execute(&self.0, data)
    }
}

impl Default for DomainTemplate {
    fn default() -> Self {
        DomainTemplate(Self::DEFAULT.to_owned())
    }
}

/// `tag-template`: the first part of a tag's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagTemplate(String);

impl TagTemplate {
    /// Knative's default.
    pub const DEFAULT: &'static str = "{{.Tag}}-{{.Name}}";

    /// Takes a template if it parses and runs.
    pub fn new(source: &str) -> Result<Self, String> {
        check(source, &["Name", "Tag"])?;
        let template = TagTemplate(source.to_owned());
        template.render("foo", "v2").map(|_| template)
    }

    /// The host's first part for a Route's name and a tag; what is wrong otherwise.
    pub fn render(&self, name: &str, tag: &str) -> Result<String, String> {
        execute(&self.0, [("Name", text(name)), ("Tag", text(tag))])
    }
}

impl Default for TagTemplate {
    fn default() -> Self {
        TagTemplate(Self::DEFAULT.to_owned())
    }
}

fn text(value: &str) -> Value {
    Value::String(value.into())
}

fn texts(map: &BTreeMap<String, String>) -> Value {
    Value::Map(Arc::new(map.iter().map(|(k, v)| (k.as_str().into(), text(v))).collect()))
}

fn parse(source: &str) -> Result<Template, String> {
    Template::new("template")
        .max_range_iters(MOST_ITERATIONS)
        .func("index", index)
        .parse(source)
        .map_err(|error| error.to_string())
}

fn execute<const N: usize>(source: &str, data: [(&str, Value); N]) -> Result<String, String> {
    let data = data.into_iter().map(|(key, value)| (key.into(), value)).collect();
    let mut output = Bounded(String::new());
    parse(source)?
        .execute_fmt(&mut output, &Value::Map(Arc::new(data)))
        .map_err(|error| error.to_string())?;
    Ok(output.0)
}

/// Go's `index`: of a map of strings, an absent key is the empty string.
fn index(arguments: &[Value]) -> Result<Value, TemplateError> {
    let Some((first, keys)) = arguments.split_first() else {
        return Err(TemplateError::Exec("`index` of nothing".into()));
    };
    keys.iter().try_fold(first.clone(), |value, key| match (&value, value.index(key)?) {
        (Value::Map(_), Value::Nil) => Ok(text("")),
        (_, found) => Ok(found),
    })
}

struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST_OUTPUT {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Refuses what Go would refuse when it meets a struct instead of a map: a field that isn't there. And templates that
/// call each other, which nobody needs for a host and which can run for ages.
fn check(source: &str, fields: &[&str]) -> Result<(), String> {
    let template = parse(source)?;
    let known = |field: &str| {
        let names = || format!("`.{field}` is none of `.{}`", fields.join("`, `."));
        fields.contains(&field).then_some(()).ok_or_else(names)
    };
    if template.templates().len() > 1 {
        return Err("`define` and `block` aren't supported".into());
    }
    template.lookup("template").map_or(Ok(()), |tree| check_list(tree, true, &known))
}

type Known<'a> = dyn Fn(&str) -> Result<(), String> + 'a;

/// `at_root` tells whether `.` is the template's data here; within `with` and `range` it's something else.
fn check_list(list: &ListNode, at_root: bool, known: &Known<'_>) -> Result<(), String> {
    list.nodes.iter().try_for_each(|node| match node {
        Node::List(list) => check_list(list, at_root, known),
        Node::Action(action) => check_pipe(&action.pipe, at_root, known),
        Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
            check_pipe(&branch.pipe, at_root, known)?;
            check_list(&branch.body, at_root && matches!(node, Node::If(_)), known)?;
            branch.else_body.as_ref().map_or(Ok(()), |list| check_list(list, at_root, known))
        }
        Node::Template(_) | Node::Define(_) => Err("`template` and `define` aren't supported".into()),
        Node::Text(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
    })
}

fn check_pipe(pipe: &PipeNode, at_root: bool, known: &Known<'_>) -> Result<(), String> {
    let mut arguments = pipe.commands.iter().flat_map(|CommandNode { args, .. }| args);
    arguments.try_for_each(|argument| check_expr(argument, at_root, known))
}

fn check_expr(expr: &Expr, at_root: bool, known: &Known<'_>) -> Result<(), String> {
    match expr {
        Expr::Field(_, path) if at_root => path.first().map_or(Ok(()), |field| known(field)),
        Expr::Variable(_, name, path) if name == "$" => path.first().map_or(Ok(()), |field| known(field)),
        Expr::Pipe(_, pipe) => check_pipe(pipe, at_root, known),
        Expr::Chain(_, inner, _) => check_expr(inner, at_root, known),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
