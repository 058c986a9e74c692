package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

func TestServicesOfAHostFallDueWithThoseOfAMultipleOfTheirInterval(t *testing.T) {
	for n := range 1000 {
		host := hash(fmt.Sprint("host", n))
		now := monitor.Time(1_700_000_000e9 + int64(n)*7e9)
		for _, of := range []time.Duration{2, 5, 15, 60} {
			due := grid(host, of*time.Minute, now)
			if due <= now || due > now.Add(of*time.Minute) {
				t.Fatalf("due at %d after %d with an interval of %d minutes", due, now, of)
			}
			if often := grid(host, time.Minute, due-1); often != due {
				t.Fatalf("due every %d minutes at %d, and every minute at %d", of, due, often)
			}
		}
	}
}
