//! Small builders over async-graphql's registry; every member has a description, every field says what it needs.

use std::borrow::Cow;

use async_graphql::{
    indexmap::IndexMap,
    registry::{
        EnumBuilder, InputObjectBuilder, MetaDirectiveInvocation, MetaEnumValue, MetaField, MetaInputValue, MetaType,
        ObjectBuilder, Registry,
    },
};
use async_graphql_value::ConstValue;

use super::super::decl::Model;

pub(super) fn with_args(mut f: MetaField, args: Vec<MetaInputValue>) -> MetaField {
    f.args = args.into_iter().map(|a| (a.name.clone(), a)).collect();
    f
}

pub(super) fn input_object(
    r: &mut Registry,
    name: impl Into<String>,
    doc: impl Into<String>,
    fields: Vec<MetaInputValue>,
    one_of: bool,
) {
    let name = name.into();
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    let built = InputObjectBuilder::new(name.clone(), fields)
        .description(Some(doc.into()))
        .rust_typename("declared")
        .oneof(one_of)
        .build();
    r.types.insert(name, built);
}

pub(super) fn enumeration<'a>(
    r: &mut Registry,
    name: impl Into<String>,
    doc: impl Into<String>,
    values: impl IntoIterator<Item = (String, Cow<'a, str>)>,
) {
    let name = name.into();
    let values = values
        .into_iter()
        .map(|(value, doc)| {
            let mut v = MetaEnumValue::new(value.clone());
            v.description = Some(doc.into_owned());
            (value, v)
        })
        .collect();
    r.types.insert(
        name.clone(),
        EnumBuilder::new(name, values).description(Some(doc.into())).rust_typename("declared").build(),
    );
}

pub(super) fn interface(r: &mut Registry, name: &str, doc: &str, fields: Vec<MetaField>) {
    let built = MetaType::Interface {
        name: name.into(),
        description: Some(doc.into()),
        fields: fields.into_iter().map(|f| (f.name.clone(), f)).collect(),
        possible_types: async_graphql::indexmap::IndexSet::default(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some("declared"),
        directive_invocations: vec![],
        requires_scopes: vec![],
    };
    r.types.insert(name.into(), built);
}

/// Says that a type implements an interface, on both sides.
pub(super) fn implement(r: &mut Registry, name: &str, of: &str) {
    r.add_implements(name, of);
    if let Some(MetaType::Interface { possible_types, .. }) = r.types.get_mut(of) {
        possible_types.insert(name.to_owned());
    }
}

pub(super) fn union(r: &mut Registry, model: &Model, name: &str, arms: &[(&str, &str)]) {
    let members = arms.iter().flat_map(|(_, to)| model.concrete(model.entity(to))).map(|e| e.name.to_owned());
    union_of(r, name, "One of several types; ask for `__typename` or use fragments.", members);
}

/// A union of these types.
pub(super) fn union_of(r: &mut Registry, name: &str, doc: &str, members: impl Iterator<Item = String>) {
    let built = MetaType::Union {
        name: name.into(),
        description: Some(doc.into()),
        possible_types: members.collect(),
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some("declared"),
        directive_invocations: vec![],
    };
    r.types.insert(name.into(), built);
}

/// The `@access` directive's invocation.
pub(super) fn access(needs: &str) -> Vec<MetaDirectiveInvocation> {
    let args = IndexMap::from([("needs".to_owned(), ConstValue::Enum(async_graphql_value::Name::new(needs)))]);
    vec![MetaDirectiveInvocation { name: "access".into(), args }]
}

/// A field of an object type.
pub fn field(
    name: impl Into<String>,
    ty: impl Into<String>,
    needs: impl AsRef<str>,
    doc: impl Into<String>,
) -> MetaField {
    let mut f = MetaField::new(name, ty);
    f.description = Some(doc.into());
    f.directive_invocations = access(needs.as_ref());
    f
}

/// An argument or input field.
pub fn input(name: impl Into<String>, ty: impl Into<String>, doc: impl Into<String>) -> MetaInputValue {
    let mut v = MetaInputValue::new(name, ty);
    v.description = Some(doc.into());
    v
}

/// Puts an object type into the registry.
pub fn object(r: &mut Registry, name: impl Into<String>, doc: impl Into<String>, fields: Vec<MetaField>) {
    let name = name.into();
    let fields = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    r.types.insert(
        name.clone(),
        ObjectBuilder::new(name, fields).description(Some(doc.into())).rust_typename("declared").build(),
    );
}
