//! The September 2025 language for a parser of an older one: one linear pass, without recursion, over a document's tokens.
//! It counts them, refuses what the parser would misread, and rewrites what the parser cannot read; whatever it writes,
//! the tokens that follow keep their line and column.

use std::{borrow::Cow, collections::HashSet, ops::Range};

use super::words::{self, Token, Words};
use crate::error::{Code, Error};

/// How deep brackets may nest: the parser recurses with them, whatever is in them.
const MAX_BRACKETS: usize = 64;
/// What an operation or a fragment begins with.
const KEYWORDS: [&str; 4] = ["query", "mutation", "subscription", "fragment"];
/// What definitions of a schema begin with.
const OF_SCHEMAS: [&str; 9] =
    ["schema", "scalar", "type", "interface", "union", "enum", "input", "directive", "extend"];

/// The same document as the parser reads it.
pub fn readable(text: &str, max_tokens: usize) -> Result<Cow<'_, str>, Error> {
    let mut reader = Reader {
        words: Words::new(text),
        writer: Writer { text, copied: 0, out: None },
        max_tokens,
        open: vec![],
        place: Place::Start,
        described: None,
        last: [Token::Nothing; 2],
        names: ["", ""],
    };
    reader.read()?;
    Ok(reader.writer.finish())
}

/// What a bracket holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Selections,
    Variables,
    Arguments,
    Members,
    Items,
}

/// A bracket that is open, with the names given in it where each may be given once.
struct Bracket<'t> {
    holds: Holds,
    names: HashSet<&'t str>,
}

/// Where among the definitions the pass is, outside of brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a definition.
    Start,
    /// After an operation's keyword.
    Operation,
    /// After its name.
    Named,
    /// After `fragment`.
    Fragment,
    /// Further on in the head of a definition.
    Head,
}

struct Reader<'t> {
    words: Words<'t>,
    writer: Writer<'t>,
    max_tokens: usize,
    open: Vec<Bracket<'t>>,
    place: Place,
    /// A description that waits for what it describes.
    described: Option<usize>,
    /// The last token, and the one before.
    last: [Token; 2],
    /// Their texts, where they are names.
    names: [&'t str; 2],
}

impl<'t> Reader<'t> {
    fn read(&mut self) -> Result<(), Error> {
        while let Some((token, range)) = self.words.next()? {
            match token {
                // The parser takes no comment where it wants white space.
                Token::Comment => self.writer.put(range, ""),
                token => self.token(token, range)?,
            }
        }
        if !self.open.is_empty() || self.described.is_some() {
            return Err(self.unreadable(self.words.text.len()));
        }
        Ok(())
    }

    fn token(&mut self, token: Token, range: Range<usize>) -> Result<(), Error> {
        self.count()?;
        let at = range.start;
        if token != Token::Colon {
            self.name_is_a_value(at)?;
        }
        // `... on` without a type is no spread of a fragment of that name, and no fragment has that name.
        let after_on = self.last == [Token::Name, Token::Spread] && self.names[0] == "on";
        if after_on && token != Token::Name {
            return Err(self.unreadable(at));
        }
        let name = if token == Token::Name { &self.words.text[range.clone()] } else { "" };
        match (token, self.holds()) {
            (Token::Text, None | Some(Holds::Variables)) if self.may_describe() => {
                self.described = Some(at);
                self.writer.put(range, "");
                self.remember(Token::Nothing, "");
                return Ok(());
            }
            (Token::Text, Some(_)) => {
                if let Some(written) = self.words.written.take() {
                    self.writer.put(range, &written);
                }
            }
            (Token::Open(bracket), _) => self.opens(bracket, at)?,
            (Token::Close(bracket), _) => self.closes(bracket, at)?,
            (Token::Colon, Some(Holds::Variables)) => {
                self.given_once(at)?;
                return self.variable_type();
            }
            (Token::Colon, Some(Holds::Arguments | Holds::Members)) => self.given_once(at)?,
            (Token::At, Some(Holds::Variables)) => {
                return Err(invalid(self.words.text, at, "No directive may stand at a variable.".into()));
            }
            (_, None) => self.heads(token, name, at)?,
            _ => {}
        }
        if self.described.is_some() && !self.is_described(token, name) {
            return Err(self.unreadable(at));
        }
        self.described = None;
        self.remember(token, name);
        Ok(())
    }

