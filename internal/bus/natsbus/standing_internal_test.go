package natsbus

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestAServerThatIsNotThereIsAwayWhateverItLacks(t *testing.T) {
	for name, c := range map[string]struct {
		is   jetstream.PeerInfo
		away bool
	}{
		"has everything":                   {jetstream.PeerInfo{Current: true, Active: time.Second}, false},
		"lags":                             {jetstream.PeerInfo{Lag: 173, Active: time.Second}, false},
		"ended in order":                   {jetstream.PeerInfo{Offline: true, Lag: 173, Active: time.Second}, true},
		"killed while it followed":         {jetstream.PeerInfo{Lag: 173, Active: 6 * time.Second}, true},
		"killed while it led":              {jetstream.PeerInfo{Lag: 173}, true},
		"nothing was stored since it came": {jetstream.PeerInfo{Current: true}, false},
	} {
		if got := isAway(&c.is); got != c.away {
			t.Errorf("%s: away is %t", name, got)
		}
	}
}
