package bprule

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Expressions that are longer, or have more parentheses in each other, are refused.
const (
	MaxLength = 64 << 10
	maxDepth  = 100
)

// Parse reads an expression in which no macros are left. An error is an *Error.
func Parse(text string) (*Expr, error) {
	p := &parser{text: text}
	if len(text) > MaxLength {
		return nil, p.wrong(MaxLength, "the expression is longer than %d bytes: make groups of its members", MaxLength)
	}
	root, err := p.level(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.text) {
		return nil, p.wrong(p.at, "this ) closes nothing")
	}
	return &Expr{root}, nil
}

// parser reads an expression from left to right.
type parser struct {
	text string
	at   int
}

// peek gives the next byte that is no blank, or 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// level reads operands with one operator between them, up to a closing parenthesis or the end. "N of:" at its beginning
// counts all of them, and both operators only part them then.
func (p *parser) level(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, p.wrong(p.at, "more than %d parentheses in each other", maxDepth)
	}
	top, err := p.count()
	if err != nil {
		return nil, err
	}
	counts := top != nil
	if !counts {
		top = &node{}
	}
	operator := byte(0)
	for {
		son, err := p.operand(depth)
		if err != nil {
			return nil, err
		}
		top.sons = append(top.sons, son)
		c := p.peek()
		if c == 0 || c == ')' {
			break
		}
		if operator != 0 && operator != c && !counts {
			return nil, p.wrong(p.at, "& and | without parentheses: which of them is to hold first? Write (a & b) | c or a & (b | c)")
		}
		operator = c
		p.at++
	}
	return top.tidy(counts, operator), nil
}

// tidy finishes a level whose sons have been read.
func (n *node) tidy(counts bool, operator byte) *node {
	only := len(n.sons) == 1
	switch {
	case counts && only && n.sons[0].kind == term && n.sons[0].name.many():
		n.each = true
		n.not, n.sons[0].not = n.sons[0].not, false
	case counts:
	case only:
		return n.sons[0]
	case operator == '&':
		n.kind = worst
	default:
		n.kind = best
	}
	return n
}

// operand reads what may stand between operators.
func (p *parser) operand(depth int) (*node, error) {
	not := false
	for p.peek() == '!' {
		not = !not
		p.at++
	}
	n, err := p.plain(depth)
	if err != nil {
		return nil, err
	}
	n.not = n.not != not
	return n, nil
}

// plain reads an operand without the ! in front of it.
func (p *parser) plain(depth int) (*node, error) {
	if p.peek() == '(' {
		return p.parentheses(depth)
	}
	of, err := p.count()
	if err != nil {
		return nil, err
	}
	if of != nil && p.peek() == '(' {
		return nil, p.wrong(p.at, "move this ( in front of the number: (2 of: a | b)")
	}
	n, err := p.term()
	if err != nil || of == nil {
		return n, err
	}
	of.sons = []*node{n}
	return of.tidy(true, 0), nil
}

func (p *parser) parentheses(depth int) (*node, error) {
	open := p.at
	p.at++
	n, err := p.level(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.wrong(open, "this ( is never closed")
	}
	p.at++
	switch p.peek() {
	case 0, ')', '&', '|':
		return n, nil
	}
	return nil, p.wrong(p.at, "& or | is missing before this")
}

// of is what makes the operands behind it be counted.
var of = regexp.MustCompile(`^(-?\d+%?)\s*(?:,\s*(-?\d+%?))?\s*(?:,\s*(-?\d+%?))?\s*of:`)

// count reads "N of:" or "X,Y,Z of:"; nil if there is none here.
func (p *parser) count() (*node, error) {
	p.peek()
	m := of.FindStringSubmatch(p.text[p.at:])
	if m == nil {
		return nil, nil
	}
	n := &node{kind: count, triple: m[3] != ""}
	if m[2] != "" && m[3] == "" {
		return nil, p.wrong(p.at, "give one number for OK, or three for OK, WARNING and CRITICAL, before of:")
	}
	for i, text := range m[1:] {
		digits, percent := strings.CutSuffix(text, "%")
		value, err := strconv.Atoi(digits)
		if text != "" && (err != nil || max(value, -value) > 1_000_000) {
			return nil, p.wrong(p.at, "%s is too large a number", text)
		}
		n.need[i] = limit{value, percent && value != 0}
	}
	p.at += len(m[0])
	return n, nil
}

// term reads the name of a host or a service, or what stands for several.
func (p *parser) term() (*node, error) {
	p.peek()
	begin := p.at
	length := strings.IndexAny(p.text[begin:], "&|()!")
	if length < 0 {
		length = len(p.text) - begin
	}
	p.at += length
	text := strings.TrimSpace(p.text[begin:p.at])
	switch next := p.peek(); {
	case next == '(' && strings.Contains(text, "r:"):
		return nil, p.wrong(p.at, "a regular expression cannot have ( ) | or & here: they part the members of the rule")
	case next == '(':
		return nil, p.wrong(p.at, "& or | is missing before this (")
	case next == '!':
		return nil, p.wrong(p.at, "! may only stand before a name or a (")
	case text == "":
		return nil, p.wrong(begin, "the name of a host, or host,service, is missing here")
	}
	return p.named(begin, text)
}

// named makes a term of a text.
func (p *parser) named(begin int, text string) (*node, error) {
	host, service, ofService := strings.Cut(text, ",")
	n := &node{name: name{column: p.column(begin), ofService: ofService}}
	if strings.Contains(service, ",") {
		return nil, p.wrong(begin, "%s has more than one comma: it is host,service", text)
	}
	var err error
	if n.name.host, err = newPattern(strings.TrimSpace(host), true); err != nil {
		return nil, p.wrong(begin, "%v", err)
	}
	if !ofService {
		return n, nil
	}
	if service = strings.TrimSpace(service); service == "" {
		return nil, p.wrong(begin+len(host), "the description of a service is missing behind the comma")
	}
	if n.name.service, err = newPattern(service, false); err != nil {
		return nil, p.wrong(begin, "%v", err)
	}
	return n, nil
}

// column gives the number of the character at a byte.
func (p *parser) column(at int) int {
	return utf8.RuneCountInString(p.text[:min(at, len(p.text))]) + 1
}

func (p *parser) wrong(at int, format string, args ...any) error {
	return wrong(p.column(at), format, args...)
}

func wrong(column int, format string, args ...any) error {
	return &Error{Column: column, Text: fmt.Sprintf(format, args...)}
}
