package piggyback

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Patterns are patterns made ready. The zero value fits nothing. Any goroutine may use them.
type Patterns struct {
	names map[string]bool
	exprs []*regexp.Regexp
}

// CompilePatterns makes patterns ready. It leaves out those that are wrong; the errors say what is, and what to write instead.
func CompilePatterns(patterns []monitor.Pattern) (Patterns, []error) {
	var p Patterns
	var wrong []error
	for _, one := range patterns {
		if !one.Regex {
			if p.names == nil {
				p.names = map[string]bool{}
			}
			p.names[one.Text] = true
			continue
		}
		e, err := compileExpr(one.Text, `\A(?:`, `)`)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		p.exprs = append(p.exprs, e)
	}
	return p, wrong
}

// Fit says whether a pattern is this very name, or matches it from its beginning on.
func (p Patterns) Fit(name string) bool {
	return p.names[name] || slices.ContainsFunc(p.exprs, func(e *regexp.Regexp) bool { return e.MatchString(name) })
}

// compileExpr compiles an expression as people know it from Checkmk, that is from Python, between two others.
func compileExpr(expr, before, after string) (*regexp.Regexp, error) {
	e, err := regexp.Compile(before + expr + after)
	hint := hintFor(expr)
	switch {
	case err == nil && hint.silent:
		return nil, fmt.Errorf("the expression %q: %s", expr, hint.text)
	case err == nil:
		return e, nil
	}
	if _, alone := regexp.Compile(expr); alone != nil {
		err = alone
	}
	what := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	if hint.text != "" {
		what += "; " + hint.text
	}
	return nil, fmt.Errorf("the expression %q: %s", expr, what)
}

// hint says how to do without something of Python's expressions that RE2 does not have.
type hint struct {
	sign *regexp.Regexp
	text string
	// silent ones compile, and mean something else.
	silent bool
}

var hints = []hint{
	{sign: regexp.MustCompile(`\(\?<?[=!]`), text: "RE2 cannot look ahead or behind; use several expressions, the first that matches counts"},
	{sign: regexp.MustCompile(`\(\?>|[*+?}]\+`), text: "RE2 has no possessive or atomic groups, and needs none; leave the mark out"},
	{sign: regexp.MustCompile(`\(\?P=|\(\?\(|\\[1-9]`), text: "RE2 cannot refer back to a group within the expression; only the replacement can"},
	{sign: regexp.MustCompile(`\(\?[a-z]*[axuL][a-z]*[):]`), text: "of the flags RE2 knows i, m, s and U"},
	{sign: regexp.MustCompile(`\(\?#`), text: "RE2 has no comments in expressions"},
	{sign: regexp.MustCompile(`\\Z`), text: "write $ for the end of the name"},
	{sign: regexp.MustCompile(`\{,[0-9]+\}`), text: "write the lower bound too, {0,9} rather than {,9}", silent: true},
}

// hintFor gives the first hint for an expression; the zero one if there is none.
func hintFor(expr string) hint {
	plain := unescaped.ReplaceAllString(expr, "")
	for _, h := range hints {
		if h.sign.MatchString(plain) {
			return h
		}
	}
	return hint{}
}

// unescaped removes escaped punctuation, so that it is not taken for a sign of something else.
var unescaped = regexp.MustCompile(`\\[^A-Za-z0-9]`)
