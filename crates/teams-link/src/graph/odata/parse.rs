//! Words to expressions, by recursive descent with a bound on depth and terms.

use super::error::{ODataError, Place};
use super::expr::{CompareOp, Expr, Function, Literal, Operand, Path};
use super::lex::{Token, tokens};

/// Brackets, negations and functions inside each other.
pub const MAX_DEPTH: usize = 32;

/// Constants, properties and functions of one expression.
pub const MAX_TERMS: usize = 256;

/// Names of one path.
const MAX_NAMES: usize = 8;

/// Reads a condition.
pub(super) fn filter(text: &str) -> Result<Expr, ODataError> {
    let mut parser = Parser::new(text)?;
    let expr = parser.or(0)?;
    parser.end()?;
    Ok(expr)
}

/// Reads `a,b/c`.
pub(super) fn paths(text: &str) -> Result<Vec<Path>, ODataError> {
    let mut parser = Parser::new(text)?;
    let mut found = Vec::new();
    loop {
        if parser.eat(&Token::Star) {
            found.push(Path(vec!["*".to_owned()]));
        } else {
            found.push(parser.path()?);
        }
        if !parser.eat(&Token::Comma) {
            parser.end()?;
            return Ok(found);
        }
    }
}

/// Reads `a/b desc,c`; true stands for `desc`.
pub(super) fn order(text: &str) -> Result<Vec<(Path, bool)>, ODataError> {
    let mut parser = Parser::new(text)?;
    let mut found = Vec::new();
    loop {
        let path = parser.path()?;
        let descending = parser.eat_name("desc");
        if !descending {
            parser.eat_name("asc");
        }
        found.push((path, descending));
        if !parser.eat(&Token::Comma) {
            parser.end()?;
            return Ok(found);
        }
    }
}

struct Parser {
    tokens: std::vec::IntoIter<(Place, Token)>,
    length: usize,
    terms: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, ODataError> {
        Ok(Self {
            tokens: tokens(text)?.into_iter(),
            length: text.len(),
            terms: 0,
        })
    }

