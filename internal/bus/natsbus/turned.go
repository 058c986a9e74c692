package natsbus

import (
	"crypto/tls"
	"errors"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/monitor"
)

const (
	// tellTurned is how often the cluster log is told of one daemon that is not let in.
	tellTurned = time.Hour
	mostTurned = 256
)

// turned tells the cluster log of daemons that had a certificate of ours and are not let in any more. Who has none of ours can be anybody
// and is in the log only.
type turned struct {
	tell func() monitor.Chronicle

	mu   sync.Mutex // guards what follows
	told map[string]time.Time
}

// away tells of a daemon, unless that was done a while ago.
func (t *turned) away(who keys.Identity, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if at, told := t.told[who.String()]; told && now.Sub(at) < tellTurned {
		return
	}
	if t.told == nil || len(t.told) >= mostTurned {
		t.told = map[string]time.Time{}
	}
	t.told[who.String()] = now
	t.tell().Tell(monitor.RightRefused, who.String(), why)
}

// refused tells of a handshake that ended because a certificate was revoked.
func (t *turned) refused(s tls.ConnectionState, from string, err error) {
	if !errors.Is(err, keys.ErrRevoked) || len(s.PeerCertificates) == 0 {
		return
	}
	if who, err := keys.Of(s.PeerCertificates[0]); err == nil {
		t.away(who, "it is not let in, from "+from+": "+keys.ErrRevoked.Error())
	}
}
