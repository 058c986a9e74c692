package natsbus

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Servers that do not take each other's certificates try it twice a second, for as long as it lasts.

// handshakesTold is how often the same trouble between two servers is told.
const handshakesTold = time.Hour

// handshakes remembers which troubles were told, and when.
type handshakes struct {
	mu   sync.Mutex
	told map[string]time.Time
}

var (
	// handshake is how nats-server 2.15 tells of it (client.go, doTLSHandshake): ADDRESS - rid:NUMBER - TLS route handshake error: WHY.
	handshake = regexp.MustCompile(`^(\S+).*TLS route handshake error: (.*)`)
	// unnamed is what Go says of a certificate that is for other names (crypto/x509, HostnameError).
	unnamed = regexp.MustCompile(`certificate is valid for .*, not (\S+)|but wanted to match (\S+)`)
	// subject is whose certificate it is.
	subject = regexp.MustCompile(`CN=([^ ,;)]+)`)
	// port differs at each try.
	port = regexp.MustCompile(`:\d+`)
)

// line gives what to tell of a line of the server that is about a handshake with another server: nothing if it was told lately.
func (h *handshakes) line(text string, now time.Time) (tell string, is bool) {
	found := handshake.FindStringSubmatch(text)
	if found == nil {
		return "", false
	}
	peer, why := port.ReplaceAllString(found[1], ""), found[2]
	if !h.fresh(peer+port.ReplaceAllString(why, ""), now) {
		return "", true
	}
	return explain(peer, why), true
}

func (h *handshakes) fresh(what string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, told := h.told[what]; told && now.Sub(at) < handshakesTold {
		return false
	}
	if h.told == nil || len(h.told) >= mostTold {
		h.told = map[string]time.Time{}
	}
	h.told[what] = now
	return true
}

// explain says what is wrong between two servers, and what to do.
func explain(peer, why string) string {
	if name := unnamed.FindStringSubmatch(why); name != nil {
		address, whose := name[1]+name[2], "NAME"
		if of := subject.FindStringSubmatch(why); of != nil {
			whose = of[1]
		}
		return fmt.Sprintf("the server of the bus at %s is not joined there: its certificate is not for that address; make it another, and put it into its --keys folder, nothing is to be started again: "+
			"`onbu keys server %s --addr %s --force` (%s)", peer, whose, address, why)
	}
	if strings.Contains(why, "remote error: tls") {
		return fmt.Sprintf("the server of the bus at %s does not take the certificate of this one: its log says why, and `onbu keys server` makes another (%s)", peer, why)
	}
	return fmt.Sprintf("the server of the bus at %s is not joined: %s", peer, why)
}
