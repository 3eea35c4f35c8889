//! All declarations together, found by name and by prefix. They are checked against each other before the program starts.

use std::collections::HashMap;

use super::{super::deprecation::Deprecation, Answer, DayList, Entity, Field, Kind, Stream};
use crate::{
    kpi::measure::Measures,
    write::{Mutation, PlainType},
};

/// All declarations.
#[derive(Debug)]
pub struct Model {
    /// Entities and interfaces.
    pub entities: Vec<Entity>,
    /// Mutations.
    pub mutations: Vec<Mutation>,
    /// Measures and where they come from.
    pub measures: Measures,
    /// Root fields that functions answer.
    pub answers: Vec<Answer>,
    /// Subscriptions besides `changes`.
    pub streams: Vec<Stream>,
    /// Types besides those of entities.
    pub types: Vec<PlainType>,
    /// Members that are to go.
    pub deprecations: Vec<Deprecation>,
    by_name: HashMap<&'static str, usize>,
    by_prefix: HashMap<&'static str, usize>,
}

impl Model {
    /// Checks the declarations against each other. A mistake here is a mistake in the program: it does not start.
    pub fn new(entities: Vec<Entity>, mutations: Vec<Mutation>) -> Self {
        let by_name: HashMap<_, _> = entities.iter().enumerate().map(|(i, e)| (e.name, i)).collect();
        let by_prefix: HashMap<_, _> = entities.iter().enumerate().filter_map(|(i, e)| Some((e.prefix?, i))).collect();
        let prefixes = entities.iter().filter(|e| e.prefix.is_some()).count();
        assert_eq!(by_prefix.len(), prefixes, "two entities have ids with the same prefix");
        let model = Self {
            entities,
            mutations,
            measures: Measures::default(),
            answers: vec![],
            streams: vec![],
            types: vec![],
            deprecations: vec![],
            by_name,
            by_prefix,
        };
        for entity in &model.entities {
            for field in &entity.fields {
                model.check(entity, field);
            }
        }
        model
    }

    /// The same with measures.
    #[must_use]
    pub fn with_measures(mut self, measures: Measures) -> Self {
        let entities = measures.sources.iter().flat_map(|source| &source.facts).map(|fact| fact.entity);
        entities.for_each(|name| {
            assert!(self.by_name.contains_key(name), "a measure comes from {name}, which is not declared");
        });
        self.measures = measures;
        self
    }

    /// The same with root fields that functions answer.
    #[must_use]
    pub fn with_answers(mut self, answers: Vec<Answer>) -> Self {
        self.answers.extend(answers);
        self
    }

    /// The same with subscriptions besides `changes`.
    #[must_use]
    pub fn with_streams(mut self, streams: Vec<Stream>) -> Self {
        self.streams.extend(streams);
        self
    }

    /// The plain type of that name.
    pub fn plain(&self, name: &str) -> Option<&PlainType> {
        self.types.iter().find(|plain| plain.name == name)
    }

    /// The same with types besides those of entities.
    #[must_use]
    pub fn with_types(mut self, types: Vec<PlainType>) -> Self {
        self.types.extend(types);
        self
    }

    /// The same with members that are to go.
    #[must_use]
    pub fn with_deprecations(mut self, deprecations: Vec<Deprecation>) -> Self {
        self.deprecations.extend(deprecations);
        self
    }

    fn check(&self, entity: &Entity, field: &Field) {
        let at = format!("{}.{}", entity.name, field.name);
        assert!(field.doc.ends_with('.'), "{at} needs a full sentence that says what it is");
        let stricter = field.class.is_some_and(|c| c != entity.class);
        assert!(!(stricter && field.required), "{at} may be masked, so it must be nullable");
        match &field.kind {
            Kind::One { to, .. } => {
                assert!(self.by_name.contains_key(to), "{at} links to {to}, which is not declared");
                assert!(!field.required, "{at} links to a row that may be out of scope, so it must be nullable");
            }
            Kind::Many { to, .. } => {
                assert!(self.by_name.contains_key(to), "{at} lists {to}, which is not declared");
                assert!(!field.required, "{at} lists a type that may be denied, so it must be nullable");
            }
            Kind::Union { arms, .. } => {
                assert!(
                    arms.iter().all(|(_, to)| self.by_name.contains_key(to)),
                    "{at} has an arm that is not declared"
                );
                assert!(!field.required, "{at} links to a row that may be out of scope, so it must be nullable");
            }
            Kind::Id
            | Kind::Scalar { .. }
            | Kind::Enum { .. }
            | Kind::Enums { .. }
            | Kind::Texts { .. }
            | Kind::Trail { .. }
            | Kind::Answer(_)
            | Kind::Money { .. }
            | Kind::ViewerAccess => {}
        }
    }

    /// The entity of that name. Declarations were checked, so a declared link always finds one.
    pub fn entity(&self, name: &str) -> &Entity {
        &self.entities[self.by_name[name]]
    }

    /// The entity of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Entity> {
        self.by_name.get(name).map(|i| &self.entities[*i])
    }

    /// The entity whose ids have this prefix.
    pub fn by_prefix(&self, prefix: &str) -> Option<&Entity> {
        self.by_prefix.get(prefix).map(|i| &self.entities[*i])
    }

    /// The concrete entity behind an interface's row of that kind; the interface itself for a kind of none.
    pub fn of_kind(&self, interface: &str, kind: &str) -> &Entity {
        let interface = self.entity(interface);
        self.concrete(interface).into_iter().find(|e| e.kind == Some(kind)).unwrap_or(interface)
    }

    /// What a root list shows, and its condition where it has one.
    pub fn list(&self, name: &str) -> Option<(&Entity, Option<&DayList>)> {
        self.entities.iter().find_map(|entity| {
            let dated = entity.day_lists.iter().find(|list| list.name == name);
            (dated.is_some() || entity.plural == Some(name)).then_some((entity, dated))
        })
    }

    /// The concrete entities whose changes are followed.
    pub fn followed(&self) -> impl Iterator<Item = &Entity> {
        self.entities.iter().filter(|e| e.prefix.is_some() && e.is_followed)
    }

    /// The concrete entities behind a name: itself, or an interface's members.
    pub fn concrete<'a>(&'a self, entity: &'a Entity) -> Vec<&'a Entity> {
        if entity.members.is_empty() { vec![entity] } else { entity.members.iter().map(|m| self.entity(m)).collect() }
    }

    /// The concrete entities of a union.
    pub fn union_members(&self, name: &str) -> Vec<&'static str> {
        let arms = self.entities.iter().flat_map(|e| &e.fields).find_map(|f| match &f.kind {
            Kind::Union { name: n, arms } if *n == name => Some(arms),
            _ => None,
        });
        arms.into_iter().flatten().flat_map(|(_, to)| self.concrete(self.entity(to))).map(|e| e.name).collect()
    }
}
