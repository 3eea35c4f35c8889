//! Limits, charsets and everything that is refused, with its line.

use encoding_rs::{UTF_16BE, WINDOWS_1252};

use super::{Element, Fault, MOST_DEPTH, MOST_TEXT, Walk, decode};

fn read(bytes: &[u8]) -> Result<Element, Fault> {
    let text = decode(bytes)?;
    let mut walk = Walk::new(&text);
    let head = walk.child()?.ok_or_else(|| Fault::of_file("no root"))?;
    let element = walk.whole(head)?;
    walk.end()?;
    Ok(element)
}

fn text(bytes: &[u8]) -> String {
    read(bytes).expect("an element").text().unwrap_or_default().to_owned()
}

fn fault(text: &str) -> String {
    read(text.as_bytes()).expect_err("a fault").to_string()
}

#[test]
fn a_byte_order_mark_wins_over_the_declaration() {
    assert_eq!(text(b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"windows-1252\"?><a>\xc3\xa4</a>"), "ä");
    let wide: Vec<u8> = "\u{feff}<a>ä</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(text(&wide), "ä");
    let wide: Vec<u8> = "<a>ä</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!((text(&wide), UTF_16BE.name()), ("ä".to_owned(), "UTF-16BE"));
}

#[test]
fn a_declared_charset_is_honored_and_bytes_of_another_refused() {
    let (bytes, _, _) = WINDOWS_1252.encode("<?xml version='1.0' encoding = 'windows-1252'?><a>é€</a>");
    assert_eq!(text(&bytes), "é€");
    assert_eq!(text(b"<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\xc3\xa4</a>"), "ä");
    let wrong = read(b"<a>\n\xe4</a>").expect_err("a fault").to_string();
    assert_eq!(wrong, "line 2: the bytes are not UTF-8");
    assert_eq!(
        fault("<?xml version=\"1.0\" encoding=\"klingon\"?><a/>"),
        "line 1: the charset \"klingon\" is not known"
    );
}

#[test]
fn control_characters_are_refused_as_bytes_and_as_references() {
    assert_eq!(fault("<a>\n\n\u{b}</a>"), "line 3: the character U+000B is not allowed in XML");
    assert_eq!(fault("<a>\n<b>&#11;</b></a>"), "line 2: a/b: the character U+000B is not allowed in XML");
    assert_eq!(fault("<a n=\"&#x1;\"/>"), "line 1: a: @n: the character U+0001 is not allowed in XML");
    assert_eq!(text("<a>a\tb\r\nc &lt;&#169;&gt;<![CDATA[<&>]]></a>".as_bytes()), "a\tb\nc <©><&>");
}

#[test]
fn document_types_and_entities_are_refused() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;\">]>\n<a>&y;</a>";
    assert_eq!(fault(bomb), "line 2: a document type (DOCTYPE) is not read");
    assert_eq!(fault("<a>&x;</a>"), "line 1: a: \"&x;\" is not known: entities are not expanded");
    assert_eq!(fault("<a n=\"&x;\"/>"), "line 1: a: @n: \"&x;\" refers to what is not known");
    assert!(fault("<a>&#xD800;</a>").starts_with("line 1: a: "));
}

#[test]
fn depth_and_texts_are_limited() {
    let deep = format!("{}{}", "<a>".repeat(MOST_DEPTH + 1), "</a>".repeat(MOST_DEPTH + 1));
    assert!(fault(&deep).ends_with("more than 40 elements within each other"));
    assert!(read("<a>".repeat(500_000).as_bytes()).is_err());
    let long = format!("<a>{}</a>", "x".repeat(MOST_TEXT + 1));
    assert!(fault(&long).ends_with("a text of more than 1048576 bytes"));
    let pieces = format!("<a>{}</a>", "x<!---->".repeat(MOST_TEXT + 1));
    assert!(fault(&pieces).ends_with("a text of more than 1048576 bytes"));
    let attributes = (0..100).map(|n| format!(" a{n}=\"\"")).collect::<Vec<_>>().concat();
    assert!(fault(&format!("<a{attributes}/>")).ends_with("more than 64 attributes"));
}

#[test]
fn what_is_no_xml_is_refused_with_its_line() {
    for (bad, expected) in [
        ("", "there is no XML in the file"),
        ("  \n ", "there is no XML in the file"),
        ("PK\u{3}", "line 1: the character U+0003 is not allowed in XML"),
        ("a,b\n1,2", "line 2: \"a,b\\n1,2\" stands between elements"),
        ("<a>\n<b></a>", "line 2: a/b: ill-formed document: expected `</b>`, but `</a>` was found"),
        ("<a>\n", "line 2: a: the file ends before the element does"),
        ("<a/>\n<b/>", "line 2: a second root \"b\""),
        ("<a/>x", "line 1: \"x\" stands between elements"),
        ("<a n=1/>", "line 1: a: position 4: attribute value must be enclosed in `\"` or `'`"),
    ] {
        let fault = fault(bad);
        assert!(fault.starts_with(expected) || expected == fault, "{bad:?}: {fault}");
    }
}

#[test]
fn lines_are_those_where_elements_open() {
    let text = "<a>\n  <b\n   n='1'>\n  </b><c/>\n</a>";
    let mut walk = Walk::new(text);
    let lines: Vec<_> = std::iter::from_fn(|| match walk.child() {
        Ok(Some(head)) => Some((head.name, head.line)),
        _ => None,
    })
    .collect();
    assert_eq!(lines, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
}
