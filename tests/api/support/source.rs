//! The house's own source as data: files, their code without comments and literals, and every path that they name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::settings;

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// Path from the workspace's root, with `/`.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// The text with comments and literals blanked, line for line.
    pub code: String,
}

/// A path named in code, in full: `use a::{b, c::*}` names `a::b` and `a::c::*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its segments; a glob ends in `*`.
    pub segments: Vec<String>,
    /// Line, from 1.
    pub line: usize,
    /// Whether it stands in a `use` declaration.
    pub is_use: bool,
}

impl Source {
    /// A file of that path and text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: blanked(text) }
    }

    /// Every Rust file below a folder of the workspace.
    pub fn below(folder: &str) -> Vec<Self> {
        let mut sources: Vec<Self> = files(folder)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
            .map(|path| Self::new(&relative(&path), &fs::read_to_string(&path).expect("a file of the workspace")))
            .collect();
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources
    }

    /// Number of lines that hold code.
    pub fn lines_of_code(&self) -> usize {
        self.code.lines().filter(|line| !line.trim().is_empty()).count()
    }

    /// Every path that its code names, unit tests at its end left out.
    pub fn named(&self) -> Vec<Named> {
        let end = self.code.find("#[cfg(test)]\nmod ").unwrap_or(self.code.len());
        named(&tokens(&self.code[..end]))
    }

    /// Segments of a path from the crate's root, where it is one of this crate; `self` and `super` resolved.
    pub fn within_crate(&self, named: &Named) -> Option<Vec<String>> {
        let mut module = self.module();
        let mut rest = named.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                while let [first, ..] = rest
                    && first == "super"
                {
                    module.pop();
                    rest = &rest[1..];
                }
                module.extend_from_slice(rest);
                return Some(module);
            }
            _ => return None,
        }
        module.extend_from_slice(&rest[1..]);
        Some(module)
    }

    fn module(&self) -> Vec<String> {
        let inside = self.path.split_once("src/").map_or(self.path.as_str(), |(_, inside)| inside);
        let mut module: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        module
    }
}

/// Every file of a folder of the workspace, without what is built, fetched, minified or hidden (`.ci` and `.github` are not).
pub fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![settings::workspace().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_hidden = name.starts_with('.') && !matches!(name.as_str(), ".ci" | ".github" | ".gitignore");
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_hidden && name != "target" && name != "node_modules" => {
                    open.push(entry.path());
                }
                Ok(kind) if kind.is_file() && !is_hidden && !name.contains(".min.") => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// A path from the workspace's root, with `/`.
pub fn relative(path: &Path) -> String {
    let path = path.strip_prefix(settings::workspace()).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Replaces comments, and the insides of literals, by spaces; line ends stay.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => until(&chars, at, |i| chars[i] == '\n'),
            ('/', Some('*')) => end_of_block_comment(&chars, at),
            ('"', _) => end_of_text(&chars, at),
            ('r', Some('"' | '#')) if !is_word_before(&chars, at) || chars[at - 1] == 'b' => {
                end_of_raw_text(&chars, at)
            }
            ('\'', Some('\\')) => until(&chars, at + 3, |i| chars[i] == '\'') + 1,
            ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            let end = end.min(chars.len());
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn until(chars: &[char], from: usize, stop: impl Fn(usize) -> bool) -> usize {
    (from..chars.len()).find(|&i| stop(i)).unwrap_or(chars.len())
}

fn is_word_before(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

fn end_of_block_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from + 2, 1);
    while at < chars.len() && depth > 0 {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn end_of_text(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// End of `r"..."` or `r#"..."#`; the same place for what is no raw text, such as `r#type`.
fn end_of_raw_text(chars: &[char], from: usize) -> usize {
    let quote = until(chars, from + 1, |i| chars[i] != '#');
    if chars.get(quote) != Some(&'"') {
        return from;
    }
    let hashes = quote - from - 1;
    let closes = |i: usize| chars[i] == '"' && (1..=hashes).all(|n| chars.get(i + n) == Some(&'#'));
    until(chars, quote + 1, closes) + 1 + hashes
}

type Token = (String, usize);

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((rest[..length].to_owned(), number + 1));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

fn named(tokens: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = |i: usize| tokens.get(i).map_or("", |(text, _)| text.as_str());
        // What an `impl Trait` captures is no declaration.
        if text(at) == "use" && text(at + 1) != "<" {
            at = use_tree(tokens, at + 1, &[], &mut found);
            continue;
        }
        let is_start = is_word(text(at))
            && (at == 0 || text(at - 1) != "::" || (at > 1 && !is_word(text(at - 2)) && text(at - 2) != ">"));
        if is_start && text(at + 1) == "::" {
            let (mut segments, line) = (vec![text(at).to_owned()], tokens[at].1);
            while text(at + 1) == "::" && is_word(text(at + 2)) {
                segments.push(text(at + 2).to_owned());
                at += 2;
            }
            found.push(Named { segments, line, is_use: false });
        }
        at += 1;
    }
    found
}

/// Reads one tree of a `use` declaration from `at`; gives the place behind it.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = prefix.to_vec();
    while let Some((text, line)) = tokens.get(at) {
        at += 1;
        match text.as_str() {
            "::" => {}
            "as" => at += 1,
            "{" => {
                while tokens.get(at).is_some_and(|(text, _)| text != "}") {
                    at = use_tree(tokens, at, &segments, found);
                    at += usize::from(tokens.get(at).is_some_and(|(text, _)| text == ","));
                }
                segments.clear();
                at += 1;
            }
            "," | "}" | ";" => {
                if segments.len() > prefix.len() {
                    found.push(Named { segments, line: *line, is_use: true });
                }
                return at - 1;
            }
            word => segments.push(word.to_owned()),
        }
    }
    at
}

fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
}