    fn count(&self) -> Result<(), Error> {
        if self.words.count > self.max_tokens {
            let line = format!("The document has more than {} tokens.", self.max_tokens);
            return Err(Error::new(Code::QueryTooLarge, line));
        }
        Ok(())
    }

    fn remember(&mut self, token: Token, name: &'t str) {
        self.last = [token, self.last[0]];
        self.names = [name, self.names[0]];
    }

    fn holds(&self) -> Option<Holds> {
        self.open.last().map(|bracket| bracket.holds)
    }

    fn unreadable(&self, at: usize) -> Error {
        words::unreadable(self.words.text, at)
    }

    /// Whether a text here is a description: before a definition, or between variables and no default of one.
    fn may_describe(&self) -> bool {
        let is_free = match self.holds() {
            None => self.place == Place::Start,
            _ => self.last[0] != Token::Equals,
        };
        is_free && self.described.is_none()
    }

    fn is_described(&self, token: Token, name: &str) -> bool {
        if self.open.is_empty() { KEYWORDS.contains(&name) } else { token == Token::Dollar }
    }

    /// A token outside of brackets.
    fn heads(&mut self, token: Token, name: &str, at: usize) -> Result<(), Error> {
        self.place = match (self.place, token) {
            (Place::Start, Token::Name) if name == "fragment" => Place::Fragment,
            (Place::Start, Token::Name) if KEYWORDS.contains(&name) => Place::Operation,
            (Place::Start, Token::Name) if OF_SCHEMAS.contains(&name) => {
                let line = "A request holds operations and fragments, no definitions of a schema.";
                return Err(invalid(self.words.text, at, line.into()));
            }
            (Place::Start, _) => return Err(self.unreadable(at)),
            (Place::Fragment, Token::Name) if name == "on" => return Err(self.unreadable(at)),
            (Place::Operation, Token::Name) => Place::Named,
            _ => Place::Head,
        };
        Ok(())
    }

    fn opens(&mut self, bracket: u8, at: usize) -> Result<(), Error> {
        let holds = match (bracket, self.holds()) {
            (b'[', _) => Holds::Items,
            (b'(', None) if matches!(self.place, Place::Operation | Place::Named) => Holds::Variables,
            (b'(', _) => Holds::Arguments,
            (_, None | Some(Holds::Selections)) => Holds::Selections,
            _ => Holds::Members,
        };
        if self.open.is_empty() {
            // A selection alone is an operation that nothing can describe.
            if self.described.is_some() || (self.place == Place::Start && bracket != b'{') {
                return Err(self.unreadable(at));
            }
            self.place = Place::Head;
        }
        self.open.push(Bracket { holds, names: HashSet::new() });
        nested(self.open.len())
    }

    fn closes(&mut self, bracket: u8, at: usize) -> Result<(), Error> {
        let closed = self.open.pop().ok_or_else(|| self.unreadable(at))?;
        let due = match closed.holds {
            Holds::Selections | Holds::Members => b'}',
            Holds::Variables | Holds::Arguments => b')',
            Holds::Items => b']',
        };
        let is_empty = closed.holds == Holds::Variables && matches!(self.last[0], Token::Open(_));
        if bracket != due || is_empty || self.described.is_some() {
            return Err(self.unreadable(at));
        }
        if self.open.is_empty() && closed.holds == Holds::Selections {
            self.place = Place::Start;
        }
        Ok(())
    }

    /// At a colon: the name before it is an argument, a member or a variable, which is given once.
    fn given_once(&mut self, at: usize) -> Result<(), Error> {
        let (name, text) = (self.names[0], self.words.text);
        let Some(bracket) = self.open.last_mut() else { return Ok(()) };
        if name.is_empty() || bracket.names.insert(name) {
            return Ok(());
        }
        Err(invalid(text, at, format!("`{name}` is given more than once.")))
    }

