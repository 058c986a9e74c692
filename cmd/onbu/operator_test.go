package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/bus"
)

// refusing is a connection to a bus that has refused it so many rights.
type refusing uint64

func (r refusing) Refused() uint64 { return uint64(r) }

func TestWhoHasTheWrongCertificateIsNotToldThatTheBusIsAway(t *testing.T) {
	away := &bus.Away{Err: context.DeadlineExceeded}
	for _, c := range []struct {
		err  error
		n    refusing
		want string
	}{
		{away, 1, "the certificate in p1: it wants one for the role operator"},
		{context.DeadlineExceeded, 1, "the certificate in p1: it wants one for the role operator"},
		{away, 0, away.Error()},
		{errors.New("no node is called x"), 1, "no node is called x"},
	} {
		if got := forOperators(c.err, c.n, "p1"); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v after %d refusals: %v", c.err, c.n, got)
		}
	}
	if forOperators(nil, refusing(1), "p1") != nil {
		t.Error("what worked did")
	}
}
