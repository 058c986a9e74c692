package graphite

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func TestAPortOfTheOtherProtocolIsDoubtful(t *testing.T) {
	for text, want := range map[string]string{
		"port 2004": "drops plaintext", "protocol pickle,port 2003": "drops pickles", "port 2003": "", "protocol pickle": "", "port 2103": "", "targets a:2004": "drops plaintext",
	} {
		m := &monitor.Module{Name: "g", Type: "graphite"}
		for line := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(line, " ")
			m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value})
		}
		s := modules.Read(m)
		readConfig(s)
		doubts, _ := s.Judge()
		if got := strings.Join(doubts, ""); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestARefusedConnectionIsCalledOne(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(server.Addr().String())
	server.Close()
	l := &link{target: target{host: "127.0.0.1", port: port}, watch: true, timeout: time.Minute}
	if err := l.send(t.Context(), [][]byte{[]byte("a 1 2\n")}); err == nil || !strings.HasPrefix(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}