    /// The parser reads `trueish` as `true` with something behind it. No enumeration here has such values.
    fn name_is_a_value(&self, at: usize) -> Result<(), Error> {
        let (name, is_free) = (self.names[0], !matches!(self.last[1], Token::Dollar | Token::At | Token::Spread));
        let is_value =
            matches!(self.holds(), Some(Holds::Arguments | Holds::Members | Holds::Items | Holds::Variables));
        let misread = |word: &&str| name.len() > word.len() && name.starts_with(*word);
        if is_free && is_value && ["true", "false", "null"].iter().any(misread) {
            return Err(invalid(self.words.text, at, "There is no such value.".into()));
        }
        Ok(())
    }

    /// A variable's type, which the parser reads only without white space.
    fn variable_type(&mut self) -> Result<(), Error> {
        let (mut type_text, mut range) = (String::new(), None::<Range<usize>>);
        let mut lists = 0;
        let mut has_name = false;
        while let Some((token, part)) = self.words.part_of_type(has_name) {
            match token {
                Token::Open(_) => lists += 1,
                Token::Close(_) if lists == 0 => break,
                Token::Close(_) => lists -= 1,
                Token::Name => has_name = true,
                _ => {}
            }
            self.words.count += 1;
            self.count()?;
            nested(self.open.len() + lists)?;
            type_text.push_str(&self.words.text[part.clone()]);
            self.words.at = part.end;
            range = Some(range.map_or(part.start, |r| r.start)..part.end);
        }
        if let Some(range) = range.filter(|range| range.len() != type_text.len()) {
            self.writer.put(range, &type_text);
        }
        self.remember(Token::Nothing, "");
        Ok(())
    }
}

/// Refuses brackets nested this deep.
fn nested(depth: usize) -> Result<(), Error> {
    if depth <= MAX_BRACKETS {
        return Ok(());
    }
    let line = format!("The document nests brackets more than {MAX_BRACKETS} deep.");
    Err(Error::new(Code::QueryTooDeep, line))
}

/// An error of validation at a place.
fn invalid(text: &str, at: usize, line: String) -> Error {
    let (row, column) = words::position(text, at);
    Error::new(Code::GraphqlValidationFailed, line).at(row, column)
}

/// Copies a text with some of its parts written anew.
struct Writer<'t> {
    text: &'t str,
    copied: usize,
    out: Option<String>,
}

impl<'t> Writer<'t> {
    /// Writes this for a part, and white space after it so that what follows keeps its line and column: a longer text on
    /// the same line is the only thing that moves it.
    fn put(&mut self, part: Range<usize>, written: &str) {
        let replaced = &self.text[part.clone()];
        let out = self.out.get_or_insert_with(|| String::with_capacity(self.text.len()));
        out.push_str(&self.text[self.copied..part.start]);
        out.push_str(written);
        self.copied = part.end;
        let line_ends = replaced.chars().filter(|c| matches!(c, '\n' | '\r'));
        out.extend(line_ends);
        let missing = match replaced.rsplit_once(['\n', '\r']) {
            Some((_, last_line)) => last_line.chars().count(),
            None => replaced.chars().count().saturating_sub(written.chars().count()),
        };
        out.extend(std::iter::repeat_n(' ', missing));
    }

