package agent_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent"
)

func TestPayloadsDoNotMakeAnAgentRunMoreOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		m := agent.New(agent.Options{Courier: &courier{}, Program: func(_ context.Context, _ []string, w io.Writer) ([]byte, int, error) {
			n++
			_, _ = io.WriteString(w, output)
			return nil, 0, nil
		}})
		defer m.Close()
		check := func(o modules.Object) string {
			o.Host = "vcenter"
			got := run(t, m, o, "-H 127.0.0.1 --program /opt/heavy -s services -i Spooler")
			return got.Output + got.LongOutput
		}
		check(modules.Object{Service: "due"})
		place := uint64(0)
		arrivals := func(count int) (last string) {
			for range count {
				time.Sleep(30 * time.Second)
				place++
				last = check(modules.Object{Service: "due", Payload: place, Arrival: true})
			}
			return last
		}
		has(t, "a check for a payload", arrivals(20), "10 min old")
		if n != 1 {
			t.Errorf("the program ran %d times in ten minutes, want once", n)
		}
		check(modules.Object{Service: "another", Payload: place})
		if n != 2 {
			t.Errorf("a check that was due took what a payload's check found: the program ran %d times, want twice", n)
		}
		check(modules.Object{Service: "due", Payload: place})
		if n != 2 {
			t.Errorf("two services that are due together made the program run %d times, want twice in all", n)
		}
		arrivals(40)
		if n != 3 {
			t.Errorf("the program ran %d times, want once more for payloads of 20 minutes", n)
		}
		check(modules.Object{Service: "due", Payload: place, Forced: true})
		if n != 4 {
			t.Errorf("a person wants to know it now, and the program ran %d times, want 4", n)
		}
	})
}
