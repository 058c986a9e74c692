package sign_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWrongLineOfTheUsersFileIsToldThoughNobodySignsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		ctx, end := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer end()
		go y.gate.Watch(ctx)
		elapse(5 * time.Second)
		if said := y.log.String(); said != "" || y.gate.Complaints() != nil {
			t.Fatalf("without a mistake: %s %q", said, y.gate.Complaints())
		}
		y.write("ada:command:rubbish", "bob:boss:*", "eve:admin:*")
		elapse(5 * time.Second)
		said := y.gate.Complaints()
		if strings.Count(y.log.String(), "does not count") != 2 || len(said) != 2 || !strings.Contains(said[1], "users:2: ") {
			t.Errorf("got %q; the log: %s", said, y.log)
		}
		y.write("eve:admin:*")
		elapse(5 * time.Second)
		if said := y.gate.Complaints(); said != nil || !strings.Contains(y.log.String(), "every line of the users file counts again") {
			t.Errorf("mended: %q; the log: %s", said, y.log)
		}
	})
}

// elapse lets d go by in the bubble, and what falls due in it be done with: what was logged may be read after it.
func elapse(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestThatNobodyCanSignInYetIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := newYard(t, nil)
		y.write("")
		ctx, end := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer end()
		go y.gate.Watch(ctx)
		elapse(time.Hour)
		if strings.Count(y.log.String(), "nobody can sign in on the pages yet: onbu user add NAME --role admin --file "+y.options.Users) != 1 {
			t.Errorf("the log: %s", y.log)
		}
	})
}