    fn finish(self) -> Cow<'t, str> {
        match self.out {
            None => Cow::Borrowed(self.text),
            Some(mut out) => {
                out.push_str(&self.text[self.copied..]);
                Cow::Owned(out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use proptest::prelude::*;

    use super::*;

    const TOKENS: usize = 5_000;

    fn read(text: &str) -> String {
        readable(text, TOKENS).unwrap_or_else(|e| panic!("{e} {:?} in {text}", e.locations)).into_owned()
    }

    fn refused(text: &str) -> Code {
        readable(text, TOKENS).expect_err(text).code
    }

    #[test]
    fn a_document_of_before_is_left_as_it_is() {
        let text = "query Q($a: [Int!]! = [1]) @x(y: \"z\") { b: a(c: {d: [$a, true, null, E]}) ... on D { e } ...F }";
        assert!(matches!(readable(text, TOKENS), Ok(Cow::Borrowed(same)) if same == text));
    }

    #[test]
    fn descriptions_become_white_space() {
        for (text, due) in [
            ("\"d\" query { a }", "    query { a }"),
            ("\"\"\"d\nd\"\"\" mutation M { a }", "\n     mutation M { a }"),
            ("{ a }\"ü\u{1F600}\"\r\nfragment F on A { a }", "{ a }    \r\nfragment F on A { a }"),
            ("query Q(\"d\" $a: Int = 1 \"\" $b: Int) { a }", "query Q(    $a: Int = 1    $b: Int) { a }"),
            ("query Q($a: S = \"x\" \"d\" $b: S) { a }", "query Q($a: S = \"x\"     $b: S) { a }"),
        ] {
            assert_eq!(read(text), due, "{text}");
            parse_query(read(text)).expect(text);
        }
        for text in [
            "\"d\" { a }",
            "\"d\"",
            "\"d\" \"e\" query { a }",
            "query Q(\"d\") { a }",
            "query Q(\"d\" \"e\" $a: Int) { a }",
            "query Q($a: Int \"d\") { a }",
            "\"d\" ($a: Int) { a }",
        ] {
            assert_eq!(refused(text), Code::GraphqlParseFailed, "{text}");
        }
    }

    #[test]
    fn what_follows_keeps_its_place() {
        for text in [
            "\"\"\"one\ntwo\"\"\" query Q { a(b: 1 }",
            "{ a(b: \"\\u{1F600}\", c: \"\\uD83D\\uDE00\", d: =) }",
            "query Q($a: [ Int ! ] !, $b: =) { a }",
            "{ a(b: \"\"\"x\n  \\\"\"\"\n y\"\"\", c: =) }",
            "# ü\n{ a # é =\n = }",
        ] {
            let due = text.rfind('=').or(text.rfind('}')).expect("a fault");
            let at = match readable(text, TOKENS) {
                Err(e) => e.locations,
                Ok(read) => parse_query(read).expect_err(text).positions().map(|p| (p.line, p.column)).collect(),
            };
            assert_eq!(at.first(), Some(&words::position(text, due)), "{text}");
        }
    }

    #[test]
    fn strings_hold_every_character() {
        let value = |literal: &str| {
            let parsed = parse_query(read(&format!("{{ a(b: {literal}) }}"))).expect(literal);
            let (_, operation) = parsed.operations.iter().next().expect("one");
            let async_graphql::parser::types::Selection::Field(field) =
                &operation.node.selection_set.node.items[0].node
            else {
                panic!("{literal}")
            };
            field.node.arguments[0].1.node.clone()
        };
        for (literal, due) in [
            (r#""\u{1F600}""#, "\u{1F600}"),
            (r#""\u{00000000001f600}""#, "\u{1F600}"),
            (r#""\uD83D\uDE00x""#, "\u{1F600}x"),
            (r#""\u{22}\u{5C}\u{a}\u{D}\u{0}""#, "\"\\\n\r\u{0}"),
            (r#""\u0041\/\b""#, "A/\u{8}"),
            ("\"\"\"\n    a\n      \\\"\"\"b\\\n\n    \"\"\"", "a\n  \"\"\"b\\"),
            ("\"\"\"\\\"\"\"\"\"\"", "\"\"\""),
        ] {
            assert_eq!(value(literal), async_graphql_value::Value::String(due.into()), "{literal}");
        }
        for literal in [
            r#""\uD83D""#,
            r#""\uDE00""#,
            r#""\uD83Dx""#,
            r#""\uD83D\u0041""#,
            r#""\u{D83D}""#,
            r#""\u{110000}""#,
            r#""\u{}""#,
            r#""\u{1F600""#,
            r#""\u{FFFFFFFFFFFFFFFFFF}""#,
            r#""\x""#,
            "\"a\nb\"",
            "\"",
            "\"\"\"a\"\"",
        ] {
            assert_eq!(refused(&format!("{{ a(b: {literal}) }}")), Code::GraphqlParseFailed, "{literal}");
        }
    }

    #[test]
    fn what_the_parser_would_misread_is_refused() {
        for text in [
            "queryQ { a }",
            "fragmentF on A { a }",
            "fragment on on A { a }",
            "{ ...on }",
            "{ ... on { a } }",
            "query Q() { a }",
            "{ a(b: [01]) }",
            "{ a(b: 1.) }",
            "{ a(b: -) }",
            "{ a(b: 1x) }",
            "{ a(b: [\"\"\"\"]) }",
            "{ a(b: [1) }",
            "{ a }}",
            "{ a",
            "{ a ü }",
            "{ a .. b }",
        ] {
            assert_eq!(refused(text), Code::GraphqlParseFailed, "{text}");
        }
        for text in [
            "{ a(b: trueish) }",
            "{ a(b: [nullable]) }",
            "{ a(b: 1, b: 2) }",
            "{ a(b: {c: 1, c: 2}) }",
            "query Q($a: Int, $a: Int) { a }",
            "query Q($a: Int @skip(if: true)) { a }",
            "type A { a: Int }",
            "extend schema { query: A }",
        ] {
            assert_eq!(refused(text), Code::GraphqlValidationFailed, "{text}");
        }
        for text in [
            "{ a(trueish: true, b: {nullable: null}) { trueish: falsey ...nullable } }",
            "{ a(b: $trueish, c: [{d: 1}, {d: 2}]) b: a b: a }",
            "query query($on: on) { on ...query ... on on { on } }",
            "\u{feff}query Q(\u{feff}$a: [ # c\n Int ! , ] !) { a ... on#c\nA { b } }",
            "{ ...onA } fragment onA on A { a }",
        ] {
            parse_query(read(text)).expect(text);
        }
    }

    #[test]
    fn tokens_and_brackets_are_counted() {
        assert!(readable("{ a b c }", 5).is_ok());
        assert_eq!(readable("{ a b c d }", 5).expect_err("more").code, Code::QueryTooLarge);
        assert!(readable("# a b c d e f\n{ a b c }", 5).is_ok());
        let nested = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
        assert!(readable(&nested("{a", "}", 64), TOKENS).is_ok());
        assert_eq!(refused(&nested("{a", "}", 65)), Code::QueryTooDeep);
        assert_eq!(refused(&format!("query Q($a: {}) {{ a }}", nested("[", "]", 64))), Code::QueryTooDeep);
    }

    /// Pieces that mean something to the language, so that chance makes documents that nearly are some.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec![
                "{", "}", "(", ")", "[", "]", ":", "=", "$", "@", "!", "...", "&", "|", ",", " ", "\n", "\r\n", "\u{feff}",
                "query", "mutation", "subscription", "fragment", "on", "a", "B", "true", "trueish", "null", "1", "-0.5e3", "01",
                "#c\n", "\"", "\"\"\"", "\\\"\"\"", "\"d\"", "\"\"\"d\n d\"\"\"", "\"\\u{1F600}\"", "\"\\uD83D\\uDE00\"", "\\", "\\u",
                "query Q($a: [ Int ! ] = 1) {", "\"d\" query {", "a(b: ", "{ c: ",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(text in prop_oneof![pieces(), any::<String>()]) {
            let Ok(read) = readable(&text, 200) else { return Ok(()) };
            let again = readable(&read, 200).expect("what was written is readable");
            prop_assert_eq!(&again, &read);
            let ends = |text: &str| text.bytes().filter(|b| *b == b'\n').count();
            prop_assert_eq!(ends(&text), ends(&read));
            // Whatever the parser says, it says it without a panic.
            let _ = parse_query(&read);
        }
    }
}
