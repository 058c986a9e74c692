package bus_test

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
)

func TestIDsAreReadAsTheyWereMade(t *testing.T) {
	for id, want := range map[string]struct {
		sender      string
		first, last uint64
		ok          bool
	}{
		bus.MessageID("a.b", 7):          {"a.b", 7, 7, true},
		bus.JoinedID("a", 7, 1<<64-1):    {"a", 7, 1<<64 - 1, true},
		"":                               {},
		".7":                             {},
		"a.":                             {},
		"a.7-":                           {},
		"a.7-6":                          {},
		"a.7+3":                          {},
		"a.-1":                           {},
		"6lnmyr3cd1jn0":                  {},
		"a.18446744073709551616":         {},
		bus.MessageID("on1-2-3", 1<<40):  {"on1-2-3", 1 << 40, 1 << 40, true},
		bus.JoinedID("x", 1<<32, 1<<32):  {"x", 1 << 32, 1 << 32, true},
		bus.MessageID("QWERTY2345", 0x1): {"QWERTY2345", 1, 1, true},
	} {
		sender, first, last, ok := bus.CutID(id)
		if sender != want.sender || first != want.first || last != want.last || ok != want.ok {
			t.Errorf("%q: got %q, %d to %d, %v; want %+v", id, sender, first, last, ok, want)
		}
	}
}
