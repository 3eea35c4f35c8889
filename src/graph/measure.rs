//! How large a document is, with its fragments opened: each fragment is measured once, however often it is spread, so
//! that doubling fragments cost nothing. The size is kept with the document and held against the limits of each caller.

use std::{collections::HashMap, rc::Rc};

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use crate::{
    config::Limits,
    error::{Code, Error},
};

/// Fields, inline fragments and fragments inside each other that a walk goes down.
const MAX_NESTING: usize = 256;
/// Lists of introspection inside each other from which on it is refused, as graphql-js does it.
const INTROSPECTION_LISTS: usize = 3;
/// The lists that lead from types to types.
const TYPE_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// The size of a document: of each measure that of its largest operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Nesting of fields, introspection apart.
    pub depth: usize,
    /// Fields.
    pub fields: usize,
    /// Fields of the root.
    pub roots: usize,
    /// Aliases.
    pub aliases: usize,
    /// How often one selection names the same response key.
    pub repeated: usize,
    /// Directives.
    pub directives: usize,
    /// Directives at one place.
    pub directives_per_place: usize,
    /// Lists of introspection inside each other.
    pub introspection_lists: usize,
}

impl Size {
    /// Fails where it is above the limits.
    pub fn check(&self, limits: &Limits) -> Result<(), Error> {
        let within = |is: usize, max: usize, code: Code, what: &str| {
            if is > max { Err(Error::new(code, format!("The operation has {what} {max}."))) } else { Ok(()) }
        };
        within(self.roots, limits.root_fields, Code::QueryTooLarge, "more root fields than")?;
        within(self.depth, limits.depth, Code::QueryTooDeep, "fields nested deeper than")?;
        let lists = INTROSPECTION_LISTS - 1;
        within(
            self.introspection_lists,
            lists,
            Code::QueryTooDeep,
            "more lists of introspection inside each other than",
        )?;
        within(self.aliases, limits.aliases, Code::QueryTooManyAliases, "more aliases than")?;
        let often = "one response key in the same place more often than";
        within(self.repeated, limits.repeated_keys, Code::QueryTooLarge, often)?;
        within(self.directives, limits.directives, Code::QueryTooLarge, "more directives than")?;
        let at_place = "more directives at one place than";
        within(self.directives_per_place, limits.directives_per_place, Code::QueryTooLarge, at_place)?;
        let fields = "more fields, with its fragments opened, than";
        within(self.fields, limits.selected_fields, Code::QueryTooLarge, fields)
    }

    /// Adds what stands beside it.
    fn add(&mut self, other: &Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.most(other);
    }

    /// Takes the larger of what is not added up.
    fn most(&mut self, other: &Self) {
        self.depth = self.depth.max(other.depth);
        self.repeated = self.repeated.max(other.repeated);
        self.directives_per_place = self.directives_per_place.max(other.directives_per_place);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
    }

    fn directives(&mut self, count: usize) {
        self.directives = self.directives.saturating_add(count);
        self.directives_per_place = self.directives_per_place.max(count);
    }
}

/// A selection that was measured.
#[derive(Default)]
struct Measured<'d> {
    size: Size,
    /// How often each response key is named.
    keys: HashMap<&'d str, usize>,
    /// Lists of types inside each other.
    lists: usize,
}

impl<'d> Measured<'d> {
    fn add(&mut self, other: &Self) {
        self.size.add(&other.size);
        self.lists = self.lists.max(other.lists);
        for (key, count) in &other.keys {
            self.name(key, *count);
        }
    }

    fn name(&mut self, key: &'d str, times: usize) {
        let count = self.keys.entry(key).or_default();
        *count = count.saturating_add(times);
        self.size.repeated = self.size.repeated.max(*count);
    }
}

/// Measures a document. Fails as soon as it is too large for anyone, before more of it is walked.
pub fn measure(parsed: &ExecutableDocument, limits: &Limits) -> Result<Size, Error> {
    let mut walk = Walk { parsed, limits, known: HashMap::new() };
    let mut largest = Size::default();
    for (_, op) in parsed.operations.iter() {
        let mut size = Size::default();
        size.directives(op.node.directives.len());
        for variable in &op.node.variable_definitions {
            size.directives(variable.node.directives.len());
        }
        let measured = walk.set(&op.node.selection_set.node, 0)?;
        size.add(&measured.size);
        largest.most(&size);
        largest.roots = largest.roots.max(measured.keys.len());
        largest.fields = largest.fields.max(size.fields);
        largest.aliases = largest.aliases.max(size.aliases);
        largest.directives = largest.directives.max(size.directives);
    }
    Ok(largest)
}

struct Walk<'d> {
    parsed: &'d ExecutableDocument,
    limits: &'d Limits,
    /// Fragments that were measured; none while one is.
    known: HashMap<&'d Name, Option<Rc<Measured<'d>>>>,
}

