package outbound_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Results that come from outside have whole seconds for times.
func TestSeveralChecksOfOneTimeArriveOnceEach(t *testing.T) {
	s := newStore(t, func(post int, _ []string) int {
		if post == 2 || post == 4 {
			return http.StatusInternalServerError
		}
		return 0
	})
	p, _, _ := pump(t, s.URL, "batch", "1", "senders", "1")
	var broks []monitor.Brok
	for i := range 3 {
		c := &monitor.Check{Ref: monitor.Ref{Host: "h"}, Time: 7e9, Perfdata: fmt.Sprint("m=", i)}
		broks = append(broks, c.Brok())
	}
	for i := range 3 {
		if err := p.Send(t.Context(), broks); (err == nil) != (i == 2) {
			t.Fatalf("send %d: %v", i, err)
		}
	}
	if n := len(s.got()); n != 3 {
		t.Errorf("the store has %d of 3: %v", n, s.got())
	}
}

func TestAProxyWithoutItsStoreIsAStoreThatMayHaveLostSomething(t *testing.T) {
	for _, code := range []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInternalServerError} {
		s := newStore(t, func(post int, _ []string) int {
			if post == 2 {
				return code
			}
			return 0
		})
		p, _, _ := pump(t, s.URL, "resend", "10s")
		if err := p.Send(t.Context(), checks(0, 1, 1)); err != nil {
			t.Fatal(err)
		}
		err := p.Send(t.Context(), checks(1, 2, 2))
		if _, again := errors.AsType[modules.Rewind](err); again != (code != http.StatusInternalServerError) {
			t.Errorf("%d: %T %v", code, err, err)
		}
	}
}
