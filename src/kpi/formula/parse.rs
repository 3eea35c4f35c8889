//! Text to formula. Bounded in length and depth: a formula of a user is read by the same few lines, and nothing that it
//! says makes more work than its length.

use rust_decimal::Decimal;

use super::{Expr, Function, Operator};

/// Characters of the longest formula.
pub const LONGEST: usize = 2_000;
/// Parentheses within each other.
const DEEPEST: usize = 20;

/// What is wrong with a text, and after how many characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One line for a human.
    pub line: String,
    /// Where.
    pub at: usize,
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// Reads a formula.
pub fn parse(text: &str) -> Result<Expr, Fault> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if text.len() > LONGEST {
        return Err(parser.fault(format!("A formula has at most {LONGEST} characters.")));
    }
    let expr = parser.sum()?;
    parser.blank();
    if parser.at < text.len() {
        return Err(parser.fault("Here an operator is due, or the end."));
    }
    Ok(expr)
}

impl Parser<'_> {
    fn fault(&self, line: impl Into<String>) -> Fault {
        Fault { line: line.into(), at: self.text[..self.at.min(self.text.len())].chars().count() }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes one of these signs, if it stands here.
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        self.blank();
        let sign = self.rest().chars().next().filter(|c| signs.contains(c))?;
        self.at += sign.len_utf8();
        Some(sign)
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let operator = if sign == '+' { Operator::Add } else { Operator::Subtract };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, Fault> {
        let mut left = self.factor()?;
        while let Some(sign) = self.sign(&['*', '/']) {
            let operator = if sign == '*' { Operator::Multiply } else { Operator::Divide };
            left = Expr::Binary(operator, Box::new(left), Box::new(self.factor()?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expr, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(format!("At most {DEEPEST} parentheses and signs stand within each other.")));
        }
        let factor = self.inner();
        self.depth -= 1;
        factor
    }

    fn inner(&mut self) -> Result<Expr, Fault> {
        if self.sign(&['-']).is_some() {
            return Ok(Expr::Negated(Box::new(self.factor()?)));
        }
        if self.sign(&['(']).is_some() {
            let inner = self.sum()?;
            return self.sign(&[')']).map(|_| inner).ok_or_else(|| self.fault("A `)` is due here."));
        }
        let length = |allowed: fn(char) -> bool| self.rest().find(|c| !allowed(c)).unwrap_or(self.rest().len());
        let number = length(|c| c.is_ascii_digit() || c == '.');
        if number > 0 {
            let value = self.rest()[..number].parse::<Decimal>().map_err(|_| self.fault("This is no number."))?;
            self.at += number;
            return Ok(Expr::Number(value));
        }
        let word = length(|c| c.is_ascii_alphanumeric() || c == '_');
        if word == 0 {
            return Err(self.fault("A name, a number or `(` is due here."));
        }
        let name = self.rest()[..word].to_owned();
        let start = self.at;
        self.at += word;
        if self.sign(&['(']).is_some() {
            return self.call(&name, start);
        }
        if name.chars().any(|c| c.is_ascii_lowercase()) {
            self.at = start;
            return Err(self
                .fault(format!("`{name}` is no function with arguments; measures and KPIs are written in capitals.")));
        }
        Ok(Expr::Name(name))
    }

    fn call(&mut self, name: &str, start: usize) -> Result<Expr, Fault> {
        let known = Function::ALL.iter().find(|(_, word, _)| *word == name);
        let Some((function, _, count)) = known else {
            self.at = start;
            return Err(self.fault(format!("There is no function `{name}`.")));
        };
        let mut arguments = vec![self.sum()?];
        while self.sign(&[',']).is_some() {
            arguments.push(self.sum()?);
        }
        if self.sign(&[')']).is_none() {
            return Err(self.fault("A `)` or `,` is due here."));
        }
        if count.is_some_and(|count| count != arguments.len()) {
            self.at = start;
            return Err(self.fault(format!("`{name}` takes {} arguments.", count.unwrap_or_default())));
        }
        let is_name = |argument: &Expr| matches!(argument, Expr::Name(_));
        if !arguments.iter().take(function.curves()).all(is_name) {
            self.at = start;
            return Err(self.fault(format!("`{name}` reads a measure by its dates: name one.")));
        }
        if *function == Function::InCategory && (arguments.len() < 2 || !arguments[1..].iter().all(is_name)) {
            self.at = start;
            return Err(self.fault("`in_category` names at least one category after its first argument."));
        }
        Ok(Expr::Call(*function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_bind_as_in_school() {
        let parsed = parse("AC + (BAC - EV) * 2 / -CPI_X").expect("a formula");
        let name = |n: &str| Box::new(Expr::Name(n.into()));
        let binary = |o, l, r| Box::new(Expr::Binary(o, l, r));
        let times = binary(
            Operator::Multiply,
            binary(Operator::Subtract, name("BAC"), name("EV")),
            Box::new(Expr::Number(2.into())),
        );
        let divided = binary(Operator::Divide, times, Box::new(Expr::Negated(name("CPI_X"))));
        assert_eq!(parsed, *binary(Operator::Add, name("AC"), divided));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, at, part) in [
            ("", 0, "A name"),
            ("EV /", 4, "A name"),
            ("EV AC", 3, "operator"),
            ("(EV", 3, "`)`"),
            ("drop(EV)", 0, "no function"),
            ("ev / AC", 0, "capitals"),
            ("npv(FLOW)", 0, "takes 2"),
            ("irr(EV - AC)", 0, "by its dates"),
            ("in_category(AC)", 0, "at least one category"),
            ("1.2.3", 0, "no number"),
            ("EV; DELETE", 2, "operator"),
        ] {
            let fault = parse(text).expect_err(text);
            assert_eq!(fault.at, at, "{text}: {fault:?}");
            assert!(fault.line.contains(part), "{text}: {fault:?}");
        }
        assert!(parse(&"(".repeat(21)).expect_err("too deep").line.contains("within each other"));
        assert!(parse(&"A+".repeat(1_001)).expect_err("too long").line.contains("at most"));
        assert!(parse(&format!("{}EV", "-".repeat(25))).is_err());
    }

    #[test]
    fn names_and_curves_are_told_apart() {
        let expr = parse("earned_schedule(PV, EV) / AC + in_category(SPENT, GROW, TRANSFORM)").expect("a formula");
        assert_eq!(expr.names().into_iter().collect::<Vec<_>>(), ["AC", "EV", "PV", "SPENT"]);
        assert_eq!(expr.curves().into_iter().collect::<Vec<_>>(), ["EV", "PV"]);
    }
}
