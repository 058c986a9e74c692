package realpeer_test

import (
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

func TestNoPortIsGivenTwice(t *testing.T) {
	for name, port := range map[string]func(testing.TB) int{"TCP": realpeer.Port, "UDP": realpeer.UDPPort} {
		given := map[int]bool{}
		for range 500 { // by chance one of so many would be there twice, almost surely
			n := port(t)
			if given[n] {
				t.Errorf("%s port %d was given twice", name, n)
			}
			given[n] = true
		}
	}
}
