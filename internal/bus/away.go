package bus

import (
	"context"
	"errors"
)

// Away is an error of a bus that does not answer at present, in words for people; Unwrap gives that of the bus.
type Away struct{ Err error }

// Error implements error.
func (a *Away) Error() string {
	return "the bus does not answer: it elects a leader, which takes up to 10 s, or too few of its servers are there: ask again, and /healthz says more"
}

// Unwrap gives what the bus said.
func (a *Away) Unwrap() error { return a.Err }

// Plain gives an error of c as people are to read it: an Away where asking again may help, else err itself.
func Plain(c any, err error) error {
	_, already := errors.AsType[*Away](err)
	if err == nil || already || errors.Is(err, context.Canceled) {
		return err
	}
	knows, can := c.(interface{ Passing(err error) bool })
	if errors.Is(err, context.DeadlineExceeded) || can && knows.Passing(err) {
		return &Away{err}
	}
	return err
}