impl<'d> Walk<'d> {
    fn set(&mut self, set: &'d SelectionSet, nesting: usize) -> Result<Measured<'d>, Error> {
        if nesting > MAX_NESTING {
            let line = format!("The document nests fields and fragments more than {MAX_NESTING} deep.");
            return Err(Error::new(Code::QueryTooDeep, line));
        }
        let mut all = Measured::default();
        for item in &set.items {
            all.size.directives(item.node.directives().len());
            match &item.node {
                Selection::Field(field) => {
                    let inner = self.set(&field.node.selection_set.node, nesting + 1)?;
                    let name = field.node.name.node.as_str();
                    let mut size = inner.size;
                    size.fields = size.fields.saturating_add(1);
                    size.aliases += usize::from(field.node.alias.is_some());
                    let mut lists = inner.lists + usize::from(TYPE_LISTS.contains(&name));
                    if matches!(name, "__schema" | "__type") {
                        size.introspection_lists = size.introspection_lists.max(lists);
                        (size.depth, lists) = (0, 0);
                    }
                    size.depth += 1;
                    all.size.add(&size);
                    all.lists = all.lists.max(lists);
                    all.name(field.node.response_key().node.as_str(), 1);
                }
                Selection::InlineFragment(inline) => {
                    let inner = self.set(&inline.node.selection_set.node, nesting + 1)?;
                    all.add(&inner);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(inner) = self.fragment(&spread.node.fragment_name.node, nesting)? {
                        all.add(&inner);
                    }
                }
            }
            // What is too large already is not walked any further.
            if all.size.fields > self.limits.selected_fields {
                all.size.check(&Limits { depth: usize::MAX, ..*self.limits })?;
            }
        }
        Ok(all)
    }

    /// A fragment; none where there is none of that name, which validation tells.
    fn fragment(&mut self, name: &Name, nesting: usize) -> Result<Option<Rc<Measured<'d>>>, Error> {
        match self.known.get(name) {
            Some(Some(measured)) => return Ok(Some(measured.clone())),
            Some(None) => return Err(Error::new(Code::GraphqlValidationFailed, "A fragment contains itself.")),
            None => {}
        }
        let parsed = self.parsed;
        let Some((name, fragment)) = parsed.fragments.get_key_value(name) else { return Ok(None) };
        self.known.insert(name, None);
        let mut measured = self.set(&fragment.node.selection_set.node, nesting + 1)?;
        measured.size.directives(fragment.node.directives.len());
        let measured = Rc::new(measured);
        self.known.insert(name, Some(measured.clone()));
        Ok(Some(measured))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;
    use crate::config::Config;

    fn sized(text: &str) -> Result<Size, Error> {
        let limits = Config::default().limit_columns().user;
        measure(&parse_query(text).expect("GraphQL"), &limits)
    }

    #[test]
    fn fragments_are_opened_where_they_stand() {
        let size =
            sized("{ a { ...F } b: c @x { ...F } } fragment F on T { d e { ... on U { f @y @z } } }").expect("small");
        let due = Size {
            depth: 3,
            fields: 8,
            roots: 2,
            aliases: 1,
            repeated: 1,
            directives: 5,
            directives_per_place: 2,
            introspection_lists: 0,
        };
        assert_eq!(size, due);
    }

    #[test]
    fn roots_and_repeats_count_through_fragments() {
        let size = sized("{ a ...F ... { a c } } fragment F on Query { a b }").expect("small");
        assert_eq!((size.roots, size.repeated, size.depth), (3, 3, 1));
    }

    #[test]
    fn introspection_has_a_measure_of_its_own() {
        let deep = |lists: usize| {
            let (open, close) = ("fields { type { ".repeat(lists), "} } ".repeat(lists));
            sized(&format!("{{ __schema {{ types {{ {open} name {close} }} }} }}")).expect("read")
        };
        assert_eq!((deep(2).introspection_lists, deep(2).depth), (2, 1));
        let limits = Config::default().limit_columns().user;
        deep(2).check(&limits).expect("as graphql-js");
        assert_eq!(deep(3).check(&limits).expect_err("refused").code, Code::QueryTooDeep);
        let hidden = "{ __type(name: \"A\") { ...F } } fragment F on __Type { fields { type { interfaces { ...G } } } } \
            fragment G on __Type { possibleTypes { name } }";
        assert_eq!(sized(hidden).expect("read").introspection_lists, 3);
    }

    #[test]
    fn what_doubles_or_never_ends_is_refused_while_it_is_measured() {
        let fragments = (0..200).map(|n| format!("fragment f{n} on T {{ ...f{0} ...f{0} }} ", n + 1));
        let fragments = fragments.collect::<Vec<_>>().concat();
        let bomb = format!("{{ a {{ ...f0 }} }} {fragments} fragment f200 on T {{ id }}");
        assert_eq!(sized(&bomb).expect_err("refused").code, Code::QueryTooLarge);
        let chain = (0..600).map(|n| format!("fragment f{n} on T {{ ...f{} }} ", n + 1));
        let chain = chain.collect::<Vec<_>>().concat();
        let long = format!("{{ a {{ ...f0 }} }} {chain} fragment f600 on T {{ id }}");
        assert_eq!(sized(&long).expect_err("refused").code, Code::QueryTooDeep);
        let circle = "{ a { ...A } } fragment A on T { ...B } fragment B on T { ...A }";
        assert_eq!(sized(circle).expect_err("refused").code, Code::GraphqlValidationFailed);
    }
}
