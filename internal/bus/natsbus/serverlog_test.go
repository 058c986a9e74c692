package natsbus

import (
	"crypto/x509"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestIndexesThatAKillLeftBehindAreNoWarning(t *testing.T) {
	var b strings.Builder
	l := serverLog{log: slog.New(slog.NewTextHandler(&b, nil)), handshakes: &handshakes{}}
	l.Warnf("Filestore [%s] Stream state outdated, found extra blocks, will rebuild", "EV")
	if got := b.String(); !strings.Contains(got, "level=INFO") || !strings.Contains(got, "normal after a kill") {
		t.Error(got)
	}
	b.Reset()
	l.Warnf("Filestore [%s] hash mismatch", "EV")
	if got := b.String(); !strings.Contains(got, "level=WARN") {
		t.Error(got)
	}
}

// Two servers of which one does not take the other's certificate try it twice a second.
func TestServersThatRefuseEachOthersCertificatesAreToldOnceAnHourWithWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		l := serverLog{log: slog.New(slog.NewTextHandler(&b, nil)), handshakes: &handshakes{}}
		for i := range 7201 {
			l.Errorf("127.0.0.22:6222 - rid:%d - TLS route handshake error: %v (CN=beta SHA-256: 4ab4)", i, x509.HostnameError{Certificate: &x509.Certificate{IPAddresses: []net.IP{net.ParseIP("127.0.0.12")}}, Host: "127.0.0.22"})
			l.Errorf("127.0.0.11:%d - rid:%d - TLS route handshake error: remote error: tls: bad certificate", 40000+i, i)
			time.Sleep(500 * time.Millisecond)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines in an hour:\n%s", len(lines), strings.Join(lines[:min(len(lines), 6)], "\n"))
		}
		if !strings.Contains(lines[0], "`onbu keys server beta --addr 127.0.0.22 --force`") || !strings.Contains(lines[0], "valid for 127.0.0.12, not 127.0.0.22") {
			t.Error(lines[0])
		}
		if !strings.Contains(lines[1], "127.0.0.11 does not take the certificate of this one") {
			t.Error(lines[1])
		}
	})
}

func TestPasswordsThatNobodyChoseAndTheEndOfTheServerAreNoWarnings(t *testing.T) {
	for _, c := range []struct {
		format       string
		ends, madeUp bool
		warns        bool
	}{
		{"Plaintext passwords detected, use nkeys or bcrypt", false, true, false},
		{"Plaintext passwords detected, use nkeys or bcrypt", false, false, true},
		{"Failed to install snapshot for '$G > EV' [S-R3F-abc]: store is closed", true, false, false},
		{"Failed to install snapshot for '$G > EV' [S-R3F-abc]: no space left on device", false, false, true},
		{"Metalayer blocking snapshot starting", true, false, false},
		{"Filestore [EV] hash mismatch", true, true, true},
	} {
		var b strings.Builder
		l := serverLog{log: slog.New(slog.NewTextHandler(&b, nil)), ends: new(atomic.Bool), madeUp: c.madeUp}
		l.ends.Store(c.ends)
		if l.Warnf("%s", c.format); strings.Contains(b.String(), "level=WARN") != c.warns {
			t.Errorf("%s, at the end %v: %q", c.format, c.ends, b.String())
		}
	}
}
