package amount_test

import (
	"testing"

	"github.com/onbu/onbu/monitor/amount"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int]string{0: "0 hosts", 1: "1 host", 999: "999 hosts", 1000: "1\u2009000 hosts", 1234567: "1\u2009234\u2009567 hosts", -123: "-123 hosts", -1234: "-1\u2009234 hosts"} {
		if got := amount.Several(n, "host"); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
