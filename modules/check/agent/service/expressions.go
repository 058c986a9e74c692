package service

import (
	"errors"
	"regexp"
)

// mostExpression bounds the expressions that a configuration may hold, in bytes.
const mostExpression = 4096

// compiled reads a regular expression that matches from the start of a text, as Checkmk's do.
func compiled(expression string) (*regexp.Regexp, error) {
	if len(expression) > mostExpression {
		return nil, errors.New("the expression is too long")
	}
	return regexp.Compile("^(?:" + expression + ")")
}