    fn or(&mut self, depth: usize) -> Result<Expr, ODataError> {
        let mut parts = vec![self.and(depth)?];
        while self.eat_name("or") {
            parts.push(self.and(depth)?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Expr, ODataError> {
        let mut parts = vec![self.not(depth)?];
        while self.eat_name("and") {
            parts.push(self.not(depth)?);
        }
        Ok(one_or(parts, Expr::And))
    }

    fn not(&mut self, depth: usize) -> Result<Expr, ODataError> {
        let depth = deeper(depth)?;
        if self.eat_name("not") {
            return Ok(Expr::Not(Box::new(self.not(depth)?)));
        }
        if self.eat(&Token::Open) {
            let inner = self.or(depth)?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        self.condition(depth)
    }

    fn condition(&mut self, depth: usize) -> Result<Expr, ODataError> {
        let left = match self.operand(depth)? {
            Part::Operand(operand) => operand,
            Part::Lambda(expr) => return Ok(expr),
        };
        if self.eat_name("in") {
            return Ok(Expr::In(left, self.list()?));
        }
        let Some(op) = self.compare_op() else {
            return Ok(Expr::Value(left));
        };
        let at = self.place();
        match self.operand(depth)? {
            Part::Operand(right) => Ok(Expr::Compare(left, op, right)),
            Part::Lambda(_) => Err(ODataError::Unexpected(at)),
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Part, ODataError> {
        let depth = deeper(depth)?;
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(ODataError::TooManyTerms);
        }
        let at = self.place();
        match self.peek() {
            Some(Token::Literal(_)) => Ok(Part::Operand(Operand::Literal(self.literal()?))),
            Some(Token::Name(_)) => {
                let path = self.path_or_call()?;
                if !self.eat(&Token::Open) {
                    return Ok(Part::Operand(Operand::Path(path)));
                }
                self.call(path, at, depth)
            }
            _ => Err(ODataError::Unexpected(at)),
        }
    }

    /// After the opening bracket of a function or lambda.
    fn call(&mut self, mut path: Path, at: Place, depth: usize) -> Result<Part, ODataError> {
        let Some(name) = path.0.pop() else {
            return Err(ODataError::Unexpected(at));
        };
        if !path.0.is_empty() {
            let all = name.eq_ignore_ascii_case("all");
            if !all && !name.eq_ignore_ascii_case("any") {
                return Err(ODataError::UnknownFunction(at));
            }
            return self.lambda(path, all, at, depth);
        }
        let function = Function::named(&name).ok_or(ODataError::UnknownFunction(at))?;
        let mut arguments = Vec::with_capacity(function.arity());
        loop {
            let place = self.place();
            match self.operand(depth)? {
                Part::Operand(operand) => arguments.push(operand),
                Part::Lambda(_) => return Err(ODataError::Unexpected(place)),
            }
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        if arguments.len() != function.arity() {
            return Err(ODataError::WrongArguments(at));
        }
        Ok(Part::Operand(Operand::Call(function, arguments)))
    }

    fn lambda(&mut self, path: Path, all: bool, at: Place, depth: usize) -> Result<Part, ODataError> {
        if self.eat(&Token::Close) {
            if all {
                return Err(ODataError::WrongArguments(at));
            }
            return Ok(Part::Lambda(Expr::Lambda {
                all,
                path,
                variable: String::new(),
                body: None,
            }));
        }
        let variable = self.name()?;
        self.expect(&Token::Colon)?;
        let body = self.or(depth)?;
        self.expect(&Token::Close)?;
        Ok(Part::Lambda(Expr::Lambda {
            all,
            path,
            variable,
            body: Some(Box::new(body)),
        }))
    }

    fn list(&mut self) -> Result<Vec<Literal>, ODataError> {
        self.expect(&Token::Open)?;
        let mut found = Vec::new();
        loop {
            self.terms += 1;
            if self.terms > MAX_TERMS {
                return Err(ODataError::TooManyTerms);
            }
            found.push(self.literal()?);
            if !self.eat(&Token::Comma) {
                self.expect(&Token::Close)?;
                return Ok(found);
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, ODataError> {
        let at = self.place();
        match self.tokens.next() {
            Some((_, Token::Literal(literal))) => Ok(literal),
            _ => Err(ODataError::Unexpected(at)),
        }
    }

    fn path(&mut self) -> Result<Path, ODataError> {
        let at = self.place();
        let path = self.path_or_call()?;
        if path.0.is_empty() {
            return Err(ODataError::Unexpected(at));
        }
        Ok(path)
    }

    fn path_or_call(&mut self) -> Result<Path, ODataError> {
        let mut names = vec![self.name()?];
        while self.eat(&Token::Slash) {
            let at = self.place();
            names.push(self.name()?);
            if names.len() > MAX_NAMES {
                return Err(ODataError::Unexpected(at));
            }
        }
        Ok(Path(names))
    }

    fn name(&mut self) -> Result<String, ODataError> {
        let at = self.place();
        match self.tokens.next() {
            Some((_, Token::Name(name))) => Ok(name),
            _ => Err(ODataError::Unexpected(at)),
        }
    }

    fn compare_op(&mut self) -> Option<CompareOp> {
        const OPS: [(&str, CompareOp); 6] = [
            ("eq", CompareOp::Eq),
            ("ne", CompareOp::Ne),
            ("gt", CompareOp::Gt),
            ("ge", CompareOp::Ge),
            ("lt", CompareOp::Lt),
            ("le", CompareOp::Le),
        ];
        OPS.into_iter()
            .find(|(name, _)| self.eat_name(name))
            .map(|(_, op)| op)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.as_slice().first().map(|(_, token)| token)
    }

    fn place(&self) -> Place {
        self.tokens.as_slice().first().map_or(self.length, |(at, _)| *at)
    }

    fn eat(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.tokens.next();
        }
        found
    }

    fn eat_name(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name.eq_ignore_ascii_case(wanted));
        if found {
            self.tokens.next();
        }
        found
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), ODataError> {
        let at = self.place();
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(ODataError::Unexpected(at))
        }
    }

    fn end(&self) -> Result<(), ODataError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(ODataError::Unexpected(self.place())),
        }
    }
}

/// What a name leads to.
enum Part {
    Operand(Operand),
    Lambda(Expr),
}

fn deeper(depth: usize) -> Result<usize, ODataError> {
    if depth >= MAX_DEPTH {
        return Err(ODataError::TooDeep);
    }
    Ok(depth + 1)
}

fn one_or(mut parts: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}
